//! Pictures that cannot be shown, and what those who do not see them are told (WCAG 1.1.1).

use super::links::tag_length;

/// Each picture with an `alt`: an empty one where the sender gave none, so that nothing is read aloud for it. One that has
/// lost its address and says nothing is no picture any more.
pub(super) fn said(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(begin) = rest.find("<img") {
        out.push_str(&rest[..begin]);
        let end = begin + tag_length(&rest[begin..]);
        let tag = &rest[begin..end];
        let speaks = tag.contains(" alt=\"");
        match (speaks, tag.contains(" src=\"")) {
            (true, _) => out.push_str(tag),
            (false, true) => {
                out.push_str("<img alt=\"\"");
                out.push_str(&tag["<img".len()..]);
            }
            (false, false) => {}
        }
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_picture_says_something_or_is_silent_and_none_is_left_without_either() {
        for (before, after) in [
            ("<p>a<img>b</p>", "<p>ab</p>"),
            ("<img src=\"kuvert-picture:0\">", "<img alt=\"\" src=\"kuvert-picture:0\">"),
            ("<img src=\"x\" alt=\"Karta\">", "<img src=\"x\" alt=\"Karta\">"),
            ("<img alt=\"Karta > plan\">c", "<img alt=\"Karta > plan\">c"),
            ("<img width=\"4\"><img>", ""),
            ("inget", "inget"),
        ] {
            assert_eq!(said(before), after);
        }
    }
}
