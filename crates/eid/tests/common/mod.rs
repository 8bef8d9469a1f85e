//! What both provider tests share: a browser that follows redirects and keeps cookies, and the two halves of
//! the relying party.

use domain::{Clock, SystemClock};
use eid::{Answer, Callback, Login, LoginRequest, Provider, ProviderConfig, Rejection, Verifier};
use reqwest::{Client, Response, header, redirect::Policy};
use std::{collections::BTreeMap, sync::Arc};
use url::Url;

/// A browser without a screen.
pub struct Browser {
    client: Client,
    cookies: BTreeMap<String, String>,
}

impl Browser {
    pub fn new() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client =
            Client::builder().redirect(Policy::none()).no_proxy().tls_certs_only([]).build().unwrap();
        Self { client, cookies: BTreeMap::new() }
    }

    pub async fn get(&mut self, url: &Url) -> Response {
        let request = self.client.get(url.clone()).header(header::COOKIE, self.cookie());
        self.keep(request.send().await.unwrap())
    }

    pub async fn post(&mut self, url: &Url, form: &[(String, String)]) -> Response {
        let request = self.client.post(url.clone()).header(header::COOKIE, self.cookie()).form(form);
        self.keep(request.send().await.unwrap())
    }

    fn cookie(&self) -> String {
        self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    fn keep(&mut self, response: Response) -> Response {
        for value in response.headers().get_all(header::SET_COOKIE) {
            let pair = value.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        response
    }
}

/// Where a response sends the browser.
pub fn location(response: &Response) -> Option<Url> {
    let to = response.headers().get(header::LOCATION)?.to_str().ok()?;
    Some(response.url().join(to).unwrap())
}

/// The names and values of a page's hidden fields.
pub fn hidden_fields(page: &str) -> Vec<(String, String)> {
    let attribute = |tag: &str, name: &str| {
        let from = tag.find(&format!("{name}=\"")).unwrap() + name.len() + 2;
        tag[from..]
            .split('"')
            .next()
            .unwrap()
            .replace("&#38;", "&")
            .replace("&amp;", "&")
            .replace("&#34;", "\"")
    };
    let tags = page.split('<').filter(|tag| tag.starts_with("input type=\"hidden\""));
    tags.map(|tag| (attribute(tag, "name"), attribute(tag, "value"))).collect()
}

/// The two halves, as `web` and `keys` hold them.
pub struct Party {
    pub provider: Provider,
    pub verifier: Verifier,
    pub redirect_uri: String,
    pub state: String,
    pub nonce: String,
    pub code_verifier: String,
    pub anew: bool,
}

impl Party {
    pub fn new(config: ProviderConfig, redirect_uri: &str) -> Self {
        let random = Arc::new(vault::SystemRandom);
        let words = [eid::word(&*random), eid::word(&*random), eid::word(&*random)];
        let [state, nonce, code_verifier] = words;
        Self {
            provider: Provider::open(config.clone(), Arc::new(SystemClock), random).unwrap(),
            verifier: Verifier::open(config).unwrap(),
            redirect_uri: redirect_uri.to_owned(),
            state,
            nonce,
            code_verifier,
            anew: false,
        }
    }

    pub async fn address(&self) -> Url {
        let request = LoginRequest {
            state: &self.state,
            nonce: &self.nonce,
            code_challenge: &eid::code_challenge(&self.code_verifier),
            redirect_uri: &self.redirect_uri,
            locale: "sv",
            anew: self.anew,
        };
        self.provider.authorization_url(&request).await.unwrap()
    }

    pub async fn redeem(&self, back: &Url) -> Result<Answer, Rejection> {
        match self.provider.callback(back.query().unwrap_or_default(), &self.state).await? {
            Callback::Code(code) => {
                self.provider.redeem(&code, &self.code_verifier, &self.redirect_uri).await
            }
            Callback::Cancelled => panic!("nobody cancelled"),
        }
    }

    pub async fn verify(&self, answer: &Answer) -> Result<Login, Rejection> {
        // The answer travels to the key service as a message.
        let message = serde_json::to_vec(answer).unwrap();
        let answer = serde_json::from_slice(&message).unwrap();
        self.verifier.verify(&answer, &self.nonce, SystemClock.now()).await
    }
}
