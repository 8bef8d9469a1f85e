//! A browser without a screen: keeps cookies as one does, sends forms as a page has them.

use crate::world::World;
use reqwest::{Client, Method, Response, header, redirect::Policy};
use std::collections::BTreeMap;

pub struct Citizen {
    http: Client,
    origin: String,
    pub cookies: BTreeMap<String, String>,
    /// What browsers say of a form that one of our own pages sends.
    pub sends_from: &'static str,
    /// What the proxy in front says of who asks.
    pub forwarded_for: Option<String>,
    csrf: String,
}

/// A page as it came.
pub struct Page {
    pub status: u16,
    pub headers: header::HeaderMap,
    pub text: String,
}

impl Citizen {
    pub fn new(world: &World) -> Self {
        let http = Client::builder().redirect(Policy::none()).no_proxy().build().unwrap();
        Self {
            http,
            origin: world.origin.clone(),
            cookies: BTreeMap::new(),
            sends_from: "same-origin",
            forwarded_for: None,
            csrf: String::new(),
        }
    }

    /// All the way through the e-ID to the first page.
    pub async fn logs_in(world: &World, number: &str) -> Self {
        let mut citizen = Self::new(world);
        let page = citizen.identifies(number).await;
        assert_eq!(page.status, 200, "{}", page.text);
        assert!(page.text.contains(r#"http-equiv="refresh""#), "{}", page.text);
        citizen
    }

    /// To the e-ID and back; the page of the callback.
    pub async fn identifies(&mut self, number: &str) -> Page {
        let begin = self.get("/login/demo").await;
        assert_eq!(begin.status, 303, "{}", begin.text);
        self.answers(&begin, &[("person", number)]).await
    }

    /// Answers at the e-ID and comes back.
    pub async fn answers(&mut self, begin: &Page, choice: &[(&str, &str)]) -> Page {
        let url = url::Url::parse(begin.location()).unwrap();
        let mut form: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        form.extend(choice.iter().map(|(name, value)| (name.to_string(), value.to_string())));
        let login = url.join("/login").unwrap();
        let answer = self.http.post(login).form(&form).send().await.unwrap();
        let back = answer.headers()[header::LOCATION].to_str().unwrap().to_owned();
        self.get(back.strip_prefix(&self.origin).unwrap()).await
    }

    pub async fn get(&mut self, path: &str) -> Page {
        let mut request = self.http.request(Method::GET, format!("{}{path}", self.origin));
        if let Some(address) = &self.forwarded_for {
            request = request.header("x-forwarded-for", address);
        }
        let response = request.header(header::COOKIE, self.cookie()).send().await.unwrap();
        self.take(response).await
    }

    /// Sends a form with the token of the last page.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let csrf = self.csrf.clone();
        self.post_with(path, &csrf, fields).await
    }

    pub async fn post_with(&mut self, path: &str, csrf: &str, fields: &[(&str, &str)]) -> Page {
        let mut form = vec![("csrf", csrf)];
        form.extend_from_slice(fields);
        let request = self.http.request(Method::POST, format!("{}{path}", self.origin));
        let request = request.header(header::COOKIE, self.cookie()).header("sec-fetch-site", self.sends_from);
        let response = request.form(&form).send().await.unwrap();
        self.take(response).await
    }

    /// Sends a form and follows where it leads.
    pub async fn does(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let page = self.post(path, fields).await;
        assert_eq!(page.status, 303, "{path}: {}", page.text);
        let to = page.location().to_owned();
        self.get(&to).await
    }

    /// From the content origin, without cookies.
    pub async fn fetch(
        &self,
        url: &str,
        headers: &[(&'static str, &str)],
    ) -> (u16, header::HeaderMap, Vec<u8>) {
        let mut request = self.http.get(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        (status, headers, response.bytes().await.unwrap().to_vec())
    }

    pub async fn head(&self, url: &str) -> (u16, header::HeaderMap) {
        let response = self.http.head(url).send().await.unwrap();
        (response.status().as_u16(), response.headers().clone())
    }

    fn cookie(&self) -> String {
        self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    async fn take(&mut self, response: Response) -> Page {
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        for cookie in headers.get_all(header::SET_COOKIE) {
            let (pair, rest) = cookie.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            assert!(
                name.starts_with("__Host-") && rest.contains("Secure") && rest.contains("HttpOnly"),
                "{rest}"
            );
            match rest.contains("Max-Age=0") {
                true => self.cookies.remove(name),
                false => self.cookies.insert(name.to_owned(), value.to_owned()),
            };
        }
        let text = response.text().await.unwrap();
        let mark = r#"name="csrf" value=""#;
        if let Some(at) = text.find(mark) {
            let from = &text[at + mark.len()..];
            from[..from.find('"').unwrap()].clone_into(&mut self.csrf);
        }
        Page { status, headers, text }
    }
}

impl Page {
    pub fn location(&self) -> &str {
        self.headers[header::LOCATION].to_str().unwrap()
    }

    #[track_caller]
    pub fn says(&self, words: &str) -> &Self {
        assert!(self.text.contains(words), "{words:?} is not on the page ({}):\n{}", self.status, self.text);
        self
    }

    #[track_caller]
    pub fn does_not_say(&self, words: &str) -> &Self {
        assert!(!self.text.contains(words), "{words:?} is on the page:\n{}", self.text);
        self
    }

    /// The first address on the page that begins so, up to the quote.
    #[track_caller]
    pub fn address(&self, start: &str) -> String {
        let at =
            self.text.find(&format!("\"{start}")).unwrap_or_else(|| panic!("no {start} in {}", self.text));
        let from = &self.text[at + 1..];
        from[..from.find('"').unwrap()].to_owned()
    }
}
