//! Signatures that hold, by keys and certificates that must not.

use super::{
    Attack, By,
    forge::{Forge, Party, SEAL, authority, envelope, subject, x509},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use delivery::names::DSIG;
use rcgen::{BasicConstraints, IsCa, KeyPair, KeyUsagePurpose, date_time_ymd};

pub fn all(forge: &Forge) -> Vec<Attack> {
    let mut all = key_info(forge);
    all.extend(issued(forge));
    all.extend(others(forge));
    all
}

/// What stands in `KeyInfo`.
fn key_info(forge: &Forge) -> Vec<Attack> {
    let own = forge.cast.sender.base64();
    let other = forge.cast.other.base64();
    let elliptic = subject(&forge.cast.sender.number).self_signed(&KeyPair::generate().unwrap()).unwrap();
    let in_data = |inside: &str| format!("<KeyInfo><X509Data>{inside}</X509Data></KeyInfo>");
    let certificate = |der: &str| format!("<X509Certificate>{der}</X509Certificate>");
    let value =
        "<KeyValue><RSAKeyValue><Modulus>AQAB</Modulus><Exponent>AQAB</Exponent></RSAKeyValue></KeyValue>";
    let list = [
        ("no KeyInfo", String::new()),
        ("an empty KeyInfo", "<KeyInfo></KeyInfo>".into()),
        ("KeyValue alone", format!("<KeyInfo>{value}</KeyInfo>")),
        ("KeyName alone", "<KeyInfo><KeyName>164020000016</KeyName></KeyInfo>".into()),
        ("RetrievalMethod", format!("<KeyInfo><RetrievalMethod URI=\"http://example.se/a\" Type=\"{DSIG}X509Data\"></RetrievalMethod></KeyInfo>")),
        ("RetrievalMethod beside a certificate", x509(&own).replacen("<KeyInfo>", "<KeyInfo><RetrievalMethod URI=\"#x\"></RetrievalMethod>", 1)),
        ("X509Data without a certificate", in_data("<X509SubjectName>CN=a</X509SubjectName>")),
        ("another's certificate", x509(&other)),
        ("a certificate with an elliptic key", x509(&STANDARD.encode(elliptic.der()))),
        ("a certificate that is none", x509("AAAA")),
        ("a certificate cut short", x509(&STANDARD.encode(&forge.cast.sender.der[..200]))),
        ("a certificate that is no base64", x509("****")),
        ("seven certificates", in_data(&certificate(&own).repeat(7))),
        ("two KeyInfos", x509(&own).repeat(2)),
        ("KeyInfo of another namespace", x509(&own).replace("<KeyInfo>", "<KeyInfo xmlns=\"urn:w\">")),
        ("a revocation list", in_data(&(certificate(&own) + "<X509CRL>AAAA</X509CRL>"))),
        ("security token reference", "<KeyInfo><SecurityTokenReference xmlns=\"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd\"></SecurityTokenReference></KeyInfo>".into()),
    ];
    let attack = |(name, key_info): (&'static str, String)| {
        Attack::new("key info", name, By::Reader, forge.shaped(&forge.shape().key_info(key_info)))
    };
    list.into_iter().map(attack).collect()
}

/// The sender's own key, in certificates that do not hold.
fn issued(forge: &Forge) -> Vec<Attack> {
    let sender = &forge.cast.sender;
    let (stranger, stranger_ca) = authority("Kuvert Demo CA");
    let own_number = || subject(&sender.number);
    let self_signed = own_number().self_signed(&sender.pair()).unwrap().der().to_vec();
    let by_stranger = own_number().signed_by(&sender.pair(), &stranger).unwrap().der().to_vec();
    let intermediate = forge.issue(sender, |of| {
        of.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        of.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    });
    // An organisation that signs certificates with its own.
    let issuer = rcgen::Issuer::new(subject(&forge.cast.other.number), forge.cast.other.pair());
    let by_leaf = own_number().signed_by(&sender.pair(), &issuer).unwrap().der().to_vec();
    let list = [
        ("self-signed", vec![self_signed]),
        ("unknown authority of the same name", vec![by_stranger.clone()]),
        ("unknown authority, sent along", vec![by_stranger, stranger_ca]),
        ("issued by an organisation, sent along", vec![by_leaf, forge.cast.other.der.clone()]),
        ("expired", vec![forge.issue(sender, |of| of.not_after = date_time_ymd(2021, 1, 1))]),
        ("not valid yet", vec![forge.issue(sender, |of| of.not_before = date_time_ymd(2049, 1, 1))]),
        ("an authority's certificate as signer", vec![intermediate]),
        (
            "may not sign",
            vec![forge.issue(sender, |of| of.key_usages = vec![KeyUsagePurpose::KeyEncipherment])],
        ),
        (
            "of another organisation, with the sender's key",
            vec![forge.issue(sender, |of| {
                *of = subject(&forge.cast.other.number);
            })],
        ),
        ("revoked", vec![forge.cast.revoked[0].clone()]),
        ("revoked, with a good one beside", vec![forge.cast.revoked[0].clone(), sender.der.clone()]),
        ("without an organisation number", vec![forge.issue(sender, |of| *of = subject("ingen"))]),
    ];
    let attack = |(name, certificates): (&'static str, Vec<Vec<u8>>)| {
        let inside: String = certificates
            .iter()
            .map(|der| format!("<X509Certificate>{}</X509Certificate>", STANDARD.encode(der)))
            .collect();
        let shape = forge.shape().key_info(format!("<KeyInfo><X509Data>{inside}</X509Data></KeyInfo>"));
        Attack::new("certificate", name, By::House, forge.shaped(&shape))
    };
    list.into_iter().map(attack).collect()
}

/// Good certificates of those who may not.
fn others(forge: &Forge) -> Vec<Attack> {
    let mut all = Vec::new();
    let mut add = |name: &'static str, message: String| {
        all.push(Attack::new("certificate", name, By::House, message));
    };
    let other = &forge.cast.other;
    let dispatcher = &forge.cast.dispatcher;
    let by_other = Forge::shape_of(other);
    add(
        "signed by another sender",
        envelope(&forge.seal(&forge.sign_as(other, &by_other, &forge.good_letter()))),
    );
    // The sender's certificate first, for whoever reads the first and verifies with any.
    let both = forge.shape().key_info(format!(
        "<KeyInfo><X509Data><X509Certificate>{}</X509Certificate><X509Certificate>{}</X509Certificate></X509Data></KeyInfo>",
        forge.cast.sender.base64(),
        other.base64()
    ));
    add(
        "signed by another, the sender's certificate beside",
        envelope(&forge.seal(&forge.sign_as(other, &both, &forge.good_letter()))),
    );
    let signed = || forge.sign(&forge.shape(), &forge.good_letter()) + SEAL;
    add("sealed by another organisation", envelope(&forge.seal_as(other, &by_other, &signed())));
    let sender = &forge.cast.sender;
    add(
        "sealed by the sender, sent by the dispatcher",
        envelope(&forge.seal_as(sender, &forge.shape(), &signed())),
    );
    let stranger = subject(&dispatcher.number).self_signed(&dispatcher.pair()).unwrap().der().to_vec();
    let fake = Party::new(&dispatcher.number, &dispatcher.key, &stranger);
    add(
        "seal by a self-signed certificate",
        envelope(&forge.seal_as(&fake, &Forge::shape_of(&fake), &signed())),
    );
    let old = forge.issue(dispatcher, |of| of.not_after = date_time_ymd(2021, 1, 1));
    let old = Party::new(&dispatcher.number, &dispatcher.key, &old);
    add("seal by an expired certificate", envelope(&forge.seal_as(&old, &Forge::shape_of(&old), &signed())));
    let revoked = Party::new(&dispatcher.number, &dispatcher.key, &forge.cast.revoked[1]);
    add(
        "seal by a revoked certificate",
        envelope(&forge.seal_as(&revoked, &Forge::shape_of(&revoked), &signed())),
    );
    let unlisted = forge.issue(other, |of| *of = subject("165560000001"));
    let unlisted = Party::new("165560000001", &other.key, &unlisted);
    add(
        "signed by an organisation that is not registered",
        envelope(&forge.seal(&forge.sign_as(&unlisted, &Forge::shape_of(&unlisted), &forge.good_letter()))),
    );
    all
}
