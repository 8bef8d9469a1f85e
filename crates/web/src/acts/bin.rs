//! Emptying the bin, after one clear question.

use crate::{
    acts::see,
    fault::Fault,
    frame::Place,
    fresh::Fresh,
    pages::Confirm,
    posted::Posted,
    state::Web,
    visitor::{Reader, page},
};
use axum::{extract::State, response::Response};
use mailbox::{Folder, ListQuery};

/// `GET /bin/empty`: the question.
pub(crate) async fn ask(State(web): State<Web>, reader: Reader) -> Result<Response, Fault> {
    let count = count(&web, &reader).await?;
    if count == 0 {
        return Ok(see("/bin"));
    }
    let t = reader.t();
    page(Confirm {
        f: reader.frame(Place::Bin, t.letters.empty_the_bin),
        question: t.empty_question(&count),
        about: None,
        means: vec![t.letters.empty_text],
        action: "/bin/empty".to_owned(),
        fields: vec![],
        yes: t.empty_yes(&count),
        grave: true,
        back: "/bin".to_owned(),
        no: t.letters.empty_no,
    })
}

/// `POST /bin/empty`: all bins that the person governs.
pub(crate) async fn empty(State(web): State<Web>, Fresh(posted): Fresh<Posted>) -> Result<Response, Fault> {
    let session = posted.reader.session()?;
    for one in session.governed() {
        web.0.parts.mailboxes.empty_bin(&posted.reader.actor, one.mailbox_id).await?;
    }
    web.0.capabilities.forget_login(&session.grant);
    Ok(see("/bin?done=emptied"))
}

/// How many letters would go, so that the question says it.
async fn count(web: &Web, reader: &Reader) -> Result<usize, Fault> {
    let mut count = 0;
    for one in reader.session()?.governed() {
        let query = ListQuery {
            folder: Folder::Bin,
            mailbox: Some(one.mailbox_id),
            limit: MOST_COUNTED,
            ..ListQuery::default()
        };
        let mut found = web.0.parts.mailboxes.list(&reader.actor, &query).await?;
        count += found.rows.len();
        while let Some(next) = found.next {
            found = web
                .0
                .parts
                .mailboxes
                .list(&reader.actor, &ListQuery { before: Some(next), ..query.clone() })
                .await?;
            count += found.rows.len();
        }
    }
    Ok(count)
}

const MOST_COUNTED: usize = 499;
