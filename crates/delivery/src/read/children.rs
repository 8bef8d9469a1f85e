//! The children of one element, each expected by its name.

use super::{Read, ReadError};
use crate::{
    document::{elements, is, text},
    names::Name,
    signature::base64,
};
use roxmltree::Node;

/// The child elements of one element, taken in order.
pub struct Children<'a, 'i> {
    next: std::iter::Peekable<std::vec::IntoIter<Node<'a, 'i>>>,
    pub path: String,
}

impl<'a, 'i> Children<'a, 'i> {
    /// Of an element that is the root of what is read.
    pub fn of(node: Node<'a, 'i>, path: &str) -> Read<Self> {
        Self::at(node, path.to_owned())
    }

    /// Of an element that may bear an `Id` and nothing else.
    pub(super) fn signed(node: Node<'a, 'i>, path: &str) -> Read<Self> {
        let known = node.attributes().all(|a| a.namespace().is_none() && a.name() == "Id");
        let of = Self::with_attributes(node, path.to_owned())?;
        of.check(known, "", "an attribute that is not expected here")?;
        Ok(of)
    }

    pub(super) fn at(node: Node<'a, 'i>, path: String) -> Read<Self> {
        if node.attributes().next().is_some() {
            return Err(ReadError { path, fault: "an attribute that is not expected here" });
        }
        Self::with_attributes(node, path)
    }

    pub(super) fn with_attributes(node: Node<'a, 'i>, path: String) -> Read<Self> {
        match elements(node) {
            Some(inside) => Ok(Self { next: inside.collect::<Vec<_>>().into_iter().peekable(), path }),
            None => Err(ReadError { path, fault: "text between elements" }),
        }
    }

    /// The next element, if it has this name.
    pub fn maybe(&mut self, name: Name<'_>) -> Option<Node<'a, 'i>> {
        self.next.next_if(|node| is(node, name))
    }

    /// The next element, which must have this name.
    pub fn one(&mut self, name: Name<'_>) -> Read<Node<'a, 'i>> {
        self.maybe(name)
            .ok_or_else(|| self.fault(name.1, "is missing, or stands in another order or namespace"))
    }

    /// The next element and its children.
    pub fn enter(&mut self, name: Name<'_>) -> Read<Self> {
        let node = self.one(name)?;
        Self::at(node, format!("{}/{}", self.path, name.1))
    }

    /// The text of the next element.
    pub fn text(&mut self, name: Name<'_>) -> Read<String> {
        let node = self.one(name)?;
        self.text_of(node, name.1)
    }

    /// The text of the next element, if it has this name.
    pub fn optional(&mut self, name: Name<'_>) -> Read<Option<String>> {
        self.maybe(name).map(|node| self.text_of(node, name.1)).transpose()
    }

    /// The bytes of the next element.
    pub fn binary(&mut self, name: Name<'_>) -> Read<Vec<u8>> {
        let node = self.one(name)?;
        let text = text(node).ok_or_else(|| self.fault(name.1, "holds elements instead of base64"))?;
        base64(&text).ok_or_else(|| self.fault(name.1, "is not base64"))
    }

    pub(super) fn short(&mut self, name: Name<'_>, most: usize) -> Read<Option<String>> {
        let text = self.optional(name)?;
        self.check(text.as_ref().is_none_or(|t| t.chars().count() <= most), name.1, "is too long")?;
        Ok(text)
    }

    pub(super) fn skip_foreign(&mut self, own: &str) {
        while self.next.next_if(|node| node.tag_name().namespace().is_some_and(|n| n != own)).is_some() {}
    }

    /// Nothing more may come.
    pub fn end(&mut self) -> Read<()> {
        let more = self.next.peek().is_some();
        self.check(!more, "", "an element that is not expected here")
    }

    /// One of these words, where there is one.
    pub fn word(&self, text: Option<&str>, name: &str, words: &[&str]) -> Read<()> {
        self.check(text.is_none_or(|t| words.contains(&t)), name, "is none of the words of its type")
    }

    /// A fault at the child `name`, unless it holds.
    pub fn check(&self, holds: bool, name: &str, fault: &'static str) -> Read<()> {
        if holds { Ok(()) } else { Err(self.fault(name, fault)) }
    }

    pub(super) fn text_of(&self, node: Node<'_, '_>, name: &str) -> Read<String> {
        if node.attributes().next().is_some() {
            return Err(self.fault(name, "an attribute that is not expected here"));
        }
        text(node)
            .map(std::borrow::Cow::into_owned)
            .ok_or_else(|| self.fault(name, "holds elements instead of text"))
    }

    pub(super) fn fault(&self, name: &str, fault: &'static str) -> ReadError {
        let path = if name.is_empty() { self.path.clone() } else { format!("{}/{name}", self.path) };
        ReadError { path, fault }
    }
}
