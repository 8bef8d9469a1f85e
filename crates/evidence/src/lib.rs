//! Events, letter state and receipts.
