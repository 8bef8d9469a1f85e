//! Whether the events that are there are those that are counted, and a few that are not counted yet.
//!
//! Which ones are counted is written nowhere: it would have to be written for each event. It follows from the sums. What is
//! not counted yet was committed just now, or just before a start of the service; so it is looked for there, among few. A set
//! whose sum fits is the right one, since nobody can make two with the same sum.

use super::{Head, Sum};
use domain::Time;
use std::collections::{BTreeMap, HashMap};

/// An event that is there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Present {
    pub sum: Sum,
    pub at: Time,
    /// Set when it may not be counted: it was committed just now, or shortly before a start of the service. Whoever writes such
    /// events hands them over in the order in which they came: of those with one number the last ones are not counted.
    pub suspect: Option<u32>,
    /// An opening that was being written: not counted, for certain.
    pub opening: bool,
    /// It was counted of late, and is not looked for among what is not.
    pub counted: bool,
}

/// Which of the events that are there are not counted yet, by their place in `present`. `None`: some that are counted are
/// not there.
pub(crate) fn uncounted(head: &Head, present: &[Present]) -> Option<Vec<usize>> {
    let openings = present.iter().enumerate().filter(|(_, one)| one.opening).map(|(at, _)| at);
    let mut found: Vec<usize> = openings.collect();
    let mut candidates: Vec<usize> = (0..present.len()).filter(|at| !present[*at].opening).collect();
    let more = usize::try_from(i64::try_from(candidates.len()).ok()?.checked_sub(head.events)?).ok()?;
    let there: Sum = candidates.iter().map(|at| present[*at].sum).sum();
    let wanted = there.minus(head.sum);
    candidates.retain(|at| !present[*at].counted);
    if more > candidates.len() {
        return None;
    }
    // Suspects before others, and the newest first; what came last of the same instant first.
    candidates.sort_by_key(|at| std::cmp::Reverse((present[*at].suspect.is_some(), present[*at].at, *at)));
    let sum = |at: &usize| present[*at].sum;
    if candidates[..more].iter().map(sum).sum::<Sum>() == wanted {
        found.extend(&candidates[..more]);
        return Some(found);
    }
    let mut room = MOST_TRIED;
    if let Some(tails) = tails(present, &candidates, (more, wanted), &mut room) {
        found.extend(tails);
        return Some(found);
    }
    // Two letters of a door may be committed in another order than they were accepted in: one more, anywhere among suspects.
    for late in candidates.iter().filter(|at| present[**at].suspect.is_some()) {
        let others: Vec<usize> = candidates.iter().copied().filter(|at| at != late).collect();
        let Some(fewer) = more.checked_sub(1) else { break };
        let rest = (fewer, wanted.minus(present[*late].sum));
        if let Some(tails) = tails(present, &others, rest, &mut room) {
            found.extend(tails);
            found.push(*late);
            return Some(found);
        }
        if room == 0 {
            break;
        }
    }
    // All but a few are the newest; those few are among the ones behind.
    let few = more.min(FEW);
    let (newest, behind) = candidates.split_at(more - few);
    let behind = &behind[..behind.len().min(window(few))];
    let wanted = wanted.minus(newest.iter().map(sum).sum());
    let sums: Vec<Sum> = behind.iter().map(sum).collect();
    let chosen = subset(&sums, few, wanted)?;
    found.extend(newest);
    found.extend(chosen.into_iter().map(|at| behind[at]));
    Some(found)
}

/// Of each group of suspects the newest, so many that they are `count` in all and add up to `wanted`: all ways for one half of the
/// groups against all ways for the other. Each way takes one of `room`; with none left nothing is found.
fn tails(
    present: &[Present],
    candidates: &[usize],
    (count, wanted): (usize, Sum),
    room: &mut usize,
) -> Option<Vec<usize>> {
    let mut groups: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for at in candidates {
        if let Some(group) = present[*at].suspect {
            groups.entry(group).or_default().push(*at);
        }
    }
    // In halves with about as many ways each.
    let mut groups: Vec<Vec<usize>> = groups.into_values().collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.len()));
    let mut halves = [(1_usize, vec![]), (1_usize, vec![])];
    for group in groups {
        let (ways, half) = if halves[0].0 <= halves[1].0 { &mut halves[0] } else { &mut halves[1] };
        *ways = ways.saturating_mul(group.len() + 1);
        half.push(group);
    }
    let [(_, left), (_, right)] = halves;
    let mut ways = |groups: &[Vec<usize>]| {
        let mut all: Vec<(Vec<usize>, usize, Sum)> = vec![(vec![], 0, Sum::default())];
        for group in groups {
            let mut longer = Vec::new();
            for (taken, of, sum) in &all {
                let mut sum = *sum;
                for some in 0..=group.len().min(count - of) {
                    if some > 0 {
                        sum = sum.plus(present[group[some - 1]].sum);
                    }
                    longer.push((taken.iter().copied().chain([some]).collect(), of + some, sum));
                }
            }
            all = longer;
            *room = room.saturating_sub(all.len());
            if *room == 0 || all.len() > MOST_WAYS {
                return None;
            }
        }
        Some(all)
    };
    let chosen = |groups: &[Vec<usize>], taken: &[usize]| {
        groups.iter().zip(taken).flat_map(|(group, some)| group[..*some].to_vec()).collect::<Vec<_>>()
    };
    let first: HashMap<(usize, Sum), Vec<usize>> =
        ways(&left)?.into_iter().map(|(taken, of, sum)| ((of, sum), taken)).collect();
    ways(&right)?.into_iter().find_map(|(taken, of, sum)| {
        let other = first.get(&(count - of, wanted.minus(sum)))?;
        Some(chosen(&left, other).into_iter().chain(chosen(&right, &taken)).collect())
    })
}

/// `count` of them that add up to `wanted`: every half of such a set against every other half.
fn subset(sums: &[Sum], count: usize, wanted: Sum) -> Option<Vec<usize>> {
    let first_half: HashMap<Sum, Vec<usize>> =
        choices(sums.len(), count / 2).into_iter().map(|one| (added(sums, &one), one)).collect();
    choices(sums.len(), count - count / 2).into_iter().find_map(|one| {
        let other = first_half.get(&wanted.minus(added(sums, &one)))?;
        let disjoint = other.iter().all(|at| !one.contains(at));
        disjoint.then(|| one.iter().chain(other).copied().collect())
    })
}

fn added(sums: &[Sum], which: &[usize]) -> Sum {
    which.iter().map(|at| sums[*at]).sum()
}

/// All ways of taking `count` of `of`.
fn choices(of: usize, count: usize) -> Vec<Vec<usize>> {
    let mut all = vec![vec![]];
    for _ in 0..count {
        let longer = all.iter().flat_map(|one: &Vec<usize>| {
            let from = one.last().map_or(0, |last| last + 1);
            (from..of).map(move |next| one.iter().copied().chain([next]).collect())
        });
        all = longer.collect();
    }
    all
}

/// Ways in which half of the groups may end.
const MOST_WAYS: usize = 300_000;

/// Ways that are tried for one mailbox: what misses events is told after a second of work, whatever else is not counted there.
const MOST_TRIED: usize = 3_000_000;

/// Among how many they are looked for: as many as half of them can be chosen of in some ten thousand ways.
const fn window(few: usize) -> usize {
    match few {
        0..=2 => 10_000,
        3..=4 => 200,
        _ => 44,
    }
}

/// So many may stand behind events that are counted already: what doors commit at the same time.
const FEW: usize = 6;

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn event(n: u64) -> Present {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(&vault::sha256(&n.to_be_bytes()));
        Present {
            sum: Sum::from_bytes(&bytes),
            at: Time::from_millis(n.cast_signed()),
            suspect: None,
            opening: false,
            counted: false,
        }
    }

    fn head(events: &[Present]) -> Head {
        Head { events: events.len() as i64, sum: events.iter().map(|one| one.sum).sum() }
    }

    fn events(count: u64) -> Vec<Present> {
        (0..count).map(event).collect()
    }

    proptest! {
        #[test]
        fn what_is_not_counted_yet_is_found_and_what_was_taken_away_is_missed(
            count in 1usize..60,
            late in proptest::collection::btree_set(0usize..20, 0..6),
            gone in any::<proptest::sample::Index>(),
        ) {
            let all = events(count as u64);
            let late: Vec<usize> = late.into_iter().filter(|back| *back < count).map(|back| count - 1 - back).collect();
            let counted: Vec<_> = (0..count).filter(|at| !late.contains(at)).map(|at| all[at]).collect();
            let mut found = uncounted(&head(&counted), &all).unwrap();
            let mut wanted = late.clone();
            found.sort_unstable();
            wanted.sort_unstable();
            prop_assert_eq!(found, wanted);
            if !counted.is_empty() {
                let gone = counted[gone.index(counted.len())].at;
                let left: Vec<_> = all.iter().filter(|one| one.at != gone).copied().collect();
                prop_assert_eq!(uncounted(&head(&counted), &left), None);
            }
        }
    }

    #[test]
    fn many_that_came_last_are_found_with_some_behind_them() {
        let all = events(500);
        let late = |at: usize| at >= 300 && ![301, 305, 330].contains(&at);
        let counted: Vec<_> = (0..500).filter(|at| !late(*at)).map(|at| all[at]).collect();
        // 197 are not counted; those that are stand among the oldest of them.
        assert_eq!(uncounted(&head(&counted), &all), None);
        let late = |at: usize| at >= 300 && ![301, 303].contains(&at);
        let counted: Vec<_> = (0..500).filter(|at| !late(*at)).map(|at| all[at]).collect();
        assert_eq!(uncounted(&head(&counted), &all).unwrap().len(), 198);
    }

    #[test]
    fn what_a_start_left_behind_is_found_however_much_has_come_since() {
        let mut all = events(3_000);
        let late = [1_000, 1_001, 1_003, 1_004, 1_006];
        let counted: Vec<_> = (0..3_000).filter(|at| !late.contains(at)).map(|at| all[at]).collect();
        assert_eq!(uncounted(&head(&counted), &all), None);
        all[990..1_010].iter_mut().for_each(|one| one.suspect = Some(1));
        let mut found = uncounted(&head(&counted), &all).unwrap();
        found.sort_unstable();
        assert_eq!(found, late);
        // One or two are found anywhere.
        let all = events(3_000);
        let counted: Vec<_> = (0..3_000).filter(|at| ![7, 2_000].contains(at)).map(|at| all[at]).collect();
        assert_eq!(uncounted(&head(&counted), &all).map(|all| all.len()), Some(2));
    }

    #[test]
    fn the_tails_of_several_writers_are_found_however_long_they_are() {
        let mut all = events(600);
        // Two starts and just now; two writers, who hand over at different instants.
        let mut late = vec![];
        for (gap, from) in [(0, 100), (1, 300), (2, 560)] {
            for (at, one) in all.iter_mut().enumerate().skip(from).take(40) {
                let writer = u32::from(at % 3 == 0);
                one.suspect = Some(gap * 2 + writer);
                if at >= from + if writer == 0 { 12 } else { 25 } {
                    late.push(at);
                }
            }
        }
        let counted: Vec<_> = (0..600).filter(|at| !late.contains(at)).map(|at| all[at]).collect();
        let mut found = uncounted(&head(&counted), &all).unwrap();
        found.sort_unstable();
        assert_eq!(found, late);
        let gone: Vec<_> = all.iter().enumerate().filter(|(at, _)| *at != 5).map(|(_, one)| *one).collect();
        assert_eq!(uncounted(&head(&counted), &gone), None);
    }

    #[test]
    fn writers_with_much_are_weighed_against_writers_with_little() {
        // Just now three writers with 133 each, and before a start four with four.
        let mut all = events(560);
        all.iter_mut().enumerate().skip(160).for_each(|(at, one)| one.suspect = Some((at % 3) as u32));
        all[100..116].iter_mut().enumerate().for_each(|(at, one)| one.suspect = Some(4 + (at % 4) as u32));
        let late = |at: usize| at >= 440 - 40 * (at % 3) || (108..116).contains(&at);
        let counted: Vec<_> = (0..560).filter(|at| !late(*at)).map(|at| all[at]).collect();
        let mut found = uncounted(&head(&counted), &all).unwrap();
        found.sort_unstable();
        assert_eq!(found, (0..560).filter(|at| late(*at)).collect::<Vec<_>>());
    }

    #[test]
    fn what_is_tried_for_a_mailbox_that_misses_events_ends() {
        // Six writers with sixty events each that may not be counted: by each of them in turn it would be tried for minutes.
        let mut all = events(400);
        all.iter_mut().enumerate().skip(40).for_each(|(at, one)| one.suspect = Some((at % 6) as u32));
        let counted = head(&all[..40]);
        let groups: Vec<usize> = (0..400).rev().collect();
        let mut room = MOST_TRIED;
        for _ in 0..100 {
            assert_eq!(tails(&all, &groups, (200, Sum::default()), &mut room), None);
        }
        assert_eq!(room, 0);
        assert_eq!(uncounted(&counted, &all[1..]), None);
    }

    #[test]
    fn where_much_happens_at_once_what_was_counted_of_late_is_known() {
        // Three hundred of just now by several writers; of every third nobody has told yet, wherever it stands.
        let mut all = events(1_000);
        for (at, one) in all.iter_mut().enumerate().skip(700) {
            one.suspect = Some((at % 4) as u32);
            one.counted = at % 3 != 0;
        }
        let late: Vec<usize> = (700..1_000).filter(|at| at % 3 == 0).collect();
        let counted: Vec<_> = (0..1_000).filter(|at| !late.contains(at)).map(|at| all[at]).collect();
        let mut found = uncounted(&head(&counted), &all).unwrap();
        found.sort_unstable();
        assert_eq!(found, late);
        // One that was counted and is gone is missed all the same; and so is one that only says that it was counted.
        let gone: Vec<_> = all.iter().enumerate().filter(|(at, _)| *at != 701).map(|(_, one)| *one).collect();
        assert_eq!(uncounted(&head(&counted), &gone), None);
        all.iter_mut().for_each(|one| one.counted = true);
        assert_eq!(uncounted(&head(&counted), &all), None);
    }

    #[test]
    fn an_opening_that_is_being_written_may_be_there_or_not() {
        let mut all = events(5);
        let counted = head(&all[..4]);
        assert_eq!(uncounted(&counted, &all[..4]), Some(vec![]));
        all[4].opening = true;
        assert_eq!(uncounted(&counted, &all), Some(vec![4]));
        // Another one is gone at the same time.
        assert_eq!(uncounted(&counted, &all[1..]), None);
    }

    #[test]
    fn what_is_there_twice_or_exchanged_does_not_fit() {
        let all = events(6);
        let exchanged: Vec<_> = all[..5].iter().copied().chain([event(99)]).collect();
        assert_eq!(uncounted(&head(&all), &exchanged), None);
        assert_eq!(uncounted(&head(&all), &[]), None);
        assert_eq!(uncounted(&Head::default(), &all).map(|all| all.len()), Some(6));
    }
}
