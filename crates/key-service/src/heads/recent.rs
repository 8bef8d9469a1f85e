//! Which events of a mailbox were counted of late. It decides nothing: a sum that fits does. But without it, where much happens
//! at once, too many sets of events would have to be tried.

use domain::Time;
use std::{collections::HashSet, time::Duration};

/// The beginnings of their entries, with when each was counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Recent(Vec<([u8; 8], i64)>);

impl Recent {
    /// As they stand in `evidence_head.recent`, 16 bytes each.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Self {
        let (records, _) = bytes.as_chunks::<16>();
        let record = |record: &[u8; 16]| {
            let (id, at) = record.split_first_chunk::<8>()?;
            Some((*id, i64::from_be_bytes(at.try_into().ok()?)))
        };
        Self(records.iter().filter_map(record).collect())
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|(id, at)| [*id, at.to_be_bytes()].concat()).collect()
    }

    /// With these, counted now, and without what was counted long ago, unless a start may have left some `unsettled`.
    pub(crate) fn with(&self, ids: &[[u8; 8]], now: Time, unsettled: bool) -> Self {
        let kept = now.minus(KEPT).millis();
        let all = self.0.iter().copied().filter(|(_, at)| unsettled || *at >= kept);
        let all: Vec<_> = all.chain(ids.iter().map(|id| (*id, now.millis()))).collect();
        let beyond = all.len().saturating_sub(MOST);
        Self(all[beyond..].to_vec())
    }

    pub(crate) fn ids(&self) -> HashSet<[u8; 8]> {
        self.0.iter().map(|(id, _)| *id).collect()
    }
}

/// How an entry is called here.
pub(crate) fn id(entry: &[u8; 32]) -> [u8; 8] {
    std::array::from_fn(|at| entry[at])
}

/// Longer than it takes until what a role could not hand over, or a crash left uncounted, is found and taken up
/// (`sweep::TAKEN_UP_AFTER`): by what was counted around it is known which that is.
const KEPT: Duration = Duration::from_secs(300);
/// Of one mailbox, in 64 KiB.
const MOST: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Time {
        Time::from_millis(seconds * 1000)
    }

    #[test]
    fn what_was_counted_of_late_is_kept_until_the_mailbox_is_settled() {
        let first = Recent::default().with(&[[1; 8], [2; 8]], at(100), false);
        let second = first.with(&[[3; 8]], at(400), false);
        assert_eq!(Recent::from_bytes(&second.to_bytes()), second);
        assert_eq!(second.ids(), [[1; 8], [2; 8], [3; 8]].into());
        assert_eq!(second.with(&[], at(9_000), true), second);
        assert_eq!(second.with(&[], at(401), false).ids(), [[3; 8]].into());
    }

    #[test]
    fn the_newest_are_kept_where_there_are_too_many() {
        let ids: Vec<_> = (0..MOST as u64 + 2).map(u64::to_be_bytes).collect();
        let recent = Recent::default().with(&ids, at(1), true);
        assert_eq!(recent.to_bytes().len(), 16 * MOST);
        assert!(!recent.ids().contains(&1_u64.to_be_bytes()));
        assert!(recent.ids().contains(&2_u64.to_be_bytes()));
        // What is not whole is nothing.
        assert_eq!(Recent::from_bytes(&[0; 15]), Recent::default());
    }
}
