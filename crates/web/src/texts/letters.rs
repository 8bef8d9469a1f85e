//! Lists of letters, and the letter itself.

super::texts! {
    /// Texts of lists and letters.
    Letters {
        letters: "Brev", "Letters";
        search_label: "Sök på avsändare, ämne eller datum", "Search by sender, subject or date";
        search: "Sök", "Search";
        search_archive: "Sök i arkivet", "Search the archive";
        search_inbox: "Sök i inkorgen", "Search the inbox";
        clear_search: "Rensa sökningen", "Clear the search";
        filter_label: "Visa", "Show";
        filter_all: "Alla", "All";
        filter_unread: "Olästa", "Unread";
        all_boxes: "Alla brevlådor", "All mailboxes";
        box_label: "Brevlåda", "Mailbox";
        todo: "Att göra", "To do";
        todo_hint: "Arkivera brevet när du är klar, så försvinner det härifrån.", "Archive the letter when you are done and it leaves this list.";
        due: "Svara senast", "Reply by";
        today: "Idag", "Today";
        yesterday: "Igår", "Yesterday";
        this_week: "Den här veckan", "This week";
        unread: "oläst", "unread";
        older: "Visa äldre brev", "Show older letters";
        newest: "Till de senaste breven", "To the latest letters";
        no_contact: "Du får inte veta när ett brev kommer. Lägg till din e-post eller mobil.", "You will not know when a letter comes. Add your e-mail or mobile.";
        contact_fails: "Våra aviseringar når dig inte. Kontrollera din e-post eller mobil.", "Our notices do not reach you. Check your e-mail or mobile.";
        choose: "Välj ett brev i listan, så visas det här.", "Choose a letter in the list to read it here.";
        empty_inbox: "Inkorgen är tom", "The inbox is empty";
        empty_inbox_text: "Här kommer dina brev från myndigheter, kommuner och regioner som är anslutna. Vi meddelar dig när du får ett.", "Letters from the public bodies that have joined will arrive here. We tell you when you get one.";
        empty_unread: "Du har läst allt", "You have read everything";
        empty_unread_text: "Det finns inga olästa brev.", "There are no unread letters.";
        empty_archive: "Arkivet är tomt", "The archive is empty";
        empty_archive_text: "Brev som du är klar med kan du lägga här. De finns kvar så länge du vill.", "Put letters that you are done with here. They stay as long as you like.";
        empty_bin: "Papperskorgen är tom", "The bin is empty";
        empty_bin_text: "Brev som du lägger i papperskorgen hamnar här. De finns kvar tills du tömmer den.", "Letters that you put in the bin come here. They stay until you empty it.";
        bin_promise: "Inget försvinner av sig självt. Bara du tömmer papperskorgen.", "Nothing disappears by itself. Only you empty the bin.";
        no_hits: "Inget brev stämmer", "No letter matches";
        no_hits_text: "Prova ett kortare ord, eller sök på avsändarens namn.", "Try a shorter word, or the name of the sender.";

        verified: "Äkthet kontrollerad", "Authenticity checked";
        not_verified: "Äktheten kan inte styrkas", "Not verified";
        not_verified_text: "Brevet stämmer inte med det som vi tog emot från avsändaren till dig. Det kan vara ändrat, eller ditlagt av någon annan. Lita inte på innehållet, betala ingenting och följ inga länkar. Fråga avsändaren på ett telefonnummer som du själv har letat upp. Vi har fått ett larm om brevet.", "The letter is not the one that we took in from the sender for you. It may have been changed, or put here by somebody else. Do not rely on what it says, pay nothing and follow no links. Ask the sender, on a telephone number that you looked up yourself. We have been told of it.";
        how_verified: "Så vet du att brevet är äkta", "How you know that the letter is genuine";
        via: "Skickat genom", "Sent through";
        owner: "Till", "To";
        received: "Kom", "Received";
        matter: "Ärende", "Matter";
        matter_status: "Läge", "Status";
        matter_id: "Ärendenummer", "Matter number";
        matter_shared: "Gemensamt ärendenummer", "Shared matter number";
        matter_with_sender: "Avsändaren har ärendet", "The sender is dealing with the matter";
        matter_with_you: "Du behöver göra något", "You need to do something";
        matter_closed: "Ärendet är avslutat", "The matter is closed";
        event_kind: "Händelse", "Event";
        event_date: "Datum", "Date";
        event_id: "Händelsens nummer", "Number of the event";
        event_before: "Föregående händelse", "Event before";
        notes: "Uppgifter från avsändaren", "Details from the sender";
        note_reference: "Er referens", "Your reference";
        note_correlation: "Avsändarens beteckning", "Reference of the sender";
        note_attention: "Till", "To";
        note_from: "Från (handläggare)", "From (case officer)";
        reply_requested: "Avsändaren vill ha ett svar.", "The sender wants an answer.";
        reply_accepted: "Avsändaren tar emot svar.", "The sender takes answers.";
        reply_how: "Det går inte att svara i Kuvert än. Använd kontaktuppgifterna här.", "You cannot answer in Kuvert yet. Use the contact details here.";
        reply_how_bare: "Det går inte att svara i Kuvert än. Hör av dig till avsändaren på annat sätt.", "You cannot answer in Kuvert yet. Contact the sender in another way.";
        no_subject: "(utan ämne)", "(no subject)";
        no_text: "Brevet har ingen text.", "The letter has no text.";
        no_text_files: "Brevet har ingen text. Läs bilagorna.", "The letter has no text. Read the attachments.";
        attachments: "Bilagor", "Attachments";
        show: "Visa", "Show";
        download: "Ladda ner", "Download";
        new_tab: "öppnas i ny flik", "opens in a new tab";
        own_tab: "Visa brevet i en egen flik", "Show the letter in its own tab";
        body_frame: "Brevets text", "The text of the letter";
        keep_copy: "Spara en kopia", "Keep a copy";
        keep_copy_text: "Brevet precis som avsändaren undertecknade det. Med filen kan vem som helst kontrollera att inget är ändrat.", "The letter exactly as the sender signed it. With the file anyone can check that nothing was changed.";
        keep_copy_jws: "Filen är en JWS (RFC 7515) i JSON.", "The file is a JWS (RFC 7515) in JSON.";
        keep_copy_delivery: "Filen är hela meddelandet deliverSecure i Mina meddelanden, i XML, med avsändarens underskrift och förmedlarens försegling.", "The file is the whole deliverSecure message of Mina meddelanden, in XML, with the signature of the sender and the seal of the dispatcher.";
        keep_copy_forwarded: "Filen är försändelsen (SealedDelivery) i Mina meddelanden, i XML, med avsändarens underskrift och förmedlarens försegling. Den som vidarebefordrade brevet står inte i den.", "The file is the delivery (SealedDelivery) of Mina meddelanden, in XML, with the signature of the sender and the seal of the dispatcher. Who forwarded the letter is not in it.";
        keep_copy_link: "Ladda ner det undertecknade brevet", "Download the signed letter";
        do_archive: "Arkivera", "Archive";
        do_bin: "Lägg i papperskorgen", "Put in the bin";
        do_restore: "Lägg tillbaka i inkorgen", "Put back in the inbox";
        do_restore_short: "Lägg tillbaka", "Put back";
        do_erase: "Radera för alltid", "Erase for good";
        who_opened: "Vem har öppnat brevet", "Who has opened the letter";
        questions: "Frågor om brevet", "Questions about the letter";
        phone: "Telefon", "Telephone";
        email: "E-post", "E-mail";
        website: "Webbplats", "Website";
        confidential: "Bara för dig. Den som hjälper dig ser inte det här brevet.", "For you alone. Those who help you do not see this letter.";

        closed_title: "Oöppnat brev", "Unopened letter";
        closed_tells: "Avsändaren får veta när du öppnar brevet.", "The sender will know when you open the letter.";
        closed_tells_text: "Avsändaren får dag och klockslag, inget annat. Du behöver inte öppna nu: brevet ligger kvar oöppnat tills du vill.", "The sender is told the date and time, nothing else. You need not open it now: the letter stays unopened until you wish.";
        closed_quiet: "Avsändaren får inte veta när du öppnar brevet.", "The sender is not told when you open the letter.";
        closed_quiet_text: "Att du har öppnat det står bara i brevets egen historik, som du själv kan läsa.", "That you opened it is written only in the letter's own history, which you can read.";
        open: "Öppna brevet", "Open the letter";
        not_now: "Inte nu", "Not now";

        empty_the_bin: "Töm papperskorgen", "Empty the bin";
        erase_title: "Vill du radera brevet för alltid?", "Erase the letter for good?";
        erase_text: "Brevet och bilagorna går inte att få tillbaka, inte ens av oss.", "The letter and its attachments cannot be brought back, not even by us.";
        erase_yes: "Ja, radera brevet", "Yes, erase the letter";
        erase_no: "Nej, behåll det", "No, keep it";
        empty_text: "Breven och bilagorna går inte att få tillbaka, inte ens av oss.", "The letters and their attachments cannot be brought back, not even by us.";
        empty_no: "Nej, behåll dem", "No, keep them";
        held: "Brevet kan inte raderas än. Avsändaren måste kunna visa det en tid till.", "The letter cannot be erased yet. The sender must be able to show it for some time more.";

        done_archived: "Brevet ligger nu i arkivet.", "The letter is now in the archive.";
        done_binned: "Brevet ligger nu i papperskorgen.", "The letter is now in the bin.";
        done_restored: "Brevet ligger nu i inkorgen.", "The letter is now in the inbox.";
        done_erased: "Brevet är raderat.", "The letter is erased.";
        done_emptied: "Papperskorgen är tömd.", "The bin is emptied.";

        you: "Du", "You";
        as_owner: "som ägare", "as the owner";
        as_signatory: "som firmatecknare", "as an authorised signatory";
        as_helper: "som hjälper till", "as a helper";
        by_service: "Kuvert", "Kuvert";
        by_sender: "Avsändaren", "The sender";
        someone: "En person", "A person";
    }
}
