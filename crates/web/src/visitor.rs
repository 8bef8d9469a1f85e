//! Who asks: somebody logged in, or anybody.

use crate::{
    cookies,
    fault::Fault,
    frame::{Frame, Place, Who},
    state::Web,
    texts::Texts,
};
use askama::Template;
use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, request::Parts},
    response::{Html, IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use domain::{Language, MailboxId, PersonId, words::Because};
use key_client::{GrantToken, GrantView};
use mailbox::{Actor, Rights};
use registry::{mandates::BoxAccess, people::Person};
use serde::{Deserialize, Serialize};

/// Anybody: with the language of the pages, and the log-in if there is one.
pub(crate) struct Visitor {
    pub language: Language,
    pub path: String,
    pub session: Option<Session>,
}

/// A log-in that lasts, and what the person may do at this moment.
pub(crate) struct Session {
    pub grant: GrantToken,
    pub view: GrantView,
    pub csrf: String,
    /// `None` until they have opened a mailbox or were given a right to one.
    pub person: Option<Person>,
    pub boxes: Vec<BoxAccess>,
}

/// A person who is logged in and acts for at least one mailbox. What is not theirs is not found.
pub(crate) struct Reader {
    pub visitor: Visitor,
    pub actor: Actor,
}

impl Session {
    /// Reads the log-in's cookie. `None`: there is none. [`Fault::Expired`]: it has ended.
    pub(crate) async fn read(web: &Web, headers: &HeaderMap) -> Result<Option<Self>, Fault> {
        let Some(cookie) = cookies::read(headers, cookies::SESSION) else { return Ok(None) };
        let grant = GrantToken::parse(cookie).map_err(|_| Fault::Expired)?;
        Self::of(web, grant).await.map(Some)
    }

    /// The log-in of a grant, with the rights as they are now.
    pub(crate) async fn of(web: &Web, grant: GrantToken) -> Result<Self, Fault> {
        let parts = &web.0.parts;
        let view = parts.keys.grant(&grant).await?.ok_or(Fault::Expired)?;
        let mut person = None;
        let mut boxes = Vec::new();
        if let Some(id) = view.person {
            let (known, vouched) = tokio::join!(parts.accounts.who(id), parts.keys.rights(&grant));
            let known = known?;
            person = known.person;
            boxes = known.boxes;
            // A right that nobody vouches for is none; without the own mailbox nothing is shown at all.
            let mut vouched = vouched?;
            let is_vouched = |vouched: &[(MailboxId, Because)], one: &BoxAccess| {
                vouched.contains(&(one.mailbox_id, one.because))
            };
            let lacks_own = |vouched: &[(MailboxId, Because)]| {
                boxes.iter().any(|one| one.because == Because::Owner && !is_vouched(vouched, one))
            };
            if lacks_own(&vouched) {
                // It may have been opened between the two answers.
                vouched = parts.keys.rights(&grant).await?;
            }
            if lacks_own(&vouched) {
                return Err(Fault::Trouble);
            }
            boxes.retain(|one| is_vouched(&vouched, one));
        }
        let csrf = token(web, &grant, view.person);
        Ok(Self { grant, view, csrf, person, boxes })
    }

    pub(crate) fn who(&self) -> Who {
        Who { name: self.view.name.clone(), csrf: self.csrf.clone(), has_box: !self.boxes.is_empty() }
    }

    /// The person's own mailbox.
    pub(crate) fn own_box(&self) -> Option<&BoxAccess> {
        self.boxes.iter().find(|one| one.because == Because::Owner)
    }

    /// Those that the person may change, not only read.
    pub(crate) fn governed(&self) -> impl Iterator<Item = &BoxAccess> {
        self.boxes.iter().filter(|one| one.because != Because::Helper)
    }

    /// One mailbox and the right to change it; not found otherwise.
    pub(crate) fn govern(&self, id: MailboxId) -> Result<&BoxAccess, Fault> {
        self.governed().find(|one| one.mailbox_id == id).ok_or(Fault::NotFound)
    }

    pub(crate) fn is_protected(&self) -> bool {
        self.person.as_ref().is_some_and(|person| person.protected_at.is_some())
    }

    pub(crate) fn actor(&self) -> Option<Actor> {
        let person = self.person.as_ref()?.person_id;
        let boxes = self.boxes.iter().map(|one| (one.mailbox_id, one.because)).collect();
        Some(Actor { grant: self.grant.clone(), rights: Rights { person, boxes } })
    }
}

/// Who filled a form in, as the form itself says it: a keyed hash of the person. So it is known whose words they
/// are when the log-in has ended and the key service has forgotten it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Owner(String);

impl Owner {
    pub(crate) fn of(web: &Web, person: Option<PersonId>) -> Option<Self> {
        let tag = web.0.parts.web_keys.csrf.tag(OWNER, &[person?.as_bytes()]);
        Some(Self(BASE64_URL_SAFE_NO_PAD.encode(&tag[..16])))
    }
}

/// The token that forms carry, bound to the log-in and to the person.
pub(crate) fn token(web: &Web, grant: &GrantToken, person: Option<PersonId>) -> String {
    let owner = Owner::of(web, person).map(|owner| owner.0).unwrap_or_default();
    let tag = web.0.parts.web_keys.csrf.tag(FORM, &[&grant.hash(), owner.as_bytes()]);
    format!("{}.{owner}", BASE64_URL_SAFE_NO_PAD.encode(tag))
}

/// Whose form it is, if its token is that of the log-in; the log-in itself may have ended. The second is `None` for
/// somebody who has no mailbox yet.
pub(crate) fn token_fits(web: &Web, grant: &GrantToken, given: &str) -> Option<Option<Owner>> {
    let (tag, owner) = given.split_once('.')?;
    let tag = BASE64_URL_SAFE_NO_PAD.decode(tag).ok()?;
    let fits = web.0.parts.web_keys.csrf.verify(FORM, &[&grant.hash(), owner.as_bytes()], &tag);
    fits.then(|| Some(Owner(owner.to_owned())).filter(|owner| !owner.0.is_empty()))
}

/// A path of ours, never another site's: a browser takes `//x` and `/\x` for hosts.
pub(crate) fn own_path(path: &str) -> &str {
    let safe = path.starts_with('/')
        && !path.starts_with("//")
        && path.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    if safe { path } else { "/" }
}

impl Visitor {
    pub(crate) async fn read(web: &Web, headers: &HeaderMap, path: &str) -> Result<Self, Fault> {
        let session = Session::read(web, headers).await?;
        let language = match cookies::read(headers, cookies::LANGUAGE) {
            Some(tag) => Language::parse(tag).unwrap_or_default(),
            None => session
                .as_ref()
                .and_then(|s| s.person.as_ref())
                .map_or(Language::Swedish, |person| person.language),
        };
        Ok(Self { language, path: path.to_owned(), session })
    }

    /// Somebody of whom no log-in is asked, with the language that their browser keeps.
    pub(crate) fn logged_out(headers: &HeaderMap, path: &str) -> Self {
        let language =
            cookies::read(headers, cookies::LANGUAGE).and_then(Language::parse).unwrap_or_default();
        Self { language, path: path.to_owned(), session: None }
    }

    pub(crate) fn t(&self) -> &'static Texts {
        Texts::of(self.language)
    }

    /// The frame of a page for this visitor.
    pub(crate) fn frame(&self, place: Place, title: impl Into<String>) -> Frame {
        Frame::new(self.language, &self.path, place, title, self.session.as_ref().map(Session::who))
    }

    /// The log-in; who has none is sent to the first page.
    pub(crate) fn session(&self) -> Result<&Session, Fault> {
        self.session.as_ref().ok_or(Fault::NotLoggedIn)
    }
}

impl Reader {
    pub(crate) fn of(visitor: Visitor) -> Result<Self, Fault> {
        let actor = visitor.session()?.actor().filter(|actor| !actor.rights.boxes.is_empty());
        // Logged in, but nothing to read yet: the first page asks whether to open a mailbox.
        let actor = actor.ok_or(Fault::NotLoggedIn)?;
        Ok(Self { visitor, actor })
    }

    pub(crate) fn t(&self) -> &'static Texts {
        self.visitor.t()
    }

    pub(crate) fn session(&self) -> Result<&Session, Fault> {
        self.visitor.session()
    }

    pub(crate) fn frame(&self, place: Place, title: impl Into<String>) -> Frame {
        self.visitor.frame(place, title)
    }
}

impl FromRequestParts<Web> for Visitor {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Fault> {
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        Self::read(web, &parts.headers, path).await
    }
}

impl FromRequestParts<Web> for Reader {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Fault> {
        Self::of(Visitor::from_request_parts(parts, web).await?)
    }
}

pub(crate) fn page(page: impl Template) -> Result<Response, Fault> {
    Ok(Html(page.render()?).into_response())
}

const FORM: &str = "form";
const OWNER: &str = "owner";
