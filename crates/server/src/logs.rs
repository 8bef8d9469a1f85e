//! Where log lines go: stderr, so that stdout is for facts.

use crate::config::{Log, LogFormat};
use anyhow::{Context, Result, bail};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::{
    EnvFilter, Layer, filter::Targets, fmt, layer::SubscriberExt, util::SubscriberInitExt,
};

pub fn start(log: &Log) -> Result<()> {
    let lines = fmt::layer().with_writer(std::io::stderr).with_target(true);
    let lines = match log.format {
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
        LogFormat::Text => lines.with_ansi(false).boxed(),
    };
    let asked = filter(&log.level)?;
    tracing_subscriber::registry()
        .with(asked)
        .with(lines.with_filter(quiet()))
        .try_init()
        .context("logging was started twice")
}

/// What is asked for. A word that is neither a level nor `part=level` is refused: it would be taken for the name
/// of a part, and nothing else would be logged.
pub fn filter(level: &str) -> Result<EnvFilter> {
    let level: String = level.split_whitespace().collect();
    for one in level.split(',') {
        let word = one.rsplit_once('=').map_or(one, |(_, level)| level);
        if word.parse::<LevelFilter>().is_err() || word.bytes().all(|b| b.is_ascii_digit()) {
            bail!(
                "log.level: \"{one}\": give error, warn, info, debug or trace, or a filter such as info,intake=debug"
            );
        }
    }
    EnvFilter::builder().parse(&level).with_context(|| format!("log.level: \"{level}\""))
}

/// Libraries that see addresses, statements or bodies say no more than this, whatever is asked for: `sqlx` would
/// write statements, `hyper` and `h2` headers and frames, `lettre` the mail itself.
fn quiet() -> Targets {
    const AT_MOST: [(&str, LevelFilter); 8] = [
        ("sqlx", LevelFilter::WARN),
        ("hyper", LevelFilter::INFO),
        ("hyper_util", LevelFilter::INFO),
        ("h2", LevelFilter::INFO),
        ("rustls", LevelFilter::INFO),
        ("reqwest", LevelFilter::INFO),
        ("lettre", LevelFilter::WARN),
        ("html5ever", LevelFilter::OFF),
    ];
    Targets::new().with_default(LevelFilter::TRACE).with_targets(AT_MOST)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use tracing::Level;

    #[test]
    fn levels_and_filters_are_understood() {
        for good in
            ["error", "warn", "info", "debug", "trace", "off", "info,intake=debug", "warn, web::acts=trace"]
        {
            filter(good).unwrap();
        }
    }

    #[test]
    fn a_word_that_is_no_level_is_refused_by_its_key() {
        for bad in ["", "verbose", "info,intake", "intake=loud", "3", "info,,debug"] {
            let error = filter(bad).unwrap_err().to_string();
            assert!(error.starts_with("log.level: "), "{error}");
        }
    }

    #[test]
    fn libraries_that_see_content_stay_quiet_whatever_is_asked_for() {
        for (target, level) in
            [("sqlx::query", Level::INFO), ("hyper::proto::h1", Level::DEBUG), ("lettre", Level::INFO)]
        {
            assert!(!quiet().would_enable(target, &level), "{target}");
        }
        assert!(quiet().would_enable("intake::committer", &Level::TRACE));
    }
}
