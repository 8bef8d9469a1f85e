//! Closed lists of states, types and reasons. They stand in the published catalogue; consumers ignore unknown ones.

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $word:ident = $text:literal, $says:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$word_doc])* #[doc = $says] #[serde(rename = $text)] $word,)* }
        impl $name {
            /// Every word of the list.
            pub const ALL: &'static [Self] = &[$(Self::$word,)*];

            /// As stored and on the wire.
            pub const fn as_str(self) -> &'static str { match self { $(Self::$word => $text,)* } }

            /// What it means, for the catalogue.
            pub const fn says(self) -> &'static str { match self { $(Self::$word => $says,)* } }

            /// From stored or received text.
            pub fn parse(text: &str) -> Option<Self> { match text { $($text => Some(Self::$word),)* _ => None } }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(self.as_str()) }
        }
    };
}

words! {
    /// What can happen to a letter or a mailbox. Those that [`EventType::reaches_sender`] stand in the sender's feed.
    EventType {
        Accepted = "accepted", "The letter, its evidence and its notice job are committed.";
        TakenInCharge = "taken_in_charge", "The letter is to be handed over to the operator where the recipient's mailbox is.";
        Forwarded = "forwarded", "The other operator has delivered the letter.";
        Returned = "returned", "No operator took the letter; why says the reason.";
        NoticeSent = "notice_sent", "The recipient was told by at least one channel.";
        NoticeFailed = "notice_failed", "No channel could be reached; the letter can still be read.";
        NoContactPoint = "no_contact_point", "The recipient has no confirmed contact point; the letter can still be read.";
        NoticeNotNeeded = "notice_not_needed", "The letter was opened before a notice was due.";
        Opened = "opened", "The letter was opened; told to the sender when the letter asked for it.";
        Listed = "listed", "Headers of letters in the mailbox were shown.";
        Archived = "archived", "The letter was put in the archive.";
        Binned = "binned", "The letter was put in the bin.";
        Restored = "restored", "The letter was taken back from the archive or the bin.";
        Erased = "erased", "The letter was erased by the mailbox's owner.";
        MailboxOpened = "mailbox_opened", "The mailbox was opened.";
        MailboxClosed = "mailbox_closed", "The mailbox was closed.";
        SenderDeclined = "sender_declined", "A sender was turned off.";
        SenderAccepted = "sender_accepted", "A sender was turned on again.";
        MandateGranted = "mandate_granted", "Someone was given the right to read.";
        MandateRevoked = "mandate_revoked", "A right to read was taken back.";
        ContactConfirmed = "contact_confirmed", "A contact point was confirmed.";
        ContactRemoved = "contact_removed", "A contact point was removed.";
        RestoreAccepted = "restore_accepted", "An older state of the mailbox was taken up after a restore; what came after it may be missing.";
        DeathNoted = "death_noted", "The owner has died: letters are refused, and nobody acts for the mailbox.";
        DeathWithdrawn = "death_withdrawn", "The owner's death had been noted by mistake.";
        EpochRolled = "epoch_rolled", "The mailbox got a new key and the old one was destroyed.";
    }
}

impl EventType {
    /// Whether the sender's event feed can carry it (`opened` only when the letter asked).
    pub const fn reaches_sender(self) -> bool {
        matches!(
            self,
            Self::Accepted
                | Self::TakenInCharge
                | Self::Forwarded
                | Self::Returned
                | Self::NoticeSent
                | Self::NoticeFailed
                | Self::NoContactPoint
                | Self::NoticeNotNeeded
                | Self::Opened
        )
    }
}

words! {
    /// What can happen to a sender, a dispatcher or a mailbox operator. Told to the operator alone (`kuvert agency history`,
    /// `kuvert operator history`).
    RegistryEventType {
        SenderAdded = "sender_added", "It was registered as a sender or dispatcher.";
        SenderRenamed = "sender_renamed", "It got another name.";
        SenderMaySend = "sender_may_send", "Whether it sends letters of its own, or only for others, was changed.";
        SenderSuspended = "sender_suspended", "Nothing is accepted from it.";
        SenderResumed = "sender_resumed", "Its letters are accepted again.";
        Sha1Allowed = "sha1_allowed", "Its deliveries of Mina Meddelanden may be signed with SHA-1.";
        Sha1Refused = "sha1_refused", "Its deliveries may not be signed with SHA-1 any more.";
        DispatcherAdded = "dispatcher_added", "A dispatcher may act for it.";
        DispatcherRemoved = "dispatcher_removed", "A dispatcher may not act for it any more.";
        CertificateAdded = "certificate_added", "A certificate was registered for it.";
        CertificateRevoked = "certificate_revoked", "One of its certificates was revoked.";
        OperatorAdded = "operator_added", "It was registered as a mailbox operator, or came back.";
        OperatorChanged = "operator_changed", "Its domain, name or addresses were changed.";
        OperatorEnded = "operator_ended", "It is no mailbox operator any more.";
        RestoreAccepted = "restore_accepted", "An older state of it was taken up after a restore; what came after it may be missing.";
    }
}

words! {
    /// What a sender is told of where its letter is.
    LetterState {
        Scheduled = "scheduled", "Accepted; the recipient sees it from visible_from.";
        Available = "available", "The recipient can see it.";
        Opened = "opened", "The recipient has opened it (only for letters that asked).";
        Forwarding = "forwarding", "Taken in charge for a mailbox at another operator, and not handed over yet.";
        Forwarded = "forwarded", "The other operator has delivered it.";
        Returned = "returned", "No operator took it; the history says why.";
    }
}

words! {
    /// How the telling of the recipient ended. Every letter ends in exactly one that is not `pending`.
    NoticeState {
        Pending = "pending", "A notice is planned or under way.";
        Sent = "sent", "The recipient was told.";
        Failed = "failed", "No channel could be reached.";
        NoContactPoint = "no_contact_point", "There was no confirmed contact point.";
        NotNeeded = "not_needed", "The letter was opened before a notice was due.";
    }
}

words! {
    /// Why a recipient cannot be reached here, in answers to `POST /v1/reachability`.
    Unreachable {
        IdentityInvalid = "identity_invalid", "The id is not an identity.";
        CheckDigitInvalid = "check_digit_invalid", "The check digit does not agree.";
        Unknown = "recipient_unknown", "There is no mailbox here.";
        Closed = "mailbox_closed", "The mailbox is closed.";
        Deceased = "recipient_deceased", "The recipient has died.";
        Elsewhere = "recipient_elsewhere", "The recipient's mailbox is at another operator.";
        UnderAge = "recipient_under_age", "The recipient is under age.";
        SenderDeclined = "sender_declined", "The recipient has turned this sender off.";
        SenderMustSign = "sender_must_sign", "The recipient's mailbox is at another operator, and the sender does not list us as its dispatcher.";
        Unavailable = "unavailable", "The register of addresses does not answer; ask again.";
    }
}

words! {
    /// How a recipient whose mailbox is not here is reached, in answers to `POST /v1/reachability`.
    Way {
        Forwarded = "forwarded", "The mailbox is at another operator, which we hand letters over to.";
    }
}

words! {
    /// Why a letter that was taken in charge was returned.
    ReturnReason {
        NotDelivered = "not_delivered", "The other operator has no mailbox for the recipient.";
        GivenUp = "given_up", "It could not be handed over in the time allowed.";
        AlreadyExists = "already_exists", "The other operator has another letter of the sender under this reference.";
        InvalidInput = "invalid_input", "The other operator refused the message as out of form.";
        AccessDenied = "access_denied", "The other operator refused the signatures, or who sent it.";
        TooLarge = "too_large", "The letter was larger than the other operator takes.";
        SignatureError = "signature_error", "The other operator refused the form of the signatures.";
        SenderNotRegistered = "sender_not_registered", "The other operator does not know the sender.";
        UnsupportedType = "unsupported_type", "The other operator does not take a file's type.";
        DispatcherNotApproved = "dispatcher_not_approved", "The other operator does not take letters of this sender from us.";
        SenderMustSign = "sender_must_sign", "The sender did not list us as its dispatcher any more, or was suspended, until its time was over.";
        RecipientUnknown = "recipient_unknown", "The recipient has no mailbox any more.";
        MailboxClosed = "mailbox_closed", "The recipient has closed the mailbox.";
        RecipientDeceased = "recipient_deceased", "The recipient has died.";
        RecipientUnderAge = "recipient_under_age", "The recipient is under age.";
        SenderDeclined = "sender_declined", "The recipient has turned this sender off.";
    }
}

words! {
    /// What a letter is about, so that a reader can find it. The list is published and grows.
    Kind {
        Decision = "decision", "A decision.";
        Request = "request", "Something the recipient is asked to do or send.";
        Appointment = "appointment", "A time and place.";
        Invoice = "invoice", "Something to pay.";
        Reminder = "reminder", "A reminder of an earlier letter.";
        Certificate = "certificate", "A certificate or register extract.";
        Receipt = "receipt", "An acknowledgement of something received.";
        Information = "information", "Information.";
    }
}

words! {
    /// Whether the sender wants to know that the letter was opened.
    ReceiptWish {
        Nothing = "none", "The sender is not told.";
        Opened = "opened", "The sender is told when the letter is opened.";
    }
}

words! {
    /// Whether the sender wants an answer.
    ReplyWish {
        NotAllowed = "not_allowed", "The letter is not to be answered.";
        Accepted = "accepted", "The letter may be answered.";
        Requested = "requested", "The sender asks for an answer.";
    }
}

words! {
    /// What an actor wants to do with a letter or a mailbox.
    Act {
        List = "list", "See the headers of letters.";
        Open = "open", "Read a letter and its attachments.";
        Archive = "archive", "Put a letter in the archive, or take it back.";
        Bin = "bin", "Put a letter in the bin, or take it back.";
        Erase = "erase", "Erase letters in the bin.";
        Settings = "settings", "Change senders, contact points and helpers.";
        History = "history", "See who has opened what.";
    }
}

words! {
    /// By what right someone acts for a mailbox.
    Because {
        Owner = "owner", "The mailbox is the person's own.";
        Signatory = "signatory", "The person is an authorised signatory of the organisation.";
        Helper = "helper", "The owner has let the person read.";
    }
}

words! {
    /// How a person is told.
    Channel {
        Email = "email", "E-mail.";
        Sms = "sms", "Text message.";
    }
}
