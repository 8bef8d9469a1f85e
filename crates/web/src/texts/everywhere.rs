//! The frame around every page, errors, and words used on many pages.

super::texts! {
    /// Texts of the frame and of errors.
    Everywhere {
        product: "Kuvert", "Kuvert";
        skip: "Till innehållet", "Skip to content";
        main_menu: "Huvudmeny", "Main menu";
        inbox: "Inkorg", "Inbox";
        archive: "Arkiv", "Archive";
        bin: "Papperskorg", "Bin";
        settings: "Inställningar", "Settings";
        log_in: "Logga in", "Log in";
        log_out: "Logga ut", "Log out";
        about: "Om Kuvert", "About Kuvert";
        accessibility: "Tillgänglighet", "Accessibility";
        privacy: "Dina uppgifter", "Your data";
        developers: "För utvecklare", "For developers";
        footer_label: "Om webbplatsen", "About this site";
        save: "Spara", "Save";
        remove: "Ta bort", "Remove";
        undo: "Ångra", "Undo";
        error_heading: "Det blev inte rätt", "Something needs mending";
        to_start: "Till startsidan", "To the start page";
        to_inbox: "Till inkorgen", "To the inbox";

        not_found_title: "Sidan finns inte", "There is nothing here";
        not_found_text: "Adressen kan vara felskriven, eller så har brevet tagits bort. Dina brev ligger kvar i inkorgen, arkivet och papperskorgen.", "The address may be misspelt, or the letter has been erased. Your letters are still in the inbox, the archive and the bin.";
        trouble_title: "Något gick fel hos oss", "Something went wrong at our end";
        trouble_text: "Inget har försvunnit. Vänta en stund och försök igen.", "Nothing is lost. Wait a moment and try again.";
        slow_title: "Vänta lite", "Please wait a moment";
        slow_text: "Det kom många försök på kort tid härifrån. För din säkerhet väntar vi en minut. Försök sedan igen.", "There were many attempts from here in a short time. To keep you safe we wait a minute. Then try again.";
        reading_slow_text: "Du har öppnat många brev på kort tid. För din säkerhet väntar vi en liten stund. Försök sedan igen.", "You have opened many letters in a short time. To keep you safe we wait a little while. Then try again.";
        expired_title: "Du har loggats ut", "You have been logged out";
        expired_text: "Du blir utloggad när du inte har använt Kuvert på en stund, så att ingen annan kan läsa dina brev. Inget har försvunnit.", "You are logged out when you have not used Kuvert for a while, so that nobody else can read your letters. Nothing is lost.";
        expired_kept: "Du blir utloggad när du inte har använt Kuvert på en stund, så att ingen annan kan läsa dina brev. Det du skrev finns kvar. Logga in igen, så kan du fortsätta.", "You are logged out when you have not used Kuvert for a while, so that nobody else can read your letters. What you wrote is kept. Log in again and go on.";
        stay_title: "När du loggas ut", "When you are logged out";
        stay: "Fortsätt", "Stay";
        stay_more: "vara inloggad", "logged in";
        stay_ended: "Du kan ha loggats ut.", "You may have been logged out.";
        stale_form_title: "Sidan var för gammal", "The page was too old";
        stale_form_text: "Inget har ändrats. Gå tillbaka, ladda om sidan och försök igen.", "Nothing has changed. Go back, reload the page and try again.";
        logged_out_title: "Du är utloggad", "You are logged out";
        logged_out_text: "Stäng gärna webbläsaren om du är på en dator som andra använder.", "Close the browser if others use this computer.";
        frozen_title: "Brevlådan är låst", "The mailbox is locked";
        frozen_text: "Brevlådan kan inte ändras just nu. Kontakta oss om du har frågor.", "The mailbox cannot be changed at present. Contact us if you have questions.";
    }
}
