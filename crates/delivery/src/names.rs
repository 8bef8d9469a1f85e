//! The namespaces of the interface, and names in them.

/// What all of the interface's own namespaces begin with.
macro_rules! schema {
    ($rest:literal) => {
        concat!("http://minameddelanden.gov.se/schema/", $rest)
    };
}

pub const MESSAGE_V1: &str = schema!("Message");
pub const MESSAGE_V2: &str = schema!("Message/v2");
pub const MESSAGE_V3: &str = schema!("Message/v3");
pub const SENDER: &str = schema!("Sender");
pub const SERVICE: &str = schema!("Service");
pub const SERVICE_V3: &str = schema!("Service/v3");
pub const RECIPIENT: &str = schema!("Recipient");
pub const RECIPIENT_V2: &str = schema!("Recipient/v2");
pub const RECIPIENT_V3: &str = schema!("Recipient/v3");
pub const AUTHORITY: &str = schema!("Authority");
pub const COMMON: &str = schema!("Common");
pub const COMMON_V3: &str = schema!("Common/v3");
pub const NOTIFICATION_V2: &str = schema!("Notification/v2");
pub const NOTIFICATION_V3: &str = schema!("Notification/v3");
pub const OFFICIAL_MATTER_V3: &str = schema!("OfficialMatter/v3");
/// XML Signature 1.1.
pub const DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";
/// SOAP 1.1.
pub const SOAP: &str = "http://schemas.xmlsoap.org/soap/envelope/";

/// A namespace and a local name.
pub type Name<'a> = (&'a str, &'a str);

/// The root that a delivery is sealed under, whatever it is called on its way.
pub const SEALED_DELIVERY: Name<'static> = (MESSAGE_V3, "SealedDelivery");
/// The root that a sender signs.
pub const SIGNED_DELIVERY: Name<'static> = (MESSAGE_V3, "SignedDelivery");
