//! Who takes part. All numbers are test numbers or made up; their check digits hold.

use domain::{Identity, OrgNumber, Time};

/// Exempelkommunen, a sender.
pub const TOWN: &str = "164020000016";
/// Exempelverket, a sender as well.
pub const OFFICE: &str = "164020000024";
/// Exempelförmedlaren, who sends for others.
pub const DISPATCHER: &str = "164020000032";
/// Exempelbolaget AB, which has a mailbox.
pub const COMPANY: &str = "164020000040";
/// The operator that runs this.
pub const OWN: &str = "164020000057";
/// Another operator, at `ladan.example`.
pub const LADAN: &str = "164020000065";
/// And one more, at `breven.example`.
pub const BREVEN: &str = "164020000073";
/// An organisation that is registered nowhere.
pub const NOBODY: &str = "164020000081";

/// Number, name, and whether it sends letters of its own.
pub const SENDERS: [(&str, &str, bool); 3] = [
    (TOWN, "Exempelkommunen", true),
    (OFFICE, "Exempelverket", true),
    (DISPATCHER, "Exempelförmedlaren", false),
];

/// An operator of mailboxes.
pub struct Operator {
    pub number: &'static str,
    pub domain: &'static str,
    pub name: &'static str,
    pub service_address: &'static str,
}

/// The one that runs this, and the two others.
pub const OPERATORS: [Operator; 3] = [
    Operator {
        number: OWN,
        domain: "kuvert.example",
        name: "Kuvert",
        service_address: "https://kuvert.example/Service/v3",
    },
    Operator {
        number: LADAN,
        domain: "ladan.example",
        name: "Lådan",
        service_address: "https://ladan.example/service/v3",
    },
    Operator {
        number: BREVEN,
        domain: "breven.example",
        name: "Breven",
        service_address: "https://breven.example/service/v3",
    },
];

pub const ANNA: &str = "198101052382";
pub const BO: &str = "199001012385";
pub const CLEO: &str = "200001012384";
/// Born in 2015: too young for a mailbox of his own.
pub const DAVID: &str = "201501012387";

pub const NOW: &str = "2026-11-22T10:00:00.000Z";

pub fn now() -> Time {
    Time::parse(NOW).unwrap()
}

/// An organisation by one of these numbers.
pub fn org(number: &str) -> OrgNumber {
    OrgNumber::parse(number).unwrap()
}

/// A person or an organisation by one of these numbers.
pub fn identity(number: &str) -> Identity {
    Identity::parse(number).unwrap()
}
