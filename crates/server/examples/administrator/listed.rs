//! The cases by name: C1, C2 and H1 of the audit, its tamperings 1 to 42, and 43 to 45 of their kind.

mod background;
mod critical;
mod events;
mod kin;
mod letters;
mod rights;
mod senders;

pub use critical::forged_rows;

use crate::play::{report::Report, seen::Seen, stage::Stage};
use anyhow::{Context, Result, bail};

/// One case.
pub struct Case {
    pub id: &'static str,
    pub what: &'static str,
    /// What 290313e made of it.
    pub before: Before,
}

/// What became of a tampering before anything was vouched for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Before {
    /// It did its harm, unnoticed.
    Harm,
    /// It told nobody anything: no log, no metric, no check of the evidence. That a letter does not show any more is what
    /// some of them are for.
    Unnoticed,
    /// The same, until the sender sent its letter again.
    UntilSentAgain,
    /// A page or the check of the evidence did.
    Noticed,
}

/// Plays them, those that were asked for or all.
pub async fn play(stage: &mut Stage, only: &[String], report: &mut Report) -> Result<()> {
    for case in &CASES {
        if !only.is_empty() && !only.iter().any(|id| id == case.id) {
            continue;
        }
        let mut played = Box::pin(one(stage, case.id)).await;
        if let Ok(seen) = &mut played
            && !seen.is_noticed()
        {
            seen.sweep = stage.sweep_again().await?;
        }
        let left =
            stage.put_back().await.with_context(|| format!("case {} could not be put back", case.id))?;
        report.listed(case, &played, &left);
    }
    Ok(())
}

async fn one(stage: &mut Stage, id: &str) -> Result<Seen> {
    match id {
        "C1" => critical::own_key(stage).await,
        "C2" => critical::forged(stage, false).await,
        "C2e" => critical::forged(stage, true).await,
        "H1" => critical::reads_and_cleans_up(stage).await,
        "by itself" => background::found(stage).await,
        "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9" | "10" | "37" => letters::rows(stage, id).await,
        "22" | "23" | "24" | "39" => letters::flags(stage, id).await,
        "38" => letters::no_notice(stage).await,
        "42" => letters::receipts(stage).await,
        "11" | "12" | "12b" | "13" | "14" | "15" | "16" | "17" | "18" | "19" | "20" | "21" => {
            events::tampered(stage, id).await
        }
        "25" | "26" => rights::mandate(stage, id == "26").await,
        "27" => rights::login(stage).await,
        "28" => rights::owner(stage).await,
        "29" => rights::public_key(stage).await,
        "30" | "31" => rights::contact(stage, id).await,
        "36" => rights::identity(stage).await,
        "43" => kin::address_of_another(stage).await,
        "44" => kin::elsewhere(stage).await,
        "45" => kin::moves_and_erases(stage).await,
        "40" | "41" => rights::state(stage, id).await,
        "32" => senders::renamed(stage).await,
        "33" => senders::own_certificate(stage).await,
        "34" => senders::certificate_back(stage).await,
        "35" => senders::dispatcher(stage).await,
        _ => bail!("there is no case {id}"),
    }
}

const fn case(id: &'static str, what: &'static str, before: Before) -> Case {
    Case { id, what, before }
}

pub const CASES: [Case; 51] = [
    case(
        "C1",
        "own public key in a mailbox, a letter is sent, read, sealed to the true key again",
        Before::Harm,
    ),
    case("C2", "forged letter: key, header and part 0 sealed to the mailbox, no event", Before::Harm),
    case("C2e", "forged letter with the first event of another letter", Before::Harm),
    case("H1", "own mandate, log in, open a confidential letter, take every trace away", Before::Harm),
    case("1", "a byte of a header", Before::Noticed),
    case("2", "a byte of part 0", Before::Noticed),
    case("3", "a byte of a sealed key", Before::Noticed),
    case("4", "sealed keys of two letters exchanged", Before::Noticed),
    case("5", "key, header and part 0 of two letters exchanged", Before::Noticed),
    case("6", "a letter moved to another's mailbox", Before::Noticed),
    case("7", "a letter's key deleted", Before::Noticed),
    case("8", "an attachment deleted", Before::Unnoticed),
    case("9", "a letter with all its rows deleted", Before::Unnoticed),
    case("10", "a letter and its events deleted, its reference kept", Before::Noticed),
    case("11", "an opening cut out of the middle of a chain", Before::Noticed),
    case("12", "the same, and what follows numbered anew", Before::Noticed),
    case("12b", "an opening and what follows cut off, with its marks", Before::Unnoticed),
    case("13", "all events of a letter deleted", Before::Noticed),
    case("14", "an event back-dated", Before::Noticed),
    case("15", "another person in an event", Before::Unnoticed),
    case("16", "another right in an event", Before::Noticed),
    case("17", "another type in an event", Before::Noticed),
    case("18", "a bit of an event's body", Before::Noticed),
    case("19", "a bit of an event's entry", Before::Noticed),
    case("20", "two events in each other's place", Before::Noticed),
    case("21", "the chain of another letter", Before::Noticed),
    case("22", "opened_at back-dated", Before::Unnoticed),
    case("23", "a letter hidden until 2099", Before::Unnoticed),
    case("24", "a confidential letter made an ordinary one", Before::Unnoticed),
    case("25", "a helper that nobody asked", Before::Unnoticed),
    case("26", "a signatory over a person's mailbox", Before::Unnoticed),
    case("27", "one's own log-in leads to another person", Before::Unnoticed),
    case("28", "owners of two mailboxes exchanged", Before::Unnoticed),
    case("29", "another public key in a mailbox, no letter sent", Before::Unnoticed),
    case("30", "one's own address for notices at another person", Before::Unnoticed),
    case("31", "an address for notices exchanged for another's ciphertext", Before::Unnoticed),
    case("32", "a sender renamed", Before::Unnoticed),
    case("33", "a certificate of one's own registered for a sender", Before::Unnoticed),
    case("34", "a revoked certificate in force again", Before::Unnoticed),
    case("35", "a dispatcher that the sender has not listed", Before::Unnoticed),
    case("36", "a number leads to another person", Before::Unnoticed),
    case("37", "a letter erased without an event", Before::Unnoticed),
    case("38", "a notice suppressed", Before::Unnoticed),
    case("39", "a sender that asked is not told of the opening", Before::Unnoticed),
    case("40", "a living person marked as dead", Before::Unnoticed),
    case("41", "a person's protected identity lifted or set", Before::Unnoticed),
    case("42", "receipts of two letters exchanged", Before::UntilSentAgain),
    case("43", "another's address, not confirmed, among one's own, and one looks", Before::Harm),
    case("44", "who has a mailbox here is registered with another operator", Before::Unnoticed),
    case("45", "own mandate: another's letters archived, binned and erased", Before::Unnoticed),
    case(
        "by itself",
        "an event flipped, and nobody looks: the service finds it within a minute",
        Before::Unnoticed,
    ),
];
