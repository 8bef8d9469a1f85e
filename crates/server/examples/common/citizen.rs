//! A citizen who logs in, as everybody does. Shared by what keeps others from it.

use anyhow::{Context, Result, ensure};
use reqwest::{Client, Response, StatusCode, Url, header, redirect::Policy};
use std::{
    net::IpAddr,
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

/// A citizen elsewhere logs in: to the e-ID, back, and to the inbox. Answers how long that took. Each time from another
/// address, for one that logged in hundreds of times a minute would be refused itself.
pub async fn log_in(web: &str, number: &str) -> Result<Duration> {
    // By another host than whoever keeps others from it, in another /24.
    let http = Client::builder()
        .local_address(IpAddr::from([127, 0, 1, 2]))
        .redirect(Policy::none())
        .no_proxy()
        .timeout(Duration::from_secs(20))
        .build()?;
    let n = NEXT.fetch_add(1, Ordering::Relaxed);
    let from = format!("198.51.{}.{}", n / 200 % 200, n % 200);
    let began = Instant::now();
    let get = |url: Url, cookie: String| {
        http.get(url).header("x-forwarded-for", &from).header(header::COOKIE, cookie).send()
    };
    let web: Url = web.parse()?;
    let begin = get(web.join("/login/demo")?, String::new()).await?;
    ensure!(begin.status() == StatusCode::SEE_OTHER, "the citizen's log-in answers {}", begin.status());
    let attempt = cookie(&begin)?;
    let provider = location(&begin)?;
    let mut fields: Vec<(String, String)> = provider.query_pairs().into_owned().collect();
    fields.push(("person".to_owned(), number.to_owned()));
    let answer = http.post(provider.join("/login")?).form(&fields).send().await?;
    let back = get(location(&answer)?, attempt).await?;
    ensure!(back.status() == StatusCode::OK, "the log-in ends with {}", back.status());
    let inbox = get(web, cookie(&back)?).await?;
    ensure!(inbox.status() == StatusCode::OK, "the inbox answers {}", inbox.status());
    inbox.bytes().await?;
    Ok(began.elapsed())
}

fn location(response: &Response) -> Result<Url> {
    let location = response.headers().get(header::LOCATION).context("it leads nowhere")?;
    Ok(location.to_str()?.parse()?)
}

/// The first cookie that is set.
fn cookie(response: &Response) -> Result<String> {
    let cookie = response.headers().get(header::SET_COOKIE).context("no cookie")?.to_str()?;
    Ok(cookie.split(';').next().unwrap_or_default().to_owned())
}

/// Log-ins of citizens elsewhere so far.
static NEXT: AtomicU32 = AtomicU32::new(0);
