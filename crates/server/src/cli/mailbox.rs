//! `kuvert mailbox`: open and close mailboxes, by hand or from a file.

use super::{ConfigArg, JsonArg};
use crate::{config::Config, house::Operator, out};
use account::{NewPerson, Opened};
use anyhow::{Context, Result, bail, ensure};
use clap::Subcommand;
use domain::{CivilDate, Identity, OrgNumber};
use registry::register::SignatureRule;
use serde::Deserialize;
use serde_json::json;
use std::{
    io::{BufRead, Read},
    path::PathBuf,
    process::ExitCode,
};

#[derive(Subcommand)]
pub enum Verb {
    /// Open a mailbox for an organisation, or for a person who cannot do it by logging in
    #[command(after_help = "\
Example:
  kuvert mailbox open --name 'Anna Exempel' < number.txt
  kuvert mailbox open --name 'Exempelbolaget AB' --signatory 'Anna Exempel' --signs 2 < numbers.txt")]
    Open {
        #[command(flatten)]
        config: ConfigArg,
        /// Name of the person or organisation
        #[arg(long)]
        name: String,
        /// Someone who signs for the organisation: the name; the number is read from standard input after the first
        #[arg(long, value_name = "NAME")]
        signatory: Option<String>,
        /// How many of the organisation's signatories must sign what it asks for: any-one, all or a number
        /// [default: as it is, and any-one at first]
        #[arg(long, value_name = "RULE")]
        signs: Option<SignatureRule>,
        /// File with the number on its first line (and the signatory's on its second), or - for standard input: numbers do
        /// not belong in process lists
        #[arg(long, value_name = "FILE", default_value = "-")]
        number_from: String,
    },
    /// Close a mailbox: new letters are refused, old ones stay readable for the owner
    #[command(after_help = "\
Example:
  kuvert mailbox close --number-from number.txt")]
    Close {
        #[command(flatten)]
        config: ConfigArg,
        /// File with the number, or - for standard input
        #[arg(long, value_name = "FILE", default_value = "-")]
        number_from: String,
    },
    /// Note that somebody has died: letters are refused, and nobody acts for the mailbox any more
    #[command(after_help = "\
Examples:
  kuvert mailbox deceased --on 2026-11-30 --number-from number.txt
  kuvert mailbox deceased --undo --number-from number.txt")]
    Deceased {
        #[command(flatten)]
        config: ConfigArg,
        /// The day of death, as 2026-11-30
        #[arg(long, value_name = "DATE", required_unless_present = "undo", conflicts_with = "undo")]
        on: Option<DayArg>,
        /// It was noted by mistake: the mailbox is as it was before
        #[arg(long)]
        undo: bool,
        /// File with the number, or - for standard input
        #[arg(long, value_name = "FILE", default_value = "-")]
        number_from: String,
    },
    /// Open mailboxes for many people from a CSV file with the columns number,name; those with one elsewhere keep it
    #[command(after_help = "\
Example:
  kuvert mailbox import people.csv")]
    Import {
        #[command(flatten)]
        config: ConfigArg,
        #[command(flatten)]
        json: JsonArg,
        /// The CSV file
        file: PathBuf,
    },
}

/// A day, checked by clap.
#[derive(Clone, Copy, Debug)]
pub struct DayArg(CivilDate);

impl std::str::FromStr for DayArg {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        CivilDate::parse(text).map(Self).map_err(|_| "give a day as 2026-11-30")
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    number: String,
    name: String,
}

pub async fn run(verb: Verb) -> Result<ExitCode> {
    match verb {
        Verb::Open { config, name, signatory, signs, number_from } => {
            let read = Config::read(&config.config)?;
            open(&read, &name, signatory.as_deref(), signs, &lines(&number_from)?).await
        }
        Verb::Close { config, number_from } => {
            let read = Config::read(&config.config)?;
            close(&read, &lines(&number_from)?).await
        }
        Verb::Deceased { config, on, undo: _, number_from } => {
            let read = Config::read(&config.config)?;
            deceased(&read, on.map(|DayArg(day)| day), &lines(&number_from)?).await
        }
        Verb::Import { config, json, file } => import(&Config::read(&config.config)?, json, &file).await,
    }
}

async fn open(
    config: &Config,
    name: &str,
    signatory: Option<&str>,
    signs: Option<SignatureRule>,
    numbers: &[String],
) -> Result<ExitCode> {
    let number = numbers.first().context("no number was given")?;
    let identity = Identity::parse(number).context("the number")?;
    let operator = Operator::open(config).await?;
    let mailbox = if identity.is_person() {
        let alone = signatory.is_none() && signs.is_none();
        ensure!(alone, "a person signs for themselves: leave --signatory and --signs out");
        let person = NewPerson { identity, name: name.to_owned() };
        match operator.accounts.open_for_people(&[person]).await?.pop().context("no mailbox")? {
            Opened::Here(mailbox) => mailbox,
            Opened::Elsewhere(there) => {
                bail!("the mailbox is at the operator {there}; only the recipient can move it")
            }
        }
    } else {
        let organisation = OrgNumber::parse(number)?;
        let mailbox = operator.accounts.open_for_organisation(&organisation, name).await?;
        if signatory.is_some() || signs.is_some() {
            operator.accounts.describe_company(&organisation, name, signs).await?;
        }
        if let Some(signatory) = signatory {
            let number = numbers.get(1).context("no number was given for the signatory")?;
            let person = NewPerson {
                identity: Identity::parse(number).context("the signatory's number")?,
                name: signatory.to_owned(),
            };
            operator.accounts.add_signatory(&organisation, &person).await?;
        }
        mailbox
    };
    out::line(&format!("mailbox {mailbox} is open"));
    operator.close().await;
    Ok(ExitCode::SUCCESS)
}

async fn close(config: &Config, numbers: &[String]) -> Result<ExitCode> {
    let identity = Identity::parse(numbers.first().context("no number was given")?).context("the number")?;
    let operator = Operator::open(config).await?;
    let Some(mailbox) = operator.accounts.mailbox_of(&identity).await? else {
        bail!("there is no mailbox for this number");
    };
    let closed = operator.accounts.close_for(&identity).await?;
    let word = if closed { "closed" } else { "already closed" };
    out::line(&format!("mailbox {} is {word}", mailbox.mailbox_id));
    operator.close().await;
    Ok(ExitCode::SUCCESS)
}

/// Without a day it was a mistake.
async fn deceased(config: &Config, on: Option<CivilDate>, numbers: &[String]) -> Result<ExitCode> {
    let identity = Identity::parse(numbers.first().context("no number was given")?).context("the number")?;
    ensure!(identity.is_person(), "this is the number of an organisation");
    let operator = Operator::open(config).await?;
    let at = on.map(CivilDate::start);
    ensure!(at.is_none_or(|at| at <= operator.now()), "--on: this day has not come yet");
    let done = operator.accounts.note_death(&identity, at).await?;
    operator.close().await;
    out::line(match (at.is_some(), done) {
        (_, None) => bail!("nobody with this number is known here"),
        (true, Some(true)) => "the death is noted: letters are refused, and nobody acts for the mailbox",
        (true, Some(false)) => "a death was noted already; to give another day, take it back first (--undo)",
        (false, Some(true)) => "the note is taken back: the mailbox is as it was before",
        (false, Some(false)) => "no death was noted",
    });
    Ok(ExitCode::SUCCESS)
}

/// All or none of the file's form is checked first; then mailboxes are opened some hundred at a time. Run again, it goes
/// on: those who have a mailbox keep it.
async fn import(config: &Config, json: JsonArg, file: &PathBuf) -> Result<ExitCode> {
    let reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_path(file);
    let mut reader = reader.with_context(|| format!("cannot read {}", file.display()))?;
    let mut people = Vec::new();
    let mut wrong = Vec::new();
    for (no, row) in reader.deserialize::<Row>().enumerate() {
        let line = no + 2;
        match row {
            Ok(row) => match Identity::parse(&row.number) {
                Ok(identity) if identity.is_person() => people.push(NewPerson { identity, name: row.name }),
                Ok(_) => wrong.push(format!("line {line}: an organisation; use mailbox open")),
                Err(error) => wrong.push(format!("line {line}: {error}")),
            },
            // csv's own words would quote the line.
            Err(_) => wrong.push(format!("line {line}: not number,name")),
        }
    }
    if !wrong.is_empty() {
        for line in wrong.iter().take(20) {
            out::note(line);
        }
        bail!("{} of {} lines are wrong; nothing was opened", wrong.len(), wrong.len() + people.len());
    }
    let operator = Operator::open(config).await?;
    let mut opened = 0;
    let mut elsewhere = 0;
    for some in people.chunks(2_000) {
        for one in operator.accounts.open_for_people(some).await? {
            match one {
                Opened::Here(_) => opened += 1,
                Opened::Elsewhere(_) => elsewhere += 1,
            }
        }
        out::note(&format!("{} of {}", opened + elsewhere, people.len()));
    }
    operator.close().await;
    if json.json {
        out::json(&json!({"mailboxes": opened, "elsewhere": elsewhere}));
    } else {
        out::line(&format!("{opened} mailboxes are open"));
        if elsewhere > 0 {
            out::line(&format!("{elsewhere} people have theirs at another operator, and keep it there"));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Lines of a file or of standard input, without spaces around them.
pub(super) fn lines(from: &str) -> Result<Vec<String>> {
    let reader: Box<dyn Read> = match from {
        "-" => Box::new(std::io::stdin()),
        path => Box::new(std::fs::File::open(path).with_context(|| format!("cannot read {path}"))?),
    };
    let lines = std::io::BufReader::new(reader).lines();
    let lines: Vec<String> = lines.map(|l| l.map(|l| l.trim().to_owned())).collect::<Result<_, _>>()?;
    Ok(lines.into_iter().filter(|l| !l.is_empty()).collect())
}
