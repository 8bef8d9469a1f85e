use super::*;

#[test]
fn html_made_to_take_long_is_not_parsed_but_shown_as_its_text() {
    for wild in ["<div>".repeat(50_000), "<b><p>".repeat(40_000), "<table><a>".repeat(25_000)] {
        let shown = html(&format!("{wild}<b>Hej</b>"));
        assert_eq!(shown.split_whitespace().collect::<String>(), "<p>Hej</p>");
    }
    assert_eq!(html("<q cite=javascript:x>a</q>"), "<q>a</q>");
}

#[test]
fn text_becomes_paragraphs_with_its_lines_kept() {
    assert_eq!(plain("Hej\r\n\r\n\nrad 1\nrad 2\n"), ["Hej", "rad 1<br>rad 2"]);
    assert_eq!(plain(" \n \n"), Vec::<String>::new());
}

#[test]
fn text_never_becomes_markup() {
    assert_eq!(
        plain("<script>alert('x')</script> & \"y\""),
        ["&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;y&quot;"]
    );
}

#[test]
fn addresses_become_links_that_say_where_they_lead() {
    assert_eq!(
        plain("Se https://exempel.se/a?b=1&c=2."),
        ["Se <a href=\"https://exempel.se/a?b=1&amp;c=2\" rel=\"noopener noreferrer nofollow\">\
          https://exempel.se/a?b=1&amp;c=2</a>."]
    );
    for text in [
        "https://exempel.se@evil.example/",
        "https://xn--exempl-dua.se/",
        "https://еxempel.se/",
        "https://localhost/",
        "http://exempel.se/",
        "javascript:alert(1)",
        "https://",
        "https://.",
        "https://https://",
        "https://[::1]/",
    ] {
        let out = plain(text).concat();
        assert!(!out.contains("<a "), "{text} -> {out}");
        assert_eq!(out, escaped(text), "{text}");
    }
}

#[test]
fn html_keeps_what_a_letter_needs_and_nothing_that_acts_or_fetches() {
    let sent = "<h2>Hej</h2><p onclick=x()>Text <a href=https://exempel.se/ onclick=y>här</a>\
        <img src=https://evil.example/t.gif><script>alert(1)</script><style>*{}</style>\
        <form action=https://evil.example/><input name=a><button>b</button></form>\
        <iframe src=https://evil.example/></iframe><a href=javascript:alert(1)>z</a><a href=/login>l</a>\
        <td style='background:url(https://evil.example/)'>c</td><svg onload=x></svg><base href=//evil.example>\
        <meta http-equiv=refresh content=0>";
    let clean = html(sent);
    assert!(clean.contains("<h2>Hej</h2>"), "{clean}");
    assert!(clean.contains("href=\"https://exempel.se/\"") && clean.contains("target=\"_blank\""), "{clean}");
    for bad in [
        "onclick",
        "src=",
        "script",
        "style",
        "<form",
        "<input",
        "<button",
        "iframe",
        "evil",
        "svg",
        "<base",
        "<meta",
        "href=\"/login",
    ] {
        assert!(!clean.contains(bad), "{bad} in {clean}");
    }
}

#[test]
fn pictures_within_the_letter_are_shown_and_no_other() {
    let gif = "data:image/gif;base64,R0lGODlhAQABAAAAACw=";
    let sent = format!(
        "<p><img src=\"{gif}\" alt=\"Kommunens vapen\" width=40 height=40% onload=x srcset=//evil.example/a></p>\
         <img src=https://evil.example/t.gif alt=Karta><img src=//evil.example/u><img src=kuvert-picture:0>\
         <img src='data:image/svg+xml;base64,PHN2Zz4='><a href=kuvert-picture:0>a</a><a href='{gif}'>b</a>"
    );
    let clean = html(&sent);
    assert!(clean.contains(&format!("src=\"{gif}\"")), "{clean}");
    assert!(clean.contains("alt=\"Kommunens vapen\"") && clean.contains("width=\"40\""), "{clean}");
    assert!(clean.contains("alt=\"Karta\""), "what was left out is said: {clean}");
    assert_eq!((clean.matches("src=").count(), clean.matches("data:").count()), (1, 1), "{clean}");
    for bad in ["evil", "svg", "onload", "40%", "srcset", "kuvert-picture", "href"] {
        assert!(!clean.contains(bad), "{bad} in {clean}");
    }
}

#[test]
fn a_letter_of_megabytes_of_pictures_keeps_its_form() {
    use base64::{Engine, prelude::BASE64_STANDARD};
    let picture = BASE64_STANDARD.encode([&b"\xFF\xD8\xFF"[..], &vec![7; 900_000]].concat());
    let sent: String =
        (0..8).map(|n| format!("<h2>Bild {n}</h2><img src='data:image/jpeg;base64,{picture}'>")).collect();
    assert!(sent.len() > 9_000_000);
    let clean = html(&sent);
    assert_eq!((clean.matches("<h2>").count(), clean.matches("data:image/jpeg").count()), (8, 8));
    assert_eq!(height(&sent), 12);
    // What is judged and parsed is the letter without its pictures.
    assert!(pictures::apart(&sent).html.len() < 1_000);
    // The same picture asked for many times is no way to a long page.
    let many =
        format!("<img src='data:image/jpeg;base64,{picture}'>{}", "<img src=kuvert-picture:0>".repeat(3_000));
    assert!(html(&many).len() < 2_000_000);
}

#[test]
fn nothing_to_read_is_told_from_something() {
    let body = |media_type, content: &str| Body { media_type, content: content.into() };
    for empty in ["", " \n", "<p>&nbsp;</p><br>", "<html><body></body></html>"] {
        assert!(is_empty(&body(BodyType::Html, empty)), "{empty}");
    }
    assert!(is_empty(&body(BodyType::Plain, "\r\n ")));
    let picture = "<img src='data:image/gif;base64,R0lGODlhAQABAAAAACw='>";
    for full in ["Hej", "<p>Hej</p>", picture] {
        assert!(!is_empty(&body(BodyType::Html, full)), "{full}");
    }
    assert!(!is_empty(&body(BodyType::Plain, "<p>")));
}

#[test]
fn a_longer_letter_gets_a_taller_frame() {
    assert_eq!(height("<p>Hej</p>"), 1);
    assert!(height(&"<p>En rad till av brevet.</p>".repeat(40)) > 4);
    assert_eq!(height(&"<p>x</p>".repeat(10_000)), 12);
}
