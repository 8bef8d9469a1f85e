use super::*;

fn fault(text: &str) -> XmlError {
    parse(text.as_bytes()).unwrap_err()
}

#[test]
fn what_could_grow_or_hide_is_refused() {
    assert_eq!(fault("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"), XmlError::DocumentType);
    assert_eq!(fault("<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>"), XmlError::DocumentType);
    assert_eq!(fault("<a>&b;</a>"), XmlError::DocumentType);
    assert_eq!(fault("<a><?b c?></a>"), XmlError::Instruction);
    assert_eq!(fault("<a>"), XmlError::Malformed);
    assert_eq!(fault("<a/><b/>"), XmlError::Malformed);
    assert_eq!(fault("<a b='1' b='2'/>"), XmlError::Malformed);
    assert_eq!(parse(b"<a>\xE5</a>").unwrap_err(), XmlError::Encoding);
}

#[test]
fn size_in_every_direction_is_bounded() {
    let nested = |depth: usize| "<a>".repeat(depth) + &"</a>".repeat(depth);
    assert!(parse(nested(DEPTH).as_bytes()).is_ok());
    assert_eq!(fault(&nested(DEPTH + 1)), XmlError::TooComplex);
    assert_eq!(fault(&nested(4_000)), XmlError::TooComplex);
    assert_eq!(fault(&format!("<a>{}</a>", "<b/>".repeat(20_000))), XmlError::TooComplex);
    let attributes = |count: usize| (0..count).map(|n| format!(" a{n}='>'")).collect::<String>();
    assert!(parse(format!("<a{}/>", attributes(ATTRIBUTES)).as_bytes()).is_ok());
    assert_eq!(fault(&format!("<a{}/>", attributes(ATTRIBUTES + 1))), XmlError::TooComplex);
    assert!(parse(format!("<a>{}</a>", format!("<b{}/>", attributes(40)).repeat(500)).as_bytes()).is_ok());
    assert_eq!(
        fault(&format!("<a>{}</a>", format!("<b{}/>", attributes(40)).repeat(501))),
        XmlError::TooComplex
    );
    let declared = (0..40).map(|n| format!(" xmlns:n{n}='u'")).collect::<String>();
    assert_eq!(fault(&format!("<a>{}</a>", format!("<b{declared}/>").repeat(20))), XmlError::TooComplex);
}

#[test]
fn what_costs_more_than_its_bytes_is_bounded() {
    let holds = |piece: &str, count: usize| {
        parse(format!("<Body>{}</Body>", piece.repeat(count)).as_bytes()).map(|_| ())
    };
    for (piece, most) in [("<![CDATA[a]]>", SECTIONS), ("&#13;", BREAKS), ("a\r\n", BREAKS)] {
        assert_eq!(holds(piece, most), Ok(()), "{piece}");
        let fault = if piece.starts_with('<') { XmlError::TooComplex } else { XmlError::Breaks };
        assert_eq!(holds(piece, most + 1), Err(fault), "{piece}");
    }
    let long = |bytes: usize| parse(format!("<a><!--{}--></a>", "x".repeat(bytes)).as_bytes()).map(|_| ());
    assert_eq!(long(MARKUP_BYTES - 100), Ok(()));
    assert_eq!(long(MARKUP_BYTES), Err(XmlError::TooComplex));
    assert_eq!(fault(&format!("<a b='{}'/>", "x".repeat(MARKUP_BYTES))), XmlError::TooComplex);
    assert_eq!(fault(&format!("<a {}/>", "\"".repeat(1000))), XmlError::TooComplex);
    assert_eq!(fault(&format!("<a {}/>", " ".repeat(MARKUP_BYTES))), XmlError::TooComplex);
    assert!(holds("&#x0000041;", 1).is_ok());
    assert_eq!(holds(&format!("&#{}65;", "0".repeat(REFERENCE_BYTES)), 1), Err(XmlError::Malformed));
    for none in ["&#x110000;", "&#xD800;", "&#1114112;", "&#+65;", "&#;", "&#x;", "&#65", "&a"] {
        assert_eq!(holds(none, 1), Err(XmlError::Malformed), "{none}");
        assert_eq!(fault(&format!("<a b='{none}'/>")), XmlError::Malformed, "{none}");
    }
    assert!(holds("<![CDATA[ & no reference ]]><!-- & neither -->", 1).is_ok());
    assert_eq!(fault(&format!("<?xml version='1.0'{}?><a/>", " ".repeat(300))), XmlError::Malformed);
    assert_eq!(fault("<?xml version='1.0'?><?b?><a/>"), XmlError::Instruction);
}

#[test]
fn a_text_is_long_in_a_body_alone() {
    let long = "x".repeat(TEXT_BYTES + 1);
    for good in [
        format!("<Body>{long}</Body>"),
        format!("<m:Body\nxmlns:m='u'>{long}</m:Body>"),
        format!("<Body><!-- -->{long}<![CDATA[{long}]]></Body>"),
        format!("<a>{}</a>", &long[1..]),
    ] {
        assert!(parse(good.as_bytes()).is_ok(), "{}", &good[..30]);
    }
    for bad in [
        format!("<a>{long}</a>"),
        format!("<Body><a>{long}</a></Body>"),
        format!("<a><Body></Body>{long}</a>"),
        format!("<BodyBody>{long}</BodyBody>"),
        format!("<a><![CDATA[{long}]]></a>"),
    ] {
        assert_eq!(fault(&bad), XmlError::TooLong, "{}", &bad[..30]);
    }
    assert_eq!(fault(&(" ".repeat(TEXT_BYTES + 1) + "<a/>")), XmlError::TooLong);
    assert_eq!(fault(&("<a/>".to_owned() + &" ".repeat(TEXT_BYTES + 1))), XmlError::TooLong);
}

#[test]
fn base64_in_lines_is_read_however_they_end() {
    for (end, count) in
        [("\n", 150_000), ("\r\n", 150_000), ("&#13;\n", 29_000), ("&#xD;\n", 29_000), ("&#13;&#10;", 28_000)]
    {
        let lines = format!("{}{end}", "QUJD".repeat(16)).repeat(count);
        let message = format!("<m:Body xmlns:m='u'>{lines}</m:Body>");
        let message = line_ends(message.as_bytes()).unwrap();
        let document = parse(&message).unwrap_or_else(|error| panic!("{end}: {error}"));
        let breaks = if end == "\n" || end == "\r\n" { 1 } else { 2 };
        assert_eq!(text(document.root_element()).unwrap().len(), count * (64 + breaks), "{end}");
    }
}

#[test]
fn a_text_with_a_character_by_number_is_shorter() {
    let plain = |bytes: usize| "A".repeat(bytes);
    let read = |inside: &str| parse(format!("<a>{inside}</a>").as_bytes()).map(|_| ());
    let most = REFERRING_BYTES;
    assert_eq!(read(&format!("<Body>{}&#13;</Body>", plain(most - 5))), Ok(()));
    for more in [
        format!("<Body>{}&#13;</Body>", plain(most - 4)),
        format!("<Body>&lt;{}</Body>", plain(most)),
        // What only parts a text, parts it for nobody.
        format!("<Body>&#13;<!-- -->{}</Body>", plain(most)),
        format!("<Body>{}<!-- -->&#13;</Body>", plain(most)),
        format!("<Body>{}<![CDATA[A]]>&#13;</Body>", plain(most)),
        format!("<Body>&#13;<![CDATA[{}]]></Body>", plain(most)),
        format!("<Body>{0}&#13;</Body><Body>&#13;{0}</Body>", plain(most / 2)),
    ] {
        assert_eq!(read(&more), Err(XmlError::Breaks), "{}", &more[..20]);
    }
    let apart = format!("<Body>{0}</Body>&#13;<Body>{0}</Body><b c='&#13;'/>", plain(most));
    assert_eq!(read(&apart), Ok(()), "other texts may be long");
}

#[test]
fn line_ends_are_those_that_the_parser_makes() {
    let made = |text: &str| String::from_utf8(line_ends(text.as_bytes()).unwrap().into_owned()).unwrap();
    for (text, wanted) in [
        ("a\nb", "a\nb"),
        ("a\r\nb\rc\r\r\n\n", "a\nb\nc\n\n\n"),
        ("\r", "\n"),
        ("\r\n", "\n"),
        ("\n\r", "\n\n"),
        ("&#13;\r\n", "&#13;\n"),
    ] {
        assert_eq!(made(text), wanted, "{text:?}");
    }
    assert!(matches!(line_ends(b"a\nb"), Ok(Cow::Borrowed(_))), "nothing is copied for nothing");
    assert!(line_ends("\r".repeat(BREAKS).as_bytes()).is_ok());
    assert_eq!(line_ends("\r".repeat(BREAKS + 1).as_bytes()), Err(XmlError::Breaks));
    // In texts, attributes, tags and CDATA, with a carriage return by number before and behind.
    let form = |bytes: &[u8]| crate::canonical::text(parse(bytes).unwrap().root_element(), None).unwrap();
    for end in ["\r\n", "\r", "\n", "\r\r\n", "\r\n\r"] {
        let message =
            "<a|b='|x|&#13;|y&#10;|'|>|y&#13;|z&#xD;<![CDATA[|z|]]><!--|-->|</a|>|".replace('|', end);
        assert_eq!(form(made(&message).as_bytes()), form(message.as_bytes()), "{end:?}");
    }
    // One directly before a character by number the parser lets be; by the standard it is a line feed as elsewhere.
    assert_eq!(form(made("<a>\r&#13;\r\n&#13;</a>").as_bytes()), "<a>\n&#xD;\n&#xD;</a>");
}

#[test]
fn a_message_in_another_encoding_or_version_is_refused() {
    for good in
        ["<?xml version=\"1.0\"?><a/>", "<?xml version = '1.0' encoding = 'utf-8' standalone='no'?>\n<a/>"]
    {
        assert!(parse(good.as_bytes()).is_ok(), "{good}");
    }
    assert_eq!(fault("<?xml version='1.0' encoding='ISO-8859-1'?><a/>"), XmlError::Encoding);
    assert_eq!(fault("\u{FEFF}<?xml version='1.0' encoding=\"utf-16\"?><a/>"), XmlError::Encoding);
    assert_eq!(fault("<?xml version='1.1'?><a/>"), XmlError::Malformed);
}

#[test]
fn text_is_whole_whatever_parts_it() {
    let document = parse(b"<a>16<!-- not the end -->40<![CDATA[20]]>&#48;</a>").unwrap();
    assert_eq!(text(document.root_element()).unwrap(), "1640200");
    let mixed = parse(b"<a>1<b/>2</a>").unwrap();
    assert!(text(mixed.root_element()).is_none());
    assert!(elements(mixed.root_element()).is_none());
}
