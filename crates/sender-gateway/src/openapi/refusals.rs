//! What an operation answers when it does not do what it was asked, one type for each status.

use super::words;
use std::collections::BTreeMap;
use utoipa::{
    IntoResponses, ToSchema,
    openapi::{ContentBuilder, Ref, RefOr, ResponseBuilder, response::Response},
};

/// As `edge` writes it.
#[derive(ToSchema)]
#[schema(description = "RFC 9457")]
#[allow(dead_code, reason = "described, and written by edge")]
pub struct Problem {
    /// A URI for the code
    r#type: String,
    /// What happened, in one line
    title: String,
    /// The HTTP status
    status: u16,
    #[schema(schema_with = words::code)]
    code: String,
    /// What was found, when there is more to say than the title
    #[schema(nullable = false)]
    detail: Option<String>,
    /// RFC 6901, into the letter or the question
    #[schema(nullable = false)]
    pointer: Option<String>,
    /// What to do about it
    mend: String,
}

macro_rules! refusals {
    ($($name:ident = $status:literal, $says:literal;)*) => {$(
        #[doc = $says]
        pub struct $name;

        impl IntoResponses for $name {
            fn responses() -> BTreeMap<String, RefOr<Response>> {
                let problem = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
                let response = ResponseBuilder::new().description($says).content("application/problem+json", problem);
                BTreeMap::from([($status.to_string(), response.build().into())])
            }
        }
    )*};
}

refusals! {
    Malformed = 400, "The request cannot be read, or the letter is not in its form";
    NotAllowed = 403, "The caller, the key or the signature is not accepted";
    NoSuchLetter = 404, "No such letter of this sender";
    OtherMethod = 405, "Another method";
    Late = 408, "The request did not arrive in time: send it again";
    Conflict = 409, "The reference was used for another letter";
    Expired = 410, "The cursor is older than what is kept, or was given before the feed was restored";
    TooLarge = 413, "Something is larger than the limits allow";
    WrongType = 415, "A type that is not taken";
    Undeliverable = 422, "The letter is in its form but cannot be delivered";
    TooMany = 429, "Too many requests: see Retry-After";
    Failed = 500, "Something went wrong here: the outcome is unknown, send the same request again";
    Unavailable = 503, "The service cannot answer now: the outcome is unknown, send the same request again";
}
