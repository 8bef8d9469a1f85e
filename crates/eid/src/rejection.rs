//! Every way in which an e-ID answer is no log-in. A closed list with stable codes, and never anything personal.

use serde::{Deserialize, Serialize};

macro_rules! rejections {
    ($($(#[doc = $doc:literal])* $name:ident = $code:literal, $sentence:literal;)*) => {
        /// Why there is no log-in. The code may be logged, counted and shown; it says nothing about the person.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
        pub enum Rejection {
            $($(#[doc = $doc])* #[serde(rename = $code)] #[error($sentence)] $name,)*
        }

        impl Rejection {
            /// All of them, for catalogues and tests.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }
        }
    };
}

rejections! {
    // What the browser brings back.
    StateMismatch = "state_mismatch", "the answer belongs to another log-in attempt";
    /// Neither a code nor an error, or a parameter twice.
    ResponseMalformed = "response_malformed", "the provider's answer has no readable form";
    /// RFC 9207: the mix-up attack.
    ResponseIssuer = "response_issuer", "the answer names another issuer, or none where one is promised";
    ProviderRefused = "provider_refused", "the provider answered with an error";

    // What the provider says of itself.
    ProviderUnreachable = "provider_unreachable", "the provider cannot be reached now";
    AnswerTooLarge = "answer_too_large", "the provider's answer is larger than any real one";
    DiscoveryMalformed = "discovery_malformed", "the provider's discovery document lacks what is needed";
    DiscoveryIssuer = "discovery_issuer", "the discovery document is another issuer's";
    EndpointInsecure = "endpoint_insecure", "the provider names an endpoint that is not https";
    KeysMalformed = "keys_malformed", "the provider's key set cannot be read";

    // The token endpoint.
    CodeRefused = "code_refused", "the provider does not take the code: used, too old, or another's";
    ClientRefused = "client_refused", "the provider does not know us by these credentials";
    TokenAnswerMalformed = "token_answer_malformed", "the token endpoint's answer lacks what is needed";

    // Any signed token: the ID token and the signed userinfo.
    OtherProvider = "other_provider", "the answer was given for another provider";
    TokenMalformed = "token_malformed", "the token is no compact JWS";
    /// `none`, `HS256` and all that are not pinned for this provider.
    AlgorithmRefused = "algorithm_refused", "the token's algorithm is not one pinned for this provider";
    /// `crit`, `b64`, `jwk`, `jku`, `x5u`, or another `typ`.
    HeaderRefused = "header_refused", "the token's header has what it must not have";
    KeyUnknown = "key_unknown", "no key of the provider fits the token";
    SignatureBad = "signature_bad", "the token's signature is not the provider's";
    ClaimsMalformed = "claims_malformed", "the token's claims cannot be read";
    ClaimsDuplicated = "claims_duplicated", "the token says something twice";

    // The ID token.
    IssuerWrong = "issuer_wrong", "the ID token is from another issuer";
    AudienceWrong = "audience_wrong", "the ID token is for another service";
    AuthorizedPartyWrong = "authorized_party_wrong", "the ID token is for several, and not asked for by us";
    Expired = "expired", "the ID token has expired";
    NotYetValid = "not_yet_valid", "the ID token is not valid yet";
    IssuedInFuture = "issued_in_future", "the ID token is issued in the future";
    NonceMissing = "nonce_missing", "the ID token carries no nonce";
    NonceMismatch = "nonce_mismatch", "the ID token answers another log-in attempt";
    AccessTokenHash = "access_token_hash", "the access token is not the one the ID token speaks of";
    AuthTimeMissing = "auth_time_missing", "the ID token does not say when the person was authenticated";
    AuthTimeOld = "auth_time_old", "the person was authenticated too long ago";
    AuthTimeInFuture = "auth_time_in_future", "the person was authenticated in the future";
    AssuranceMissing = "assurance_missing", "the ID token does not say its level of assurance";
    AssuranceLow = "assurance_low", "the level of assurance is not one we accept";
    SubjectMissing = "subject_missing", "the ID token has no usable subject";

    // Userinfo and the person.
    UserinfoRefused = "userinfo_refused", "the provider does not give out the person's attributes";
    UserinfoUnsigned = "userinfo_unsigned", "the person's attributes are not signed";
    UserinfoIssuer = "userinfo_issuer", "the person's attributes are from another issuer or for another service";
    UserinfoSubject = "userinfo_subject", "the attributes are another person's";
    UserinfoExpired = "userinfo_expired", "the person's attributes have expired";
    IdentityMissing = "identity_missing", "the provider gave no personal number";
    IdentityMalformed = "identity_malformed", "the personal number is none";
    IdentityConflict = "identity_conflict", "the provider gave two different personal numbers";
}

impl Rejection {
    /// Whether the same attempt may succeed a little later.
    pub fn is_transient(self) -> bool {
        self == Self::ProviderUnreachable
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_equal_to_the_serialised_form() {
        let codes: std::collections::BTreeSet<_> = Rejection::ALL.iter().map(|r| r.code()).collect();
        assert_eq!(codes.len(), Rejection::ALL.len());
        for rejection in Rejection::ALL {
            assert_eq!(serde_json::to_value(rejection).unwrap(), rejection.code());
        }
    }
}
