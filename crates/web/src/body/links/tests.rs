use super::super::html;

fn link(href: &str, text: &str) -> String {
    html(&format!("<p><a href=\"{href}\">{text}</a></p>"))
}

/// As it is shown when it is a link.
fn a(href: &str, inside: &str) -> String {
    format!("<a href=\"{href}\" target=\"_blank\" rel=\"noopener noreferrer nofollow\">{inside}</a>")
}

#[test]
fn the_host_stands_beside_a_link_s_text() {
    let to = "https://evil.example/x?y=1";
    for text in [
        "Logga in här",
        "Läs mer, t.ex. om bidrag, m.fl.",
        "beslut.pdf",
        "1.2 Bilaga",
        "Kl. 10.30",
        "p.g.a. detta",
    ] {
        assert_eq!(link(to, text), format!("<p>{} <bdi>(evil.example)</bdi></p>", a(to, text)));
    }
    let with_port = "https://exempel.se:8443/";
    assert!(link(with_port, "Här").ends_with(" <bdi>(exempel.se:8443)</bdi></p>"));
    // The place itself, or where the text's place is within.
    for (href, text, beside) in [
        ("https://exempel.se/a", "https://exempel.se/a", ""),
        ("https://exempel.se/a", "exempel.se", ""),
        ("https://exempel.se/a", "HTTPS://Exempel.SE", ""),
        ("https://exempel.se/a", "https://exem\u{ad}pel.se/a", ""),
        ("https://www.exempel.se/a", "exempel.se", " <bdi>(www.exempel.se)</bdi>"),
        ("https://exempel.se/a", "www.exempel.se", " <bdi>(exempel.se)</bdi>"),
        ("https://mina.exempel.se/a", "Logga in på exempel.se", " <bdi>(mina.exempel.se)</bdi>"),
        ("https://exempel.se/a", "kontakt@exempel.se", " <bdi>(exempel.se)</bdi>"),
    ] {
        assert_eq!(link(href, text), format!("<p>{}{beside}</p>", a(href, text)), "{href} {text}");
    }
}

#[test]
fn a_text_that_names_another_place_is_no_link_and_says_where_it_led() {
    for text in [
        "https://www.skatteverket.se/logga-in",
        "http://skatteverket.se",
        "https:\\\\skatteverket.se",
        "hxxps://skatteverket.se",
        "www.skatteverket.se",
        "WWW.Skatteverket.SE",
        "skatteverket.se",
        "Logga in på skatteverket.se nu",
        "(skatteverket.se)",
        "skatteverket.se:443",
        "skatteverket.se/evil.example",
        "evil.example.skatteverket.se",
        "kontakt@skatteverket.se",
        "skatte<b>verket</b>.se",
        "skatteverket<span>.</span>se",
        "Läs på<br>skatteverket.se",
        "skatteverket\u{2024}se",
        "skatteverket\u{3002}se",
        "skatteverket\u{ff0e}se",
        "skatteverket&#xfe52;se",
        "skatteverket . se",
        "skatteverket .se",
        "skatteverket[.]se",
        "skatteverket(.)se",
        "skatte\u{200b}verket.se",
        "skatteverket\u{ad}.se",
        "skatteverket.s\u{2060}e",
        "ѕkattevеrket.ѕе",
        "skatteverket.ѕе",
        "ｓｋａｔｔｅｖｅｒｋｅｔ.se",
        "https://skatteverket.se@evil.example/",
        "https://skatteverket.se\u{2044}@evil.example/",
        "https://skatteverket.se\u{ff0f}evil.example",
        "https://skatteverket.se",
        "https：//skatteverket.se",
        "192.0.2.7",
        "https://[::1]/",
        "https://evil.example och skatteverket.se",
        "\u{202e}es.tekrevettaks",
        "\u{202d}här",
        "<img src='data:image/gif;base64,R0lGODlhAQABAAAAACw=' alt='skatteverket.se'>",
    ] {
        let shown = link("https://evil.example/", text);
        assert!(!shown.contains("href"), "{text} -> {shown}");
        assert!(shown.contains("<bdi>(evil.example)</bdi>"), "{text} -> {shown}");
    }
    // The other way about: another's name within the host of the link.
    let shown = link("https://skatteverket.se.evil.example/", "skatteverket.se");
    assert!(!shown.contains("href") && shown.contains("(skatteverket.se.evil.example)"), "{shown}");
    let shown = link("https://evilskatteverket.se/", "skatteverket.se");
    assert!(!shown.contains("href") && shown.contains("(evilskatteverket.se)"), "{shown}");
}

#[test]
fn what_plain_text_makes_no_link_of_is_none_here() {
    for (href, beside) in [
        ("https://skatteverket.se@evil.example/", "(evil.example)"),
        ("https://skatteverket.se:x@evil.example/", "(evil.example)"),
        ("https://skatteverket.se%2f@evil.example/", "(evil.example)"),
        ("https://xn--exempl-dua.se/", "(xn--exempl-dua.se)"),
        ("https://еxempel.se/", "(xn--xempel-2of.se)"),
        ("https://räddning.example/", "(xn--rddning-5wa.example)"),
        ("https://ｅvil.example/", "(evil.example)"),
        ("https://%65vil.example/", "(evil.example)"),
        ("https://evil\u{3002}example/", "(evil.example)"),
        ("https:\\\\evil.example/", "(evil.example)"),
        ("https:evil.example/", "(evil.example)"),
        ("https:///evil.example/", "(evil.example)"),
        ("https://ev&#9;il.example/", "(evil.example)"),
        ("https://exempel.se\\@evil.example/", "(exempel.se)"),
        ("https://localhost/", "(localhost)"),
        ("https://[::1]/", "([::1])"),
        ("https://3221226219/", "(192.0.2.235)"),
    ] {
        let shown = link(href, "Här");
        assert!(!shown.contains("<a"), "{href} -> {shown}");
        assert!(shown.contains(beside), "{href} -> {shown}");
    }
    for href in [
        "javascript:alert(1)",
        "http://exempel.se/",
        "/login",
        "//evil.example",
        "data:text/html,x",
        "https://",
        "ftp://exempel.se/",
    ] {
        assert_eq!(link(href, "Här"), "<p>Här</p>", "{href}");
    }
}

#[test]
fn titles_do_not_say_another_place() {
    let shown = html(
        "<a href=https://exempel.se/ title=https://skatteverket.se>a</a><span title=skatteverket.se>b</span>\
         <abbr title=www.skatteverket.se>c</abbr><abbr title='med flera'>m.fl.</abbr>\
         <p title=skatteverket.se><a href=https://exempel.se/><b title=skatteverket.se>d</b></a></p>",
    );
    assert!(!shown.contains("skatteverket"), "{shown}");
    assert_eq!(shown.matches("title=").count(), 1, "{shown}");
    assert!(shown.contains("<abbr title=\"med flera\">"), "{shown}");
}

#[test]
fn mail_and_telephone_lead_where_they_say_too() {
    for (href, text, shown) in [
        ("mailto:a@exempel.se", "a@exempel.se", a("mailto:a@exempel.se", "a@exempel.se")),
        (
            "mailto:a@exempel.se",
            "Skriv",
            format!("{} <bdi>(a@exempel.se)</bdi>", a("mailto:a@exempel.se", "Skriv")),
        ),
        (
            "mailto:a@exempel.se?bcc=b@evil.example&amp;body=x",
            "a@exempel.se",
            a("mailto:a@exempel.se", "a@exempel.se"),
        ),
        ("mailto:b@evil.example", "a@exempel.se", "a@exempel.se <bdi>(b@evil.example)</bdi>".to_owned()),
        (
            "mailto:b@evil.example",
            "Skriv till exempel.se",
            "Skriv till exempel.se <bdi>(b@evil.example)</bdi>".to_owned(),
        ),
        (
            "mailto:a@exempel.se,b@evil.example",
            "Skriv",
            "Skriv <bdi>(a@exempel.se,b@evil.example)</bdi>".to_owned(),
        ),
        ("tel:0771567567", "0771-567 567", a("tel:0771567567", "0771-567 567")),
        ("tel:+46771567567", "0771-567 567", a("tel:+46771567567", "0771-567 567")),
        (
            "tel:0771567567",
            "Ring oss",
            format!("{} <bdi>(0771567567)</bdi>", a("tel:0771567567", "Ring oss")),
        ),
        ("tel:09391234567", "Ring 0771-567 567", "Ring 0771-567 567 <bdi>(09391234567)</bdi>".to_owned()),
        ("tel:*21*0701234567%23", "Ring oss", "Ring oss".to_owned()),
    ] {
        assert_eq!(link(href, text), format!("<p>{shown}</p>"), "{href} {text}");
    }
}

#[test]
fn pictures_and_links_within_links_are_held_to_it_too() {
    let picture = "<img src='data:image/gif;base64,R0lGODlhAQABAAAAACw=' alt=''>";
    assert!(link("https://evil.example/", picture).ends_with("</a> <bdi>(evil.example)</bdi></p>"));
    assert_eq!(link("https://evil.example/", " "), "<p> </p>");
    let nested = html(
        "<a href=https://a.example/>ett<table><tr><td><a href=https://b.example/>skatteverket.se</a></table></a>",
    );
    assert!(!nested.contains("b.example\""), "{nested}");
    assert!(nested.contains("(b.example)"), "{nested}");
    // What looks like the end of a tag stands in a value.
    let clean = "<a href=\"https://exempel.se/?q=><a>&quot;</a>\" rel=\"x\">Här</a> och mer";
    let shown = super::truthful(clean);
    assert!(shown.ends_with(">Här</a> <bdi>(exempel.se)</bdi> och mer"), "{shown}");
    assert_eq!(shown.matches("href=").count(), 1, "{shown}");
}
