//! Forms: who sent them, from where, and what they say.

use crate::{
    cookies,
    fault::Fault,
    return_to::{self, Kept, ReturnTo},
    security::is_own_form,
    state::Web,
    visitor::{Reader, Visitor, token_fits},
};
use axum::{
    body::Body,
    extract::{FromRequest, Request},
    http::request::Parts,
};
use http_body_util::{BodyExt, Limited};
use key_client::GrantToken;
use std::time::Duration;

/// The fields of a form.
pub(crate) struct Fields(Vec<(String, String)>);

/// A form from one of our pages, in this log-in or before any.
pub(crate) struct Sent {
    pub visitor: Visitor,
    pub fields: Fields,
}

/// A form from a reader.
pub(crate) struct Posted {
    pub reader: Reader,
    pub fields: Fields,
}

impl Fields {
    /// A field's text, without spaces around it; empty when it is not there.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.trim())
    }

    /// Whether a box is ticked.
    pub(crate) fn is_set(&self, name: &str) -> bool {
        !self.text(name).is_empty()
    }

    /// All of them, as they were sent.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    fn parse(bytes: &[u8]) -> Self {
        Self(url::form_urlencoded::parse(bytes).into_owned().collect())
    }
}

impl FromRequest<Web> for Sent {
    type Rejection = Fault;

    async fn from_request(request: Request, web: &Web) -> Result<Self, Fault> {
        let (parts, body) = request.into_parts();
        if !is_own_form(&parts.headers, &web.0.parts.origin) {
            return Err(Fault::StaleForm);
        }
        // A form cannot be come back to, so after a change of language the start page is shown.
        let visitor = match Visitor::read(web, &parts.headers, "/").await {
            Err(Fault::Expired) => {
                keep_typed(web, &parts, body).await;
                return Err(Fault::Expired);
            }
            visitor => visitor?,
        };
        let fields = read(body).await?;
        if let Some(session) = &visitor.session
            && token_fits(web, &session.grant, fields.text("csrf")).is_none()
        {
            return Err(Fault::StaleForm);
        }
        Ok(Self { visitor, fields })
    }
}

impl FromRequest<Web> for Posted {
    type Rejection = Fault;

    async fn from_request(request: Request, web: &Web) -> Result<Self, Fault> {
        let Sent { visitor, fields } = Sent::from_request(request, web).await?;
        Ok(Self { reader: Reader::of(visitor)?, fields })
    }
}

/// The log-in ended while somebody was typing: what they typed is kept for them, if the form was theirs.
async fn keep_typed(web: &Web, parts: &Parts, body: Body) {
    let grant = cookies::read(&parts.headers, cookies::SESSION).and_then(|held| GrantToken::parse(held).ok());
    let (Some(kept), Some(grant), true) =
        (parts.extensions.get::<Kept>(), grant, return_to::is_typed(parts.uri.path()))
    else {
        return;
    };
    let Ok(fields) = read(body).await else { return };
    if let Some(Some(owner)) = token_fits(web, &grant, fields.text("csrf")) {
        kept.put(ReturnTo::form(parts.uri.path(), &fields, owner, web.now()));
    }
}

async fn read(body: Body) -> Result<Fields, Fault> {
    let whole = tokio::time::timeout(PATIENCE, Limited::new(body, MOST).collect()).await;
    let bytes = whole.map_err(|_| Fault::StaleForm)?.map_err(|_| Fault::StaleForm)?.to_bytes();
    Ok(Fields::parse(&bytes))
}

/// Our forms are short.
const MOST: usize = 16 * 1024;
/// And there soon, or not coming.
const PATIENCE: Duration = Duration::from_secs(20);
