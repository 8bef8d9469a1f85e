//! Deliver, list, open, keep and erase letters; the one access decision.
