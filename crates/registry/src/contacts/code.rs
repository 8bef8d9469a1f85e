//! Codes that confirm an address, and the tags under which codes and addresses are kept.

use domain::{CodeMac, ContactMac, PersonId, Random, chance, words::Channel};
use std::fmt;
use vault::mac::Mac;

/// Six digits. Sent once, never stored; the row holds [`code_mac`].
#[derive(Clone, PartialEq, Eq)]
pub struct Code(String);

impl Code {
    /// A code that nobody can guess, each as likely as any other.
    pub fn new(random: &dyn Random) -> Self {
        loop {
            let number = u32::from_be_bytes(chance::bytes(random));
            // The numbers above the last whole million would make small codes likelier.
            if number < u32::MAX - u32::MAX % MILLION {
                return Self(format!("{:06}", number % MILLION));
            }
        }
    }

    /// As the person typed it: spaces between the digits do not matter.
    pub fn parse(text: &str) -> Option<Self> {
        let digits: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        (digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_digit())).then_some(Self(digits))
    }

    /// To be sent, and nothing else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(……)")
    }
}

/// The tag under which an address is found again. `address` in the form that it is sent to: the caller trims and,
/// for e-mail, lowers the domain.
pub fn address_mac(mac: &Mac, channel: Channel, address: &str) -> ContactMac {
    ContactMac::from_bytes(mac.tag("address", &[channel.as_str().as_bytes(), address.as_bytes()]))
}

/// The tag of a code, bound to the person and the address, so that it confirms nothing else.
pub fn code_mac(mac: &Mac, person_id: PersonId, address_mac: &ContactMac, code: &Code) -> CodeMac {
    CodeMac::from_bytes(mac.tag("code", &[person_id.as_bytes(), address_mac.as_bytes(), code.0.as_bytes()]))
}

const MILLION: u32 = 1_000_000;
