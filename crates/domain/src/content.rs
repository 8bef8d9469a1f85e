//! What an attachment really is, judged while it streams by: by its first bytes, and for text by all of them.

pub mod pdf;
mod text;
mod xml;

use crate::{Code, letter::AttachmentType};
use text::Charset;

/// A checker for one attachment of a declared type.
pub enum Check {
    /// ISO 32000.
    Pdf(Box<pdf::Scan>),
    /// A format known by its first bytes.
    Magic { magic: &'static [u8], seen: Vec<u8> },
    /// Text that begins as its format must.
    Text { text: text::Scan, begins: Option<&'static str> },
    /// XML that cannot expand.
    Xml(Box<xml::Scan>),
}

impl Check {
    /// For a type of the allow-list.
    pub fn of(media_type: AttachmentType) -> Self {
        let text = |begins| Self::Text { text: text::Scan::new(Charset::Utf8), begins };
        match media_type {
            AttachmentType::Pdf => Self::Pdf(Box::default()),
            AttachmentType::Png => Self::magic(b"\x89PNG\r\n\x1a\n"),
            AttachmentType::Jpeg => Self::magic(b"\xFF\xD8\xFF"),
            AttachmentType::Text | AttachmentType::Csv => text(None),
            AttachmentType::Calendar => text(Some("BEGIN:VCALENDAR")),
            AttachmentType::Xml => Self::Xml(Box::default()),
        }
    }

    /// The next bytes, in pieces of any size.
    pub fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Pdf(scan) => scan.update(bytes),
            Self::Magic { magic, seen } => {
                let missing = magic.len() - seen.len();
                seen.extend_from_slice(&bytes[..missing.min(bytes.len())]);
            }
            Self::Text { text, .. } => text.update(bytes),
            Self::Xml(scan) => scan.update(bytes),
        }
    }

    /// The judgement on the whole.
    pub fn finish(self) -> Result<(), Code> {
        let holds = match self {
            Self::Pdf(scan) => {
                return match scan.finish() {
                    pdf::Verdict::Whole => Ok(()),
                    pdf::Verdict::NoPdf => Err(Code::AttachmentContentMismatch),
                    pdf::Verdict::Broken => Err(Code::PdfBroken),
                    pdf::Verdict::Encrypted => Err(Code::PdfEncrypted),
                };
            }
            Self::Magic { magic, seen } => seen == magic,
            Self::Text { text, begins } => {
                let begins_well = begins.is_none_or(|word| text.begins_with(word));
                begins_well && text.finish()
            }
            Self::Xml(scan) => scan.finish(),
        };
        if holds { Ok(()) } else { Err(Code::AttachmentContentMismatch) }
    }

    fn magic(magic: &'static [u8]) -> Self {
        Self::Magic { magic, seen: Vec::with_capacity(magic.len()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use AttachmentType::{Calendar, Csv, Jpeg, Pdf, Png, Text, Xml};

    fn judge(media_type: AttachmentType, bytes: &[u8]) -> Result<(), Code> {
        let mut whole = Check::of(media_type);
        whole.update(bytes);
        let whole = whole.finish();
        let mut one_by_one = Check::of(media_type);
        bytes.iter().for_each(|b| one_by_one.update(std::slice::from_ref(b)));
        assert_eq!(one_by_one.finish(), whole, "{media_type:?}: pieces change the judgement");
        whole
    }

    #[test]
    fn what_is_what_it_says_passes() {
        let long = format!("<a>{}</a>", "å".repeat(1000));
        for (media_type, bytes) in [
            (Png, &b"\x89PNG\r\n\x1a\n...."[..]),
            (Jpeg, b"\xFF\xD8\xFF\xE0.."),
            (Text, "Hej på dig, 😀".as_bytes()),
            (Text, b""),
            (Csv, b"a;b\r\n1;2\r\n"),
            (Calendar, b"\xEF\xBB\xBFBEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"),
            (Calendar, b"begin:vcalendar\r\n"),
            (Xml, b"\xEF\xBB\xBF\n<a>\xC3\xA5</a>"),
            (Xml, b"<?xml version='1.0' encoding='ISO-8859-1'?><a>\xE5</a>"),
            (Xml, b"<!DOCTYPE html><a/>"),
            (Xml, b"<a><![CDATA[ <!ENTITY is only a word here ]]></a>"),
            (Xml, long.as_bytes()),
        ] {
            assert_eq!(judge(media_type, bytes), Ok(()), "{media_type:?} {bytes:?}");
        }
    }

    #[test]
    fn what_is_something_else_is_refused() {
        for (media_type, bytes) in [
            (Png, &b"\xFF\xD8\xFF\xE0"[..]),
            (Png, b"\x89PNG"),
            (Jpeg, b""),
            (Pdf, b"MZ\x90\0"),
            (Text, b"a\0b"),
            (Text, b"p\xE5 dig"),
            (Text, b"cut \xC3"),
            (Csv, b"\xFF\xFEa\0"),
            (Calendar, b"BEGIN:VCARD"),
            (Xml, b"hej <a/>"),
            (Xml, b""),
            (Xml, b"<a>\0</a>"),
            (Xml, b"<a>\xE5</a>"),
            (Xml, b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"),
            (Xml, b"<?xml version='1.0' encoding='UTF-7'?><a/>"),
        ] {
            assert_eq!(
                judge(media_type, bytes),
                Err(Code::AttachmentContentMismatch),
                "{media_type:?} {bytes:?}"
            );
        }
    }
}
