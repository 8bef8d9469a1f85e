//! The one use case accept, and the group committer; called by every door.
//!
//! [`Intake::check`] judges the letter part, [`Draft::attachment`] takes the attachments as they stream by, and
//! [`Intake::accept`] seals, commits and answers with the receipt. A door only carries bytes. [`Intake::announce`] takes what
//! is no letter: words to be sent by e-mail and text message. What senders ask is answered here too: [`Intake::letter_status`],
//! [`Intake::sender_events`], [`Intake::reachability`].

mod accept;
mod admit;
mod announce;
mod announcement;
mod answer;
mod aside;
mod caller;
mod check;
mod committer;
mod deliver;
mod draft;
mod error;
mod forward;
mod hand_over;
mod home;
mod letter_status;
mod lookup;
pub mod outbound;
mod outgoing;
mod promise;
mod reachability;
mod room;
pub mod scanner;
pub mod sealer;
mod sealing;
mod sender_feed;
mod settings;
mod signature;
mod signer;
mod sink;
pub mod submission;
mod trust;
mod vouched;
pub mod whereabouts;

pub use announce::Announced;
pub use announcement::Told;
pub use answer::Answer;
pub use caller::Presented;
pub use check::Checked;
pub use deliver::Delivered;
pub use delivery::{from_letter::NO_PLACE_FOR as NOT_HANDED_OVER, refusal};
pub use draft::Draft;
pub use error::AcceptError;
pub use hand_over::{Ending, Heading};
pub use letter_status::{LetterName, LetterStatus, StatusEvent};
pub use outbound::Outbound;
pub use outgoing::Outgoing;
pub use reachability::Reach;
pub use room::Arriving;
pub use scanner::Scanner;
pub use sender_feed::{FeedPage, FeedPosition, SenderEvent};
pub use settings::Settings;
pub use sink::AttachmentSink;
pub use trust::Trust;
pub use whereabouts::{OperatorAddress, Route, Sought, Whereabouts};

use committer::Queue;
use domain::{Clock, Random, content};
use key_client::{GatewayKeys, Keys};
use lookup::Lookups;
use mailbox::Objects;
use registry::Directory;
use room::Room;
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};
use store::{Durability, Store};
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;
use vouched::Statements;

/// Takes letters in. Cheap to clone.
#[derive(Clone)]
pub struct Intake(Arc<House>);

/// What intake works with.
pub struct Parts {
    pub store: Store,
    /// The handle of role gateway, and what it gave. Somebody calls [`GatewayKeys::refresh`] now and then.
    pub keys: Keys,
    pub gateway_keys: Arc<GatewayKeys>,
    /// Somebody calls [`Directory::refresh`] now and then.
    pub directory: Directory,
    /// The authorities whose certificates sign deliveries.
    pub trust: Trust,
    /// Who knows where mailboxes are that are not here.
    pub whereabouts: Whereabouts,
    /// What letters for other operators are signed with; without it none leaves.
    pub outgoing: Option<Arc<Outgoing>>,
    pub objects: Objects,
    pub clock: Arc<dyn Clock>,
    pub random: Arc<dyn Random>,
}

pub(crate) struct House {
    store: Store,
    keys: Keys,
    gateway_keys: Arc<GatewayKeys>,
    directory: Directory,
    trust: Trust,
    whereabouts: Whereabouts,
    outgoing: Option<Arc<Outgoing>>,
    objects: Objects,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    settings: Settings,
    durability: Durability,
    room: Room,
    /// Large deliveries read at once, each on a thread of its own: no more than there are processors.
    reading: Arc<Semaphore>,
    lookups: Lookups,
    statements: Statements,
    queue: Queue,
    tasks: TaskTracker,
    workers: TaskTracker,
    stopping: AtomicBool,
}

impl Intake {
    /// Starts the committer. Reads back what a commit survives, since every receipt says it.
    pub async fn start(parts: Parts, settings: Settings) -> Result<Self, store::Error> {
        let Parts {
            store,
            keys,
            gateway_keys,
            directory,
            trust,
            whereabouts,
            outgoing,
            objects,
            clock,
            random,
        } = parts;
        let durability = store.durability().await?;
        let lanes = settings.lanes.max(1);
        let house = Arc::new(House {
            room: Room::new(settings.room_bytes),
            reading: Arc::new(Semaphore::new(std::thread::available_parallelism().map_or(1, |n| n.get()))),
            store,
            keys,
            gateway_keys,
            directory,
            trust,
            whereabouts,
            outgoing,
            objects,
            clock,
            random,
            settings,
            durability,
            lookups: Lookups::default(),
            statements: Statements::default(),
            queue: Queue::default(),
            tasks: TaskTracker::new(),
            workers: TaskTracker::new(),
            stopping: AtomicBool::new(false),
        });
        for _ in 0..lanes {
            house.workers.spawn(committer::run(Arc::clone(&house)));
        }
        for _ in 0..LOOKUPS_AT_ONCE {
            house.workers.spawn(lookup::run(Arc::clone(&house)));
        }
        Ok(Self(house))
    }

    /// The limits in force, for `GET /v1/capabilities` and the door.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// Room for a letter part while it comes in. Held until [`Intake::check`] has answered, so that many letters
    /// that are never finished cannot fill the memory.
    pub fn arriving(&self, caller: &domain::OrgNumber) -> Arriving {
        self.0.room.arriving(caller)
    }

    /// What a commit survives, as receipts say it.
    pub fn durability(&self) -> &Durability {
        &self.0.durability
    }

    /// Stops: new letters are refused, those that are being accepted are committed and answered.
    pub async fn stop(&self) {
        self.0.stopping.store(true, Ordering::SeqCst);
        self.0.tasks.close();
        self.0.tasks.wait().await;
        self.0.lookups.close();
        self.0.queue.close();
        self.0.workers.close();
        self.0.workers.wait().await;
    }

    fn open(&self) -> Result<(), AcceptError> {
        if self.0.stopping.load(Ordering::SeqCst) {
            Err(AcceptError::Unavailable("stopping"))
        } else {
            Ok(())
        }
    }
}

const LOOKUPS_AT_ONCE: usize = 2;
