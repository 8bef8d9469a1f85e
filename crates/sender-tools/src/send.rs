//! `kuvert send`: sign and send one letter, or one for each line of a CSV file.

mod save;
mod soap;

use crate::{
    agency_client::{AgencyClient, Reply, secure_origin},
    compose::{self, Draft, File},
    demo::{KOMMUNEN, Pki},
    out,
};
use anyhow::{Context, Result, bail, ensure};
use clap::ArgGroup;
use domain::{Identity, OrgNumber, chance};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use soap::Soap;
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};
use vault::{Certificate, SystemRandom, jws::LetterSigner};

/// Sends through the agency door as any sender's system does. With a demo's folder, certificate and door are taken
/// from there.
#[derive(clap::Args)]
#[group(skip)]
#[command(group = ArgGroup::new("where").args(["data", "door"]).required(true))]
pub struct Args {
    /// A demo's folder: its door, authority and certificates
    #[arg(long, value_name = "DIR", conflicts_with_all = ["certificate", "key", "ca"])]
    data: Option<PathBuf>,
    /// The sender; of a demo, Exempelkommunen if left out
    #[arg(long, value_name = "ORGNR")]
    sender: Option<String>,
    /// The door's origin
    #[arg(long, value_name = "URL", requires_all = ["certificate", "key", "ca"])]
    door: Option<String>,
    /// The organisation's certificate, PEM
    #[arg(long, value_name = "FILE")]
    certificate: Option<PathBuf>,
    /// Its private key, PEM
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// The authorities of the door's certificate, PEM
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,

    /// Recipient: personnummer, samordningsnummer or organisation number, twelve digits
    #[arg(long, value_name = "NUMBER", required_unless_present = "csv")]
    to: Option<String>,
    /// Subject
    #[arg(long, required_unless_present = "csv")]
    subject: Option<String>,
    /// The letter's text
    #[arg(long, conflicts_with = "text_file")]
    text: Option<String>,
    /// File with the letter's text; a name that ends in .html is sent as HTML
    #[arg(long, value_name = "FILE")]
    text_file: Option<PathBuf>,
    /// A file to attach; can be given many times
    #[arg(long, value_name = "FILE")]
    attach: Vec<PathBuf>,
    /// The sender's own id of the letter; made up if left out
    #[arg(long)]
    reference: Option<String>,
    /// What the letter is about: decision, request, appointment, invoice, reminder, certificate, receipt, information
    #[arg(long)]
    kind: Option<String>,
    /// The last day to answer, YYYY-MM-DD
    #[arg(long, value_name = "DATE")]
    reply_by: Option<String>,
    /// JSON file with an object of other members of the letter, named as in the API: support, matter and so on
    #[arg(long, value_name = "FILE", conflicts_with = "csv")]
    members: Option<PathBuf>,
    /// Ask to be told when the letter is opened
    #[arg(long)]
    tell_opened: bool,
    /// Send as a client of Mina Meddelanden does: a deliverSecure message to /Service/v3, signed and sealed with RSA. It is
    /// checked as kuvert doctor --delivery does, and not sent if a step is broken
    #[arg(long)]
    soap: bool,
    /// With --soap, the authorities whose certificates may sign at that door, PEM; a demo's own if left out. Without them
    /// it is not judged who issued the certificate
    #[arg(long, value_name = "FILE", requires = "soap")]
    authorities: Option<PathBuf>,
    /// Folder of their revocation lists, .crl or .pem
    #[arg(long, value_name = "DIR", requires = "authorities")]
    revocation_lists: Option<PathBuf>,
    /// Do not send: write the signed request's body to FILE, and print the curl command that sends it
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,

    /// Send one letter a line: reference,recipient,subject,text and optionally attachment,kind,reply_by
    #[arg(long, value_name = "FILE", conflicts_with_all = ["to", "subject", "text", "text_file", "attach", "reference", "save"])]
    csv: Option<PathBuf>,
    /// Folder of the attachments that the CSV names
    #[arg(long, value_name = "DIR", requires = "csv")]
    files: Option<PathBuf>,
    /// Print JSON, one line a letter
    #[arg(long)]
    json: bool,
}

/// One line of the CSV file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    reference: String,
    recipient: String,
    subject: String,
    text: String,
    #[serde(default)]
    attachment: Option<String>,
    #[serde(default)]
    kind: Option<String>,
    #[serde(default)]
    reply_by: Option<String>,
}

/// Where letters go, and who sends them.
struct Door {
    url: String,
    certificate: PathBuf,
    key: PathBuf,
    ca: PathBuf,
}

struct Sending {
    client: AgencyClient,
    door: Door,
    signer: LetterSigner,
    /// Set: letters go to the SOAP door.
    soap: Option<Soap>,
    sender: String,
    json: bool,
}

/// Runs it. Exit 0 only when every letter was accepted.
pub async fn run(args: Args) -> Result<ExitCode> {
    let sending = Sending::new(&args)?;
    let drafts = match &args.csv {
        Some(file) => from_csv(&sending, file, args.files.as_deref())?,
        None => vec![from_args(&sending, &args)?],
    };
    if let (Some(file), [draft]) = (&args.save, &drafts[..]) {
        save::run(&sending, draft, file)?;
        return Ok(ExitCode::SUCCESS);
    }
    let total = drafts.len();
    let mut refused = 0;
    for (no, draft) in drafts.iter().enumerate() {
        if !sending.send(draft).await? {
            refused += 1;
        }
        if total > 1 && (no + 1) % 100 == 0 {
            out::note(&format!("{} of {total}, {refused} refused", no + 1));
        }
    }
    if total > 1 {
        out::note(&format!("{} sent, {refused} refused", total - refused));
    }
    Ok(if refused == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Sending {
    fn new(args: &Args) -> Result<Self> {
        let door = match args {
            Args { data: Some(folder), .. } => of_demo(folder, args.sender.as_deref())?,
            Args {
                door: Some(url), certificate: Some(certificate), key: Some(key), ca: Some(ca), ..
            } => {
                let certificate = certificate.clone();
                let key = key.clone();
                let ca = ca.clone();
                Door { url: secure_origin(url).context("--door")?, certificate, key, ca }
            }
            _ => bail!("give --data, or --door, --certificate, --key and --ca"),
        };
        let signer = compose::signer(&door.certificate, &door.key)?;
        let organisation = Certificate::from_pem(&std::fs::read(&door.certificate)?)?.organisation;
        let soap = args.soap.then(|| Soap::new(args, &door, organisation.clone())).transpose()?;
        let sender = match (&args.sender, organisation) {
            (Some(sender), _) => OrgNumber::parse(sender).context("--sender")?,
            (None, Some(organisation)) => organisation,
            (None, None) => bail!("the certificate names no organisation; give --sender"),
        };
        let client = AgencyClient::new(&door.url, &door.certificate, &door.key, &door.ca)?;
        Ok(Self { client, door, signer, soap, sender: sender.as_str().to_owned(), json: args.json })
    }

    /// Sends until the outcome is known. True when accepted.
    async fn send(&self, draft: &Draft) -> Result<bool> {
        let reference = &draft.reference;
        let reply = match &self.soap {
            None => self.client.send_until_known(&draft.sign(&self.signer)?, 6).await?,
            Some(soap) => match soap.envelope(draft, &self.sender)? {
                Ok(message) => self.client.deliver_until_known(message, 6).await?,
                Err(broken) => {
                    let line = format!("{reference} is not sent, it would be refused:\n  {}", broken.line(0));
                    self.tell(&line, &json!({"reference": reference, "broken": broken}));
                    return Ok(false);
                }
            },
        };
        let (line, accepted, facts) = match reply {
            Reply::Accepted { letter_id, receipt, repeated, forwarding } => {
                let word = match (forwarding, repeated) {
                    (true, _) => "is taken in charge for another operator",
                    (false, true) => "had been accepted before",
                    (false, false) => "is accepted",
                };
                let facts = json!({"reference": reference, "letter_id": letter_id, "repeated": repeated,
                    "forwarding": forwarding, "receipt": receipt});
                (format!("{reference} {word}: letter {letter_id}"), true, facts)
            }
            Reply::Refused { status, code, detail, pointer, mend, call_id } => {
                let mut facts = json!({"reference": reference, "status": status, "code": code, "detail": detail,
                    "pointer": pointer, "mend": mend});
                let call = call_id.as_ref().map(|id| format!("call id {id}")).unwrap_or_default();
                if let Some(id) = call_id {
                    facts["call_id"] = id.into();
                }
                let what = joined(" ", [format!("{code} ({status})"), detail, pointer]);
                (format!("{reference} was refused: {what}\n  {}", joined(", ", [mend, call])), false, facts)
            }
            Reply::Unknown { status, code, detail, call_id } => {
                let call = call_id.map(|id| format!("call id {id}")).unwrap_or_default();
                let told = joined(", ", [format!("{status} {code}"), detail, call]);
                bail!("{reference}: the outcome is unknown ({told}); send the same again until it is known")
            }
        };
        self.tell(line.trim_end(), &facts);
        Ok(accepted)
    }

    fn tell(&self, line: &str, facts: &Value) {
        if self.json {
            out::json(facts);
        } else {
            out::line(line);
        }
    }
}

fn of_demo(folder: &Path, sender: Option<&str>) -> Result<Door> {
    let path = folder.join("demo.json");
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("{}: start the demo first", path.display()))?;
    let demo: Value = serde_json::from_str(&text)?;
    let url = demo["urls"]["agency"].as_str().context("demo.json names no door")?.to_owned();
    let number = sender.unwrap_or(KOMMUNEN);
    let pki = Pki::of(folder);
    let certificate = pki.certificate(number);
    ensure!(certificate.exists(), "the demo has no certificate for {number}");
    Ok(Door { url, certificate, key: pki.key(number), ca: pki.ca() })
}

fn from_args(sending: &Sending, args: &Args) -> Result<Draft> {
    let recipient = args.to.clone().unwrap_or_default();
    Identity::parse(&recipient).context("--to")?;
    let (body, html) = match (&args.text, &args.text_file) {
        (Some(text), _) => (text.clone(), false),
        (None, Some(file)) => {
            let text =
                std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
            (text, file.extension().is_some_and(|e| e == "html" || e == "htm"))
        }
        (None, None) => bail!("give --text or --text-file"),
    };
    let mut more = args.members.as_deref().map_or_else(|| Ok(Map::new()), members)?;
    if args.tell_opened {
        more.insert("receipt".into(), "opened".into());
    }
    optional(&mut more, args.kind.as_deref(), args.reply_by.as_deref());
    let reference = args.reference.clone();
    Ok(Draft {
        reference: reference
            .unwrap_or_else(|| format!("send-{:016x}", u64::from_be_bytes(chance::bytes(&SystemRandom)))),
        sender: sending.sender.clone(),
        recipient,
        subject: args.subject.clone().unwrap_or_default(),
        body,
        html,
        attachments: args.attach.iter().map(|path| File::read(path)).collect::<Result<_>>()?,
        more,
    })
}

fn members(file: &Path) -> Result<Map<String, Value>> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{}: not an object in JSON", file.display()))
}

/// Every line is read and checked before the first letter is sent.
fn from_csv(sending: &Sending, file: &Path, files: Option<&Path>) -> Result<Vec<Draft>> {
    let reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_path(file);
    let mut reader = reader.with_context(|| format!("cannot read {}", file.display()))?;
    let mut drafts = Vec::new();
    for (no, row) in reader.deserialize::<Row>().enumerate() {
        let at = || format!("line {}", no + 2);
        let row = row.map_err(|_| anyhow::anyhow!("{}: not reference,recipient,subject,text…", at()))?;
        Identity::parse(&row.recipient).with_context(at)?;
        let mut attachments = Vec::new();
        if let Some(name) = row.attachment.as_deref().filter(|n| !n.is_empty()) {
            let folder = files.context("the CSV names attachments: give their folder with --files")?;
            domain::text::file_name(name).with_context(at)?;
            attachments.push(File::read(&folder.join(name)).with_context(at)?);
        }
        let mut more = Map::new();
        optional(&mut more, row.kind.as_deref(), row.reply_by.as_deref());
        drafts.push(Draft {
            reference: row.reference,
            sender: sending.sender.clone(),
            recipient: row.recipient,
            subject: row.subject,
            body: row.text,
            html: false,
            attachments,
            more,
        });
    }
    ensure!(!drafts.is_empty(), "{} has no lines", file.display());
    Ok(drafts)
}

/// Those that say something.
fn joined<const N: usize>(between: &str, said: [String; N]) -> String {
    said.into_iter().filter(|one| !one.is_empty()).collect::<Vec<_>>().join(between)
}

fn optional(more: &mut Map<String, Value>, kind: Option<&str>, reply_by: Option<&str>) {
    for (name, value) in [("kind", kind), ("reply_by", reply_by)] {
        if let Some(value) = value.filter(|v| !v.is_empty()) {
            more.insert(name.to_owned(), value.into());
        }
    }
}
