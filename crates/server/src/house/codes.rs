//! The pages ask for codes to be sent; the notifier's posts send them. They stand beside each other, so they
//! meet here.

use notifier::{Change, Courier, To};
use tracing::warn;
use web::{AccountChange, AccountNotice, CodeMessage, CodePost, CodeSent};

/// Sends codes by the same ways as notices.
pub struct Codes(pub Courier);

impl CodePost for Codes {
    fn send(&self, message: CodeMessage) -> CodeSent<'_> {
        Box::pin(async move {
            let CodeMessage { channel, address, code, language, id, at } = message;
            let sent = self.0.send_code(To { channel, address, language }, &code, id, at).await;
            if let Err(failure) = sent {
                warn!(
                    channel = channel.as_str(),
                    code = failure.code(),
                    "A confirmation code could not be sent"
                );
            }
            sent.is_ok()
        })
    }

    fn tell(&self, notice: AccountNotice) -> CodeSent<'_> {
        Box::pin(async move {
            let AccountNotice { what, channel, address, language, id, at } = notice;
            let change = match what {
                AccountChange::AddressAdded => Change::AddressAdded,
                AccountChange::AddressRemoved => Change::AddressRemoved,
                AccountChange::NewDevice => Change::NewDevice,
                AccountChange::HelpAccepted => Change::HelpAccepted,
                AccountChange::HelperGranted => Change::HelperGranted,
            };
            self.0.tell_of_change(To { channel, address, language }, change, id, at).await.is_ok()
        })
    }
}
