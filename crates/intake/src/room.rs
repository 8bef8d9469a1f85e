//! How much the house holds in memory for letters on their way in, and how it is shared between callers.

use domain::OrgNumber;
use parking_lot::Mutex;
use std::{collections::HashMap, sync::Arc};

/// Room for letters on their way in, in bytes.
///
/// One caller may hold at most as much as is free after it (the dynamic threshold of Choudhury and Hahne):
/// alone it reaches half, two reach a third each, and there is always room for one who comes late.
#[derive(Clone)]
pub(crate) struct Room(Arc<Inner>);

struct Inner {
    total: u64,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    all: u64,
    by_caller: HashMap<OrgNumber, u64>,
}

/// A place in the room; given back when dropped.
pub(crate) struct Place {
    room: Room,
    caller: OrgNumber,
    bytes: u64,
}

/// There is no room now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full;

impl Room {
    pub(crate) fn new(total: u64) -> Self {
        Self(Arc::new(Inner { total, held: Mutex::default() }))
    }

    /// Takes a place of `bytes` for a letter of `caller`.
    pub(crate) fn admit(&self, caller: &OrgNumber, bytes: u64) -> Result<Place, Full> {
        let mut place = Place { room: self.clone(), caller: caller.clone(), bytes: 0 };
        place.grow(bytes)?;
        Ok(place)
    }

    /// An empty place, which grows with what comes.
    pub(crate) fn arriving(&self, caller: &OrgNumber) -> Arriving {
        Arriving(Place { room: self.clone(), caller: caller.clone(), bytes: 0 })
    }

    pub(crate) fn held(&self) -> u64 {
        self.0.held.lock().all
    }
}

impl Place {
    pub(crate) fn caller(&self) -> &OrgNumber {
        &self.caller
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(crate) fn grow(&mut self, bytes: u64) -> Result<(), Full> {
        // Who asks for nothing more keeps what it has, also when others came meanwhile and its share is smaller now.
        if bytes == 0 {
            return Ok(());
        }
        let total = self.room.0.total;
        let mut held = self.room.0.held.lock();
        let own = held.by_caller.get(&self.caller).copied().unwrap_or_default().saturating_add(bytes);
        let all = held.all.saturating_add(bytes);
        if all > total || own > total - all {
            return Err(Full);
        }
        held.all = all;
        held.by_caller.insert(self.caller.clone(), own);
        self.bytes += bytes;
        Ok(())
    }

    /// What it holds from now on is held by another place of the same caller.
    pub(crate) fn hand_over(&mut self, to: &mut Self) {
        to.bytes += std::mem::take(&mut self.bytes);
    }

    /// Leaves an empty place behind.
    pub(crate) fn take(&mut self) -> Self {
        let room = self.room.clone();
        let caller = self.caller.clone();
        Self { room, caller, bytes: std::mem::take(&mut self.bytes) }
    }

    pub(crate) fn shrink(&mut self, bytes: u64) {
        let bytes = bytes.min(self.bytes);
        self.bytes -= bytes;
        let mut held = self.room.0.held.lock();
        held.all = held.all.saturating_sub(bytes);
        if let Some(own) = held.by_caller.get_mut(&self.caller) {
            *own = own.saturating_sub(bytes);
            if *own == 0 {
                held.by_caller.remove(&self.caller);
            }
        }
    }
}

/// A letter part on its way in, of which nothing is known yet but who sends it.
pub struct Arriving(Place);

impl Arriving {
    /// So many bytes more of it are held.
    pub fn grow(&mut self, bytes: u64) -> Result<(), crate::AcceptError> {
        Ok(self.0.grow(bytes)?)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.shrink(self.bytes);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn organisation(n: usize) -> OrgNumber {
        OrgNumber::parse(["164020000016", "164020000024", "164020000032"][n]).unwrap()
    }

    #[test]
    fn one_caller_cannot_take_all_and_a_late_one_finds_room() {
        let room = Room::new(120);
        let mut places: Vec<Place> = std::iter::from_fn(|| room.admit(&organisation(0), 10).ok()).collect();
        assert_eq!(places.len(), 6);
        let late: Vec<Place> = std::iter::from_fn(|| room.admit(&organisation(1), 10).ok()).collect();
        assert_eq!(late.len(), 3);
        assert!(room.admit(&organisation(2), 10).is_ok());
        drop(late);
        places.truncate(1);
        assert!(places[0].grow(50).is_ok());
        assert!(places[0].grow(1).is_err());
    }

    #[test]
    fn what_is_held_stays_when_others_come() {
        let room = Room::new(100);
        let mut early = room.admit(&organisation(0), 45).unwrap();
        let _late = room.admit(&organisation(1), 11).unwrap();
        assert_eq!(early.grow(1), Err(Full));
        assert_eq!(early.grow(0), Ok(()));
        assert!(room.admit(&organisation(0), 0).is_ok());
    }

    #[test]
    fn what_is_given_back_can_be_taken_again() {
        let room = Room::new(100);
        for _ in 0..1000 {
            let mut place = room.admit(&organisation(0), 30).unwrap();
            place.grow(20).unwrap();
            assert_eq!(room.admit(&organisation(0), 1).err(), Some(Full));
        }
        assert_eq!(room.held(), 0);
        assert!(room.0.held.lock().by_caller.is_empty());
    }
}
