//! What is handed to a channel, and how it can end.

use domain::{Time, words::Channel};

/// One notice on its way to one address. Has no `Debug`: it holds an address.
pub struct Delivery {
    /// Deterministic: the same notice has the same id in every try.
    pub id: [u8; 32],
    /// E-mail address or E.164 number.
    pub address: String,
    pub channel: Channel,
    /// The subject of an e-mail.
    pub subject: String,
    pub text: String,
    /// When the first try was made.
    pub at: Time,
}

/// Why a channel did not take a notice. The code is stable and holds no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Try again later. The notice may have gone out all the same, if the answer was lost.
    #[error("{0}")]
    Later(&'static str),
    /// It will not go this way.
    #[error("{0}")]
    Never(&'static str),
    /// The address does not exist or takes nothing: it is not tried again for other letters either.
    #[error("{0}")]
    BadAddress(&'static str),
}

impl Failure {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Later(code) | Self::Never(code) | Self::BadAddress(code) => code,
        }
    }
}

/// The id as it stands in Message-ID and file names: 32 hexadecimal digits.
pub fn id_text(id: &[u8; 32]) -> String {
    hex::encode(&id[..16])
}

/// Writes a file whole or not at all; a repeat of the same notice replaces it.
pub async fn write_file(folder: &std::path::Path, name: &str, bytes: Vec<u8>) -> Result<(), Failure> {
    let folder = folder.to_owned();
    let name = name.to_owned();
    let write = move || -> std::io::Result<()> {
        std::fs::create_dir_all(&folder)?;
        let part = folder.join(format!(".{name}.part"));
        let mut file = std::fs::File::create(&part)?;
        std::io::Write::write_all(&mut file, &bytes)?;
        file.sync_all()?;
        std::fs::rename(part, folder.join(name))
    };
    match tokio::task::spawn_blocking(write).await {
        Ok(Ok(())) => Ok(()),
        _ => Err(Failure::Later("folder_unwritable")),
    }
}
