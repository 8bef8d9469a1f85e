//! `kuvert demo`: the whole service on this machine, with fictional organisations, people and letters.

pub mod cast;
mod clock;
mod folder;
mod letters;
mod once;
pub mod pdf;
pub mod pki;
mod seed;

use crate::{
    house::{Doors, House, bind},
    logs, out, shell,
    signals::stop_on_signal,
};
use anyhow::{Result, bail};
use clock::DemoClock;
use edge::listen::{self, Door};
use eid::demo_provider::{DemoClient, DemoPerson, DemoProvider, DemoSettings};
pub(crate) use folder::CLIENT;
use folder::Folder;
use std::{path::PathBuf, process::ExitCode, sync::Arc};
use tokio_util::sync::CancellationToken;
use vault::SystemRandom;

/// What is asked for.
#[derive(clap::Args, Clone, Debug)]
pub struct DemoArgs {
    /// Where everything is kept; a second start goes on from there
    #[arg(long, value_name = "DIR", default_value = "kuvert-demo")]
    data: PathBuf,
    /// The first of five ports: citizen pages, agency door, internal, content, e-ID
    #[arg(long, value_name = "N", default_value_t = 8080, value_parser = clap::value_parser!(u16).range(1024..=65531))]
    port_base: u16,
    /// PostgreSQL instead of SQLite in DIR
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// Do the main job once without a person, check each step, and end
    #[arg(long)]
    once: bool,
    /// Log at this level, to standard error: error, warn, info, debug, trace
    #[arg(long, value_name = "LEVEL", default_value = "warn")]
    log: String,
}

/// Runs it until SIGTERM or SIGINT, or with `--once` until every step has held.
pub async fn run(args: DemoArgs) -> Result<ExitCode> {
    let stop = stop_on_signal()?;
    let clock = Arc::new(DemoClock::default());
    let folder = folder::plan(&args.data, args.port_base, args.database.as_deref(), &args.log)?;
    logs::start(&folder.config.log)?;
    // The likeliest things to be wrong, and nothing is made when they are: another demo here, and then ports.
    let _ours = folder.lock()?;
    let mend = "choose other ports with --port-base";
    let doors = Doors::bind(&folder.config, |_| mend.to_owned()).await?;
    let eid = bind(&folder::both(args.port_base + 4), mend).await?;
    folder.prepare(domain::Clock::now(&*clock))?;
    let house = House::open(folder.config.clone(), clock.clone(), true).await?;
    let provider = provider(&folder, clock.clone())?;
    let all_stop = CancellationToken::new();
    let eid = tokio::spawn(listen::serve(eid, provider, all_stop.clone()));
    std::fs::write(folder.path.join("kuvert.pid"), std::process::id().to_string())?;

    let seeding = seed::Seeding::new(&house, &folder, clock);
    seeding.registry().await?;
    let mut serving = tokio::spawn(Box::pin(house.serve(doors, all_stop.clone(), || ())));
    let work = async {
        seeding.letters().await?;
        if args.once {
            return once::run(&folder).await;
        }
        welcome(&folder);
        out::line("ready");
        std::future::pending().await
    };
    let result = tokio::select! {
        result = Box::pin(work) => result,
        () = stop.cancelled() => Ok(!args.once),
        ended = &mut serving => {
            ended??;
            bail!("the service ended by itself")
        }
    };
    all_stop.cancel();
    serving.await??;
    eid.await?;
    let _ = std::fs::remove_file(folder.path.join("kuvert.pid"));
    if stop.is_cancelled() {
        let path = shell::path(&folder.path);
        out::line(&format!("\nStopped. Everything is kept in {path}; the next start goes on from there."));
    }
    Ok(if result? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn provider(folder: &Folder, clock: Arc<DemoClock>) -> Result<Door> {
    let people = cast::CITIZENS.iter().map(|citizen| {
        let (given, family) = citizen.name.split_once(' ').unwrap_or((citizen.name, ""));
        Ok(DemoPerson {
            subject: format!("demo-{}", given.to_lowercase()),
            given_name: given.to_owned(),
            family_name: family.to_owned(),
            identity: domain::Identity::parse(citizen.number)?,
        })
    });
    let settings = DemoSettings {
        issuer: folder.urls.eid.clone(),
        clients: vec![DemoClient {
            client_id: folder::CLIENT.to_owned(),
            secret: None,
            redirect_uris: vec![format!("{}/login/callback", folder.urls.web)],
        }],
        people: people.collect::<Result<_>>()?,
    };
    let provider = DemoProvider::new(settings, clock, Arc::new(SystemRandom))?;
    Ok(Door::plain("demo e-ID", provider.router(), 256))
}

fn welcome(folder: &Folder) {
    let urls = &folder.urls;
    let path = shell::path(&folder.path);
    let kuvert = shell::program();
    out::line(&format!(
        "\nKuvert runs on this machine. Everything in it is fictional.\n\n\
         Open      {web}\n\
         Log in    as Anna, Bo or Cleo: the pretend e-ID asks for no password\n\n\
         Try       read a letter, then look under Vem har öppnat brevet\n\
         \x20         send one:  {kuvert} send --data {path} --to 198101052382 --subject \"Hej\" --text \"Ett brev.\"\n\
         \x20         turn a sender off under Inställningar, Avsändare; then send again\n\n\
         Agencies  {agency} (client certificates in {path}/pki)\n\
         \x20         API description: {web}/developers\n\
         Notices   {path}/outbox\n\
         Health    {internal}/health/ready and {internal}/metrics\n\
         Stop      with Ctrl-C; the next start goes on from there\n",
        web = urls.web,
        agency = urls.agency,
        internal = urls.internal,
    ));
}
