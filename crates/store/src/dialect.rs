//! Where the two databases differ.

use crate::settings::DatabaseKind;

pub(crate) const COMMIT: &str = "COMMIT";
pub(crate) const ROLLBACK: &str = "ROLLBACK";

/// A transaction that writes. SQLite takes the write lock at once: taking it later can fail half-way.
pub(crate) fn begin(kind: DatabaseKind) -> &'static str {
    match kind {
        DatabaseKind::Sqlite => "BEGIN IMMEDIATE",
        DatabaseKind::Postgres => "BEGIN",
    }
}

/// A transaction that reads, and sees one state of the database from its first statement to its last.
pub(crate) fn begin_read(kind: DatabaseKind) -> &'static str {
    match kind {
        DatabaseKind::Sqlite => "BEGIN",
        DatabaseKind::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    }
}

/// Waits for the transactions that have said the same number, `$1`. SQLite has one writer, who need not wait.
pub(crate) fn take_turns(kind: DatabaseKind) -> Option<&'static str> {
    match kind {
        DatabaseKind::Sqlite => None,
        DatabaseKind::Postgres => Some("SELECT pg_advisory_xact_lock($1)"),
    }
}

/// Bytes that the database occupies.
pub(crate) fn size(kind: DatabaseKind) -> &'static str {
    match kind {
        DatabaseKind::Sqlite => {
            "SELECT page_count * page_size AS bytes FROM pragma_page_count, pragma_page_size"
        }
        DatabaseKind::Postgres => "SELECT pg_database_size(current_database()) AS bytes",
    }
}

/// `$1` token, `$2` leased until, `$3` now, `$4` kind, `$5` how many. A claimed job is due again when its lease ends:
/// so the index over due jobs holds no job that somebody works on, and a lease that ran out needs no other rule.
pub(crate) fn claim(kind: DatabaseKind) -> &'static str {
    match kind {
        DatabaseKind::Sqlite => {
            "UPDATE job SET lease_token = $1, leased_until = $2, run_at = $2, attempts = attempts + 1 \
             WHERE job_id IN (SELECT job_id FROM job WHERE dead_at IS NULL AND run_at <= $3 AND kind = $4 \
                              ORDER BY run_at LIMIT $5) \
             RETURNING job_id, subject, attempts"
        }
        DatabaseKind::Postgres => {
            "UPDATE job SET lease_token = $1, leased_until = $2, run_at = $2, attempts = attempts + 1 \
             WHERE job_id = ANY (ARRAY(SELECT job_id FROM job WHERE dead_at IS NULL AND run_at <= $3 AND kind = $4 \
                                       ORDER BY run_at LIMIT $5 FOR UPDATE SKIP LOCKED)) \
             RETURNING job_id, subject, attempts"
        }
    }
}
