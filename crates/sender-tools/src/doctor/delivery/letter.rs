//! What stands in a delivery: whether the letters in it can be taken, their attachments, and the recipient's number.

use super::{Known, UNREAD};
use crate::doctor::Findings;
use base64::{Engine, engine::general_purpose::STANDARD};
use delivery::{Delivery, Message, letter, letter::Addressed};
use domain::{
    Code, Identity, OrgNumber, Refusal, content,
    identity::IdentityError,
    letter::{AttachmentType, Limits},
};

pub(super) fn examine(findings: &mut Findings, known: &Known, delivery: Option<&Delivery>) {
    let Some(delivery) = delivery else {
        return ["letter", "attachments", "recipient"]
            .into_iter()
            .for_each(|check| findings.unknown(check, UNREAD));
    };
    let limits = Limits { body_bytes: known.most_bytes, ..known.limits.clone() };
    match all(delivery, |message| {
        take(delivery, &Message { attachments: Vec::new(), ..message.clone() }, &limits)
    }) {
        Ok(()) => {
            findings.good("letter", "id, subject, language, body and the rest can be taken");
        }
        Err(refusal) => findings.refused("letter", &refusal),
    }
    match all(delivery, |message| attached(delivery, message, &limits)) {
        Ok(()) => {
            findings.good("attachments", checksums(delivery));
        }
        Err(Refusal { code: code @ Code::AttachmentChecksumMismatch, pointer, .. }) => {
            let at = pointer.unwrap_or_default();
            let says = "is not the MD5 of the decoded bytes in 32 hexadecimal digits: was the file changed after it was summed?";
            findings.bad("attachments", code, format!("{at} {says}"));
        }
        Err(refusal) => findings.refused("attachments", &refusal),
    }
    match Identity::parse(&delivery.recipient_id) {
        Ok(_) => {
            findings.good("recipient", "the number is in its form; whether there is a mailbox is not asked");
        }
        Err(error) => {
            findings.bad("recipient", number_code(error), format!("Header/Recipient: {}", number(error)))
        }
    }
}

/// What a number lacks.
pub(super) fn number(error: IdentityError) -> &'static str {
    match error {
        IdentityError::Form => {
            "twelve digits are needed: YYYYMMDDNNNN of a person, or 16 and ten digits of an organisation"
        }
        IdentityError::CheckDigit => "the last digit does not fit the others",
    }
}

/// What the door answers to it.
pub(super) fn number_code(error: IdentityError) -> Code {
    match error {
        IdentityError::Form => Code::IdentityInvalid,
        IdentityError::CheckDigit => Code::CheckDigitInvalid,
    }
}

fn all(delivery: &Delivery, judge: impl Fn(&Message) -> Result<(), Refusal>) -> Result<(), Refusal> {
    let several = delivery.messages.len() > 1;
    delivery.messages.iter().enumerate().try_for_each(|(no, message)| {
        judge(message).map_err(|mut refusal| {
            let nth = format!("/Message[{}]", no + 1);
            refusal.pointer =
                refusal.pointer.map(|at| if several { at.replacen("/Message", &nth, 1) } else { at });
            refusal
        })
    })
}

/// As the door makes a letter of it. The two numbers are judged in steps of their own: any will do here.
fn take(delivery: &Delivery, message: &Message, limits: &Limits) -> Result<(), Refusal> {
    letter(delivery, message, limits).map(drop)
}

/// Those faults alone that are the attachments', by their names and by their content.
fn attached(delivery: &Delivery, message: &Message, limits: &Limits) -> Result<(), Refusal> {
    const AT: &str = "/Message/Attachment";
    let letter = match letter(delivery, message, limits) {
        Ok(letter) => letter,
        Err(refusal) if refusal.pointer.as_deref().is_some_and(|at| at.starts_with(AT)) => {
            return Err(refusal);
        }
        // Told by the letter's step; the attachments alone are judged.
        Err(_) => return Ok(()),
    };
    for (no, (file, entry)) in message.attachments.iter().zip(&letter.attachments).enumerate() {
        if let Err(code) = check(entry.media_type, &file.content) {
            // Seen in clients that encode what is encoded already.
            let inside = STANDARD.decode(file.content.trim_ascii()).ok();
            let twice = inside.is_some_and(|bytes| check(entry.media_type, &bytes).is_ok());
            let refusal = Refusal::new(code).at(format!("{AT}[{}]", no + 1));
            return Err(if twice {
                refusal.because("it is base64 twice over: encode it once")
            } else {
                refusal
            });
        }
    }
    Ok(())
}

fn check(media_type: AttachmentType, bytes: &[u8]) -> Result<(), Code> {
    let mut check = content::Check::of(media_type);
    check.update(bytes);
    check.finish()
}

fn letter(
    delivery: &Delivery,
    message: &Message,
    limits: &Limits,
) -> Result<domain::letter::Letter, Refusal> {
    let any = OrgNumber::parse(ANY).map_err(|_| Code::Internal)?;
    letter::letter(delivery, &Addressed { recipient: any.identity(), sender: any }, message, limits)
}

/// How many files there are, and which checksums nobody can compare.
fn checksums(delivery: &Delivery) -> String {
    let files: Vec<_> = delivery.messages.iter().flat_map(|message| &message.attachments).collect();
    let is_md5 = |text: &str| text.trim().len() == 32 && text.trim().bytes().all(|b| b.is_ascii_hexdigit());
    let others = files.iter().filter(|file| !is_md5(&file.checksum)).count();
    let note = match (files.len(), others) {
        (0, _) => return "none".to_owned(),
        (_, 0) => "their MD5 agree".to_owned(),
        (_, others) => {
            format!("{others} with a checksum that is no MD5 in 32 hexadecimal digits, which is let be")
        }
    };
    format!("{}, of types that are taken; {note}", files.len())
}

/// The number of an organisation that is nobody.
const ANY: &str = "164020000016";
