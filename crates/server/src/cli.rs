//! The command line. One file for each verb.
//!
//! Exit codes: 0 done and held, 1 a check or an act failed, 2 the call itself was wrong.

mod agency;
mod certified;
mod config;
mod doctor;
#[cfg(test)]
mod documented;
mod evidence;
mod history;
mod keys;
mod mailbox;
mod migrate;
mod operator;
mod serve;

pub use evidence::words as evidence_fault;

use anyhow::Result;
use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Kuvert replaces the window envelope: agencies send signed letters, only the recipient can open them, and
/// everyone can check what happened.
#[derive(Parser)]
#[command(name = "kuvert", version, propagate_version = true, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

const EXAMPLES: &str = "\
Try it on this machine:
  kuvert demo
  kuvert send --data kuvert-demo --to 198101052382 --subject Hej --text 'Ett brev.'

Run it:
  kuvert config check --config /etc/kuvert/kuvert.toml
  kuvert migrate --config /etc/kuvert/kuvert.toml
  kuvert serve --config /etc/kuvert/kuvert.toml
  kuvert doctor --config /etc/kuvert/kuvert.toml

Exit codes: 0 done and held, 1 something failed, 2 the call itself was wrong.";

#[derive(Subcommand)]
enum Verb {
    /// Run the whole service on this machine, with fictional organisations, people and letters
    #[command(after_help = "\
Examples:
  kuvert demo                     until Ctrl-C; what to open and try is printed
  kuvert demo --once              the main job once, each step checked; exit 0 only if all held
  kuvert demo --port-base 9000 --database postgres://kuvert@localhost/kuvert")]
    Demo(crate::demo::DemoArgs),
    /// Run the service from a configuration file
    #[command(after_help = "\
Example:
  kuvert serve --config /etc/kuvert/kuvert.toml

Prints what listens where, and then ready on a line of its own. SIGTERM and SIGINT stop it: nobody new is let in, requests
under way are finished, exit 0.")]
    Serve(serve::Args),
    /// Bring the databases to this program's version
    #[command(after_help = "\
Example:
  kuvert migrate --config /etc/kuvert/kuvert.toml")]
    Migrate(migrate::Args),
    /// Check or show a configuration
    #[command(subcommand)]
    Config(config::Verb),
    /// Find out what is wrong with a configuration, a sender's certificate or a delivery, and what to do about it
    #[command(after_help = "\
Examples:
  kuvert doctor --config /etc/kuvert/kuvert.toml
  kuvert doctor --certificate org.pem --key org.key --door https://127.0.0.1:8081 --ca ca.pem
  kuvert doctor --delivery message.xml --authorities ca.pem
  kuvert doctor --delivery message.xml --config /etc/kuvert/kuvert.toml
  kuvert doctor --sender 164020000016 --config /etc/kuvert/kuvert.toml

Each check says good with the fact it found, BAD with what to do, or ? with why it could not be judged. Of a delivery the
first that is BAD is the one to mend. Exit 0 only if none is BAD.")]
    Doctor(doctor::Args),
    /// Register senders and dispatchers, their certificates and whom they may act for
    #[command(subcommand)]
    Agency(agency::Verb),
    /// Open and close mailboxes
    #[command(subcommand)]
    Mailbox(mailbox::Verb),
    /// Register the mailbox operators that recipients can have their mailboxes at
    #[command(subcommand)]
    Operator(operator::Verb),
    /// Sign and send one letter, or many from a CSV file
    #[command(after_help = "\
Examples:
  kuvert send --data kuvert-demo --to 198101052382 --subject Hej --text 'Ett brev.'
  kuvert send --data kuvert-demo --csv letters.csv --files attachments
  kuvert send --data kuvert-demo --save letter --to 198101052382 --subject Hej --text 'Ett brev.'
  kuvert send --door https://post.example.se:8443 --certificate org.pem --key org.key --ca ca.pem \\
      --to 198101052382 --subject Beslut --text-file brev.txt --attach beslut.pdf --kind decision

As a client of Mina Meddelanden does, checked first:
  kuvert send --soap --data kuvert-demo --to 198101052382 --subject Prov --text 'Ett brev.'
  kuvert send --soap --door https://post.example.se:8443 --certificate org.pem --key org.key \\
      --ca ca.pem --authorities authorities.pem --to 198101052382 --subject Prov --text 'Ett brev.'

The same reference and letter can be sent again until the outcome is known: there is one letter, and the same receipt.")]
    Send(Box<sender_tools::send::Args>),
    /// Show and rotate the keys that protect letters
    #[command(subcommand)]
    Keys(keys::Verb),
    /// Check that nothing of what happened was changed or taken away, and take up an older state after a restore
    #[command(subcommand)]
    Evidence(evidence::Verb),
    /// Measure how many letters a second the agency door takes, how long opening one takes, and check that none is lost
    #[command(after_help = "\
Examples:
  kuvert load --data kuvert-load --letters 20000 --connections 64 --bytes 5000 --check
  kuvert load --data kuvert-open --letters 10000 --open 2000
  kuvert load --data kuvert-two --letters 10000 --open 2000 --side-by-side OLDER/kuvert

Side by side each program has a folder of its own and is measured in turns: figures of one run can be compared, those of two
days cannot.")]
    Load(sender_tools::load::LoadArgs),
}

/// Runs what the command line asks for.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    if matches!(cli.verb, Verb::Demo(_) | Verb::Serve(_)) {
        crate::heap::give_back_large_buffers();
    }
    // Once for the process: reqwest is built without a provider of its own.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error.into()),
    };
    let result: Result<ExitCode> = runtime.block_on(async {
        match cli.verb {
            Verb::Demo(args) => Box::pin(crate::demo::run(args)).await,
            Verb::Serve(args) => Box::pin(serve::run(args)).await,
            Verb::Migrate(args) => migrate::run(args).await,
            Verb::Config(verb) => config::run(verb),
            Verb::Doctor(args) => Box::pin(doctor::run(args)).await,
            Verb::Agency(verb) => Box::pin(agency::run(verb)).await,
            Verb::Mailbox(verb) => Box::pin(mailbox::run(verb)).await,
            Verb::Operator(verb) => Box::pin(operator::run(verb)).await,
            Verb::Send(args) => Box::pin(sender_tools::send::run(*args)).await,
            Verb::Keys(verb) => Box::pin(keys::run(verb)).await,
            Verb::Evidence(verb) => Box::pin(evidence::run(verb)).await,
            Verb::Load(args) => Box::pin(crate::load::run(args)).await,
        }
    });
    result.unwrap_or_else(|error| failed(&error))
}

fn failed(error: &anyhow::Error) -> ExitCode {
    crate::out::error(&format!("{error:#}"));
    ExitCode::FAILURE
}

/// Where the configuration is; the same for every verb that works on an instance.
#[derive(clap::Args, Clone, Debug)]
pub struct ConfigArg {
    /// The configuration file
    #[arg(long, value_name = "FILE", env = "KUVERT_CONFIG", default_value = "/etc/kuvert/kuvert.toml")]
    pub config: std::path::PathBuf,
}

/// Facts as JSON instead of text; the same for every verb that prints facts.
#[derive(clap::Args, Clone, Copy, Debug)]
pub struct JsonArg {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}
