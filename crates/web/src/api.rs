//! The OpenAPI document as something to read: what `/developers` shows.

use crate::frame::Frame;
use askama::Template;
use domain::{Code, Language};
use serde_json::Value;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "developers.html")]
pub struct Developers {
    pub f: Frame,
    pub api: Arc<Api>,
}

#[derive(Clone, Debug, Default)]
pub struct Api {
    pub title: String,
    pub version: String,
    /// What it says of itself, a paragraph each.
    pub about: Vec<String>,
    /// Where it is, and the variables of that address.
    pub servers: Vec<(String, Vec<Member>)>,
    /// In the document's order.
    pub operations: Vec<Operation>,
    pub schemas: Vec<Schema>,
}

/// One method at one address.
#[derive(Clone, Debug)]
pub struct Operation {
    /// "POST".
    pub method: String,
    /// "/v1/letters".
    pub path: String,
    pub summary: String,
    pub about: Vec<String>,
    /// In the address or the query.
    pub parameters: Vec<Member>,
    /// What is sent, by media type.
    pub sends: Vec<Content>,
    /// What comes back, by status.
    pub answers: Vec<Content>,
}

/// What is sent or answered.
#[derive(Clone, Debug)]
pub struct Content {
    /// "application/json", or "201".
    pub name: String,
    /// What it means, as safe HTML.
    pub about: String,
    /// "Letter", "object".
    pub kind: String,
    /// Its members, when its shape has no name of its own.
    pub members: Vec<Member>,
}

#[derive(Clone, Debug)]
pub struct Schema {
    pub name: String,
    pub about: Vec<String>,
    /// Its members, each followed by those within it.
    pub members: Vec<Member>,
    /// Its words, when it is a list of them.
    pub words: Vec<String>,
}

/// A member or parameter.
#[derive(Clone, Debug)]
pub struct Member {
    /// Its name, after those it is within: `body.content`, `attachments[].name`.
    pub name: String,
    /// "string, 1–255, required".
    pub kind: String,
    /// What it means, as safe HTML.
    pub about: String,
}

impl Developers {
    /// Whether the words around the document are Swedish; the document itself is English.
    pub fn swedish(&self) -> bool {
        self.f.t.lang == Language::Swedish
    }

    /// The catalogue of refusals.
    pub fn codes(&self) -> &'static [Code] {
        Code::ALL
    }
}

impl Api {
    /// Reads a document. What it lacks is left out: a page that says less is better than none.
    pub fn read(document: &Value) -> Self {
        let info = &document["info"];
        let mut operations = Vec::new();
        for (path, methods) in members(&document["paths"]) {
            for method in ["get", "post", "put", "patch", "delete"] {
                if let Some(operation) = methods.get(method) {
                    operations.push(read_operation(document, path, method, methods, operation));
                }
            }
        }
        let schemas = members(&document["components"]["schemas"]);
        Self {
            title: text(&info["title"]),
            version: text(&info["version"]),
            about: paragraphs(&info["description"]),
            servers: document["servers"].as_array().into_iter().flatten().map(read_server).collect(),
            operations,
            schemas: schemas.map(|(name, schema)| read_schema(document, name, schema)).collect(),
        }
    }
}

fn read_server(server: &Value) -> (String, Vec<Member>) {
    let variables = members(&server["variables"]).map(|(name, variable)| {
        let kind = format!("such as {}", text(&variable["default"]));
        Member { name: name.to_owned(), kind, about: marked(&text(&variable["description"])) }
    });
    (text(&server["url"]), variables.collect())
}

fn read_operation(
    document: &Value,
    path: &str,
    method: &str,
    shared: &Value,
    operation: &Value,
) -> Operation {
    let parameters = [&shared["parameters"], &operation["parameters"]];
    let parameters = parameters.into_iter().filter_map(Value::as_array).flatten().map(|one| {
        let one = resolved(document, one);
        let place = text(&one["in"]);
        let mut kind = format!("{place}, {}", kind_of(&one["schema"]));
        if one["required"] == true {
            kind.push_str(", required");
        }
        Member { name: text(&one["name"]), kind, about: marked(&text(&one["description"])) }
    });
    let body = resolved(document, &operation["requestBody"]);
    let content = |name: &str, about: &Value, schema: &Value| Content {
        name: name.to_owned(),
        about: marked(&text(about)),
        kind: kind_of(schema),
        members: members_of(document, schema, ""),
    };
    let sends =
        members(&body["content"]).map(|(kind, sent)| content(kind, &body["description"], &sent["schema"]));
    let answers = members(&operation["responses"]).map(|(status, answer)| {
        let answer = resolved(document, answer);
        let schema = members(&answer["content"]).map(|(_, content)| &content["schema"]).next();
        content(status, &answer["description"], schema.unwrap_or(&Value::Null))
    });
    Operation {
        method: method.to_uppercase(),
        path: path.to_owned(),
        summary: text(&operation["summary"]),
        about: paragraphs(&operation["description"]),
        parameters: parameters.collect(),
        sends: sends.collect(),
        answers: answers.collect(),
    }
}

fn read_schema(document: &Value, name: &str, schema: &Value) -> Schema {
    Schema {
        name: name.to_owned(),
        about: paragraphs(&schema["description"]),
        members: members_of(document, schema, ""),
        words: words(schema),
    }
}

/// A shape's members, each followed by those of the object or the list of objects that it is. Named shapes are not
/// followed: they are shown once, by themselves.
fn members_of(document: &Value, schema: &Value, within: &str) -> Vec<Member> {
    let required: Vec<_> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut all = Vec::new();
    for (name, member) in members(&schema["properties"]) {
        let mut kind = kind_of(member);
        if required.contains(&name) {
            kind.push_str(", required");
        }
        let about = text(&member["description"]);
        let about = if about.is_empty() { text(&resolved(document, member)["description"]) } else { about };
        let name = format!("{within}{name}");
        all.push(Member { name: name.clone(), kind, about: marked(&about) });
        all.extend(members_of(document, member, &format!("{name}.")));
        all.extend(members_of(document, &member["items"], &format!("{name}[].")));
    }
    all
}

/// "string, 1–255", "list of Letter", "one of none, opened".
fn kind_of(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str() {
        return name.rsplit('/').next().unwrap_or_default().to_owned();
    }
    for union in ["oneOf", "anyOf", "allOf"] {
        if let Some(kinds) = schema[union].as_array() {
            return kinds.iter().map(kind_of).collect::<Vec<_>>().join(" or ");
        }
    }
    let words = words(schema);
    if !words.is_empty() {
        let open = if schema.get(OPEN).is_some() { ", or a new word" } else { "" };
        return format!("one of {}{open}", words.join(", "));
    }
    let mut kinds = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().map(text).collect(),
        kind => vec![text(kind)],
    };
    let nullable = kinds.len() > 1 && kinds.iter().any(|kind| kind == "null");
    kinds.retain(|kind| !nullable || kind != "null");
    let mut kind = match &schema["items"] {
        items @ Value::Object(_) => format!("list of {}", kind_of(items)),
        _ => kinds.join(" or "),
    };
    if let Some(format) = schema["format"].as_str() {
        kind.push_str(&format!(" ({format})"));
    }
    let bounds = [("minLength", "maxLength"), ("minimum", "maximum"), ("minItems", "maxItems")];
    for (least, most) in bounds {
        match (schema[least].as_i64(), schema[most].as_i64()) {
            (Some(least), Some(most)) => kind.push_str(&format!(", {least}–{most}")),
            (None, Some(most)) => kind.push_str(&format!(", at most {most}")),
            (Some(least), None) => kind.push_str(&format!(", at least {least}")),
            (None, None) => {}
        }
    }
    if let Some(pattern) = schema["pattern"].as_str() {
        kind.push_str(&format!(", {pattern}"));
    }
    if nullable {
        kind.push_str(", or null");
    }
    kind
}

/// The known words of a list that grows, which a closed `enum` would keep clients from reading on.
const OPEN: &str = "x-extensible-enum";

fn words(schema: &Value) -> Vec<String> {
    let lists = [&schema["enum"], &schema[OPEN]];
    let listed = lists.into_iter().filter_map(Value::as_array).flatten();
    listed
        .chain(schema.get("const"))
        .map(|word| word.as_str().map_or_else(|| word.to_string(), str::to_owned))
        .collect()
}

/// Follows a reference within the document, once.
fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let pointer = value["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
    pointer.and_then(|pointer| document.pointer(pointer)).unwrap_or(value)
}

fn members(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flatten().map(|(name, value)| (name.as_str(), value))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Paragraphs of safe HTML.
fn paragraphs(value: &Value) -> Vec<String> {
    let text = value.as_str().unwrap_or_default();
    text.split("\n\n").map(str::trim).filter(|one| !one.is_empty()).map(marked).collect()
}

/// Escaped, with what stands between backticks as code: all of CommonMark that the document uses.
fn marked(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 32);
    for (at, piece) in text.split('`').enumerate() {
        match at % 2 {
            0 => out.push_str(&crate::body::escaped(piece)),
            _ => out.push_str(&format!("<code>{}</code>", crate::body::escaped(piece))),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_operation_is_read_with_its_references_followed() {
        let api = Api::read(&json!({
            "info": {"title": "T", "version": "1", "description": "One.\n\nTwo."},
            "paths": {"/v1/x/{id}": {"parameters": [{"$ref": "#/components/parameters/Id"}], "get": {
                "summary": "Reads", "responses": {"404": {"$ref": "#/components/responses/Problem"}}}}},
            "components": {
                "parameters": {"Id": {"name": "id", "in": "path", "required": true, "schema": {"type": "string", "format": "uuid"}}},
                "responses": {"Problem": {"description": "A problem.", "content": {"a/b": {"schema": {"$ref": "#/components/schemas/P"}}}}},
                "schemas": {"P": {"required": ["code"], "properties": {"code": {"enum": ["a", "b"]}, "n": {"type": ["string", "null"], "maxLength": 5},
                    "w": {"type": "string", "x-extensible-enum": ["c", "d"]}}}}
            }
        }));
        let operation = &api.operations[0];
        assert_eq!(api.about, ["One.", "Two."]);
        assert_eq!(operation.parameters[0].kind, "path, string (uuid), required");
        let answer = &operation.answers[0];
        assert_eq!([&answer.name, &answer.about, &answer.kind], ["404", "A problem.", "P"]);
        assert!(answer.members.is_empty(), "a named shape is shown once");
        assert_eq!(api.schemas[0].members[0].kind, "one of a, b, required");
        assert_eq!(api.schemas[0].members[1].kind, "string, at most 5, or null");
        assert_eq!(api.schemas[0].members[2].kind, "one of c, d, or a new word");
    }

    #[test]
    fn members_within_members_are_told_with_their_place() {
        let inner = json!({"type": "object", "required": ["c"], "properties": {
            "c": {"type": "string", "description": "Keep `c`"}, "d": {"type": "object", "properties": {"e": {"type": "integer"}}}}});
        let shape = json!({"type": "object", "required": ["a"], "properties": {
            "a": inner, "b": {"type": ["array", "null"], "maxItems": 2, "items": inner}}});
        let of = |schema: &Value| -> Vec<_> {
            members_of(&Value::Null, schema, "").into_iter().map(|m| (m.name, m.kind)).collect()
        };
        let expected = [
            ("a", "object, required"),
            ("a.c", "string, required"),
            ("a.d", "object"),
            ("a.d.e", "integer"),
            ("b", "list of object, at most 2, or null"),
            ("b[].c", "string, required"),
            ("b[].d", "object"),
            ("b[].d.e", "integer"),
        ];
        assert_eq!(of(&shape), expected.map(|(name, kind)| (name.to_owned(), kind.to_owned())));
        let api = Api::read(&json!({
            "servers": [{"url": "https://{door}", "variables": {"door": {"default": "here:1", "description": "Host"}}}],
            "paths": {"/x": {"post": {
                "requestBody": {"content": {"a/b": {"schema": shape}}},
                "responses": {"200": {"content": {"a/b": {"schema": shape}}}}}}}
        }));
        let operation = &api.operations[0];
        for content in [&operation.sends[0], &operation.answers[0]] {
            assert_eq!(content.members[1].name, "a.c");
            assert_eq!(content.members[1].about, "Keep <code>c</code>");
        }
        let (address, variables) = &api.servers[0];
        assert_eq!((address.as_str(), variables[0].kind.as_str()), ("https://{door}", "such as here:1"));
    }

    #[test]
    fn words_between_backticks_are_code_and_nothing_is_markup() {
        assert_eq!(marked("Keep `next` & <b>"), "Keep <code>next</code> &amp; &lt;b&gt;");
    }

    #[test]
    fn an_empty_document_is_an_empty_page_and_no_panic() {
        assert!(Api::read(&Value::Null).operations.is_empty());
        assert!(Api::read(&json!({"paths": {"/x": 7}, "components": []})).operations.is_empty());
    }
}
