//! `GET /v1/openapi.json`: the API description, OpenAPI 3.1. The web origin shows it as a page.

use axum::{
    http::header,
    response::{IntoResponse, Response},
};

/// The description's bytes.
pub fn document() -> &'static str {
    include_str!("../openapi.json")
}

/// Serves it.
pub async fn show() -> Response {
    ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "max-age=3600")], document())
        .into_response()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use domain::{
        Code,
        words::{EventType, Kind, LetterState, Unreachable},
    };
    use serde_json::Value;

    fn list(pointer: &str) -> Vec<String> {
        let document: Value = serde_json::from_str(super::document()).unwrap();
        let words = document.pointer(pointer).unwrap().as_array().unwrap();
        words.iter().filter_map(|w| w.as_str()).map(str::to_owned).collect()
    }

    #[test]
    fn the_description_has_every_word_that_the_code_has() {
        let codes: Vec<_> = Code::ALL.iter().map(|c| c.as_str()).collect();
        assert_eq!(list("/components/schemas/Problem/properties/code/enum"), codes);
        let kinds: Vec<_> = Kind::ALL.iter().map(|k| k.as_str()).collect();
        assert_eq!(list("/components/schemas/Letter/properties/kind/enum"), kinds);
        let states: Vec<_> = LetterState::ALL.iter().map(|s| s.as_str()).collect();
        assert_eq!(list("/components/schemas/LetterStatus/properties/state/enum"), states);
        let types: Vec<_> =
            EventType::ALL.iter().filter(|t| t.reaches_sender()).map(|t| t.as_str()).collect();
        assert_eq!(list("/components/schemas/EventType/enum"), types);
        let reasons: Vec<_> = Unreachable::ALL.iter().map(|u| u.as_str()).collect();
        assert_eq!(list("/components/schemas/Reachability/properties/reason/enum"), reasons);
    }

    #[test]
    fn every_member_says_what_it_means() {
        let document: Value = serde_json::from_str(super::document()).unwrap();
        let mut members = 0;
        explained(&document, "", &mut members);
        assert!(members > 80, "only {members} members were found");
        assert!(document["servers"][0]["url"].is_string());
    }

    /// Every member under `properties`, at any depth, has a description or the name of a shape that has one.
    fn explained(value: &Value, at: &str, members: &mut usize) {
        for (name, inner) in value.as_object().into_iter().flatten() {
            let at = format!("{at}/{name}");
            if name == "properties" {
                for (name, member) in inner.as_object().unwrap() {
                    *members += 1;
                    let is_told = member["description"].is_string() || member["$ref"].is_string();
                    assert!(is_told, "{at}/{name} has no description");
                }
            }
            explained(inner, &at, members);
        }
    }
}
