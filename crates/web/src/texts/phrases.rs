//! Texts with a number or a name in them.

use super::{Language, Texts};

impl Texts {
    fn pick(&self, sv: String, en: String) -> String {
        match self.lang {
            Language::Swedish => sv,
            Language::English => en,
        }
    }

    /// "Logga in med BankID".
    pub fn log_in_with(&self, provider: &str) -> String {
        self.pick(format!("Logga in med {provider}"), format!("Log in with {provider}"))
    }

    /// "Inloggad som Anna Andersson".
    pub fn logged_in_as(&self, name: &str) -> String {
        self.pick(format!("Inloggad som {name}"), format!("Logged in as {name}"))
    }

    /// "Du loggas ut 11.49".
    pub fn logged_out_at(&self, clock: &str) -> String {
        self.pick(format!("Du loggas ut {clock}"), format!("You are logged out at {clock}"))
    }

    /// The same, two minutes before.
    pub fn logged_out_soon(&self, clock: &str) -> String {
        self.pick(format!("Du loggas snart ut, {clock}"), format!("You are soon logged out, at {clock}"))
    }

    /// The same, when it cannot be put off.
    pub fn logged_out_for_sure(&self, clock: &str) -> String {
        self.pick(
            format!("Du loggas ut {clock} och får då logga in igen"),
            format!("You are logged out at {clock} and can then log in again"),
        )
    }

    /// "Hej Anna", with the first of the given names.
    pub fn hello(&self, name: &str) -> String {
        let first = name.split_whitespace().next().unwrap_or(name);
        self.pick(format!("Hej {first}!"), format!("Hello {first}!"))
    }

    /// "Olästa (3)"; beyond `most` nobody counts.
    pub fn unread_filter(&self, count: usize, most: usize) -> String {
        let name = self.letters.filter_unread;
        match count {
            0 => name.to_owned(),
            count if count >= most => format!("{name} ({most}+)"),
            count => format!("{name} ({count})"),
        }
    }

    /// "4 brev".
    pub fn letter_count(&self, count: &usize) -> String {
        self.pick(
            format!("{count} brev"),
            if *count == 1 { "1 letter".into() } else { format!("{count} letters") },
        )
    }

    /// "4 brev stämmer med ”skatt”".
    pub fn hit_count(&self, count: &usize, more: &bool, sought: &str) -> String {
        let plus = if *more { "+" } else { "" };
        self.pick(
            format!("{count}{plus} brev stämmer med ”{sought}”"),
            format!(
                "{count}{plus} {} “{sought}”",
                if *count == 1 { "letter matches" } else { "letters match" }
            ),
        )
    }

    /// "idag", "i morgon", "5 dagar kvar"; `None` when it is further off.
    pub fn days_left(&self, days: i32) -> Option<String> {
        match days {
            ..0 => Some(self.pick("svarsdatumet har passerat".into(), "the reply date has passed".into())),
            0 => Some(self.pick("idag".into(), "today".into())),
            1 => Some(self.pick("i morgon".into(), "tomorrow".into())),
            2..=21 => Some(self.pick(format!("{days} dagar kvar"), format!("{days} days left"))),
            _ => None,
        }
    }

    /// "Försenat – skulle ha besvarats 13 dec".
    pub fn late(&self, date: &str) -> String {
        self.pick(
            format!("Försenat – skulle ha besvarats {date}"),
            format!("Overdue – should have been answered by {date}"),
        )
    }

    /// "Bo läste i dag".
    pub fn read_by(&self, name: &str, day: &str) -> String {
        self.pick(format!("{name} läste {day}"), format!("{name} read it {day}"))
    }

    /// Whose letter somebody who helps is about to open.
    pub fn letter_to(&self, owner: &str) -> String {
        self.pick(format!("Brevet är till {owner}."), format!("The letter is to {owner}."))
    }

    /// "2 bilagor".
    pub fn file_count(&self, count: &usize) -> String {
        self.pick(
            if *count == 1 { "1 bilaga".into() } else { format!("{count} bilagor") },
            if *count == 1 { "1 attachment".into() } else { format!("{count} attachments") },
        )
    }

    /// The question before the bin is emptied.
    pub fn empty_question(&self, count: &usize) -> String {
        self.pick(
            format!(
                "Vill du radera {} för alltid?",
                if *count == 1 { "ett brev".into() } else { format!("{count} brev") }
            ),
            format!("Erase {} for good?", self.letter_count(count)),
        )
    }

    /// The button that empties the bin.
    pub fn empty_yes(&self, count: &usize) -> String {
        self.pick(format!("Ja, radera {count} brev"), format!("Yes, erase {}", self.letter_count(count)))
    }

    /// The question before a sender is turned off.
    pub fn turn_off_question(&self, sender: &str) -> String {
        self.pick(format!("Vill du stänga av {sender}?"), format!("Turn off {sender}?"))
    }

    /// Asked of somebody whose mailbox is at another operator.
    pub fn move_question(&self, operator: &str) -> String {
        self.pick(
            format!("Du har din brevlåda hos {operator}. Vill du flytta den hit?"),
            format!("Your mailbox is at {operator}. Move it here?"),
        )
    }

    /// The button that turns a sender off.
    pub fn turn_off_yes(&self, sender: &str) -> String {
        self.pick(format!("Ja, stäng av {sender}"), format!("Yes, turn off {sender}"))
    }

    /// Said after a sender was turned off.
    pub fn turned_off(&self, sender: &str) -> String {
        self.pick(format!("{sender} är avstängd."), format!("{sender} is turned off."))
    }

    /// "Avstängd sedan 12 oktober 2026".
    pub fn off_since(&self, date: &str) -> String {
        self.pick(format!("Avstängd sedan {date}"), format!("Turned off since {date}"))
    }

    /// The question to somebody who was asked to help.
    pub fn asks_question(&self, owner: &str) -> String {
        self.pick(
            format!("Vill du hjälpa {owner} med posten?"),
            format!("Do you want to help {owner} with letters?"),
        )
    }

    /// What the one who was asked would get.
    pub fn asks_means(&self, until: &str) -> String {
        self.pick(
            format!("Du får läsrätt till brevlådan {until}, men inte till brev som bara är för ägaren."),
            format!("You may read the mailbox {until}, but not letters that are for the owner alone."),
        )
    }

    /// Which name the owner sees.
    pub fn asks_shows(&self, name: &str) -> String {
        self.pick(
            format!("Den som frågar får se ditt namn: {name}."),
            format!("The one who asks sees your name: {name}."),
        )
    }

    /// Said to the owner who closed the mailbox.
    pub fn closed_by_you(&self, date: &str) -> String {
        self.pick(
            format!("Din brevlåda är stängd. Du avslutade den {date}. Nya brev kommer inte hit."),
            format!("Your mailbox is closed. You closed it on {date}. New letters do not come here."),
        )
    }

    /// Said to the owner of one that was closed otherwise.
    pub fn closed_by_others(&self, date: &str) -> String {
        self.pick(
            format!("Din brevlåda är stängd sedan {date}. Det var inte du som stängde den här: det gjorde vi som driver tjänsten, eller så har den flyttats till en annan operatör. Nya brev kommer inte hit."),
            format!("Your mailbox has been closed since {date}. It was not you who closed it here: we who run the service did, or it has moved to another operator. New letters do not come here."),
        )
    }

    /// "till och med 31 maj 2027".
    pub fn until(&self, date: &str) -> String {
        self.pick(format!("till och med {date}"), format!("until {date}"))
    }

    /// "Firefox, Windows".
    pub fn browser_on(&self, (browser, system): (Option<&'static str>, Option<&'static str>)) -> String {
        let browser = browser.unwrap_or(self.settings.log_in_somewhere);
        system.map_or_else(|| browser.to_owned(), |system| format!("{browser}, {system}"))
    }

    /// "Inloggad idag 11.49".
    pub fn logged_in_since(&self, when: &str) -> String {
        self.pick(format!("Inloggad {when}"), format!("Logged in {when}"))
    }

    /// "Användes senast idag 11.49".
    pub fn last_used(&self, when: &str) -> String {
        self.pick(format!("Användes senast {when}"), format!("Last used {when}"))
    }

    /// "Vidarebefordrat av Bo Bengtsson".
    pub fn forwarded_by(&self, name: &str) -> String {
        self.pick(format!("Vidarebefordrat av {name}"), format!("Forwarded by {name}"))
    }

    /// Whose word it is that somebody forwarded a letter.
    pub fn forwarded_says(&self, operator: &str) -> String {
        self.pick(
            format!(
                "Brevet skickades först till någon annan. Namnet och texten här kommer från brevlådan hos {operator}. \
                 Vi har inte kontrollerat dem."
            ),
            format!(
                "The letter was first sent to somebody else. The name and the words here come from the mailbox at {operator}. \
                 We have not checked them."
            ),
        )
    }

    /// What stands under "Äkthet kontrollerad". `operator` handed it over, when it was forwarded.
    pub fn how_verified(&self, signer: &str, number: &str, at: &str, operator: Option<&str>) -> String {
        if let Some(operator) = operator {
            return self.pick(
                format!(
                    "Brevet är undertecknat av {signer} (organisationsnummer {number}). När det kom {at} kontrollerade vi \
                     underskriften, och att inget tecken i brevet eller bilagorna hade ändrats. Vem som vidarebefordrade det \
                     är inte undertecknat: det har {operator} uppgett."
                ),
                format!(
                    "The letter is signed by {signer} (organisation number {number}). When it came {at} we checked the \
                     signature, and that nothing in the letter or its attachments had been changed. Who forwarded it is not \
                     signed: that is what {operator} says."
                ),
            );
        }
        self.pick(
            format!(
                "Brevet är undertecknat av {signer} (organisationsnummer {number}). När brevet kom {at} kontrollerade vi \
                 underskriften, att avsändaren fick skicka hit, och att inget tecken i brevet eller bilagorna hade ändrats."
            ),
            format!(
                "The letter is signed by {signer} (organisation number {number}). When it came {at} we checked the \
                 signature, that the sender may send here, and that nothing in the letter or its attachments had been changed."
            ),
        )
    }

    /// Title of a page about a letter that a screen reader hears first: "Beslut, från Exempelverket".
    pub fn from_sender(&self, sender: &str) -> String {
        self.pick(format!("från {sender}"), format!("from {sender}"))
    }

    /// "3 gånger".
    pub fn times(&self, count: usize) -> String {
        self.pick(format!("{count} gånger"), format!("{count} times"))
    }

    /// A letter's subject, or that it has none.
    pub fn subject<'a>(&self, sent: &'a str) -> &'a str {
        if sent.trim().is_empty() { self.letters.no_subject } else { sent }
    }

    /// Who has the matter now; what is none of the interface's words stands as it is.
    pub fn matter_status<'a>(&self, status: &'a str) -> &'a str {
        let words = [
            ("senderinitiative", self.letters.matter_with_sender),
            ("recipientinitiative", self.letters.matter_with_you),
            ("closed", self.letters.matter_closed),
        ];
        words.into_iter().find(|(word, _)| word.eq_ignore_ascii_case(status)).map_or(status, |(_, said)| said)
    }

    /// What the label of a letter's kind says.
    pub fn kind(&self, kind: domain::words::Kind) -> &'static str {
        use domain::words::Kind;
        let (sv, en) = match kind {
            Kind::Decision => ("Beslut", "Decision"),
            Kind::Request => ("Begäran", "Request"),
            Kind::Appointment => ("Kallelse", "Appointment"),
            Kind::Invoice => ("Faktura", "Invoice"),
            Kind::Reminder => ("Påminnelse", "Reminder"),
            Kind::Certificate => ("Intyg", "Certificate"),
            Kind::Receipt => ("Kvittens", "Acknowledgement"),
            Kind::Information => ("Information", "Information"),
        };
        match self.lang {
            Language::Swedish => sv,
            Language::English => en,
        }
    }

    /// What happened, in the box's log and the letter's history.
    pub fn event(&self, event: domain::words::EventType) -> &'static str {
        use domain::words::EventType;
        let (sv, en) = match event {
            EventType::Accepted => ("Brevet kom", "The letter arrived"),
            EventType::TakenInCharge => {
                ("Brevet var på väg till en annan brevlåda", "The letter was on its way to another mailbox")
            }
            EventType::Forwarded => ("Brevet lämnades vidare", "The letter was handed over"),
            EventType::Returned => ("Brevet gick tillbaka", "The letter was returned"),
            EventType::NoticeSent => ("Avisering skickad", "Notice sent"),
            EventType::NoticeFailed => ("Aviseringen gick inte fram", "The notice did not get through"),
            EventType::NoContactPoint => ("Ingen adress för avisering", "No address for a notice"),
            EventType::NoticeNotNeeded => {
                ("Redan öppnat, ingen avisering behövdes", "Already opened, no notice needed")
            }
            EventType::Opened => ("Öppnade brevet", "Opened the letter"),
            EventType::Listed => ("Såg listan med brev", "Saw the list of letters"),
            EventType::Archived => ("Lade brevet i arkivet", "Put the letter in the archive"),
            EventType::Binned => ("Lade brevet i papperskorgen", "Put the letter in the bin"),
            EventType::Restored => ("Lade tillbaka brevet i inkorgen", "Put the letter back in the inbox"),
            EventType::Erased => ("Raderade ett brev", "Erased a letter"),
            EventType::MailboxOpened => ("Öppnade brevlådan", "Opened the mailbox"),
            EventType::MailboxClosed => ("Stängde brevlådan", "Closed the mailbox"),
            EventType::SenderDeclined => ("Stängde av en avsändare", "Turned a sender off"),
            EventType::SenderAccepted => ("Slog på en avsändare", "Turned a sender on"),
            EventType::MandateGranted => ("Gav någon läsrätt", "Gave someone the right to read"),
            EventType::MandateRevoked => ("Tog tillbaka en läsrätt", "Took back a right to read"),
            EventType::ContactConfirmed => {
                ("Bekräftade en adress för avisering", "Confirmed an address for notices")
            }
            EventType::ContactRemoved => {
                ("Tog bort en adress för avisering", "Removed an address for notices")
            }
            EventType::RestoreAccepted => (
                "En säkerhetskopia togs i bruk; det som hände efter den kan saknas",
                "A backup was put to use; what happened after it may be missing",
            ),
            EventType::DeathNoted => ("Dödsfallet antecknades", "The death was noted"),
            EventType::DeathWithdrawn => {
                ("Anteckningen om dödsfall togs tillbaka", "The note of a death was taken back")
            }
            EventType::EpochRolled => ("Brevlådan fick nytt lås", "The mailbox got a new lock"),
        };
        match self.lang {
            Language::Swedish => sv,
            Language::English => en,
        }
    }
}
