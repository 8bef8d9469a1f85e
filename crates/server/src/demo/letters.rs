//! The letters that are already there when the demo starts: from both senders, over three months.

use super::{
    cast::{BOLAGET, KOMMUNEN, VERKET},
    pdf,
};
use crate::compose::{Draft, File};
use domain::{Time, letter::AttachmentType};
use serde_json::{Map, Value, json};
use std::time::Duration;

/// A letter of the demo's past.
pub struct Seed {
    /// How long ago it was sent.
    pub days_ago: u64,
    /// Whether its recipient has opened it.
    pub opened: bool,
    /// Whether it comes as a delivery of Mina Meddelanden instead of by the agency API.
    pub soap: bool,
    /// The letter.
    pub draft: Draft,
}

const ANNA: &str = "198101052382";
const BO: &str = "199001012385";
const CLEO: &str = "200001012384";
const DAY: Duration = Duration::from_secs(24 * 3600);

/// All of them, oldest first. Dates to answer by count from `now`, so that they are always ahead.
pub fn all(now: Time) -> Vec<Seed> {
    let mut letters = vec![
        seed(
            88,
            true,
            VERKET,
            ANNA,
            "Kvitto på din anmälan",
            RECEIPT,
            json!({"kind": "receipt",
            "matter": {"id": "EV 2026-0911", "subject": "Anmälan om flytt", "status": "avslutat"}}),
        ),
        seed(81, true, KOMMUNEN, BO, "Välkommen till Kuvert", WELCOME, json!({"kind": "information"})),
        seed(
            74,
            true,
            KOMMUNEN,
            ANNA,
            "Så här sorterar du matavfall (lättläst)",
            EASY,
            json!({"kind": "information"}),
        ),
        seed(
            62,
            true,
            KOMMUNEN,
            CLEO,
            "Antagningsbesked, gymnasial vuxenutbildning",
            ADMITTED,
            json!({"kind": "decision", "matter": {"id": "UBN 2026-318"}, "receipt": "opened"}),
        ),
        seed(
            55,
            true,
            VERKET,
            BOLAGET,
            "Registrering av arbetsgivare",
            EMPLOYER,
            json!({"kind": "information",
            "matter": {"id": "EV 2026-1107", "subject": "Registrering", "status": "avslutat"}}),
        ),
        seed(41, true, VERKET, ANNA, "Årsbesked 2025", YEARLY, json!({"kind": "certificate"})),
        seed(
            33,
            true,
            KOMMUNEN,
            BO,
            "Beslut om bygglov",
            PERMIT,
            json!({"kind": "decision", "receipt": "opened",
            "matter": {"id": "BN 2026-204", "subject": "Bygglov för carport", "status": "beslutat"}}),
        ),
        seed(
            21,
            false,
            VERKET,
            CLEO,
            "Komplettera din ansökan",
            COMPLETE,
            json!({"kind": "request",
            "reply_by": (now.plus(12 * DAY)).date(), "receipt": "opened", "matter": {"id": "EV 2026-1388"}}),
        ),
        seed(
            12,
            true,
            KOMMUNEN,
            ANNA,
            "Kallelse till möte om förskoleplats",
            MEETING,
            json!({"support": {"text": "Ring förskoleenheten om tiden inte passar.", "phone": "000-000 00 10"},
            "matter": {"id": "FSK 2026-77", "subject": "Plats i förskola", "status": "senderinitiative",
                "event": {"id": "moete-1", "kind": "Kallelse"}},
            "metadata": [{"tag": "Enhet", "value": "Förskoleenheten"}], "attention": "Anna", "reply": "accepted"}),
        ),
        seed(
            6,
            false,
            KOMMUNEN,
            ANNA,
            "Tacka ja till förskoleplats",
            PRESCHOOL,
            json!({"kind": "request",
            "reply_by": (now.plus(13 * DAY)).date(), "receipt": "opened", "matter": {"id": "FSK 2026-77"}}),
        ),
        seed(
            3,
            false,
            VERKET,
            BOLAGET,
            "Kontrolluppgifter ska lämnas",
            STATEMENTS,
            json!({"kind": "request",
            "reply_by": (now.plus(69 * DAY)).date()}),
        ),
        seed(
            2,
            false,
            KOMMUNEN,
            BO,
            "Avstängning av vatten på Exempelgatan",
            WATER,
            json!({"kind": "information"}),
        ),
        seed(
            1,
            false,
            VERKET,
            ANNA,
            "Beslut om din ansökan",
            DECISION,
            json!({"kind": "decision", "receipt": "opened",
            "reply_by": (now.plus(70 * DAY)).date(),
            "matter": {"id": "2026/1482", "subject": "Ansökan om stöd", "status": "beslutat"},
            "support": {"text": "Frågor om beslutet besvaras av handläggaren.", "phone": "000-000 00 00",
                "email": "fragor@example.com", "url": "https://example.com/fragor"}}),
        ),
    ];
    for letter in &mut letters {
        attach(letter);
        letter.soap = letter.draft.subject == "Kallelse till möte om förskoleplats";
    }
    letters
}

fn seed(days_ago: u64, opened: bool, sender: &str, to: &str, subject: &str, body: &str, more: Value) -> Seed {
    let more: Map<String, Value> = more.as_object().cloned().unwrap_or_default();
    Seed {
        days_ago,
        opened,
        soap: false,
        draft: Draft {
            reference: format!("demo-{days_ago}"),
            sender: sender.to_owned(),
            recipient: to.to_owned(),
            subject: subject.to_owned(),
            body: body.trim().to_owned(),
            html: body.trim_start().starts_with('<'),
            attachments: Vec::new(),
            more,
        },
    }
}

/// Documents and a calendar entry for the letters that speak of them.
fn attach(letter: &mut Seed) {
    let pdf = |name: &str, heading: &str, lines: &[&str], size| File {
        name: name.to_owned(),
        media_type: AttachmentType::Pdf,
        content: pdf::document(heading, lines, size).into(),
    };
    let files = match letter.draft.subject.as_str() {
        "Beslut om din ansökan" => {
            vec![pdf("Beslut 2026-1482.pdf", "Beslut om stöd", &DECISION_PDF, 48_000)]
        }
        "Beslut om bygglov" => vec![
            pdf(
                "Beslut BN 2026-204.pdf",
                "Beslut om bygglov",
                &["Bygglov beviljas för carport, 24 m²."],
                32_000,
            ),
            pdf("Ritning.pdf", "Situationsplan", &["Skala 1:400"], 96_000),
        ],
        "Årsbesked 2025" => {
            vec![pdf("Årsbesked 2025.pdf", "Årsbesked", &["Uppgifter för inkomståret 2025."], 20_000)]
        }
        "Kallelse till möte om förskoleplats" => vec![File {
            name: "möte.ics".to_owned(),
            media_type: AttachmentType::Calendar,
            content: bytes::Bytes::from_static(MEETING_ICS.as_bytes()),
        }],
        _ => Vec::new(),
    };
    letter.draft.attachments = files;
}

const RECEIPT: &str = "
Hej Anna,

Vi har tagit emot din anmälan om ny adress. Den gäller från och med den 1 september.

Du behöver inte göra något mer.

Exempelverket";

const WELCOME: &str = "
Hej Bo,

Kommunen skickar nu det mesta av sin post till din digitala brevlåda. Du får ett meddelande när ett nytt brev har \
kommit. I meddelandet finns aldrig några länkar.

Vill du hellre ha brev från oss på papper kan du stänga av Exempelkommunen under Avsändare.

Exempelkommunen";

const EASY: &str = "
Matavfall är rester av mat.

Du ska lägga matavfall i den bruna påsen.
Knyt ihop påsen när den är full.
Lägg påsen i det bruna kärlet.

Du får nya påsar gratis.
Häng en påse på kärlet när dina påsar är slut.
Då får du nya påsar nästa gång vi hämtar.

Har du frågor? Ring oss på 000-000 00 20.";

const ADMITTED: &str = "
Hej Cleo,

Du är antagen till Matematik 3 med start den 12 januari. Svara i vår e-tjänst om du inte vill ha platsen.

Vuxenutbildningen, Exempelkommunen";

const EMPLOYER: &str = "
Exempelbolaget AB är nu registrerat som arbetsgivare hos Exempelverket.

Arbetsgivardeklaration ska lämnas varje månad, första gången den 12 i nästa månad.

Exempelverket";

const YEARLY: &str = "
Hej Anna,

Här är ditt årsbesked. Uppgifterna är redan inlämnade. Kontrollera att de stämmer och spara dokumentet.

Exempelverket";

const PERMIT: &str = "
<h2>Bygglov beviljas</h2>
<p>Hej Bo,</p>
<p>Byggnadsnämnden har beslutat att ge dig <strong>bygglov för en carport</strong> på fastigheten Exemplet 1:2.</p>
<ul><li>Du får börja bygga när du har fått startbesked.</li><li>Beslutet gäller i fem år.</li></ul>
<p>Om du inte är nöjd med beslutet kan du överklaga det inom tre veckor. Hur du gör står i beslutet.</p>";

const COMPLETE: &str = "
Hej Cleo,

Vi behöver ett intyg från din arbetsgivare för att kunna fatta beslut. Skicka in det i vår e-tjänst.

Om vi inte får intyget i tid fattar vi beslut med de uppgifter vi har.

Exempelverket";

const MEETING: &str = "
Hej Anna,

Du är välkommen till ett möte om förskoleplats den 9 december klockan 14.00 i Medborgarhuset, rum 3.

Mötet tar ungefär en halvtimme.

Förskoleenheten, Exempelkommunen";

const PRESCHOOL: &str = "
Hej Anna,

Vi kan erbjuda en plats på Exempelförskolan från den 15 januari.

Tacka ja eller nej i vår e-tjänst. Om vi inte får något svar i tid går platsen till nästa i kön.

Förskoleenheten, Exempelkommunen";

const STATEMENTS: &str = "
Kontrolluppgifter för inkomståret 2026 ska lämnas till oss senast den dag som står ovan.

Ni lämnar dem i vår e-tjänst.

Exempelverket";

const WATER: &str = "
Hej,

Vi byter ledningar på Exempelgatan. Vattnet är avstängt mellan klockan 9 och 14 på torsdag. Tappa upp vatten i förväg.

Exempelkommunen, VA-enheten";

const DECISION: &str = "
Hej Anna,

Vi har beviljat din ansökan. Beslutet i sin helhet finns i det bifogade dokumentet. Du behöver meddela oss om du vill \
ändra någon uppgift.

Om du inte är nöjd med beslutet kan du överklaga det. Hur du gör står på sista sidan.

Exempelverket";

const DECISION_PDF: [&str; 7] = [
    "Ärende 2026/1482",
    "",
    "Exempelverket beslutar att bevilja ansökan.",
    "Beslutet gäller från den 1 december 2026.",
    "",
    "Så här överklagar du: skriv till oss inom tre veckor från den dag",
    "du fick del av beslutet och berätta vad du vill ändra.",
];

const MEETING_ICS: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Exempelkommunen//SV\r\nBEGIN:VEVENT\r\n\
UID:mote-2026-12-09@example.com\r\nDTSTAMP:20261110T080000Z\r\nDTSTART:20261209T130000Z\r\nDTEND:20261209T133000Z\r\n\
SUMMARY:Möte om förskoleplats\r\nLOCATION:Medborgarhuset\\, rum 3\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
