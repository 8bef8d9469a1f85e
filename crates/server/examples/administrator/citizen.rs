//! Somebody's browser: pages without scripts, so links, forms and cookies.

use anyhow::{Context, Result, ensure};
use reqwest::{Client, Method, Response, StatusCode, Url, header, redirect::Policy};
use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

/// Someone who is logged in.
pub struct Citizen {
    http: Client,
    web: Url,
    cookies: BTreeMap<String, String>,
    /// Log-ins are limited by address, and the demo trusts the proxy on this machine.
    from: String,
}

/// A page, as it was answered.
#[derive(Debug)]
pub struct Page {
    pub status: u16,
    pub text: String,
}

impl Citizen {
    /// Logs in by the demo's e-ID, over the same pages as anyone.
    pub async fn log_in(web: &str, number: &str) -> Result<Self> {
        let http =
            Client::builder().redirect(Policy::none()).no_proxy().timeout(Duration::from_secs(60)).build()?;
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        let from = format!("198.{}.{}.{}", 18 + n / 62_500 % 2, n / 250 % 250, 1 + n % 250);
        let mut citizen = Self { http, web: web.parse()?, cookies: BTreeMap::new(), from };
        let begun = citizen.send(Method::GET, "/login/demo", None).await?;
        let provider = location(&begun, &citizen.web)?;
        let mut fields: Vec<(String, String)> = provider.query_pairs().into_owned().collect();
        fields.push(("person".to_owned(), number.to_owned()));
        let answer = citizen.http.post(provider.join("/login")?).form(&fields).send().await?;
        let callback = location(&answer, &provider)?;
        ensure!(callback.origin() == citizen.web.origin(), "the e-ID sends the citizen somewhere else");
        let path = format!("{}?{}", callback.path(), callback.query().unwrap_or_default());
        let page = citizen.page(&path).await?;
        ensure!(page.status == 200, "the log-in ends with {}", page.status);
        Ok(citizen)
    }

    /// A page; redirects on the pages' own site are followed.
    pub async fn page(&mut self, path: &str) -> Result<Page> {
        let response = self.send(Method::GET, path, None).await?;
        self.follow(response).await
    }

    /// Opens a letter by its address, as somebody who finds it in the list: its page, and where it asks first, yes.
    pub async fn open(&mut self, letter: &str) -> Result<Page> {
        let page = self.page(letter).await?;
        match form(&page.text, &format!("action=\"{letter}/open\"")) {
            Some(fields) if page.status == 200 => self.post(&format!("{letter}/open"), &fields).await,
            _ => Ok(page),
        }
    }

    /// Sends the form that stands on a page, with more fields of our own.
    pub async fn act(&mut self, on: &str, action: &str, more: &[(&str, &str)]) -> Result<Page> {
        let page = self.page(on).await?;
        let fields = form(&page.text, &format!("action=\"{action}\""));
        let mut fields = fields.with_context(|| format!("{on} ({}) has no form {action}", page.status))?;
        fields.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self.post(action, &fields).await
    }

    /// Sends to an address what a form on another page would have sent with it: all that a stranger knows of it.
    pub async fn force(&mut self, on: &str, action: &str) -> Result<Page> {
        let page = self.page(on).await?;
        let fields = form(&page.text, "method=\"post\"").with_context(|| format!("{on} has no form"))?;
        self.post(action, &fields).await
    }

    pub async fn post(&mut self, path: &str, fields: &[(String, String)]) -> Result<Page> {
        let response = self.send(Method::POST, path, Some(fields)).await?;
        self.follow(response).await
    }

    /// What the link behind a file's name leads to, on the content's own site; `None` where the page has no such file.
    pub async fn download(&self, page: &str, name: &str) -> Result<Option<(u16, Vec<u8>)>> {
        let Some(at) = page.find(name) else { return Ok(None) };
        let Some(href) = attribute(&page[at..], "href") else { return Ok(None) };
        let response = self.http.get(self.web.join(&href)?).send().await?;
        let status = response.status().as_u16();
        // One that does not open ends in the middle.
        Ok(Some((status, response.bytes().await.map(|bytes| bytes.to_vec()).unwrap_or_default())))
    }

    async fn follow(&mut self, mut response: Response) -> Result<Page> {
        for _ in 0..5 {
            if !response.status().is_redirection() {
                break;
            }
            let to = location(&response, &self.web)?;
            response = self.send(Method::GET, to.as_str(), None).await?;
        }
        let status = response.status().as_u16();
        Ok(Page { status, text: response.text().await? })
    }

    /// Browsers take Secure cookies on loopback over http; HTTP clients do not, so they are carried here.
    async fn send(
        &mut self,
        method: Method,
        path: &str,
        form: Option<&[(String, String)]>,
    ) -> Result<Response> {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = self
            .http
            .request(method, self.web.join(path)?)
            .header(header::COOKIE, cookies.join("; "))
            .header(header::ORIGIN, self.web.origin().ascii_serialization())
            .header("sec-fetch-site", "same-origin")
            .header("x-forwarded-for", &self.from);
        if let Some(fields) = form {
            request = request.form(fields);
        }
        let response = request.send().await.context("the pages do not answer")?;
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            let pair = cookie.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
            if let Some((name, value)) = pair.split_once('=') {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        Ok(response)
    }
}

impl Page {
    /// A letter's page that certifies what it shows.
    pub fn certifies(&self) -> bool {
        self.status == StatusCode::OK.as_u16() && self.text.contains(VERIFIED)
    }

    /// A page that has found its history changed.
    pub fn says_history_broken(&self) -> bool {
        self.text.contains("Historiken kan inte visas")
    }

    /// A letter's page that warns of what it shows.
    pub fn warns(&self) -> bool {
        self.text.contains("class=\"verified not\"") || self.text.contains("class=\"notice wrong\"")
    }
}

fn location(response: &Response, base: &Url) -> Result<Url> {
    ensure!(response.status().is_redirection(), "expected to be sent on, got {}", response.status());
    let to = response.headers().get(header::LOCATION).and_then(|to| to.to_str().ok());
    Ok(base.join(to.context("sent on without an address")?)?)
}

/// The hidden fields of the form whose tag holds this.
fn form(html: &str, tag: &str) -> Option<Vec<(String, String)>> {
    let has_tag = |rest: &&str| rest.split('>').next().is_some_and(|found| found.contains(tag));
    let found = html.split("<form").skip(1).find(has_tag)?;
    let inputs = found.split("</form>").next()?.split("<input").skip(1);
    let hidden =
        inputs.map(|input| input.split('>').next().unwrap_or_default()).filter(|i| i.contains("hidden"));
    Some(hidden.filter_map(|tag| Some((attribute(tag, "name")?, attribute(tag, "value")?))).collect())
}

/// The first attribute of this name.
fn attribute(html: &str, name: &str) -> Option<String> {
    let value = html.split(&format!(" {name}=\"")).nth(1)?.split('"').next()?;
    Some(value.replace("&#38;", "&").replace("&amp;", "&"))
}

/// Of those who log in.
static NEXT: AtomicU32 = AtomicU32::new(0);
/// What stands beside the sender of a letter that was verified.
const VERIFIED: &str = "Äkthet kontrollerad";
