//! The demo's fictional organisations and its people, who bear published test numbers.

use domain::OrgNumber;
pub use sender_tools::demo::{KOMMUNEN, VERKET};
use serde::Serialize;

/// An organisation of the demo.
#[derive(Clone, Debug, Serialize)]
pub struct Organisation {
    pub number: &'static str,
    pub name: &'static str,
    /// `sender`, `dispatcher` or `company`.
    pub role: &'static str,
}

/// A citizen of the demo.
#[derive(Clone, Debug, Serialize)]
pub struct Citizen {
    pub number: &'static str,
    pub name: &'static str,
    pub email: &'static str,
    pub mobile: &'static str,
}

pub const FORMEDLAREN: &str = "164020000032";
pub const BOLAGET: &str = "164020000040";

/// Senders, the dispatcher, and a company that receives.
pub const ORGANISATIONS: [Organisation; 4] = [
    Organisation { number: KOMMUNEN, name: "Exempelkommunen", role: "sender" },
    Organisation { number: VERKET, name: "Exempelverket", role: "sender" },
    Organisation { number: FORMEDLAREN, name: "Exempelförmedlaren", role: "dispatcher" },
    Organisation { number: BOLAGET, name: "Exempelbolaget AB", role: "company" },
];

/// Anna is signatory of the company.
pub const CITIZENS: [Citizen; 3] = [
    Citizen {
        number: "198101052382",
        name: "Anna Exempel",
        email: "anna@example.com",
        mobile: "+46701740605",
    },
    Citizen { number: "199001012385", name: "Bo Exempel", email: "bo@example.com", mobile: "+46701740606" },
    Citizen {
        number: "200001012384",
        name: "Cleo Exempel",
        email: "cleo@example.com",
        mobile: "+46701740607",
    },
];

/// Numbers and names for the certificates.
pub fn certified() -> Vec<(OrgNumber, &'static str)> {
    ORGANISATIONS.iter().filter_map(|o| Some((OrgNumber::parse(o.number).ok()?, o.name))).collect()
}
