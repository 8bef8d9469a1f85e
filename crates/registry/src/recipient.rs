//! Whether a letter can reach someone here: one question to the database for each letter.

use crate::{
    owner::Owner,
    registrations::Place,
    senders::number,
    sets::{Facts, MailboxFacts, Set, Subject, Table},
};
use domain::{AddressMac, Code, DeclinedMac, Identity, MailboxId, OrgNumber, Time, words::Unreachable};
use key_client::AddressStatement;
use std::collections::HashMap;
use store::{Error, Many, Row, Tx, args, row as values};
use vault::seal_to::PublicKey;

/// What the registry knows of an address, and its own version, read in the same statement.
#[derive(Clone, Debug)]
pub struct Found {
    /// The registry's version, for [`Directory::refresh_if`](crate::Directory::refresh_if).
    pub version: i64,
    /// `None` when nobody with this address has a mailbox here.
    pub recipient: Option<Recipient>,
    elsewhere: Option<OrgNumber>,
    /// The table with a row that holds what we never write: nothing of all this is believed.
    spoilt: Option<Table>,
}

/// The mailbox behind an address.
#[derive(Clone, Debug)]
pub struct Recipient {
    pub mailbox_id: MailboxId,
    pub owner: Owner,
    /// Of the public key.
    pub epoch: i64,
    /// What letter keys are sealed to.
    pub public_key: PublicKey,
    pub closed: bool,
    pub deceased: bool,
    /// Whether the owner has turned off the sender that was asked for.
    pub declined: bool,
    /// What of the mailbox's and of the owner's set these rows say.
    mailbox: Set,
    state: Option<Facts>,
}

impl Found {
    /// Nobody with this address has a mailbox, here or at another operator that is known.
    pub fn is_nobody(&self) -> bool {
        self.recipient.is_none() && self.elsewhere.is_none() && self.spoilt.is_none()
    }

    /// The mailbox, or the code that refuses the letter. Age shows in the number itself: someone under 18 without
    /// a mailbox is told apart from someone unknown.
    pub fn reachable(&self, identity: &Identity, now: Time) -> Result<&Recipient, Code> {
        if self.spoilt.is_some() {
            return Err(Code::Unavailable);
        }
        let Some(recipient) = &self.recipient else {
            let minor = identity.is_person() && !crate::people::is_of_age(identity, now);
            return Err(match self.elsewhere {
                Some(_) => Code::RecipientElsewhere,
                None if minor => Code::RecipientUnderAge,
                None => Code::RecipientUnknown,
            });
        };
        if recipient.deceased {
            Err(Code::RecipientDeceased)
        } else if self.elsewhere.is_some() {
            Err(Code::RecipientElsewhere)
        } else if recipient.closed {
            Err(Code::MailboxClosed)
        } else if recipient.declined {
            Err(Code::SenderDeclined)
        } else {
            Ok(recipient)
        }
    }

    /// Compares what the database says with what the key service vouches for, and takes the mailbox's key from
    /// there: a letter is sealed to no other. The error names the table that does not fit.
    pub fn vouched_by(&mut self, statement: Option<&AddressStatement>) -> Result<(), Table> {
        if let Some(table) = self.spoilt {
            return Err(table);
        }
        let recipient = match (&mut self.recipient, statement) {
            (None, None) => return Ok(()),
            // Whoever is known and has no mailbox; or whose opening is just being written.
            (None, Some(stated)) if stated.mailbox.is_none() || !stated.settled => return Ok(()),
            (Some(recipient), Some(_)) => recipient,
            // One of the two was changed by itself. Neither is a letter sealed by it, nor is a sender told
            // that there is nobody.
            (None, Some(_)) | (Some(_), None) => return Err(Table::Identity),
        };
        let stated = statement.ok_or(Table::Identity)?;
        let owner = recipient.owner;
        if stated.owner_kind != owner.kind().as_str() || stated.owner_id != owner.id() {
            return Err(Table::Identity);
        }
        let mailbox = stated.mailbox.as_ref().ok_or(Table::Mailbox)?;
        if mailbox.mailbox_id != recipient.mailbox_id {
            return Err(Table::Mailbox);
        }
        let subject = Subject::mailbox(mailbox.mailbox_id);
        for table in [Table::Mailbox, Table::Declined] {
            let digest = recipient.mailbox.digest(&subject, table);
            if !mailbox.vouched.fits_at(Some(&digest), table.place()) {
                return Err(table);
            }
        }
        if let Some(state) = &recipient.state {
            let mut set = Set::default();
            set.put(state.clone());
            let digest = set.digest(&Subject::owner(owner), Table::Person);
            let fits = |one: &key_client::Vouched| one.fits_at(Some(&digest), Table::Person.place());
            if !stated.owner.as_ref().is_some_and(fits) {
                return Err(Table::Person);
            }
        }
        // Whoever moves away has the mailbox here closed in the same transaction. So beside an open one that is vouched for,
        // a registration is somebody else's hand, which would lead the letters away.
        if !recipient.closed && self.elsewhere.is_some() {
            return Err(Table::Registration);
        }
        recipient.epoch = mailbox.key.epoch;
        recipient.public_key = PublicKey::from_bytes(mailbox.key.public_key);
        Ok(())
    }

    /// Where the recipient's mailbox is by these rows, a death aside.
    pub fn place(&self) -> Option<Place> {
        let open = self.recipient.as_ref().is_some_and(|recipient| !recipient.closed);
        self.elsewhere.clone().map(Place::At).or_else(|| open.then_some(Place::Here))
    }

    /// The operator that the recipient is registered at now, unless it is us: letters go there, and none is taken here.
    pub fn elsewhere(&self) -> Option<&OrgNumber> {
        self.elsewhere.as_ref()
    }
}

/// The refusal of a letter as a reason of `POST /v1/reachability`.
pub fn unreachable(code: Code) -> Unreachable {
    match code {
        Code::IdentityInvalid => Unreachable::IdentityInvalid,
        Code::CheckDigitInvalid => Unreachable::CheckDigitInvalid,
        Code::MailboxClosed => Unreachable::Closed,
        Code::RecipientDeceased => Unreachable::Deceased,
        Code::RecipientElsewhere => Unreachable::Elsewhere,
        Code::RecipientUnderAge => Unreachable::UnderAge,
        Code::SenderDeclined => Unreachable::SenderDeclined,
        Code::SenderMustSign => Unreachable::SenderMustSign,
        Code::Unavailable => Unreachable::Unavailable,
        _ => Unreachable::Unknown,
    }
}

/// Looks one address up. `declined_mac` makes the tag under which this mailbox would have turned the sender off:
/// [`declined::sender_mac`](crate::declined::sender_mac).
pub async fn look_up(
    tx: &mut Tx,
    address_mac: &AddressMac,
    now: Time,
    declined_mac: impl Fn(MailboxId) -> DeclinedMac + Send,
) -> Result<Found, Error> {
    let rows = tx.query(LOOK_UP, args![address_mac, now]).await?;
    let mut gathered = Gathered::new(declined_mac);
    for row in &rows {
        gathered.add(*address_mac, row)?;
    }
    let found = gathered.found.into_values().next();
    found.map(|(_, found)| found).ok_or(Error::NO_ROW)
}

/// Looks many addresses up; each is in the answer.
pub async fn look_up_many(
    tx: &mut Tx,
    address_macs: &[AddressMac],
    now: Time,
    declined_mac: impl Fn(MailboxId) -> DeclinedMac + Send,
) -> Result<HashMap<AddressMac, Found>, Error> {
    let wanted: Vec<_> = address_macs.iter().map(|mac| values![mac]).collect();
    let rows = tx.query_many_with(&LOOK_UP_MANY, args![now], &wanted).await?;
    let mut gathered = Gathered::new(declined_mac);
    for row in &rows {
        gathered.add(row.tag("mac")?, row)?;
    }
    Ok(gathered.found.into_iter().map(|(mac, (_, found))| (mac, found)).collect())
}

/// One row comes for each sender that a mailbox has turned off, and one for an address without any.
struct Gathered<F> {
    declined_mac: F,
    /// By address, with the instant since when the address is its owner's.
    found: HashMap<AddressMac, (Time, Found)>,
}

impl<F: Fn(MailboxId) -> DeclinedMac> Gathered<F> {
    fn new(declined_mac: F) -> Self {
        Self { declined_mac, found: HashMap::new() }
    }

    fn add(&mut self, address_mac: AddressMac, row: &Row) -> Result<(), Error> {
        let (since, found) = self.found.entry(address_mac).or_insert_with(|| {
            // Whoever spoils the version keeps gateways from noticing changes with a letter; they look by themselves too.
            let version = row.int("version").unwrap_or_default();
            (Time::from_millis(i64::MIN), Found { version, recipient: None, elsewhere: None, spoilt: None })
        });
        match take(since, found, &self.declined_mac, row) {
            Err(Error::Column { column, .. }) => {
                found.spoilt = Some(table_of(column));
                Ok(())
            }
            outcome => outcome,
        }
    }
}

fn take(
    since: &mut Time,
    found: &mut Found,
    declined_mac: &impl Fn(MailboxId) -> DeclinedMac,
    row: &Row,
) -> Result<(), Error> {
    found.elsewhere = row.opt_text("number")?.map(|_| number(row, "number")).transpose()?;
    let Some(mailbox_id) = row.opt_id::<MailboxId>("mailbox_id")? else { return Ok(()) };
    let valid_from = row.time("valid_from")?;
    let off = row.opt_bytes("sender_mac")?.and_then(|mac| DeclinedMac::try_from(mac).ok());
    let declined = off.is_some_and(|mac| mac == declined_mac(mailbox_id));
    if let Some(known) = &mut found.recipient {
        if known.mailbox_id == mailbox_id {
            known.declined |= declined;
            known.mailbox.put_all(off.map(Facts::Declined));
            return Ok(());
        }
        // Two owners at once must not be; the younger claim counts.
        if *since >= valid_from {
            return Ok(());
        }
    }
    let public_key = PublicKey::from_slice(row.bytes("public_key")?);
    let owner = Owner::read(row)?;
    let mut mailbox = Set::default();
    let opened_at = row.time("opened_at")?;
    let closed_at = row.opt_time("closed_at")?;
    mailbox.put(Facts::Mailbox(MailboxFacts { owner, opened_at, closed_at }));
    mailbox.put_all(off.map(Facts::Declined));
    let state = Facts::Person {
        protected_at: row.opt_time("protected_at")?,
        deceased_at: row.opt_time("deceased_at")?,
    };
    let recipient = Recipient {
        mailbox_id,
        owner,
        mailbox,
        state: owner.person().map(|_| state),
        epoch: row.int("epoch")?,
        public_key: public_key.map_err(|_| Error::Column { column: "public_key", wanted: "a public key" })?,
        closed: row.opt_time("closed_at")?.is_some(),
        deceased: row.opt_time("deceased_at")?.is_some(),
        declined,
    };
    (*since, found.recipient) = (valid_from, Some(recipient));
    Ok(())
}

/// Whose column it is, of those of [`LOOK_UP`].
fn table_of(column: &str) -> Table {
    match column {
        "number" => Table::Operator,
        "valid_from" | "owner_kind" | "owner_id" => Table::Identity,
        "deceased_at" | "protected_at" => Table::Person,
        "sender_mac" => Table::Declined,
        _ => Table::Mailbox,
    }
}

const LOOK_UP: &str = "SELECT v.version, o.number, i.valid_from, i.owner_kind, i.owner_id, m.mailbox_id, m.epoch, \
    m.public_key, m.closed_at, p.deceased_at, d.sender_mac, m.opened_at, p.protected_at \
    FROM registry_version v \
    LEFT JOIN registration r ON r.address_mac = $1 AND r.ended_at IS NULL \
    LEFT JOIN operator o ON o.number = r.operator AND o.own = 0 AND o.ended_at IS NULL \
    LEFT JOIN identity i ON i.mac = $1 AND i.valid_from <= $2 AND (i.valid_to IS NULL OR i.valid_to > $2) \
    LEFT JOIN mailbox m ON m.owner_id = i.owner_id AND m.owner_kind = i.owner_kind \
    LEFT JOIN person p ON p.person_id = i.owner_id \
    LEFT JOIN declined d ON d.mailbox_id = m.mailbox_id \
    WHERE v.one = 1";
static LOOK_UP_MANY: Many = Many::new(
    "WITH asked (mac) AS (VALUES ",
    1,
    ") SELECT v.version, o.number, i.valid_from, i.owner_kind, i.owner_id, m.mailbox_id, m.epoch, \
     m.public_key, m.closed_at, p.deceased_at, d.sender_mac, m.opened_at, p.protected_at, a.mac \
     FROM registry_version v CROSS JOIN asked a \
     LEFT JOIN registration r ON r.address_mac = a.mac AND r.ended_at IS NULL \
     LEFT JOIN operator o ON o.number = r.operator AND o.own = 0 AND o.ended_at IS NULL \
     LEFT JOIN identity i ON i.mac = a.mac AND i.valid_from <= $1 AND (i.valid_to IS NULL OR i.valid_to > $1) \
     LEFT JOIN mailbox m ON m.owner_id = i.owner_id AND m.owner_kind = i.owner_kind \
     LEFT JOIN person p ON p.person_id = i.owner_id \
     LEFT JOIN declined d ON d.mailbox_id = m.mailbox_id \
     WHERE v.one = 1",
);

#[cfg(test)]
mod tests;
