//! A citizen's browser, as far as measuring and the demo's own walk need one: pages without scripts, so links and forms.

use anyhow::{Context, Result, bail, ensure};
use bytes::Bytes;
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, Url, header, redirect::Policy};
use std::{collections::BTreeMap, net::IpAddr, time::Duration};

/// Someone who is logged in.
pub struct Citizen {
    http: Client,
    web: Url,
    cookies: BTreeMap<String, String>,
    /// Whom a proxy on this machine names as the asker.
    from: Option<IpAddr>,
}

/// What citizens ask with; many may share one.
pub fn client() -> Result<Client> {
    Ok(Client::builder().redirect(Policy::none()).no_proxy().timeout(Duration::from_secs(20)).build()?)
}

impl Citizen {
    /// Logs in by the demo's e-ID, over the same pages as anyone.
    pub async fn log_in(web: &str, number: &str) -> Result<Self> {
        Self::log_in_from(client()?, web, number, None).await
    }

    /// The same, from an address of one's own: the pages count log-ins by address.
    pub async fn log_in_from(http: Client, web: &str, number: &str, from: Option<IpAddr>) -> Result<Self> {
        let mut citizen = Self { http, web: web.parse()?, cookies: BTreeMap::new(), from };
        let provider = location(&citizen.get("/login/demo").await?, &citizen.web)?;
        let page = citizen.http.get(provider.clone()).send().await?;
        ensure!(page.status() == StatusCode::OK, "the e-ID's page answers {}", page.status());
        let mut fields: Vec<(String, String)> = provider.query_pairs().into_owned().collect();
        fields.push(("person".to_owned(), number.to_owned()));
        let answer = citizen.http.post(provider.join("/login")?).form(&fields).send().await?;
        let callback = location(&answer, &provider)?;
        ensure!(callback.origin() == citizen.web.origin(), "the e-ID sends the citizen somewhere else");
        let path = format!("{}?{}", callback.path(), callback.query().unwrap_or_default());
        let page = citizen.get(&path).await?;
        ensure!(page.status() == StatusCode::OK, "the log-in ends with {}", page.status());
        Ok(citizen)
    }

    /// A page's HTML; redirects on the pages' own site are followed.
    pub async fn page(&mut self, path: &str) -> Result<String> {
        let response = self.get(path).await?;
        self.html(response).await
    }

    /// Opens a mailbox of one's own, if there is none yet.
    pub async fn open_mailbox(&mut self) -> Result<()> {
        let page = self.page("/").await?;
        match form(&page, "action=\"/open-mailbox\"") {
            Some(fields) => self.post("/open-mailbox", &fields).await.map(drop),
            None => Ok(()),
        }
    }

    /// The letters on the first page of those that are unread, as the addresses that open them, and the form to do it with.
    pub async fn unread(&mut self) -> Result<(Vec<String>, Vec<(String, String)>)> {
        let list = self.page("/?unread=1").await?;
        let opens =
            list.split("<button class=\"row\"").skip(1).filter_map(|row| attribute(row, "formaction"));
        let fields = form(&list, "id=\"open-letter\"").unwrap_or_default();
        Ok((opens.collect(), fields))
    }

    /// Opens the letter with this subject and answers its page.
    pub async fn open(&mut self, subject: &str) -> Result<String> {
        let list = self.page("/").await?;
        let row = list.split("<li").find(|row| row.contains(&escape(subject)));
        let row = row.with_context(|| format!("\"{subject}\" is not in the inbox"))?;
        if let Some(open) = attribute(row, "formaction") {
            let fields = form(&list, "id=\"open-letter\"").context("the inbox has no form to open with")?;
            return self.post(&open, &fields).await;
        }
        let link = attribute(row, "href").context("the row leads nowhere")?;
        let page = self.page(&link).await?;
        match form(&page, &format!("action=\"{link}/open\"")) {
            Some(fields) => self.post(&format!("{link}/open"), &fields).await,
            None => Ok(page), // opened before
        }
    }

    /// What the link with this text leads to, on the pages or the content origin.
    pub async fn download(&mut self, page: &str, name: &str) -> Result<Bytes> {
        let at = page.find(name).with_context(|| format!("\"{name}\" is not on the page"))?;
        let url = self.web.join(&attribute(&page[at..], "href").context("no link to the file")?)?;
        let response = if url.origin() == self.web.origin() {
            self.send(Method::GET, url, None).await?
        } else {
            self.http.get(url).send().await? // another origin: no cookies
        };
        ensure!(response.status() == StatusCode::OK, "the file answers {}", response.status());
        Ok(response.bytes().await?)
    }

    /// By the button on the page, which ends the log-in on the service too.
    pub async fn log_out(&mut self) -> Result<()> {
        let page = self.page("/").await?;
        let fields = form(&page, "action=\"/logout\"").context("no way to log out on the page")?;
        self.post("/logout", &fields).await.map(drop)
    }

    pub async fn post(&mut self, path: &str, fields: &[(String, String)]) -> Result<String> {
        let response = self.submit(path, fields).await?;
        self.html(response).await
    }

    /// Sends a form, and goes nowhere yet.
    pub async fn submit(&mut self, path: &str, fields: &[(String, String)]) -> Result<Response> {
        let url = self.web.join(path)?;
        self.send(Method::POST, url, Some(fields)).await
    }

    async fn get(&mut self, path: &str) -> Result<Response> {
        let url = self.web.join(path)?;
        self.send(Method::GET, url, None).await
    }

    /// The page that an answer is, or leads to.
    pub async fn html(&mut self, mut response: Response) -> Result<String> {
        for _ in 0..5 {
            if !response.status().is_redirection() {
                let status = response.status();
                let text = response.text().await?;
                ensure!(status.is_success(), "a page answers {status}");
                return Ok(text);
            }
            let url = location(&response, &self.web)?;
            response = self.send(Method::GET, url, None).await?;
        }
        bail!("a page sends in a circle")
    }

    /// Browsers take Secure cookies on loopback over http; HTTP clients do not, so they are carried here.
    async fn send(
        &mut self,
        method: Method,
        url: Url,
        form: Option<&[(String, String)]>,
    ) -> Result<Response> {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request: RequestBuilder = self
            .http
            .request(method, url)
            .header(header::COOKIE, cookies.join("; "))
            .header(header::ORIGIN, self.web.origin().ascii_serialization())
            .header("sec-fetch-site", "same-origin");
        if let Some(from) = self.from {
            request = request.header("x-forwarded-for", from.to_string());
        }
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

fn location(response: &Response, base: &Url) -> Result<Url> {
    ensure!(response.status().is_redirection(), "expected to be sent on, got {}", response.status());
    let to = response.headers().get(header::LOCATION).and_then(|v| v.to_str().ok());
    Ok(base.join(to.context("sent on without an address")?)?)
}

/// The hidden fields of the form whose tag holds this.
fn form(html: &str, tag: &str) -> Option<Vec<(String, String)>> {
    let found =
        html.split("<form").skip(1).find(|rest| rest.split('>').next().is_some_and(|t| t.contains(tag)))?;
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

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
