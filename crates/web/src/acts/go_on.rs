//! What somebody had typed when the log-in ended: shown to them once more, and sent by them.

use crate::{
    acts::see,
    fault::Fault,
    frame::Place,
    pages::Continue,
    return_to::{Form, ReturnTo},
    state::Web,
    texts::Texts,
    visitor::{Visitor, page},
};
use axum::{
    extract::{Path, State},
    response::Response,
};

/// `GET /continue/{sealed}`
pub(crate) async fn show(
    State(web): State<Web>,
    Path(sealed): Path<String>,
    visitor: Visitor,
) -> Result<Response, Fault> {
    let Some(back) = ReturnTo::open(&web, &sealed) else { return Ok(see("/")) };
    let Some(form) = back.form_of(&web, visitor.session()?.view.person) else { return Ok(see("/")) };
    page(Continue {
        f: visitor.frame(Place::Elsewhere, visitor.t().start.continue_title),
        typed: typed(form, visitor.t()),
        action: form.action.clone(),
        fields: form.fields.clone(),
        back: back.stands_on().to_owned(),
    })
}

/// What was typed, by the names that the fields have on their page.
fn typed(form: &Form, t: &Texts) -> Vec<(&'static str, String)> {
    let s = &t.settings;
    let name_of = |field: &str| match (form.action.as_str(), field) {
        ("/helpers", "name") => Some(s.helper_name),
        ("/helpers", "number") => Some(s.helper_number),
        ("/helpers", "until") => Some(s.helper_until),
        ("/contacts/email", "address") => Some(t.letters.email),
        ("/contacts/phone", "address") => Some(t.letters.phone),
        ("/search" | "/archive/search", "q") => Some(t.letters.search),
        _ => None,
    };
    let named = |(field, value): &(String, String)| Some((name_of(field)?, value.clone()));
    form.fields.iter().filter_map(named).filter(|(_, value)| !value.trim().is_empty()).collect()
}
