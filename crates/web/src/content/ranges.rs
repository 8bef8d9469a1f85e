//! `Range` and `If-Range` (RFC 9110 §13.1.5, §14): one range of bytes. Several at once are answered with the whole,
//! as the RFC allows.

use axum::http::{HeaderMap, HeaderValue, header};
use http_range_header::parse_range_header;

/// Which bytes to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    All,
    /// Both ends included.
    Part {
        first: u64,
        last: u64,
    },
    /// A range that lies outside.
    None,
}

/// What the headers ask of a thing of `length` bytes.
pub(crate) fn read(headers: &HeaderMap, tag: &HeaderValue, length: u64) -> Wanted {
    let Some(range) = headers.get(header::RANGE).and_then(|value| value.to_str().ok()) else {
        return Wanted::All;
    };
    // Another version of the thing, or a date, which we do not give: the whole.
    if headers.get(header::IF_RANGE).is_some_and(|condition| condition != tag) {
        return Wanted::All;
    }
    // Not a range, or several: as if none had been asked for.
    let Ok(ranges) = parse_range_header(range) else { return Wanted::All };
    if ranges.len() > 1 {
        return Wanted::All;
    }
    let inside = ranges.validate(length).unwrap_or_default();
    inside.first().map_or(Wanted::None, |one| Wanted::Part { first: *one.start(), last: *one.end() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(range: &'static str, length: u64) -> Wanted {
        let headers = HeaderMap::from_iter([(header::RANGE, HeaderValue::from_static(range))]);
        read(&headers, &HeaderValue::from_static("\"a\""), length)
    }

    #[test]
    fn ranges_are_read_as_the_rfc_says() {
        let part = |first, last| Wanted::Part { first, last };
        for (range, length, expected) in [
            ("bytes=0-499", 1000, part(0, 499)),
            ("bytes=500-", 1000, part(500, 999)),
            ("bytes=-200", 1000, part(800, 999)),
            ("bytes=-2000", 1000, part(0, 999)),
            ("bytes=900-5000", 1000, part(900, 999)),
            ("bytes=0-0", 1, part(0, 0)),
            ("Bytes=0-1", 9, part(0, 1)),
            ("bytes=0-99999999999999999999999", 9, part(0, 8)),
            ("bytes=1000-", 1000, Wanted::None),
            ("bytes=-0", 1000, Wanted::None),
            ("bytes=0-", 0, Wanted::None),
            ("bytes=-1", 0, Wanted::None),
            ("bytes=5-2", 1000, Wanted::All),
            ("bytes=a-b", 1000, Wanted::All),
            ("bytes=-", 1000, Wanted::All),
            ("bytes=0-1,3-4", 1000, Wanted::All),
            ("items=0-1", 1000, Wanted::All),
            ("bytes", 1000, Wanted::All),
        ] {
            assert_eq!(wanted(range, length), expected, "{range} of {length}");
        }
    }

    #[test]
    fn a_range_of_another_version_is_answered_with_the_whole() {
        let tag = HeaderValue::from_static("\"a\"");
        for (condition, expected) in [
            ("\"a\"", Wanted::Part { first: 0, last: 1 }),
            ("\"b\"", Wanted::All),
            ("W/\"a\"", Wanted::All),
            ("Sun, 22 Nov 2026 09:14:00 GMT", Wanted::All),
        ] {
            let headers = HeaderMap::from_iter([
                (header::RANGE, HeaderValue::from_static("bytes=0-1")),
                (header::IF_RANGE, HeaderValue::from_static(condition)),
            ]);
            assert_eq!(read(&headers, &tag, 1000), expected, "{condition}");
        }
    }
}
