//! The citizen's pages and the content origin.

pub mod dates;
pub mod frame;
pub mod icons;
pub mod pages;
pub mod style;
pub mod texts;
