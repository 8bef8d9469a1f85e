//! E-mail: to a mail server, or into a folder for the demo.

mod message;
mod smtp;

use crate::{
    delivery::{Delivery, Failure, id_text, write_file},
    memory::Memory,
    settings::{EmailSettings, NoticeSettings, SetUpError},
};
use lettre::message::Mailbox;
use message::message;
use smtp::Smtp;
use std::{path::PathBuf, sync::Arc};

pub enum Post {
    /// A mail server, over TLS, with a pool of connections.
    Smtp { smtp: Box<Smtp>, from: Mailbox },
    /// One file for each notice.
    Folder { path: PathBuf, from: Mailbox },
    /// Kept in memory, for tests.
    Memory { memory: Arc<Memory>, from: Mailbox },
}

impl Post {
    /// From the configuration. To be called inside the runtime: the pool of connections has a task of its own.
    pub fn open(settings: &NoticeSettings) -> Result<Self, SetUpError> {
        let from = sender(&settings.from)?;
        match &settings.email {
            EmailSettings::Folder { path } => Ok(Self::Folder { path: path.clone(), from }),
            EmailSettings::Smtp(smtp) => Ok(Self::Smtp { smtp: Box::new(Smtp::open(smtp)?), from }),
        }
    }

    pub fn memory(from: &str, memory: Arc<Memory>) -> Result<Self, SetUpError> {
        Ok(Self::Memory { memory, from: sender(from)? })
    }

    /// Sends one message; returns when the next server has taken it over (RFC 5321 §6.1).
    pub async fn send(&self, delivery: &Delivery) -> Result<(), Failure> {
        match self {
            Self::Smtp { smtp, from } => smtp.send(message(from, delivery)?, &delivery.address).await,
            Self::Folder { path, from } => {
                let message = message(from, delivery)?.formatted();
                write_file(path, &format!("{}.eml", id_text(&delivery.id)), message).await
            }
            Self::Memory { memory, from } => {
                let message = message(from, delivery)?.formatted();
                memory.take(&delivery.address, String::from_utf8_lossy(&message).into_owned()).await
            }
        }
    }
}

fn sender(from: &str) -> Result<Mailbox, SetUpError> {
    from.parse().map_err(|_| SetUpError::From)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use domain::{Time, words::Channel};

    #[tokio::test]
    async fn a_folder_gets_one_file_for_each_notice_also_when_it_is_repeated() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("outbox");
        let post =
            Post::Folder { path: path.clone(), from: sender("Kuvert <avisering@kuvert.test>").unwrap() };
        let delivery = Delivery {
            id: [0xab; 32],
            address: "anna@example.test".into(),
            channel: Channel::Email,
            subject: "Nytt brev i Kuvert".into(),
            text: "Logga in som du brukar.".into(),
            at: Time::from_millis(1_795_000_000_000),
        };
        post.send(&delivery).await.unwrap();
        post.send(&delivery).await.unwrap();
        let files: Vec<_> = std::fs::read_dir(&path).unwrap().flatten().map(|file| file.path()).collect();
        assert_eq!(files, [path.join(format!("{}.eml", "ab".repeat(16)))]);
        let text = std::fs::read_to_string(&files[0]).unwrap();
        assert!(text.ends_with("\r\n\r\nLogga in som du brukar.\r\n"), "{text:?}");
    }

    #[tokio::test]
    async fn a_folder_that_cannot_be_written_is_for_later() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, "in the way").unwrap();
        let post = Post::Folder { path, from: sender("Kuvert <avisering@kuvert.test>").unwrap() };
        let delivery = Delivery {
            id: [1; 32],
            address: "anna@example.test".into(),
            channel: Channel::Email,
            subject: String::new(),
            text: String::new(),
            at: Time::from_millis(0),
        };
        assert_eq!(post.send(&delivery).await, Err(Failure::Later("folder_unwritable")));
    }
}
