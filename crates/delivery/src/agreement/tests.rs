//! The example of docs/mina-meddelanden.md is one: all of it holds but that its authority is nobody's.

use super::*;
use domain::CivilDate;

const GUIDE: &str = include_str!("../../../../docs/mina-meddelanden.md");

fn example() -> &'static str {
    let (_, from) = GUIDE.split_once("```xml\n<Agreement").unwrap();
    let end = from.find("\n```").unwrap();
    let start = GUIDE.len() - from.len() - "<Agreement".len();
    &GUIDE[start..start + "<Agreement".len() + end]
}

/// What the register answers to a request of these words with that signature, on that day.
fn answered(asked: &Said, signature: &str, day: &str) -> Code {
    let another = testing::Authority::new().pem;
    let agreements = Agreements::Xml(Authorities::from_pem(&another).unwrap());
    let agreement = Agreement {
        id: asked.recipient.expose().to_owned(),
        act: ACTS.into_iter().find(|act| *act == asked.act).unwrap(),
        supplier: asked.supplier.clone(),
        date: None,
        accepted: asked.accepted.iter().cloned().collect(),
        text: asked.text.clone(),
    };
    let signature = SignatureData { signature: signature.into(), certificate: String::new() };
    let now = Time::parse(&format!("{day}T12:00:00.000Z")).unwrap();
    agreements.signer(&agreement, &signature, now).err().unwrap().code
}

#[test]
fn the_example_of_the_guide_is_good_but_for_its_authority() {
    let asked = said(example().as_bytes()).unwrap();
    assert_eq!((asked.act.as_str(), asked.supplier.as_str()), (REGISTER, "post.example.se"));
    let day = asked.date.to_string();
    assert_eq!(answered(&asked, example(), &day), Code::CertificateUntrusted);
    let document = crate::parse(example().as_bytes()).unwrap();
    let verified = crate::verify(document.root_element(), ROOT, "the example").unwrap();
    assert_eq!(verified.certificate.person, Some(asked.recipient.clone()), "the recipient signed it");
    // Everything else would have been told first.
    let other = Said { text: format!("{} ", asked.text), ..asked.clone() };
    assert_eq!(answered(&other, example(), &day), Code::AgreementInvalid);
    let altered = example().replace("Jag vill", "Jag  vill");
    assert_eq!(answered(&said(altered.as_bytes()).unwrap(), &altered, &day), Code::AgreementInvalid);
    let unindented = example().replacen("\n  <Id>", "<Id>", 1);
    assert_eq!(answered(&asked, &unindented, &day), Code::AgreementInvalid);
}

#[test]
fn an_agreement_is_good_for_thirty_days() {
    let asked = said(example().as_bytes()).unwrap();
    assert_eq!(asked.date, Signed::On(CivilDate::parse("2026-12-01").unwrap()));
    for (day, code) in [
        ("2026-11-30", Code::AgreementInvalid),
        ("2026-12-31", Code::CertificateUntrusted),
        ("2027-01-01", Code::AgreementInvalid),
    ] {
        assert_eq!(answered(&asked, example(), day), code, "{day}");
    }
    assert!(GUIDE.contains("30 days"));
}

#[test]
fn the_guide_tells_every_act() {
    let (_, table) = GUIDE.split_once("| `Act` |").unwrap();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let told: Vec<&str> = rows.map(|row| row.split('`').nth(1).unwrap()).collect();
    assert_eq!(told, ACTS);
}
