//! The database, jobs and leases; the only crate that knows which database it is.
