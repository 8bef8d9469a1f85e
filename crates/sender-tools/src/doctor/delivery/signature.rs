//! One of a delivery's two signatures: whether it holds and why not, its hash, and whether its certificate is trusted.

use super::{Known, UNSIGNED};
use crate::doctor::{Findings, sender::validity};
use delivery::{
    DeliveryError, Hash, SignatureError, Verified,
    explain::{Change, Hint, Judged},
    refusal,
};
use domain::{Code, OrgNumber};
use vault::Untrusted;

/// The sender's signature or the dispatcher's seal: how its steps are called.
pub(super) struct Signed {
    pub check: &'static str,
    hash: &'static str,
    issuer: &'static str,
    revoked: &'static str,
    root: &'static str,
    is_seal: bool,
}

pub(super) const SIGNATURE: Signed = Signed {
    check: "signature",
    hash: "hash",
    issuer: "issuer",
    revoked: "revocation",
    root: "SignedDelivery",
    is_seal: false,
};
pub(super) const SEAL: Signed = Signed {
    check: "seal",
    hash: "seal hash",
    issuer: "seal issuer",
    revoked: "seal revocation",
    root: "SealedDelivery",
    is_seal: true,
};

impl Signed {
    /// Answers whose key made it, also where the content was changed afterwards.
    pub fn examine(
        &self,
        findings: &mut Findings,
        judged: Option<Result<Judged, SignatureError>>,
        foreign: &[&str],
        other_holds: bool,
    ) -> Option<Verified> {
        let judged = match judged {
            None => {
                findings.unknown(self.check, format!("not judged: there is no {}", self.root));
                return None;
            }
            Some(Err(error)) => {
                findings.bad(self.check, self.code(error), self.form(error, foreign));
                return None;
            }
            Some(Ok(judged)) => judged,
        };
        let carried = judged.certificates.first().and_then(|certificate| certificate.organisation.as_ref());
        let whose = carried.map_or("no organisation".to_owned(), |number| number.to_string());
        match (&judged.content, &judged.value) {
            (Ok(()), Ok(_)) => {
                findings
                    .good(self.check, format!("holds over the {}, by a certificate of {whose}", self.root));
            }
            (Err(error @ SignatureError::Digest(_)), value) => {
                let says = match judged.hint {
                    Some(hint) => self.hint(hint),
                    None => self.no_hint(value.is_ok(), other_holds),
                };
                findings.bad(self.check, self.code(*error), format!("{error}. {says}"));
            }
            (Err(error), _) => findings.bad(self.check, self.code(*error), self.form(*error, foreign)),
            (Ok(()), Err(error @ SignatureError::Value(_))) => {
                let says = match judged.hint {
                    Some(hint) => self.hint(hint),
                    None => format!(
                        "The digest agrees, but the key of the certificate in it ({whose}) did not make SignatureValue: is the key \
                         another certificate's, or was SignedInfo changed? SignedInfo is signed without prefixes, too"
                    ),
                };
                findings.bad(self.check, self.code(*error), format!("{error}. {says}"));
            }
            (Ok(()), Err(error)) => findings.bad(self.check, self.code(*error), self.form(*error, foreign)),
        }
        judged.value.ok()
    }

    /// Hash, issuer and revocation.
    pub fn trust(
        &self,
        findings: &mut Findings,
        known: &Known,
        signed: Option<&Verified>,
        sender: Option<&OrgNumber>,
    ) {
        let Some(signed) = signed else {
            [self.hash, self.issuer, self.revoked]
                .into_iter()
                .for_each(|check| findings.unknown(check, UNSIGNED));
            return;
        };
        self.strength(findings, known, signed, sender);
        let trusted = known.authorities.as_ref().map(|authorities| {
            let (count, lists) = authorities.count();
            (authorities.trust(&signed.certificate, &signed.others, known.now), count, lists)
        });
        let valid = validity(&signed.certificate, known.now);
        match (&trusted, valid) {
            (_, Err(error)) => findings.bad(self.issuer, Code::CertificateExpired, format!("{error:#}")),
            (Some((Err(Untrusted::Expired), ..)), Ok(_)) => findings.bad(
                self.issuer,
                Code::CertificateExpired,
                "a certificate above it is outside its time of validity: send the authority's new one in X509Data",
            ),
            (Some((Err(why @ Untrusted::Usage), ..)), Ok(_)) => findings.bad(
                self.issuer,
                Code::CertificateUntrusted,
                format!("{why}: order one for digital signatures, RSA of 2048 bits or more"),
            ),
            (Some((Err(Untrusted::Issuer), count, _)), Ok(_)) => findings.bad(
                self.issuer,
                Code::CertificateUntrusted,
                format!(
                    "none of the {} that are trusted issued it, nor any of the {} certificates beside it: send authorities in \
                     between in X509Data, or order a certificate of a trusted authority",
                    count,
                    signed.others.len()
                ),
            ),
            (Some((Ok(()) | Err(Untrusted::Revoked | Untrusted::StaleList), ..)), Ok(until)) => {
                findings.good(self.issuer, format!("a trusted authority, valid {until}"));
            }
            (None, Ok(until)) => {
                findings.unknown(self.issuer, format!("valid {until}; whether its authority is trusted is not known without --authorities or --config"));
            }
        }
        self.revocation(findings, known, signed, trusted.map(|(verdict, _, lists)| (verdict, lists)));
    }

    fn revocation(
        &self,
        findings: &mut Findings,
        known: &Known,
        signed: &Verified,
        trusted: Option<(Result<(), Untrusted>, usize)>,
    ) {
        let sha256 = &signed.certificate.sha256;
        if known.registry.as_ref().is_some_and(|registry| registry.is_revoked(sha256)) {
            let says = "revoked in the operator's registry: sign with another certificate";
            return findings.bad(self.revoked, Code::CertificateRevoked, says);
        }
        match trusted {
            Some((Err(why @ Untrusted::Revoked), _)) => {
                findings.bad(
                    self.revoked,
                    Code::CertificateRevoked,
                    format!("{why}: sign with another certificate"),
                );
            }
            Some((Err(why @ Untrusted::StaleList), _)) => {
                findings.bad(self.revoked, Code::Unavailable, format!("{why}: it must be fetched anew"));
            }
            Some((Ok(()), lists)) if lists > 0 => {
                findings.good(self.revoked, format!("not revoked by any of {lists} lists"));
            }
            Some((Ok(()), _)) => findings.unknown(self.revoked, "not judged: there are no revocation lists"),
            Some((Err(_), _)) | None => {
                findings.unknown(self.revoked, "not judged: its authority is not known, or not trusted");
            }
        }
    }

    fn strength(
        &self,
        findings: &mut Findings,
        known: &Known,
        signed: &Verified,
        sender: Option<&OrgNumber>,
    ) {
        let lets = match (&known.registry, sender) {
            (Some(registry), Some(sender)) => registry.takes(sender, signed.hash),
            _ => signed.hash == Hash::Sha256,
        };
        match (signed.hash, lets) {
            (Hash::Sha256, _) => {
                findings.good(self.hash, "RSA with SHA-256");
            }
            (Hash::Sha1, true) => {
                findings.good(self.hash, "SHA-1, which the operator lets for this sender: have the client renewed");
            }
            (Hash::Sha1, false) => findings.bad(
                self.hash,
                Code::XmlAlgorithmNotAllowed,
                "SHA-1 is broken and not taken. Set SignatureMethod to http://www.w3.org/2001/04/xmldsig-more#rsa-sha256 and \
                 DigestMethod to http://www.w3.org/2001/04/xmlenc#sha256; until the client can, the operator may let it: kuvert agency \
                 sha1 NUMBER",
            ),
        }
    }

    /// What to mend where the signature is none that is judged.
    fn form(&self, error: SignatureError, foreign: &[&str]) -> String {
        let root = self.root;
        let mend = match error {
            SignatureError::Missing(_) => format!("Put ds:Signature into {root} as its last child"),
            SignatureError::Several(_) => format!("Leave one ds:Signature as a child of {root}"),
            SignatureError::Form(..) => "SignedInfo, SignatureValue and KeyInfo stand in this order, without other attributes than Id; \
                KeyInfo holds X509Data"
                .to_owned(),
            SignatureError::Algorithm(_) => {
                let plain = |name: &&&str| name.len() <= 120 && name.bytes().all(|b| b.is_ascii_graphic());
                let named: Vec<&str> = foreign.iter().filter(plain).copied().collect();
                let named = if named.is_empty() {
                    "The transforms are enveloped-signature and then at most a C14N, without parameters".to_owned()
                } else {
                    format!("It names {}", named.join(", "))
                };
                format!("{named}. Use rsa-sha256 and sha256 with exclusive C14N and the transform enveloped-signature")
            }
            SignatureError::Reference(_) => {
                format!("Use one Reference with URI=\"\", or with # and the Id of {root} itself, which nothing else bears")
            }
            SignatureError::Certificate(_) => {
                "Put the signer's RSA certificate into KeyInfo/X509Data/X509Certificate, DER in base64".to_owned()
            }
            SignatureError::Digest(_) | SignatureError::Value(_) => String::new(),
        };
        format!("{error}. {mend}")
    }

    fn hint(&self, hint: Hint) -> String {
        let what = match hint.change {
            Change::Indented => {
                "was indented after it was signed: write it without blanks between elements, or indent before signing"
            }
            Change::Base64Broken => {
                "got line breaks or blanks in base64 after it was signed: send the base64 as it was signed"
            }
            Change::Base64Joined => {
                "lost the line breaks in its base64 after it was signed: send the base64 as it was signed"
            }
            Change::LineEnds => {
                "had its line ends changed (CR LF, LF) after it was signed: use LF alone in texts"
            }
            Change::Prefixes => {
                "was signed with namespace prefixes: sign the form without any, each element in a default namespace"
            }
            Change::Renamed => {
                "was signed under the name deliverSecure: sign it as SealedDelivery of Message/v3, and rename it afterwards"
            }
            Change::WholeMessage => {
                "is not what was signed, the whole SOAP message was: sign the SealedDelivery as a document of its own"
            }
        };
        match hint.in_letter {
            true => format!(
                "The letter within {what}. The seal was made over another form of the letter than the one sent: seal and send the very letter that was signed"
            ),
            false => format!("The message {what}"),
        }
    }

    fn no_hint(&self, value_holds: bool, other_holds: bool) -> String {
        let form = format!(
            "If nothing was changed: sign {} as a document of its own, without prefixes, and put it into SOAP only afterwards",
            self.root
        );
        let what = match (self.is_seal, value_holds, other_holds) {
            (false, true, true) => {
                "It was changed between the sender's signature and the seal: look where the dispatcher takes it in"
            }
            (true, true, true) => {
                "The letter in it is as its sender signed it: it is the seal that was changed, or made over another form"
            }
            (_, true, false) => "An element or a text is another than the one that was signed",
            (_, false, _) => "Nor does SignatureValue verify: the whole signature is over something else",
        };
        format!("{what}. {form}")
    }

    fn code(&self, error: SignatureError) -> Code {
        let error = if self.is_seal { DeliveryError::Seal(error) } else { DeliveryError::Signature(error) };
        refusal(&error).code
    }
}
