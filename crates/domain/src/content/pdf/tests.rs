use super::{
    ends::{TAIL_BYTES, find},
    *,
};
use proptest::prelude::*;

fn scan(bytes: &[u8]) -> Verdict {
    let mut scan = Scan::new();
    scan.update(bytes);
    scan.finish()
}

/// A small document: one stream of `data`, and `trailer_keys` beside the root.
fn document(data: &[u8], trailer_keys: &str) -> Vec<u8> {
    let mut out =
        b"%PDF-1.7\n%\xE2\xE3\xCF\xD3\n1 0 obj\n<< /Type /Catalog /Names << /Encrypt 3 >> >>\nendobj\n"
            .to_vec();
    out.extend_from_slice(format!("2 0 obj\n<< /Length {} >>\nstream\r\n", data.len()).as_bytes());
    out.extend_from_slice(data);
    out.extend_from_slice(
        b"\nendstream\nendobj\n3 0 obj (a \\( string) endobj\nxref\n0 1\n0000000000 65535 f \n",
    );
    out.extend_from_slice(
        format!("trailer\n<< /Size 3 /Root 1 0 R {trailer_keys} >>\nstartxref\n99\n%%EOF\n").as_bytes(),
    );
    out
}

fn with_xref_stream(keys: &str) -> Vec<u8> {
    let mut out = b"%PDF-1.5\n7 0 obj\n<</Type/XRef/W[1 2 1]/Root 1 0 R".to_vec();
    out.extend_from_slice(keys.as_bytes());
    out.extend_from_slice(b"/Length 3>>stream\n\x01\x02\x03\nendstream\nendobj\nstartxref\n9\n%%EOF");
    out
}

#[test]
fn a_whole_document_is_whole() {
    assert_eq!(scan(&document(b"BT (Hej) Tj ET", "")), Verdict::Whole);
    assert_eq!(scan(&with_xref_stream("")), Verdict::Whole);
}

#[test]
fn a_trailer_that_names_an_encryption_dictionary_is_encrypted() {
    for keys in
        ["/Encrypt 5 0 R", "/Encrypt<</Filter/Standard>>", "/ID[<00><00>]/Encrypt 5 0 R", "/#45ncrypt 5 0 R"]
    {
        assert_eq!(scan(&document(b"x", keys)), Verdict::Encrypted, "{keys}");
        assert_eq!(scan(&with_xref_stream(keys)), Verdict::Encrypted, "{keys}");
    }
}

#[test]
fn an_earlier_encrypted_trailer_counts_after_an_update_too() {
    let mut twice = document(b"x", "/Encrypt 5 0 R");
    twice.extend_from_slice(&document(&[b'y'; 5000], "")[9..]);
    assert_eq!(scan(&twice), Verdict::Encrypted);
}

#[test]
fn the_word_elsewhere_is_not_encryption() {
    for keys in
        ["/EncryptMetadata true", "/Info << /Encrypt 1 >>", "/X (/Encrypt 5 0 R)", "% /Encrypt 5 0 R\n"]
    {
        let verdict = scan(&with_xref_stream(keys));
        assert_eq!(verdict, Verdict::Whole, "{keys}");
    }
    let data = b"trailer << /Encrypt 5 0 R >> 9 0 obj << /Type /XRef /Encrypt 1 0 R >> stream\n";
    assert_eq!(scan(&document(&[&data[..], &[b'z'; 4000]].concat(), "")), Verdict::Whole);
}

#[test]
fn an_unclosed_string_does_not_hide_the_last_trailer() {
    for keys in ["/Encrypt 5 0 R", "/#45ncrypt 5 0 R"] {
        let broken = document(b"x", keys);
        let at = find(&broken, b"3 0 obj (").unwrap_or_default();
        let mut opened = broken[..at].to_vec();
        opened.extend_from_slice(b"3 0 obj ((((");
        opened.extend_from_slice(&broken[at..]);
        assert_eq!(scan(&opened), Verdict::Encrypted, "{keys}");
    }
}

#[test]
fn truncated_and_foreign_files_are_told_apart() {
    let whole = document(&[b'd'; 3000], "");
    for cut in [1, 10, 30, 100, 2500] {
        let verdict = scan(&whole[..whole.len() - cut]);
        assert_eq!(verdict, if cut == 1 { Verdict::Whole } else { Verdict::Broken }, "{cut}");
    }
    assert_eq!(scan(b"\x89PNG\r\n\x1a\n"), Verdict::NoPdf);
    assert_eq!(scan(b""), Verdict::NoPdf);
    assert_eq!(scan(&[&[b' '; 1020][..], &whole].concat()), Verdict::NoPdf);
    assert_eq!(scan(&[&[b' '; 1000][..], &whole].concat()), Verdict::Whole);
    assert_eq!(scan(&[&whole[..], &[0; 1000]].concat()), Verdict::Whole);
    assert_eq!(scan(&[&whole[..], &[0; 2048]].concat()), Verdict::Broken);
}

proptest! {
    #[test]
    fn pieces_do_not_change_the_verdict(
        data in proptest::collection::vec(any::<u8>(), 0..6000),
        cuts in proptest::collection::vec(0usize..7000, 0..20),
        encrypted in any::<bool>(),
    ) {
        let bytes = document(&data, if encrypted { "/Encrypt 5 0 R" } else { "" });
        let mut cuts: Vec<usize> = cuts.into_iter().map(|c| c.min(bytes.len())).collect();
        cuts.sort_unstable();
        let mut pieces = Scan::new();
        let mut from = 0;
        for cut in cuts {
            pieces.update(&bytes[from..cut]);
            from = cut;
        }
        pieces.update(&bytes[from..]);
        prop_assert_eq!(pieces.finish(), scan(&bytes));
    }

    #[test]
    fn stream_data_of_any_bytes_never_looks_encrypted(
        data in proptest::collection::vec(prop_oneof![
            any::<u8>().prop_map(|b| vec![b]),
            Just(b"/Encrypt ".to_vec()), Just(b"trailer".to_vec()), Just(b"<<".to_vec()), Just(b"endstrea".to_vec()),
            Just(b"(".to_vec()), Just(b"/XRef".to_vec()), Just(b"obj".to_vec()), Just(b"stream\n".to_vec()),
        ], 0..400),
    ) {
        let data = data.concat();
        prop_assume!(find(&data, ENDSTREAM).is_none());
        prop_assert_eq!(scan(&document(&[&data[..], &[b'z'; TAIL_BYTES]].concat(), "")), Verdict::Whole);
        prop_assert_eq!(scan(&document(&data, "/Encrypt 5 0 R")), Verdict::Encrypted);
    }

    #[test]
    fn any_bytes_at_all_are_survived(data in proptest::collection::vec(any::<u8>(), 0..5000)) {
        scan(&data);
        scan(&[&b"%PDF-1.4\n"[..], &data].concat());
    }
}
