//! Serves every page from made-up view models, so that its look can be judged without keys, database or log-in:
//! `cargo run -p web --example preview`, then <http://127.0.0.1:8900/>. Another port may be given as argument.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a tool for those who draw the pages")]

mod made_up;
mod show;

use axum::{Router, extract::Path, http::header, response::Html, routing::get};
use web::style;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let app = Router::new()
        .route("/", get(|| async { Html(index()) }))
        .route("/static/icon.svg", get(|| async { ([(header::CONTENT_TYPE, "image/svg+xml")], style::ICON) }))
        .route("/static/{name}", get(|| async { ([(header::CONTENT_TYPE, "text/css")], style::CSS) }))
        .route("/stay", get(|| async { show::page("sv", "stay") }))
        .route(
            "/html-letter",
            get(|| async {
                Html(format!(
                    "<style>{}</style>{}",
                    style::LETTER_CSS,
                    "<h2>Hej Anna</h2><p>Välkommen till <a href=https://exempel.se/x>oss</a>.</p><img alt=Kommunens_vapen width=40 height=40 src=data:image/gif;base64,R0lGODlhAQABAIAAAA1KWgAAACwAAAAAAQABAAACAkQBADs=>"
                ))
            }),
        )
        .route(
            "/{language}/{page}",
            get(|Path((language, page)): Path<(String, String)>| async move { show::page(&language, &page) }),
        );
    let port: u16 = std::env::args().nth(1).map_or(8900, |port| port.parse().unwrap());
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    println!("http://127.0.0.1:{port}/");
    axum::serve(listener, app).await.unwrap();
}

const PAGES: &[&str] = &[
    "welcome",
    "welcome-cancelled",
    "moving-on",
    "open-mailbox",
    "too-young",
    "inbox",
    "inbox-many",
    "inbox-empty",
    "no-hits",
    "no-contact",
    "letter",
    "letter-html",
    "letter-forged",
    "letter-delivery",
    "letter-bare",
    "letter-forwarded",
    "closed",
    "closed-late",
    "closed-helps",
    "continue",
    "archive",
    "bin",
    "bin-empty",
    "empty-bin",
    "settings",
    "senders",
    "turn-off",
    "contacts",
    "contacts-error",
    "helpers",
    "helpers-error",
    "history",
    "profile",
    "not-found",
    "trouble",
    "expired",
    "about",
    "tillganglighet",
    "integritet",
];

fn index() -> String {
    PAGES
        .iter()
        .map(|page| format!("<p><a href=/sv/{page}>{page}</a> <a href=/en/{page}>en</a></p>"))
        .collect()
}
