//! The citizen's pages and the content origin.
