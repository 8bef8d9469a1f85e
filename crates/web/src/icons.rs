//! Drawings, inline so that they take the colour of the text beside them. Each stands beside words, so none is read out.

macro_rules! icon {
    ($($(#[$doc:meta])* $name:ident: $path:literal;)*) => {
        $($(#[$doc])* pub const $name: &str = concat!(
            r#"<svg class="icon" viewBox="0 0 24 24" width="24" height="24" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">"#,
            $path, "</svg>");)*
    };
}

icon! {
    INBOX: r#"<path d="M4 5.5h16l1.2 9V18a1.8 1.8 0 0 1-1.8 1.8H4.6A1.8 1.8 0 0 1 2.8 18v-3.5z"/><path d="M2.8 14.5h5.4l1.3 2.4h5l1.3-2.4h5.4"/>"#;
    ARCHIVE: r#"<path d="M3.2 4.5h17.6v4.2H3.2z"/><path d="M4.6 8.7v9.1a1.7 1.7 0 0 0 1.7 1.7h11.4a1.7 1.7 0 0 0 1.7-1.7V8.7M9.6 12.6h4.8"/>"#;
    BIN: r#"<path d="M4 6.5h16M9.4 6.3V4.2h5.2v2.1M6 6.5l.9 12a1.6 1.6 0 0 0 1.6 1.5h7a1.6 1.6 0 0 0 1.6-1.5l.9-12M10.2 10.5v5.6M13.8 10.5v5.6"/>"#;
    SETTINGS: r#"<path d="M4 7.5h8.4M17 7.5h3M4 16.5h3M11.6 16.5H20"/><circle cx="14.6" cy="7.5" r="2.3"/><circle cx="9.3" cy="16.5" r="2.3"/>"#;
    SEARCH: r#"<circle cx="10.6" cy="10.6" r="6.2"/><path d="m15.3 15.3 5 5"/>"#;
    /// A tick in a circle.
    CHECK: r#"<circle cx="12" cy="12" r="9"/><path d="m8 12.3 2.8 2.8 5.4-5.8"/>"#;
    CLIP: r#"<path d="m19.5 11.6-7.4 7.3a4.7 4.7 0 0 1-6.7-6.6l7.6-7.5a3.1 3.1 0 0 1 4.4 4.4l-7.5 7.4a1.5 1.5 0 0 1-2.2-2.1l6.8-6.8"/>"#;
    BACK: r#"<path d="M14.5 5.5 8 12l6.5 6.5"/>"#;
    ON: r#"<path d="M9.5 5.5 16 12l-6.5 6.5"/>"#;
    FILE: r#"<path d="M6 3.5h8l4.5 4.5v12a.9.9 0 0 1-.9.9H6a.9.9 0 0 1-.9-.9V4.4A.9.9 0 0 1 6 3.5z"/><path d="M13.8 3.7v4.6h4.6M8.6 12.6h6.8M8.6 16.2h6.8"/>"#;
    EYE: r#"<path d="M2.6 12S6 5.8 12 5.8 21.4 12 21.4 12 18 18.2 12 18.2 2.6 12 2.6 12z"/><circle cx="12" cy="12" r="2.9"/>"#;
    /// An arrow down to a line.
    DOWNLOAD: r#"<path d="M12 4v11.2M7.4 10.9 12 15.4l4.6-4.5M4.6 19.6h14.8"/>"#;
    /// An arrow that turns back.
    RESTORE: r#"<path d="M8.6 5 4.4 9.2l4.2 4.2"/><path d="M4.8 9.2h9.4a5.2 5.2 0 0 1 0 10.4h-3"/>"#;
    /// An arrow that turns on.
    FORWARD: r#"<path d="m15.4 5 4.2 4.200-4.200 4.200"/><path d="M19.200 9.200H9.800a5.200 5.200 0 0 0 0 10.400h3"/>"#;
    SENDERS: r#"<path d="M3.6 9.3 12 4.2l8.4 5.1M5.6 9.8v7.6M10 9.8v7.6M14 9.8v7.6M18.4 9.8v7.6M3.6 19.8h16.8"/>"#;
    BELL: r#"<path d="M6 16.6V11a6 6 0 0 1 12 0v5.6l1.6 1.4H4.4zM10 20.4h4"/>"#;
    PEOPLE: r#"<circle cx="9" cy="8.4" r="3.3"/><path d="M2.8 19.6c.4-3.6 2.9-5.6 6.2-5.6s5.8 2 6.2 5.6M15.4 5.4a3.2 3.2 0 0 1 0 6M17.6 14.4c2.1.7 3.4 2.4 3.7 5.2"/>"#;
    PERSON: r#"<circle cx="12" cy="8" r="3.7"/><path d="M4.8 20c.5-4 3.4-6.1 7.2-6.1s6.7 2.1 7.2 6.1"/>"#;
    LOCK: r#"<path d="M5.5 10.6h13v9h-13zM8.2 10.4V8a3.8 3.8 0 0 1 7.6 0v2.4M12 14.2v2"/>"#;
    LETTER: r#"<path d="M3 6h18v12.4H3z"/><path d="m3.4 6.6 8.6 6.6 8.6-6.6"/>"#;
    PHONE: r#"<path d="M7.5 3.5h9v17h-9zM10.8 17.6h2.4"/>"#;
    GLOBE: r#"<circle cx="12" cy="12" r="9"/><path d="M3.2 12h17.6M12 3.2c2.5 2.4 3.7 5.3 3.7 8.8s-1.2 6.4-3.7 8.8c-2.5-2.4-3.7-5.3-3.7-8.8S9.500 5.600 12 3.200z"/>"#;
}

/// The sign of the house: an envelope with a seal of wax.
pub const MARK: &str = r#"<svg class="sign" viewBox="0 0 34 26" width="34" height="26" fill="none" aria-hidden="true" focusable="false"><rect x="1.5" y="1.5" width="31" height="23" rx="4" stroke="currentColor" stroke-width="2.6"/><path d="M3 4.500 17 15 31 4.500" stroke="currentColor" stroke-width="2.6" stroke-linejoin="round"/><circle class="wax" cx="17" cy="15.200" r="4.200"/></svg>"#;

/// A closed envelope with an unbroken seal.
pub const CLOSED: &str = r#"<svg class="drawing" viewBox="0 0 240 160" fill="none" aria-hidden="true" focusable="false"><rect class="shade" x="22" y="24" width="204" height="128" rx="10"/><rect class="paper" x="14" y="14" width="212" height="132" rx="9"/><path class="fold" d="M15.500 141 98 78M224.500 141 142 78"/><path class="flap" d="M15 20.500 111.500 95a14 14 0 0 0 17 0L225 20.500"/><circle class="wax" cx="120" cy="93" r="21"/><circle class="ring" cx="120" cy="93" r="15"/><path class="ring" d="M111.500 88h17v11h-17zM112 88.500l8 6 8-6"/></svg>"#;

/// An open envelope with a letter coming out of it.
pub const OPENED: &str = r#"<svg class="drawing" viewBox="0 0 320 270" fill="none" aria-hidden="true" focusable="false"><path class="back" d="M30 122 148 36a20 20 0 0 1 24 0l118 86v4H30z"/><rect class="shade" x="38" y="118" width="260" height="142" rx="10"/><path class="sheet-paper" d="M62 30a8 8 0 0 1 8-8h180a8 8 0 0 1 8 8v190H62z"/><circle class="crest" cx="92" cy="54" r="11"/><path class="ink" d="M116 49h56M116 60h34"/><path class="ink strong" d="M84 88h112"/><path class="ink" d="M84 106h152M84 120h152M84 134h120M84 152h152"/><path class="paper" d="M30 122l116.500 80a24 24 0 0 0 27 0L290 122v122a10 10 0 0 1-10 10H40a10 10 0 0 1-10-10z"/><path class="fold" d="M34 250l92-66M286 250l-92-66"/><circle class="wax" cx="232" cy="60" r="17"/><path class="ring" d="m224.500 60.500 5.200 5.200 10-10.600"/></svg>"#;
