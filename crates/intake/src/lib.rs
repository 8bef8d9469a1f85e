//! The one use case accept, and the group committer; called by every door.
pub mod content;
mod room;
pub mod scanner;
