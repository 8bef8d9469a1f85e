//! `kuvert agency quota`: how many recipients an organisation may look up in a day.

use crate::{
    cli::{ConfigArg, JsonArg},
    config::Config,
    house::Operator,
    out,
};
use anyhow::Result;
use domain::OrgNumber;
use serde_json::json;

/// So many a day, or as all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PerDay(Option<u64>);

impl std::str::FromStr for PerDay {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(match text {
            "default" => None,
            "small" => Some(20_000),
            "medium" => Some(200_000),
            "large" => Some(2_000_000),
            number => match number.parse::<u32>() {
                Ok(number) if number > 0 => Some(number.into()),
                _ => return Err("give small, medium, large, a number above 0, or default"),
            },
        }))
    }
}

pub async fn run(
    config: &ConfigArg,
    json: JsonArg,
    number: &OrgNumber,
    per_day: Option<PerDay>,
) -> Result<()> {
    let operator = Operator::open(&Config::read(&config.config)?).await?;
    if let Some(PerDay(daily)) = per_day {
        operator.keys.set_lookup_quota(number, daily).await?;
    }
    let quota = operator.keys.lookup_quota(number).await?;
    operator.close().await;
    if json.json {
        out::json(&json!({"number": number.as_str(), "per_day": quota.daily, "own": quota.own,
            "used_today": quota.used_today}));
        return Ok(());
    }
    let whose = if quota.own { "its own" } else { "as all" };
    out::line(&format!(
        "{number}: {} recipients a day ({whose}), {} used today",
        quota.daily, quota.used_today
    ));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_numbers_are_read() {
        for (text, wanted) in
            [("small", Ok(Some(20_000))), ("10000000", Ok(Some(10_000_000))), ("default", Ok(None))]
        {
            assert_eq!(text.parse::<PerDay>().map(|PerDay(daily)| daily), wanted);
        }
        for text in ["0", "-1", "huge", "", "1e6"] {
            assert!(text.parse::<PerDay>().is_err(), "{text}");
        }
    }
}
