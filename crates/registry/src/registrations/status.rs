//! Where many recipients have their mailboxes, and whether they accept a sender: one question to the database for up
//! to a thousand.

use super::{AccountType, Place};
use crate::{declined, preferences, senders::number};
use domain::{AddressMac, MailboxId, OrgNumber, PreferenceMac, Time};
use store::{Error, Row, Tx, args};
use vault::mac::Mac;

/// The sender that one asks for, and the key of the tags under which recipients turn senders off.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    pub mac: &'a Mac,
    pub sender: &'a OrgNumber,
}

/// What is told of a recipient.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// The mailbox that letters go to. `None`: there is none.
    pub account: Option<Account>,
    /// There is a mailbox here, and it is closed.
    pub closed: bool,
    /// The recipient has died; there is no account, wherever the mailbox was.
    pub deceased: bool,
    /// A registration waits for more signatures.
    pub pending: bool,
    /// Whether the account takes letters of the sender that was asked for; without one, whether there is an account.
    pub accepts: bool,
    /// When the recipient last turned this sender off or on.
    pub accept_changed_at: Option<Time>,
}

/// A mailbox that is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub place: Place,
    pub account_type: AccountType,
    /// Registered there, or opened here, last.
    pub since: Time,
}

/// One status for each of at most 1000 addresses, in order; an address may stand there several times.
pub async fn status_many(
    tx: &mut Tx,
    address_macs: &[AddressMac],
    asked: Option<Asked<'_>>,
    now: Time,
) -> Result<Vec<Status>, Error> {
    if address_macs.is_empty() {
        return Ok(Vec::new());
    }
    let tag = |address_mac| match asked {
        Some(Asked { mac, sender }) => preferences::sender_mac(mac, address_mac, sender),
        // No row has this tag.
        None => PreferenceMac::from_bytes([0; 32]),
    };
    let preferences = PreferenceMac::flatten(&address_macs.iter().map(tag).collect::<Vec<_>>());
    let addresses = AddressMac::flatten(address_macs);
    let count = i64::try_from(address_macs.len()).unwrap_or(i64::MAX);
    let rows = tx.query(STATUS, args![count, &addresses, &preferences, now]).await?;
    let mut gathered: Vec<Gathered> = address_macs.iter().map(|_| Gathered::default()).collect();
    for row in &rows {
        let no: usize = row.number("no")?;
        let one =
            gathered.get_mut(no).ok_or(Error::Column { column: "no", wanted: "a place in the question" })?;
        one.add(row, asked)?;
    }
    Ok(gathered.into_iter().map(Gathered::status).collect())
}

/// What the rows of one address say. There is one for each sender that a mailbox here has turned off or on again.
#[derive(Default)]
struct Gathered {
    elsewhere: Option<Account>,
    /// The owner's claim to the number, with the mailbox.
    here: Option<(Time, Here)>,
    pending: bool,
    /// Said to another operator.
    said: Option<Said>,
}

struct Here {
    mailbox_id: Option<MailboxId>,
    opened_at: Option<Time>,
    closed: bool,
    deceased: bool,
    said: Option<Said>,
}

/// What the recipient last said of the sender.
#[derive(Clone, Copy)]
struct Said {
    accepts: bool,
    at: Time,
}

impl Gathered {
    fn add(&mut self, row: &Row, asked: Option<Asked<'_>>) -> Result<(), Error> {
        if row.opt_text("number")?.is_some() {
            let place = Place::At(number(row, "number")?);
            let account_type = AccountType::read(row, "account_type")?;
            self.elsewhere = Some(Account { place, account_type, since: row.time("registered_at")? });
        }
        self.pending |= row.opt_time("created_at")?.is_some();
        if let Some(at) = row.opt_time("changed_at")? {
            self.said = Some(Said { accepts: row.flag("accepts")?, at });
        }
        let Some(since) = row.opt_time("valid_from")? else { return Ok(()) };
        let mailbox_id: Option<MailboxId> = row.opt_id("mailbox_id")?;
        let deceased = row.opt_time("deceased_at")?.is_some();
        // Two owners at once must not be; the younger claim counts.
        if self.here.as_ref().is_none_or(|(known, here)| *known < since && here.mailbox_id != mailbox_id) {
            let opened_at = row.opt_time("opened_at")?;
            let closed = row.opt_time("closed_at")?.is_some();
            self.here = Some((since, Here { mailbox_id, opened_at, closed, deceased, said: None }));
        }
        let Some((_, here)) = self.here.as_mut().filter(|(_, here)| here.mailbox_id == mailbox_id) else {
            return Ok(());
        };
        here.deceased |= deceased;
        if let (Some(mailbox_id), Some(tag), Some(asked)) = (mailbox_id, row.opt_bytes("sender_mac")?, asked)
            && tag == declined::sender_mac(asked.mac, mailbox_id, asked.sender).as_bytes()
        {
            here.said = Some(Said { accepts: row.flag("accepts_here")?, at: row.time("said_at")? });
        }
        Ok(())
    }

    fn status(self) -> Status {
        let Self { elsewhere, here, pending, said } = self;
        let here = here.map(|(_, here)| here);
        let deceased = here.as_ref().is_some_and(|here| here.deceased);
        let closed = here.as_ref().is_some_and(|here| here.mailbox_id.is_some() && here.closed);
        let said_here = here.as_ref().and_then(|here| here.said);
        let open = here.filter(|here| !here.closed).and_then(|here| here.opened_at);
        let open = open.map(|since| Account { place: Place::Here, account_type: AccountType::Secure, since });
        // Whoever moved away keeps what they said here, until they say something else there.
        let said = match &elsewhere {
            Some(_) => said.into_iter().chain(said_here).max_by_key(|said| said.at),
            None => said_here,
        };
        let account = elsewhere.or(open).filter(|_| !deceased);
        let accepts = account.is_some() && said.is_none_or(|said| said.accepts);
        let accept_changed_at = said.filter(|_| account.is_some()).map(|said| said.at);
        Status { account, closed, deceased, pending, accepts, accept_changed_at }
    }
}

// The addresses and their tags come as one value each, so that one text serves any number of them. The last columns are
// of the sender's tag in the mailbox here: first the senders that are off, with everything else, and then those on again.
const STATUS: &str = "WITH RECURSIVE place (no) AS (SELECT 0 UNION ALL SELECT no + 1 FROM place WHERE no + 1 < $1), \
    asked (no, mac, tag) AS (SELECT no, substr($2, no * 32 + 1, 32), substr($3, no * 32 + 1, 32) FROM place) \
    SELECT a.no, o.number, r.account_type, r.registered_at, w.created_at, f.accepts, f.changed_at, \
    i.valid_from, m.mailbox_id, m.opened_at, m.closed_at, p.deceased_at, d.sender_mac, 0 AS accepts_here, \
    d.declined_at AS said_at \
    FROM asked a \
    LEFT JOIN registration r ON r.address_mac = a.mac AND r.ended_at IS NULL \
    LEFT JOIN operator o ON o.number = r.operator AND o.own = 0 AND o.ended_at IS NULL \
    LEFT JOIN pending w ON w.address_mac = a.mac AND w.kind = 'register' AND w.expires_at > $4 \
    LEFT JOIN preference f ON f.address_mac = a.mac AND f.sender_mac = a.tag \
    LEFT JOIN identity i ON i.mac = a.mac AND i.valid_from <= $4 AND (i.valid_to IS NULL OR i.valid_to > $4) \
    LEFT JOIN mailbox m ON m.owner_id = i.owner_id AND m.owner_kind = i.owner_kind \
    LEFT JOIN person p ON p.person_id = i.owner_id \
    LEFT JOIN declined d ON d.mailbox_id = m.mailbox_id \
    UNION ALL \
    SELECT a.no, NULL, NULL, NULL, NULL, NULL, NULL, \
    i.valid_from, m.mailbox_id, m.opened_at, m.closed_at, NULL, k.sender_mac, 1, k.accepted_at \
    FROM asked a CROSS JOIN identity i CROSS JOIN mailbox m CROSS JOIN accepted k \
    WHERE i.mac = a.mac AND i.valid_from <= $4 AND (i.valid_to IS NULL OR i.valid_to > $4) \
    AND m.owner_id = i.owner_id AND m.owner_kind = i.owner_kind AND k.mailbox_id = m.mailbox_id";
