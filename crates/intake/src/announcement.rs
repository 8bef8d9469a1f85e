//! What is stored of an announcement: the answer for its repeats, and where its words go.

use domain::{
    AnnouncementId, ContactId, JobId, OrgNumber, PayloadMac, ReferenceMac, SenderMac, Time,
    jobs::AnnouncementJob, words::Channel,
};
use store::{
    Error, Many, Row, Tx, args,
    jobs::{self, NewJob},
    row,
};
use vault::mac::Mac;

/// By which channels a recipient is told. Neither: the recipient cannot be reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told {
    pub email: bool,
    pub sms: bool,
}

impl Told {
    /// The interface has words for these two and answers by which of them somebody is told; no other carries announcements.
    pub(crate) fn add(&mut self, channel: Channel) {
        self.email |= channel == Channel::Email;
        self.sms |= channel == Channel::Sms;
    }

    pub fn is_any(self) -> bool {
        self.email || self.sms
    }

    fn letter(self) -> char {
        match (self.email, self.sms) {
            (false, false) => 'n',
            (true, false) => 'e',
            (false, true) => 's',
            (true, true) => 'b',
        }
    }

    fn of(letter: char) -> Option<Self> {
        let (email, sms) = match letter {
            'n' => (false, false),
            'e' => (true, false),
            's' => (false, true),
            'b' => (true, true),
            _ => return None,
        };
        Some(Self { email, sms })
    }
}

/// The tags by which an announcement is known.
pub(crate) struct Tags {
    pub sender: SenderMac,
    pub reference: ReferenceMac,
    pub payload: PayloadMac,
}

impl Tags {
    /// Under other labels than those of letters: a letter and an announcement may have the same reference.
    pub fn new(mac: &Mac, sender: &OrgNumber, reference: &str, payload: &[u8; 32]) -> Self {
        let sender_bytes = sender.as_str().as_bytes();
        Self {
            sender: crate::submission::sender_mac(mac, sender),
            reference: ReferenceMac::from_bytes(
                mac.tag("announcement", &[sender_bytes, reference.as_bytes()]),
            ),
            payload: PayloadMac::from_bytes(mac.tag("announced", &[sender_bytes, payload])),
        }
    }
}

/// One that was taken before.
pub(crate) struct Stored {
    pub id: AnnouncementId,
    pub payload_mac: PayloadMac,
    pub answer: Vec<Told>,
}

/// One that is new.
pub(crate) struct New {
    pub id: AnnouncementId,
    pub tags: Tags,
    pub answer: Vec<Told>,
    /// (sealed) `None` when nobody is reached.
    pub words: Option<Vec<u8>>,
    /// One for each address, in the order of their ids.
    pub ways: Vec<(ContactId, Channel)>,
    pub job: JobId,
    pub at: Time,
}

pub(crate) async fn find(tx: &mut Tx, tags: &Tags) -> Result<Option<Stored>, Error> {
    tx.one(FIND, args![&tags.sender, &tags.reference]).await?.as_ref().map(read).transpose()
}

/// Writes all of it, and the job. False, and nothing is written, when a twin was first.
pub(crate) async fn insert(tx: &mut Tx, new: &New) -> Result<bool, Error> {
    let answer: String = new.answer.iter().map(|told| told.letter()).collect();
    let ended_at = new.words.is_none().then_some(new.at);
    let Tags { sender, reference, payload } = &new.tags;
    let values =
        args![new.id, sender, reference, payload, answer.as_str(), new.words.as_deref(), new.at, ended_at];
    if !tx.execute(INSERT, values).await?.any() {
        return Ok(false);
    }
    if new.words.is_some() {
        let ways: Vec<_> =
            new.ways.iter().map(|(id, by)| row![new.id, id, by.as_str(), "waiting", 0]).collect();
        tx.execute_many(&INSERT_WAYS, &ways).await?.exactly(ways.len() as u64)?;
        jobs::enqueue(tx, &NewJob::new(new.job, &AnnouncementJob(new.id), new.at)).await?;
    }
    Ok(true)
}

/// How many recipients the sender has asked for since then, reached or not.
pub(crate) async fn recipients_since(tx: &mut Tx, tags: &Tags, since: Time) -> Result<u64, Error> {
    tx.must_one(RECIPIENTS, args![&tags.sender, since]).await?.number("recipients")
}

/// A write that changes nothing: its commit waits for the standby, and so for all that was committed before it.
pub(crate) async fn confirm(tx: &mut Tx, id: AnnouncementId) -> Result<(), Error> {
    tx.execute(CONFIRM, args![id]).await?.exactly(1)
}

fn read(row: &Row) -> Result<Stored, Error> {
    let answer = row.text("answer")?.chars().map(Told::of).collect::<Option<_>>();
    let answer = answer.ok_or(Error::Column { column: "answer", wanted: "letters of the answer" })?;
    Ok(Stored { id: row.id("announcement_id")?, payload_mac: row.tag("payload_mac")?, answer })
}

const FIND: &str = "SELECT announcement_id, payload_mac, answer FROM announcement \
    WHERE sender_mac = $1 AND reference_mac = $2";
const INSERT: &str = "INSERT INTO announcement (announcement_id, sender_mac, reference_mac, payload_mac, answer, words, \
    accepted_at, ended_at, sent, failed) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0) ON CONFLICT DO NOTHING";
const RECIPIENTS: &str = "SELECT CAST(COALESCE(sum(length(answer)), 0) AS BIGINT) AS recipients FROM announcement \
    WHERE sender_mac = $1 AND accepted_at >= $2";
const CONFIRM: &str = "UPDATE announcement SET accepted_at = accepted_at WHERE announcement_id = $1";
static INSERT_WAYS: Many = Many::new(
    "INSERT INTO announcement_way (announcement_id, contact_id, channel, state, attempts) VALUES ",
    5,
    "",
);
