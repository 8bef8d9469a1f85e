//! The ways to reach people: the one place that chooses between them.

use crate::{Delivery, Failure, NoticeSettings, Post, Sms, settings::SetUpError};
use domain::words::Channel;
use std::sync::Arc;

/// Where what is sent by each channel goes. Cheap to clone.
#[derive(Clone)]
pub struct Channels {
    pub post: Arc<Post>,
    pub sms: Arc<Sms>,
}

impl Channels {
    /// As configured. To be called inside the runtime: the pool of connections for e-mail has a task of its own.
    pub fn open(settings: &NoticeSettings) -> Result<Self, SetUpError> {
        Ok(Self { post: Arc::new(Post::open(settings)?), sms: Arc::new(Sms::open(&settings.sms)?) })
    }

    /// Sends it by the channel that it names.
    pub async fn send(&self, delivery: &Delivery) -> Result<(), Failure> {
        match delivery.channel {
            Channel::Email => self.post.send(delivery).await,
            Channel::Sms => self.sms.send(delivery).await,
        }
    }
}
