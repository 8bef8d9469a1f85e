//! What a sender writes, as the description has it. `domain` reads it, without these types: it refuses and explains more than
//! a shape can say. The tests hold the two against each other.

use super::{examples, words};
use serde::Deserialize;
use serde_json::Value;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        ArrayBuilder, KnownFormat, Object, ObjectBuilder, RefOr, SchemaFormat, Type,
        extensions::Extensions,
        schema::{Schema, SchemaType},
    },
};

/// A letter and its files, as parts
#[derive(ToSchema)]
#[allow(dead_code, reason = "described, and read as a stream")]
pub struct Submission {
    #[schema(schema_with = letter_part)]
    letter: Vec<u8>,
    #[schema(schema_with = attachment_parts)]
    attachment: Option<Vec<Vec<u8>>>,
}

/// As a file with a type of its own: generated clients send an object in a part as `application/json`, which is not taken.
fn letter_part() -> Object {
    let jws = Value::from_iter([("$ref", "#/components/schemas/FlattenedJws")]);
    binary("application/jose+json")
        .description(Some(
            "The signed letter, a FlattenedJws as a file with the type `application/jose+json`",
        ))
        .extensions(Some(Extensions::from_iter([("contentSchema", jws)])))
        .build()
}

fn attachment_parts() -> Schema {
    ArrayBuilder::new()
        .items(binary("application/octet-stream"))
        .max_items(Some(most_attachments()))
        .description(Some("The files, one part each, in the manifest's order"))
        .into()
}

/// `format` for the generators, `contentMediaType` for those who read JSON Schema.
fn binary(media_type: &str) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary)))
        .content_media_type(media_type)
}

fn most_attachments() -> usize {
    domain::letter::Limits::default().attachments
}

/// The letter part.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(
    description = "RFC 7515 §7.2.2, flattened. The protected header has exactly `alg` (EdDSA, Ed25519, ES256, ES384, PS256 or \
        RS256), `typ` (`kuvert-letter`), one or both of `x5t#S256` and `kid` (RFC 7638 thumbprint), and optionally `iat`. No \
        unprotected header. Strict base64url. The payload is a Letter.",
    examples(examples::jws)
)]
#[allow(dead_code, reason = "described, and read by vault")]
pub struct FlattenedJws {
    /// The protected header's JSON
    #[schema(content_encoding = "base64url", pattern = "^[A-Za-z0-9_-]+$")]
    protected: String,
    #[schema(schema_with = payload)]
    payload: String,
    /// Over `protected`, a dot and `payload` as they stand here
    #[schema(content_encoding = "base64url", pattern = "^[A-Za-z0-9_-]+$")]
    signature: String,
}

fn payload() -> Object {
    let letter = Value::from_iter([("$ref", "#/components/schemas/Letter")]);
    ObjectBuilder::new()
        .schema_type(Type::String)
        .content_encoding("base64url")
        .content_media_type("application/json")
        .pattern(Some("^[A-Za-z0-9_-]+$"))
        .description(Some("The Letter's JSON"))
        .extensions(Some(Extensions::from_iter([("contentSchema", letter)])))
        .build()
}

/// The payload.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(
    description = "Unknown and duplicate members are refused. null is absent for optional members. Lengths are in Unicode \
        scalar values.",
    examples(examples::letter, examples::letter_with_attachment)
)]
#[allow(dead_code, reason = "described, and read by domain")]
pub struct Letter {
    /// The sender's own id, unique for the sender, for ever
    #[schema(min_length = 1, max_length = 128)]
    reference: String,
    #[schema(value_type = words::OrganisationNumber)]
    sender: String,
    /// YYYYMMDDNNNN, or 16 and ten digits
    #[schema(pattern = "^[0-9]{12}$")]
    recipient: String,
    /// One line without control or direction-changing characters
    #[schema(min_length = 1, max_length = 255)]
    subject: String,
    /// BCP 47
    #[schema(examples("sv", "en"))]
    language: String,
    #[schema(schema_with = body)]
    body: Body,
    #[schema(schema_with = manifest)]
    attachments: Option<Vec<Attachment>>,
    #[schema(schema_with = support)]
    support: Option<Support>,
    #[schema(schema_with = matter)]
    matter: Option<Matter>,
    #[schema(schema_with = words::kind)]
    kind: Option<String>,
    /// The last day to answer, in Europe/Stockholm
    #[schema(format = Date)]
    reply_by: Option<String>,
    /// The recipient sees the letter and is told of it from then; at most a year ahead
    #[schema(format = DateTime)]
    visible_from: Option<String>,
    #[schema(schema_with = words::reply)]
    reply: Option<String>,
    #[schema(schema_with = words::receipt)]
    receipt: Option<String>,
    /// true: not shown to helpers
    confidential: Option<bool>,
    /// The operator's id; when present it must be this operator's
    audience: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "described, and read by domain")]
struct Body {
    #[schema(schema_with = body_type)]
    media_type: String,
    /// At most 256 KiB. HTML is sanitised when shown
    content: String,
}

fn body_type() -> Object {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(["text/plain", "text/html"]))
        .description(Some("How the content is written"))
        .build()
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "described, and read by domain")]
struct Attachment {
    /// A bare file name
    #[schema(min_length = 1, max_length = 255)]
    name: String,
    #[schema(schema_with = words::attachment_type)]
    media_type: String,
    #[schema(schema_with = attachment_bytes)]
    bytes: u64,
    /// Of the content, base64url without padding
    #[schema(pattern = "^[A-Za-z0-9_-]{43}$")]
    sha256: String,
}

fn attachment_bytes() -> Object {
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
        .minimum(Some(0))
        .maximum(Some(domain::letter::Limits::default().attachment_bytes as usize))
        .description(Some("The size"))
        .build()
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "described, and read by domain")]
struct Support {
    /// In words
    #[schema(min_length = 0, max_length = 1024)]
    text: Option<String>,
    /// https only
    #[schema(min_length = 1, max_length = 255)]
    url: Option<String>,
    /// A number to call
    #[schema(min_length = 1, max_length = 64)]
    phone: Option<String>,
    /// An address to write to
    #[schema(min_length = 3, max_length = 254)]
    email: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "described, and read by domain")]
struct Matter {
    /// The sender's id of the matter
    #[schema(min_length = 1, max_length = 255)]
    id: Option<String>,
    /// An id that several senders use
    #[schema(min_length = 1, max_length = 255)]
    shared_id: Option<String>,
    /// What the matter is about
    #[schema(min_length = 1, max_length = 255)]
    subject: Option<String>,
    /// Where the matter stands
    #[schema(min_length = 1, max_length = 64)]
    status: Option<String>,
}

fn body() -> RefOr<Schema> {
    told::<Body>("What the recipient reads", false)
}

fn support() -> RefOr<Schema> {
    told::<Support>("Where to ask", true)
}

fn matter() -> RefOr<Schema> {
    told::<Matter>("The matter that the letter belongs to", true)
}

fn manifest() -> Schema {
    let mut list = ArrayBuilder::new()
        .items(Attachment::schema())
        .max_items(Some(most_attachments()))
        .description(Some("The manifest, one entry for each part, in order"))
        .build();
    list.schema_type = SchemaType::from_iter([Type::Array, Type::Null]);
    list.into()
}

/// A shape within another, with what it is for and whether null stands for its absence.
pub fn told<T: PartialSchema>(about: &str, nullable: bool) -> RefOr<Schema> {
    let mut schema = T::schema();
    if let RefOr::T(Schema::Object(object)) = &mut schema {
        object.description = Some(about.to_owned());
        if nullable {
            object.schema_type = SchemaType::from_iter([Type::Object, Type::Null]);
        }
    }
    schema
}
