//! Canaries: words that stand nowhere else, one in every field.

use crate::sender::{ANNA, BO, CLEO};

pub const SUBJECT: &str = "Kanarieämne Qvx1";
pub const BODY: &str = "Kanariekropp Qvx2 om ett beslut";
pub const HTML: &str = "Kanarietext Qvx3";
pub const FILE: &str = "kanariefil-qvx4.txt";
pub const SMALL: &str = "Kanariebilaga Qvx5";
pub const LARGE: &str = "Kanarieobjekt Qvx6";
pub const MATTER: &str = "KANARIEDNR-QVX7";
pub const MATTER_SUBJECT: &str = "Kanarieärende Qvx8";
pub const STATUS: &str = "kanariestatus-qvx9";
pub const SUPPORT: &str = "Kanariestöd Qvxa";
pub const SUPPORT_EMAIL: &str = "kanariefraga@qvxb.example";
pub const REFERENCE: &str = "kanarieref-qvxc";
pub const SOUGHT: &str = "kanariesökning";
pub const NAME: &str = "Kanarie Kanariesson";
pub const HELPER: &str = "Kanarie Hjälpreda";
pub const EMAIL: &str = "kanarie.qvxd@example.com";
pub const PHONE: &str = "+46701740689";
pub const WRONG: &str = "kanariefel-qvxe";
/// Told by e-mail and text message, and nowhere kept.
pub const TOLD_SUBJECT: &str = "Kanarieavisering Qvxg";
pub const TOLD: &str = "Kanarieord Qvxh om vattnet";
pub const TOLD_BODY: &str = "Kanarieunderlag Qvxi";
pub const TOLD_FROM: &str = "kanarie@qvxj.example";
/// A published test number without a mailbox in the demo.
pub const NUMBER: &str = "189001019802";
/// No number at all: the last digit is wrong.
pub const NO_NUMBER: &str = "198101052383";

/// May stand in the outbox, where notices are handed over; all else may stand nowhere.
pub const ADDRESSES: [&str; 6] = [EMAIL, PHONE, "anna@example.com", "+46701740605", TOLD_SUBJECT, TOLD];
pub const CONTENT: [&str; 24] = [
    TOLD_BODY,
    TOLD_FROM,
    SUBJECT,
    BODY,
    HTML,
    FILE,
    SMALL,
    LARGE,
    MATTER,
    MATTER_SUBJECT,
    STATUS,
    SUPPORT,
    SUPPORT_EMAIL,
    REFERENCE,
    SOUGHT,
    NAME,
    HELPER,
    WRONG,
    NUMBER,
    NO_NUMBER,
    ANNA,
    BO,
    CLEO,
    "Anna Exempel",
];
