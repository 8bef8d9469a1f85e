//! A `deliverSecure`, `deliverForward` or `notify` message from outside: whatever the bytes are, reading and verifying ends, and
//! what it takes is what was signed. The seeds are signed messages, so that mutations reach the verifier and the reader behind it.
#![no_main]

use delivery::{Forward, Notice, Sealed, canonical, document, parse, soap};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(sealed) = Sealed::from_envelope(bytes) {
        if let Ok(to) = delivery::letter::addressed(&sealed.delivery) {
            for message in &sealed.delivery.messages {
                let _ = delivery::letter::letter(&sealed.delivery, &to, message, &Default::default());
            }
        }
        // What was taken can be sealed anew, and is the same.
        delivery::signed_delivery(bytes).expect("read once, read again");
    }
    // What was taken before is read whether or not its signatures still hold: the reader meets what nobody signed.
    if let Ok((delivery, signer)) = delivery::read_again(bytes) {
        assert_eq!(signer.is_some(), Sealed::from_envelope(bytes).is_ok());
        if let Ok(to) = delivery::letter::addressed(&delivery) {
            for message in &delivery.messages {
                let _ = delivery::letter::letter(&delivery, &to, message, &Default::default());
            }
        }
    }
    // What is forwarded holds an original of which both signatures hold, and is kept so that it is read again.
    if let Ok(forward) = Forward::from_envelope(bytes) {
        let _ = (forward.covering.addressed(), forward.messages());
        let (delivery, signer) = delivery::read_again(forward.document.as_bytes()).expect("read once, read again");
        assert!(signer.is_some() && delivery == forward.original.delivery);
    }
    // What agencies announce is not signed: the bytes meet the reader at once.
    if let Ok(notice) = Notice::from_envelope(bytes) {
        let _ = (notice.announcer(), notice.announcement());
    }
    let Ok(document) = parse(bytes) else { return };
    // The line ends that are made before are those that the parser makes. Of a carriage return before a character by number
    // it makes none, against the standard.
    if !bytes.windows(2).any(|pair| pair == b"\r&")
        && let Ok(made) = document::line_ends(bytes)
    {
        let same = parse(&made).expect("no more than it was");
        assert_eq!(canonical::text(same.root_element(), None), canonical::text(document.root_element(), None));
    }
    // The operation that is found without parsing is the one that the parser finds.
    if let Ok(operation) = soap::body(&document) {
        assert_eq!(soap::operation(bytes), Some(operation.tag_name().name()));
    }
    // The canonical form is well-formed XML and its own canonical form.
    if let Ok(once) = canonical::text(document.root_element(), None) {
        let again = parse(once.as_bytes()).expect("a canonical form is XML within the same limits");
        assert_eq!(canonical::text(again.root_element(), None).as_deref(), Ok(once.as_str()));
    }
    // Signatures are also read where they stand alone, as FaR's agreements have them.
    let body = soap::body(&document).unwrap_or(document.root_element());
    for node in body.descendants().filter(|node| node.is_element()).take(16) {
        let tag = node.tag_name();
        let _ = delivery::verify(node, (tag.namespace().unwrap_or_default(), tag.name()), "it");
        let _ = document::text(node);
    }
});
