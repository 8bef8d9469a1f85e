//! Lists of words in the description. A list in an answer is open: the known words stand in `x-extensible-enum`, and a client
//! made from the description takes one that it does not know. A list in a question is closed, an `enum`.

use domain::{Code, words};
use serde_json::Value;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        Object, ObjectBuilder, RefOr, Type,
        extensions::Extensions,
        schema::{Schema, SchemaType},
    },
};

/// `word`, and what it means.
type Told = (&'static str, &'static str);

macro_rules! told {
    ($list:expr) => {
        $list.iter().map(|word| (word.as_str(), word.says())).collect::<Vec<Told>>()
    };
}

/// A word of an answer, whose list may grow.
fn growing(about: &str, known: impl Iterator<Item = &'static str>) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(about))
        .extensions(Some(Extensions::from_iter([("x-extensible-enum", known.collect::<Value>())])))
}

/// The same with what each word means.
fn open(about: &str, known: &[Told]) -> ObjectBuilder {
    let about = format!("{about} {} Words are added: pass over one that you do not know.", meanings(known));
    growing(about.trim(), known.iter().map(|(word, _)| *word))
}

/// A word of a question that need not be there.
fn closed(about: &str, known: impl Iterator<Item = &'static str>) -> Object {
    ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
        .enum_values(Some(known.map(Value::from).chain([Value::Null])))
        .description(Some(about))
        .build()
}

fn meanings(known: &[Told]) -> String {
    known.iter().map(|(word, says)| format!("`{word}`: {says}")).collect::<Vec<_>>().join(" ")
}

/// Where a letter is.
pub fn letter_state() -> Object {
    open("", &told!(words::LetterState::ALL)).build()
}

/// Where a letter is that was just taken in charge.
pub fn forwarding() -> Object {
    growing("Where the letter is", [words::LetterState::Forwarding.as_str()].into_iter()).build()
}

/// What an accepted letter survives.
pub fn durability() -> Object {
    growing("What this 201 or 202 promises", ["single-fsync", "sync-quorum"].into_iter()).build()
}

/// Why a recipient cannot be reached.
pub fn unreachable() -> Object {
    let word = open("Why not; null when reachable.", &told!(words::Unreachable::ALL));
    word.schema_type(SchemaType::from_iter([Type::String, Type::Null])).build()
}

/// How a recipient is reached whose mailbox is not here.
pub fn way() -> Object {
    let about = "There only when a letter is handed over; absent when the mailbox is here.";
    open(about, &told!(words::Way::ALL)).build()
}

/// The code of a problem. What each means stands in the catalogue.
pub fn code() -> Object {
    let about = "Stable: never renamed or given another meaning. Codes are added: treat one that you do not know as its \
                 status says";
    growing(about, Code::ALL.iter().map(|code| code.as_str())).build()
}

/// What a letter is about.
pub fn kind() -> Object {
    let known = told!(words::Kind::ALL);
    let about = format!("What the letter is about. {}", meanings(&known));
    closed(&about, known.iter().map(|(word, _)| *word))
}

/// Whether the letter may be answered.
pub fn reply() -> Object {
    let about = "Only `not_allowed` is built; the others are refused with not_supported";
    closed(about, words::ReplyWish::ALL.iter().map(|word| word.as_str()))
}

/// Whether the sender is to be told of the opening.
pub fn receipt() -> Object {
    let about =
        "`opened`: the sender is told when the letter is opened, and the recipient is told so before opening";
    closed(about, words::ReceiptWish::ALL.iter().map(|word| word.as_str()))
}

/// What a file may be.
pub fn attachment_type() -> Object {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(domain::letter::AttachmentType::ALL.map(domain::letter::AttachmentType::as_str)))
        .description(Some("The content is compared with it"))
        .build()
}

/// A shape of a name of its own that no Rust type stands for.
macro_rules! named {
    ($(#[$doc:meta])* $name:ident, $schema:expr) => {
        $(#[$doc])*
        pub struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                $schema.into()
            }
        }

        impl ToSchema for $name {}
    };
}

named!(
    /// What happened to a letter, as far as senders are told.
    EventType,
    open("", &{
        let reaching = words::EventType::ALL.iter().filter(|kind| kind.reaches_sender());
        reaching.map(|kind| (kind.as_str(), kind.says())).collect::<Vec<_>>()
    })
);
named!(
    /// Why a letter was returned.
    ReturnReason,
    open(
        "Why a letter that was taken in charge was returned, told with `returned` alone.",
        &told!(words::ReturnReason::ALL)
    )
);
named!(
    /// An organisation, as the whole API writes it.
    OrganisationNumber,
    ObjectBuilder::new()
        .schema_type(Type::String)
        .pattern(Some("^16[0-9]{2}[2-9][0-9]{7}$"))
        .description(Some("16 and the ten digits, Luhn check digit last"))
        .examples(["164020000016"])
);
