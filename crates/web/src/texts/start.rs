//! Before the inbox: welcome, log-in, the first time.

super::texts! {
    /// Texts of log-in and of opening a mailbox.
    Start {
        hero: "Din post från myndigheter.", "Your letters from public bodies.";
        hero_place: "På ett säkert ställe.", "In one safe place.";
        lead: "Kuvert är din brevlåda för brev som annars kommer i fönsterkuvert.", "Kuvert is your mailbox for the letters that otherwise come in window envelopes.";
        promise_you: "Bara du, och de du själv väljer, kan öppna dina brev.", "Only you, and those you choose, can open your letters.";
        promise_trace: "Du ser alltid vem som har öppnat vad.", "You always see who has opened what.";
        promise_keep: "Inget försvinner av sig självt. Dina brev är dina.", "Nothing disappears by itself. Your letters are yours.";
        promise_genuine: "Varje brev är kontrollerat: det kommer från den det säger.", "Every letter is checked: it comes from the sender it names.";
        first_time: "Första gången? Logga in, så öppnar vi din brevlåda tillsammans.", "First time? Log in and we open your mailbox together.";
        how_it_works: "Så fungerar Kuvert", "How Kuvert works";
        never_links: "Vi skickar aldrig länkar i mejl eller sms. Får du en länk är den inte från oss.", "We never send links in e-mails or texts. If you get one, it is not from us.";

        why_letter: "Du behöver logga in för att läsa brevet.", "You need to log in to read the letter.";
        why_page: "Du behöver logga in för att se sidan.", "You need to log in to see the page.";
        why_form: "Logga in igen, så kan du fortsätta med det du skrev.", "Log in again to go on with what you wrote.";
        continue_title: "Det du skrev finns kvar", "What you wrote is kept";
        continue_text: "Du hann loggas ut innan det skickades. Vill du fortsätta?", "You were logged out before it was sent. Do you want to go on?";
        continue_no: "Nej, avbryt", "No, cancel";

        moving_on_title: "Du är inloggad", "You are logged in";
        moving_on_text: "Din brevlåda öppnas. Händer inget, välj Fortsätt.", "Your mailbox is opening. If nothing happens, choose Continue.";
        go_on: "Fortsätt", "Continue";
        cancelled_title: "Inloggningen avbröts", "The log-in was cancelled";
        cancelled_text: "Ingen har loggats in. Du kan försöka igen när du vill.", "Nobody was logged in. You can try again whenever you like.";
        refused_title: "Det gick inte att logga in", "The log-in did not work";
        refused_text: "Vi kunde inte lita på svaret från e-legitimationen, så ingen har loggats in. Försök igen. Händer det flera gånger, prova en annan e-legitimation.", "We could not trust the answer from the e-ID, so nobody was logged in. Try again. If it happens again, try another e-ID.";
        provider_silent_title: "E-legitimationen svarar inte", "The e-ID does not answer";
        provider_silent_text: "Felet ligger inte hos dig. Vänta en stund och försök igen, eller välj en annan e-legitimation.", "The fault is not yours. Wait a moment and try again, or choose another e-ID.";
        too_late_title: "Det tog för lång tid", "It took too long";
        too_late_text: "Inloggningen måste bli klar inom några minuter, i samma webbläsare. Ingen har loggats in. Börja om från början.", "The log-in must be finished within a few minutes, in the same browser. Nobody was logged in. Start again.";

        again_title: "Legitimera dig igen", "Identify again";
        again_text: "Det du är på väg att göra är viktigt, och det var mer än fem minuter sedan du legitimerade dig. Gör det en gång till, så kommer du tillbaka hit. Det du har skrivit finns kvar.", "What you are about to do matters, and it is more than five minutes since you identified. Do so once more and you come back here. What you have written is kept.";
        again_yes: "Legitimera mig", "Identify";
        other_person_title: "Det var någon annan", "That was somebody else";
        other_person_text: "Den som legitimerade sig är inte den som är inloggad. Inget har ändrats.", "Whoever identified is not the person who is logged in. Nothing was changed.";

        open_title: "Öppna din brevlåda", "Open your mailbox";
        open_lead: "Du har ingen brevlåda här än. Det tar en minut att öppna den.", "You have no mailbox here yet. Opening one takes a minute.";
        open_means: "Det här betyder det", "What it means";
        means_digital: "Myndigheter, kommuner och regioner som är anslutna skickar sin post till dig hit i stället för på papper.", "Public bodies that have joined send their letters to you here instead of on paper.";
        means_read: "Det är du som ser till att läsa breven i tid, precis som med papperspost. Vi meddelar dig när du får ett.", "It is up to you to read the letters in time, just as with paper post. We tell you when you get one.";
        means_off: "Du kan stänga av en avsändare när du vill. Då får du den avsändarens post på papper igen.", "You can turn a sender off whenever you like. Then you get that sender's letters on paper again.";
        means_keep: "Breven finns kvar så länge du vill ha dem. Bara du kan radera dem.", "The letters stay as long as you want them. Only you can erase them.";
        means_locked: "Breven är krypterade till dig. Vi som driver Kuvert kan inte läsa dem utan att det syns för dig.", "The letters are encrypted to you. We who run Kuvert cannot read them without it showing to you.";
        means_free: "Det kostar inget. Vi säljer inga uppgifter och visar ingen reklam.", "It costs nothing. We sell no data and show no advertisements.";
        open_button: "Öppna min brevlåda", "Open my mailbox";
        open_privacy: "Så använder vi dina uppgifter", "How we use your data";
        move_title: "Flytta din brevlåda", "Move your mailbox";
        move_means: "Nya brev från myndigheter kommer då hit i stället.", "New letters from public bodies then come here instead.";
        move_keeps: "De brev du redan har fått ligger kvar där de är i dag.", "The letters you have already stay where they are today.";
        move_off: "De avsändare du har stängt av är avstängda här också.", "Senders that you have turned off are off here too.";
        move_yes: "Ja, flytta den hit", "Yes, move it here";
        move_no: "Nej, behåll den där den är", "No, keep it where it is";
        young_title: "Du behöver vara 18 år", "You need to be 18";
        young_text: "Den som är under 18 kan inte öppna en egen brevlåda här än. Brev från myndigheter kommer på papper till dig eller din vårdnadshavare.", "Those under 18 cannot open a mailbox of their own here yet. Letters from public bodies come on paper to you or your guardian.";
        welcome_done: "Din brevlåda är öppen. Välj nu hur vi ska meddela dig.", "Your mailbox is open. Now choose how we should notify you.";
    }
}
