//! A citizen's browser without a screen: cookies, links, forms as the pages have them.

use crate::process::Service;
use reqwest::{Client, Method, Response, Url, header, redirect::Policy};
use std::collections::BTreeMap;

pub struct Browser {
    pub http: Client,
    web: Url,
    pub cookies: BTreeMap<String, String>,
    /// Every value that a cookie has had.
    pub secrets: Vec<String>,
    csrf: String,
}

pub struct Page {
    pub status: u16,
    pub text: String,
}

impl Browser {
    pub fn new(service: &Service) -> Self {
        let http = Client::builder().redirect(Policy::none()).no_proxy().build().unwrap();
        let web = service.url(0).parse().unwrap();
        Self { http, web, cookies: BTreeMap::new(), secrets: vec![], csrf: String::new() }
    }

    pub async fn logs_in(service: &Service, number: &str) -> Self {
        let mut browser = Self::new(service);
        let begin = browser.ask(Method::GET, "/login/demo", None).await;
        let provider = location(&begin, &browser.web);
        let mut fields: Vec<(String, String)> = provider.query_pairs().into_owned().collect();
        fields.push(("person".into(), number.into()));
        let answer = browser.http.post(provider.join("/login").unwrap()).form(&fields).send().await.unwrap();
        let back = location(&answer, &provider);
        let page = browser.get(&format!("{}?{}", back.path(), back.query().unwrap())).await;
        assert_eq!(page.status, 200, "{}", page.text);
        let first = browser.get("/").await;
        assert!(first.text.contains("/logout"), "{}", first.text);
        browser
    }

    /// A page; where it sends on, the page it sends to.
    pub async fn get(&mut self, path: &str) -> Page {
        let response = self.ask(Method::GET, path, None).await;
        self.follow(response).await
    }

    /// Sends a form with the token of the last page, and follows.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let mut form = vec![("csrf".to_owned(), self.csrf.clone())];
        form.extend(fields.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())));
        let response = self.ask(Method::POST, path, Some(&form)).await;
        self.follow(response).await
    }

    /// The same, and it must end in a page.
    pub async fn does(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let page = self.post(path, fields).await;
        assert_eq!(page.status, 200, "{path}: {}", page.text);
        page
    }

    /// The letter's own address, found by its id on a list.
    pub async fn address_of(&mut self, list: &str, letter_id: &str) -> String {
        let page = self.get(list).await;
        let at = page.text.split('"').find(|t| t.starts_with("/letters/") && t.contains(letter_id));
        let at = at.unwrap_or_else(|| panic!("{letter_id} is not on {list}: {}", page.text));
        at.split('/').take(4).collect::<Vec<_>>().join("/")
    }

    /// What the content origin has at an address of the page; without cookies.
    pub async fn fetch(&self, url: &str) -> (u16, Vec<u8>) {
        let response = self.http.get(url).send().await.unwrap();
        (response.status().as_u16(), response.bytes().await.unwrap().to_vec())
    }

    async fn ask(&mut self, method: Method, path: &str, form: Option<&[(String, String)]>) -> Response {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = self
            .http
            .request(method, self.web.join(path).unwrap())
            .header(header::COOKIE, cookies.join("; "))
            .header("sec-fetch-site", "same-origin");
        if let Some(form) = form {
            request = request.form(form);
        }
        let response = request.send().await.unwrap();
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
            if value.len() >= 32 {
                self.secrets.push(value.to_owned());
            }
        }
        response
    }

    async fn follow(&mut self, mut response: Response) -> Page {
        for _ in 0..5 {
            if !response.status().is_redirection() {
                let status = response.status().as_u16();
                let text = response.text().await.unwrap();
                if let Some(rest) = text.split("name=\"csrf\" value=\"").nth(1) {
                    self.csrf = rest.split('"').next().unwrap().to_owned();
                }
                return Page { status, text };
            }
            let to = location(&response, &self.web);
            response = self.ask(Method::GET, to.as_str(), None).await;
        }
        panic!("sent in a circle");
    }
}

impl Page {
    /// Addresses on the page that hold this.
    pub fn links(&self, holds: &str) -> Vec<String> {
        let attributes = self.text.split('"').filter(|value| value.contains(holds) && !value.contains(' '));
        attributes.map(|value| value.replace("&#38;", "&").replace("&amp;", "&")).collect()
    }
}

fn location(response: &Response, base: &Url) -> Url {
    let to = response.headers().get(header::LOCATION).unwrap_or_else(|| panic!("{}", response.status()));
    base.join(to.to_str().unwrap()).unwrap()
}
