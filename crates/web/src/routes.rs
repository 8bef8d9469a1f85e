//! Addresses of the two origins.

use crate::{acts, content, fault, fault::Fault, security, state::Web};
use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware::{from_fn, from_fn_with_state},
    routing::{get, post},
};

/// The citizen's pages, and what is public. Everything that changes something is a POST.
pub fn router(web: &Web) -> Router {
    use acts::*;
    let letter = "/letters/{mailbox}/{letter}";
    let at = |act: &str| format!("{letter}/{act}");
    Router::new()
        .route("/", get(start::show))
        .route("/login/{provider}", get(login::begin))
        .route("/login/callback", get(login::finish))
        .route("/logout", post(login::end))
        .route("/continue/{sealed}", get(go_on::show))
        .route("/stay", get(stay::show))
        .route("/stay/soon", get(stay::soon))
        .route("/open-mailbox", post(open_mailbox::act))
        .route("/search", post(search::begin).get(search::forget))
        .route("/search/{sought}", get(search::found))
        .route("/archive", get(list::archive))
        .route("/archive/search", post(search::begin_in_archive).get(search::forget))
        .route("/archive/search/{sought}", get(search::found_in_archive))
        .route("/bin", get(list::bin))
        .route("/bin/empty", get(bin::ask).post(bin::empty))
        .route(letter, get(self::acts::letter::show))
        .route(&at("open"), post(self::acts::letter::act))
        .route(&at("archive"), post(keep::archive))
        .route(&at("bin"), post(keep::bin))
        .route(&at("restore"), post(keep::restore))
        .route(&at("done"), post(keep::done))
        .route(&at("undone"), post(keep::undone))
        .route(&at("erase"), get(keep::ask_erase).post(keep::erase))
        .route("/settings", get(profile::menu))
        .route("/profile", get(profile::show))
        .route("/language", post(profile::language))
        .route("/senders", get(senders::show))
        .route("/senders/off/{mailbox}/{sender}", get(senders::ask_off))
        .route("/senders/off", post(senders::off))
        .route("/senders/on", post(senders::on))
        .route("/contacts", get(contacts::show))
        .route("/contacts/email", post(contacts::add_email))
        .route("/contacts/phone", post(contacts::add_phone))
        .route("/contacts/{contact}/code", post(contacts::new_code))
        .route("/contacts/{contact}/confirm", post(contacts::confirm))
        .route("/contacts/{contact}/sender", post(contacts::show_sender))
        .route("/contacts/{contact}/remove", get(contacts::ask_remove).post(contacts::remove))
        .route("/helpers", get(helpers::show).post(helpers::add))
        .route("/helpers/{mandate}/revoke", get(helpers::ask_revoke).post(helpers::revoke))
        .route("/helpers/{invitation}/accept", get(invitations::ask_accept).post(invitations::accept))
        .route("/helpers/{invitation}/decline", post(invitations::decline))
        .route("/helpers/{invitation}/withdraw", post(invitations::withdraw))
        .route("/helpers/{invitation}/confirm", get(invitations::ask_confirm).post(invitations::confirm))
        .route("/close-mailbox", get(close_mailbox::ask).post(close_mailbox::act))
        .route("/log-ins", get(log_ins::show))
        .route("/log-ins/end-others", post(log_ins::end_others))
        .route("/log-ins/{id}/end", post(log_ins::end))
        .route("/history", get(history::show))
        .route("/about", get(about::about))
        .route("/tillganglighet", get(about::accessibility))
        .route("/integritet", get(about::privacy))
        .route("/developers", get(developers::show))
        .route("/developers/openapi.json", get(developers::document))
        .route("/log/keys", get(public_keys::show))
        .route("/static/{name}", get(about::file))
        .route("/robots.txt", get(about::robots))
        .route("/favicon.ico", get(about::no_icon))
        .route_layer(from_fn(edge::record::requests))
        .fallback(nothing)
        .layer(DefaultBodyLimit::max(16 * 1024))
        .layer(from_fn_with_state(web.clone(), fault::show))
        .layer(from_fn_with_state(web.clone(), security::pages))
        .with_state(web.clone())
}

/// Letters' own content, on another site.
pub fn content_router(web: &Web) -> Router {
    Router::new()
        .route("/c/{token}/letter", get(content::letter))
        .route("/c/{token}/original", get(content::original))
        .route("/c/{token}/{part}", get(content::show))
        .route("/c/{token}/{part}/download", get(content::download))
        .route("/favicon.ico", get(acts::about::no_icon))
        .route_layer(from_fn(edge::record::requests))
        .fallback(no_content)
        .layer(from_fn_with_state(web.clone(), security::content))
        .with_state(web.clone())
}

async fn nothing() -> Fault {
    Fault::NotFound
}

async fn no_content() -> content::ContentFault {
    content::ContentFault::NotFound
}
