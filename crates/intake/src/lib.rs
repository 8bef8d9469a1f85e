//! The one use case accept, and the group committer; called by every door.
