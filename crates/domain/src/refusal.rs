//! The catalogue of refusals: one stable code for each, what it means and how to mend it.
//! `docs/errors.md` is generated from here.

use std::{borrow::Cow, fmt};

macro_rules! catalogue {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $status:literal, $title:literal, $mend:literal;)*) => {
        /// A stable code. Codes are added, never renamed or given another meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code { $($(#[$doc])* #[doc = $title] $name,)* }
        impl Code {
            /// Every code, in the order of the catalogue.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// As on the wire.
            pub const fn as_str(self) -> &'static str { match self { $(Self::$name => $code,)* } }

            /// The HTTP status it travels with.
            pub const fn status(self) -> u16 { match self { $(Self::$name => $status,)* } }

            /// What happened, in one line.
            pub const fn title(self) -> &'static str { match self { $(Self::$name => $title,)* } }

            /// What the caller can do about it.
            pub const fn mend(self) -> &'static str { match self { $(Self::$name => $mend,)* } }
        }
    };
}

catalogue! {
    // The request.
    MalformedRequest = "malformed_request", 400, "The request could not be read", "Compare the request with the API description.";
    NotFound = "not_found", 404, "There is nothing at this address", "Check the address against the API description.";
    MethodNotAllowed = "method_not_allowed", 405, "This address does not take that method", "The Allow header names the methods.";
    RequestTimeout = "request_timeout", 408, "The request did not arrive in time", "Send the same request again.";
    UnsupportedMediaType = "unsupported_media_type", 415, "The content type is not one this address reads", "Letters are multipart/form-data; queries are application/json.";
    RateLimited = "rate_limited", 429, "Too many requests", "Wait as long as Retry-After says, then send the same request again.";
    LookupsUsedUp = "lookups_used_up", 429, "The recipients that may be looked up in a day are used up", "Go on when Retry-After has passed, the next day; where that does not fit what you send, ask the operator for a larger quota (kuvert agency quota).";
    MultipartInvalid = "multipart_invalid", 400, "The multipart body could not be read", "Send the part letter first, then one part attachment for each entry of the manifest.";
    LetterPartMissing = "letter_part_missing", 400, "The first part is not the letter", "The first part is named letter and has the type application/jose+json.";
    LetterPartType = "letter_part_type", 415, "The letter part has another type than application/jose+json", "Send the letter as a flattened JWS with the type application/jose+json.";
    LetterTooLarge = "letter_too_large", 413, "The letter part is too large", "Keep the letter part within the limit that /v1/capabilities names; move content to attachments.";
    // The signature.
    JwsMalformed = "jws_malformed", 400, "The letter is not a flattened JWS", "Send exactly the members protected, payload and signature, in strict base64url.";
    JwsHeaderNotAllowed = "jws_header_not_allowed", 400, "The protected header has members that are not allowed, or lacks some", "Send exactly alg, typ and one or both of kid and x5t#S256, optionally iat; no unprotected header.";
    AlgorithmNotAllowed = "algorithm_not_allowed", 400, "The signature algorithm is not allowed, or does not fit the key", "Use EdDSA, Ed25519, ES256, ES384, PS256 or RS256 with a key of that type.";
    UnknownKey = "unknown_key", 403, "The signing key is not registered for this sender", "Register the certificate for the sender or for a dispatcher that the sender lists.";
    CertificateExpired = "certificate_expired", 403, "The signing certificate is outside its time of validity", "Sign with a valid certificate.";
    CertificateRevoked = "certificate_revoked", 403, "The signing certificate is revoked", "Sign with another certificate; the reason is with the operator.";
    SignatureInvalid = "signature_invalid", 403, "The signature does not fit the letter", "Sign the exact bytes that are sent; check with kuvert doctor.";
    // The delivery of Mina Meddelanden.
    XmlMalformed = "xml_malformed", 400, "The message is not well-formed XML in UTF-8", "Send SOAP 1.1 as text/xml in UTF-8.";
    XmlNotAllowed = "xml_not_allowed", 400, "The message has a document type, an entity, a processing instruction, too many parts, or a long text outside a Body", "Send plain elements and texts, as the WSDL describes them, and what is long in a Body.";
    OperationUnknown = "operation_unknown", 400, "This address has no such operation", "Compare the body's first element with the WSDL at ?wsdl.";
    DeliveryMalformed = "delivery_malformed", 400, "The message does not follow its schema", "Compare the element that detail names with the schema at ?wsdl.";
    BodyTypeNotAllowed = "body_type_not_allowed", 415, "The body is neither text/plain nor text/html in UTF-8", "Give one of the two as ContentType.";
    XmlSignatureNotAllowed = "xml_signature_not_allowed", 400, "An XML signature is missing, doubled, or not in the form asked for", "Sign once, enveloped, with one reference to the whole element, and send the certificate in X509Data.";
    XmlAlgorithmNotAllowed = "xml_algorithm_not_allowed", 400, "An XML signature uses an algorithm that is not taken", "Use rsa-sha256 with a SHA-256 digest and C14N; SHA-1 only where the operator lets the sender.";
    SealInvalid = "seal_invalid", 403, "The dispatcher's seal does not fit the delivery", "Seal what is sent, and change nothing afterwards; check with kuvert doctor.";
    CertificateUntrusted = "certificate_untrusted", 403, "A signing certificate is not issued by an authority that is trusted here", "Sign with an organisation certificate of a trusted authority and send the authorities between.";
    SignerNotAllowed = "signer_not_allowed", 403, "Who signed is neither the sender nor a dispatcher that the sender lists", "Sign with the sender's own certificate, or have the sender list the dispatcher.";
    SealerNotAllowed = "sealer_not_allowed", 403, "Who sealed is not who calls, or is no dispatcher of the sender", "Seal and connect with certificates of one organisation, which the sender lists as its dispatcher.";
    LinkNotAllowed = "link_not_allowed", 422, "A text for e-mail or SMS holds a link, or what is shown as one", "Leave out web and e-mail addresses and numbers that look like an IPv4 address, and put a space after each full stop; recipients are told that a notice never has a link.";
    PhoneNotAllowed = "phone_not_allowed", 422, "A text for e-mail or SMS holds a telephone number that costs extra or is of another country", "Give a number in Sweden without extra charge, or none.";
    ImitatesService = "imitates_service", 422, "A text for e-mail or SMS says in our way whom it is from", "Leave out via Kuvert, genom Kuvert, through Kuvert; who writes is put before the text here.";
    AnnouncementQuota = "announcement_quota", 429, "The sender has asked for as many recipients of announcements as it may in a day", "Go on tomorrow, or ask the operator for a larger quota; letters have none.";
    // The register of addresses.
    OperatorUnknown = "operator_unknown", 422, "There is no such mailbox operator", "Name an operator by its internet domain as it is registered.";
    AgreementInvalid = "agreement_invalid", 403, "A person's signature does not hold, or is over another request", "Sign the very request that is sent, with a valid certificate of the person.";
    AgreementUsed = "agreement_used", 409, "What the person signed has been used before", "Ask where the mailbox is; if it is not as wished, have the person sign again.";
    AgreementOlder = "agreement_older", 409, "Something was changed after the person signed", "Ask where the mailbox is; if it is not as wished, have the person sign again, with the time of day in Timestamp.";
    SignatoryNotAllowed = "signatory_not_allowed", 403, "Who signed or asks may not act for the recipient", "A person signs alone; a company's signatories sign for it.";
    AlreadyRegistered = "already_registered", 409, "The recipient has a mailbox already", "Ask where with isRegistered; change the supplier instead.";
    AccountUnknown = "account_unknown", 404, "The recipient has no mailbox at this operator", "Ask where with isRegistered.";
    RequestUnknown = "request_unknown", 404, "No such request waits for signatures", "It was fulfilled, taken back, or is older than 30 days.";
    // The caller.
    CertificateUnknown = "certificate_unknown", 403, "The connection's certificate is not registered for its organisation, or is no longer in force", "Have the operator register the certificate that you connect with (kuvert agency cert add; for a mailbox operator kuvert operator cert add), or connect with a registered one that has neither expired nor been revoked.";
    CallerNotAllowed = "caller_not_allowed", 403, "The caller may not act for this sender", "The sender must be the caller, or list the caller as its dispatcher.";
    SenderUnknown = "sender_unknown", 403, "The sender is not registered here", "Ask the operator to register the sender.";
    SenderSuspended = "sender_suspended", 403, "The sender is suspended", "Ask the operator.";
    // The letter.
    PayloadMalformed = "payload_malformed", 400, "The letter is not the JSON that the API describes", "Compare the payload with the API description; detail names the place.";
    UnknownMember = "unknown_member", 400, "The letter has a member that the API does not have", "Remove the member; GET /v1/capabilities lists those in force.";
    DuplicateMember = "duplicate_member", 400, "The letter has a member twice", "Write each member once.";
    FieldMissing = "field_missing", 400, "A required member is missing", "Add the member that detail names.";
    FieldInvalid = "field_invalid", 400, "A member has a value outside its form or length", "Mend the member that pointer names.";
    CharactersNotAllowed = "characters_not_allowed", 400, "Control or direction-changing characters in a subject or name", "Remove them; they could make the text read as something else.";
    FileNameNotAllowed = "file_name_not_allowed", 400, "A file name has / or \\ or begins with a dot", "Send the bare name of the file.";
    NotSupported = "not_supported", 422, "The member or value is reserved and not built yet", "Leave it out; GET /v1/capabilities lists those in force.";
    WrongAudience = "wrong_audience", 422, "The letter is addressed to another operator", "Leave audience out or give this operator's id.";
    BodyTooLarge = "body_too_large", 413, "The body is too large", "Keep the body within the limit that /v1/capabilities names.";
    IdentityInvalid = "identity_invalid", 400, "The recipient or sender is not an identity", "Give twelve digits: YYYYMMDDNNNN, or 16 and the ten digits of the organisation.";
    CheckDigitInvalid = "check_digit_invalid", 400, "The check digit of an identity does not agree", "Check the number for a slip of the pen.";
    // The recipient.
    RecipientUnknown = "recipient_unknown", 422, "The recipient has no mailbox here", "Reach the recipient another way; POST /v1/reachability asks before sending.";
    MailboxClosed = "mailbox_closed", 422, "The recipient has closed the mailbox", "Reach the recipient another way.";
    RecipientDeceased = "recipient_deceased", 422, "The recipient has died", "Write to the estate another way.";
    RecipientElsewhere = "recipient_elsewhere", 422, "The recipient's mailbox is at another operator", "Send the letter to that operator; the address register (FaR) says which it is.";
    SenderMustSign = "sender_must_sign", 422, "The recipient's mailbox is at another operator, and the sender does not list us as its dispatcher", "List this operator as the sender's dispatcher in the register (FaR), or send the letter, signed by the sender, to that operator.";
    RecipientUnderAge = "recipient_under_age", 422, "The recipient is under age", "Write to the guardian.";
    SenderDeclined = "sender_declined", 422, "The recipient has turned this sender off", "Reach the recipient another way.";
    // The attachments.
    TooManyAttachments = "too_many_attachments", 413, "There are more attachments than allowed", "Keep within the limit that /v1/capabilities names.";
    AttachmentTooLarge = "attachment_too_large", 413, "An attachment, or all of them together, are too large", "Keep within the limits that /v1/capabilities names.";
    AttachmentMissing = "attachment_missing", 400, "An attachment of the manifest was not sent", "Send one part attachment for each entry, in the order of the manifest.";
    AttachmentExtra = "attachment_extra", 400, "There are more parts than the manifest has entries", "Send one part attachment for each entry, in the order of the manifest.";
    AttachmentSizeMismatch = "attachment_size_mismatch", 400, "An attachment has another size than the manifest says", "Send the parts in the order of the manifest, whole and unchanged.";
    AttachmentChecksumMismatch = "attachment_checksum_mismatch", 400, "An attachment has another SHA-256 than the manifest says", "Send the parts in the order of the manifest, whole and unchanged.";
    AttachmentTypeNotAllowed = "attachment_type_not_allowed", 415, "The attachment's type is not allowed", "Send PDF, PNG, JPEG, plain text, CSV, XML or ICS.";
    AttachmentContentMismatch = "attachment_content_mismatch", 415, "The attachment's content is not of the type that the manifest says", "Give the type that the file really has.";
    PdfEncrypted = "pdf_encrypted", 422, "The PDF is encrypted", "Send the PDF without password or permissions.";
    PdfBroken = "pdf_broken", 422, "The PDF is broken or not whole", "Make the PDF again; it must begin with %PDF and end with startxref and %%EOF.";
    Infected = "infected", 422, "The scanner found malware in an attachment", "Clean the file and the system it came from.";
    ScannerUnavailable = "scanner_unavailable", 503, "The malware scanner does not answer", "Send the same request again later.";
    // What is already here.
    ReferenceConflict = "reference_conflict", 409, "This reference was used for another letter", "Use a new reference for a new letter; references never expire.";
    LetterNotFound = "letter_not_found", 404, "There is no such letter of this sender", "Check the id or reference; letters of others are not shown.";
    CursorInvalid = "cursor_invalid", 400, "The cursor is not one that this service gave", "Use the value of next from the last answer, or leave after out to start over.";
    CursorExpired = "cursor_expired", 410, "The cursor is older than what is kept", "Start over without after; events are kept 400 days.";
    CursorReset = "cursor_reset", 410, "The cursor was given before the feed was restored", "Start over without after: events that you have already have the same id. A letter of yours that the feed does not name is lost here; send it again with the same reference.";
    // The service.
    Overloaded = "overloaded", 503, "The service is busy", "Send the same request again after Retry-After.";
    Unavailable = "unavailable", 503, "The service cannot answer now", "Send the same request again; if it was a letter, the outcome is unknown until it is answered.";
    Internal = "internal", 500, "Something went wrong here", "Send the same request again; give the operator the problem's instance.";
}

/// A refusal: a code and, where it helps, which member and why. Holds nothing of what the letter says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub code: Code,
    /// One sentence about this case, without personal data.
    pub detail: Option<Cow<'static, str>>,
    /// RFC 6901 pointer into the payload, such as `/attachments/0/name`.
    pub pointer: Option<String>,
}

impl Refusal {
    /// A refusal that its code says all of.
    pub const fn new(code: Code) -> Self {
        Self { code, detail: None, pointer: None }
    }

    /// With a sentence about this case. Never a value from the letter.
    #[must_use]
    pub fn because(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// With the member concerned.
    #[must_use]
    pub fn at(mut self, pointer: impl Into<String>) -> Self {
        self.pointer = Some(pointer.into());
        self
    }
}

impl From<Code> for Refusal {
    fn from(code: Code) -> Self {
        Self::new(code)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.as_str())
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn codes_are_unique_and_snake_case() {
        let codes: HashSet<_> = Code::ALL.iter().map(|c| c.as_str()).collect();
        assert_eq!(codes.len(), Code::ALL.len());
        assert!(codes.iter().all(|c| c.chars().all(|c| c.is_ascii_lowercase() || c == '_')));
        assert!(Code::ALL.iter().all(|c| (400..600).contains(&c.status()) && !c.mend().is_empty()));
    }
}
