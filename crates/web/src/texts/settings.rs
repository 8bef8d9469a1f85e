//! Senders, notices, helpers, history and profile.

super::texts! {
    /// Texts of the settings.
    Settings {
        senders: "Avsändare", "Senders";
        senders_short: "Vilka som får skicka till dig", "Who may send to you";
        senders_lead: "De här kan skicka brev till dig här. Du kan stänga av dem en och en.", "These can send letters to you here. You can turn them off one by one.";
        sender_on: "Skickar hit", "Sends here";
        turn_off: "Stäng av", "Turn off";
        turn_on: "Slå på igen", "Turn on again";
        off_means: "Nya brev därifrån kommer inte hit. Avsändaren får veta att du inte tar emot post här och skickar på papper eller på annat sätt.", "New letters from there do not come here. The sender is told that you do not take letters here and sends on paper or in another way.";
        off_keeps: "Brev som du redan har fått ligger kvar.", "Letters that you already have stay.";
        off_undo: "Du kan slå på avsändaren igen när du vill.", "You can turn the sender on again whenever you like.";
        off_no: "Nej, behåll avsändaren", "No, keep the sender";
        no_senders: "Ingen avsändare är ansluten än.", "No sender has joined yet.";
        done_on: "Avsändaren är påslagen igen.", "The sender is turned on again.";

        contacts: "Aviseringar", "Notices";
        contacts_short: "Hur du får veta att ett brev har kommit", "How you learn that a letter has come";
        contacts_lead: "Vi skickar ett kort mejl eller sms när du får ett brev. Där står aldrig vad brevet handlar om, och aldrig någon länk.", "We send a short e-mail or text when you get a letter. It never says what the letter is about, and never has a link.";
        contacts_none: "Lägg till minst en adress. Annars får du inte veta när ett brev kommer.", "Add at least one address. Otherwise you will not know when a letter comes.";
        email: "E-postadress", "E-mail address";
        phone: "Mobilnummer", "Mobile number";
        phone_hint: "Till exempel 070-174 06 05", "For example +46 70 174 06 05";
        add_email: "Lägg till e-post", "Add e-mail";
        add_phone: "Lägg till mobil", "Add mobile";
        confirmed: "Bekräftad", "Confirmed";
        not_confirmed: "Inte bekräftad än", "Not confirmed yet";
        code: "Kod med sex siffror", "Six-digit code";
        code_hint: "Vi skickade koden nyss. Den gäller i 15 minuter.", "We sent the code just now. It is valid for 15 minutes.";
        confirm: "Bekräfta", "Confirm";
        new_code: "Skicka en ny kod", "Send a new code";
        failing: "Adressen fungerar inte. Kontrollera den eller lägg till en annan.", "The address does not work. Check it or add another.";
        show_sender: "Skriv avsändarens namn i aviseringen", "Write the sender's name in the notice";
        show_sender_hint: "Den som ser din skärm kan då läsa vem brevet är från.", "Whoever sees your screen can then read who the letter is from.";
        show_sender_protected: "Du har skyddad identitet. Då skriver vi aldrig avsändarens namn.", "You have protected identity. We never write the sender's name.";
        remove_contact_title: "Vill du ta bort adressen?", "Remove the address?";
        remove_contact_text: "Vi skickar inga fler aviseringar dit.", "We send no more notices there.";
        remove_contact_yes: "Ja, ta bort den", "Yes, remove it";
        remove_contact_no: "Nej, behåll den", "No, keep it";
        done_contact_added: "Vi har skickat en kod. Skriv in den för att bekräfta adressen.", "We have sent a code. Enter it to confirm the address.";
        done_contact_confirmed: "Adressen är bekräftad. Nu får du aviseringar dit.", "The address is confirmed. Notices now go there.";
        done_contact_removed: "Adressen är borttagen.", "The address is removed.";
        done_saved: "Ändringen är sparad.", "The change is saved.";
        bad_email: "Skriv en e-postadress, till exempel namn@exempel.se.", "Write an e-mail address, for example name@example.se.";
        bad_phone: "Skriv ett mobilnummer, till exempel 070-174 06 05.", "Write a mobile number, for example +46 70 174 06 05.";
        bad_code: "Koden stämmer inte. Kontrollera siffrorna och försök igen.", "The code does not match. Check the digits and try again.";
        old_code: "Koden gäller inte längre. Be om en ny.", "The code is no longer valid. Ask for a new one.";
        code_too_soon: "Vi skickade en kod nyss. Vänta en minut innan du ber om en ny.", "We sent a code just now. Wait a minute before you ask for another.";
        codes_too_many: "Det har skickats många koder på kort tid. Vänta tio minuter och försök igen.", "Many codes have been sent in a short time. Wait ten minutes and try again.";
        same_contact: "Adressen finns redan i listan.", "The address is already in the list.";
        too_many_contacts: "Du kan ha högst tio adresser. Ta bort någon först.", "You can have at most ten addresses. Remove one first.";
        code_not_sent: "Koden kunde inte skickas. Kontrollera adressen och försök igen.", "The code could not be sent. Check the address and try again.";

        helpers: "Hjälp med posten", "Help with your letters";
        helpers_short: "Låt någon du litar på läsa dina brev", "Let someone you trust read your letters";
        helpers_lead: "Du kan låta en person läsa breven i din brevlåda, till exempel en anhörig eller god man.", "You can let one person read the letters in your mailbox, for example a relative.";
        helper_can: "Kan läsa alla brev i brevlådan, både gamla och nya.", "Can read all letters in the mailbox, old and new.";
        helper_cannot: "Kan inte flytta eller radera brev, och inte ändra något.", "Cannot move or erase letters, nor change anything.";
        helper_confidential: "Ser inte brev som avsändaren har märkt som bara för dig.", "Does not see letters that the sender marked as for you alone.";
        helper_trace: "Du ser alltid vad hen har öppnat, och du kan sluta när du vill.", "You always see what they have opened, and you can stop whenever you like.";
        helper_what: "Det här får den som hjälper dig", "What your helper may do";
        helper_now: "Hjälper dig nu", "Helps you now";
        helper_nobody: "Ingen hjälper dig just nu.", "Nobody helps you at present.";
        helper_one: "Du kan ha en person åt gången. Ta bort den du har för att välja en annan.", "You can have one person at a time. Remove the present one to choose another.";
        helper_add: "Låt någon läsa", "Let someone read";
        helper_name: "Personens namn", "The person's name";
        helper_name_hint: "Så som du vill se det här.", "As you want to see it here.";
        helper_number: "Personnummer", "Personal number";
        helper_number_hint: "Tolv siffror: ÅÅÅÅMMDD-NNNN", "Twelve digits: YYYYMMDD-NNNN";
        helper_until: "Till och med", "Until and including";
        helper_until_hint: "Högst ett år framåt. Du kan förlänga sedan.", "At most one year ahead. You can renew later.";
        helper_button: "Ge läsrätt", "Give right to read";
        helper_revoke: "Ta tillbaka läsrätten", "Take back the right to read";
        helper_revoke_title: "Vill du ta tillbaka läsrätten?", "Take back the right to read?";
        helper_revoke_text: "Personen kan inte läsa fler brev från och med nu. Det som redan är läst går inte att göra oläst.", "The person can read no more letters from now on. What has been read stays read.";
        helper_revoke_yes: "Ja, ta tillbaka", "Yes, take it back";
        helper_revoke_no: "Nej, låt vara", "No, leave it";
        helping: "Du hjälper", "You help";
        helping_nobody: "Du hjälper ingen just nu.", "You help nobody at present.";
        helper_protected: "Du har skyddad identitet. Då kan ingen annan få läsrätt till din brevlåda. Kontakta oss om du ändå behöver det.", "You have protected identity. Then nobody else can be given the right to read your mailbox. Contact us if you need it all the same.";
        signatory: "Firmatecknare", "Authorised signatory";
        done_helper: "Läsrätten är given.", "The right to read is given.";
        done_helper_revoked: "Läsrätten är tillbakatagen.", "The right to read is taken back.";
        bad_name: "Skriv personens namn.", "Write the person's name.";
        bad_number: "Skriv personnumret med tolv siffror, till exempel 19700101-2391.", "Write the personal number in twelve digits, for example 19700101-2391.";
        bad_until: "Välj ett datum från i morgon till ett år framåt.", "Choose a date from tomorrow to one year ahead.";
        helper_unknown: "Det gick inte att ge läsrätt till det numret. Kontrollera siffrorna. Personen behöver ha en egen brevlåda här.", "The right could not be given to that number. Check the digits. The person needs a mailbox of their own here.";
        helper_self: "Det är ditt eget personnummer.", "That is your own personal number.";

        history: "Vem har öppnat", "Who has opened";
        history_short: "Allt som hänt i din brevlåda", "Everything that has happened in your mailbox";
        history_lead: "Varje gång någon öppnar ett brev eller ändrar något skrivs det här, innan det händer. Ingen kan ta bort en rad, inte heller vi.", "Each time anyone opens a letter or changes something it is written here, before it happens. Nobody can remove a line, not even we.";
        history_empty: "Inget har hänt än.", "Nothing has happened yet.";

        profile: "Du och språket", "You and the language";
        profile_short: "Namn, språk och inloggning", "Name, language and log-in";
        profile_name: "Namn", "Name";
        profile_name_hint: "Namnet kommer från din e-legitimation.", "The name comes from your e-ID.";
        profile_login: "Inloggad med", "Logged in with";
        profile_ends: "Inloggningen gäller till", "The log-in is valid until";
        profile_language: "Språk på sidorna och i aviseringar", "Language of the pages and of notices";
        profile_boxes: "Dina brevlådor", "Your mailboxes";
    }
}
