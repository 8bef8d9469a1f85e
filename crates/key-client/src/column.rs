//! Sealed columns that only the key service opens.

use crate::secret::GrantToken;
use domain::{
    AddressMac, AnnouncementId, ContactId, DeclinedMac, LetterId, LoginMac, MailboxId, MandateId, PersonId,
};
use serde::{Deserialize, Serialize};
use vault::Place;

/// Which column. Each has keys of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Column {
    /// `person.profile` and `organisation.profile`: name and number.
    Profile,
    /// `contact.address`.
    Contact,
    /// `mandate.note`: the holder's name. `invitation.label`, `.owner_name` and `.helper_name`, each at its own place.
    Note,
    /// `declined.sender`.
    Declined,
    /// `pending.request`: what a company asked for, and who has signed so far.
    Pending,
    /// `announcement.words`: what an agency tells by e-mail and text message.
    Announcement,
}

impl Column {
    pub const ALL: [Self; 6] =
        [Self::Profile, Self::Contact, Self::Note, Self::Declined, Self::Pending, Self::Announcement];

    /// As in purposes and places.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Profile => "profile",
            Self::Contact => "contact",
            Self::Note => "note",
            Self::Declined => "declined",
            Self::Pending => "pending",
            Self::Announcement => "announcement",
        }
    }
}

/// By what right columns are opened.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// Somebody logged in: the columns of their own person, and of mailboxes that they may read. Which places
    /// those are follows from what the key service vouches for, and is not said by the caller.
    Grant(GrantToken),
    /// The notifier: the contact addresses that a notice goes to, and the words of an announcement. Which those are is
    /// looked up by the key service, and whether the notice is due.
    Notifier(Vec<NoticeFor>),
    /// The operator: profiles of organisations, and notes.
    Operator,
    /// The agency doors: requests that wait for signatures, to which they add the next one.
    Gateway,
}

/// What the notifier tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeFor {
    Letter {
        mailbox: MailboxId,
        letter: LetterId,
    },
    Announcement(AnnouncementId),
    /// That the mailbox has moved because of what its owner signed.
    Move(MailboxId),
}

/// The place of a person's profile. Bound to the log-in tag, since it is sealed before the person has an id.
pub fn person_profile(login_mac: &LoginMac) -> Place {
    Place::new("person/profile").bytes(login_mac.as_bytes())
}

/// The place of a contact point's address, once it is confirmed: the key service seals it there, and vouches for whose it is.
pub fn contact_address(contact_id: ContactId) -> Place {
    Place::new("contact/address").id(contact_id.as_bytes())
}

/// The place of an address that waits for its code. Bound to whoever wrote it: nobody vouches for its row.
pub fn contact_waiting(contact_id: ContactId, person_id: PersonId) -> Place {
    Place::new("contact/waiting").id(contact_id.as_bytes()).id(person_id.as_bytes())
}

/// The place of a mandate's note.
pub fn mandate_note(mandate_id: MandateId) -> Place {
    Place::new("mandate/note").id(mandate_id.as_bytes())
}

/// The place of what an owner calls somebody who was asked to help. Nobody vouches for invitations, so what stands in one
/// is bound to all whom it concerns: a row that was moved to another mailbox or number opens for nobody.
pub fn invitation_label(invitation_id: MandateId, mailbox_id: MailboxId) -> Place {
    Place::new("invitation/label").id(invitation_id.as_bytes()).id(mailbox_id.as_bytes())
}

/// The place of the owner's name in an invitation, for whoever has the number that it was made out to.
pub fn invitation_owner(invitation_id: MandateId, mailbox_id: MailboxId, address_mac: &AddressMac) -> Place {
    let place = Place::new("invitation/owner").id(invitation_id.as_bytes());
    place.id(mailbox_id.as_bytes()).bytes(address_mac.as_bytes())
}

/// The place of the name of whoever said yes. Bound to the person: it does not open beside another's id.
pub fn invitation_helper(invitation_id: MandateId, mailbox_id: MailboxId, person_id: PersonId) -> Place {
    let place = Place::new("invitation/helper").id(invitation_id.as_bytes());
    place.id(mailbox_id.as_bytes()).id(person_id.as_bytes())
}

/// The place of a declined sender's number.
pub fn declined_sender(mailbox_id: MailboxId, sender_mac: &DeclinedMac) -> Place {
    Place::new("declined/sender").id(mailbox_id.as_bytes()).bytes(sender_mac.as_bytes())
}

/// The place of a request that waits for signatures. `kind` is as in the row.
pub fn pending_request(kind: &str, address_mac: &AddressMac) -> Place {
    Place::new("pending/request").text(kind).bytes(address_mac.as_bytes())
}

/// The place of an organisation's profile, bound to its addressing tag.
pub fn organisation_profile(address_mac: &AddressMac) -> Place {
    organisations().bytes(address_mac.as_bytes())
}

/// Whether a place is that of some organisation's profile.
pub fn is_organisation_profile(place: &[u8]) -> bool {
    place.starts_with(organisations().as_bytes())
}

fn organisations() -> Place {
    Place::new("organisation/profile")
}

/// The place of an announcement's words.
pub fn announcement_words(announcement_id: AnnouncementId) -> Place {
    Place::new("announcement/words").id(announcement_id.as_bytes())
}
