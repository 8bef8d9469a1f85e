//! The door over a world that accepts, and organisations that call at it.

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request, StatusCode},
};
use bytes::Bytes;
use edge::{Peer, peer::PeerCertificate};
use evidence::Sequencer;
use http_body_util::BodyExt;
use key_client::Role;
use sender_gateway::Gateway;
use serde_json::Value;
use std::{ops::Deref, sync::Arc};
use store::testing::Database;
use testing::{Organisation, world};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

pub struct World {
    world: world::World,
    router: Router,
    pub sequencer: Sequencer,
    pub stopping: CancellationToken,
}

impl Deref for World {
    type Target = world::World;

    fn deref(&self) -> &Self::Target {
        &self.world
    }
}

/// What was answered.
#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Reply {
    /// Status and code of a problem, which has the form that all problems have.
    pub fn refusal(&self) -> (u16, &str) {
        assert_eq!(self.headers["content-type"], "application/problem+json", "{self:?}");
        assert_eq!(self.headers["cache-control"], "no-store");
        let code = self.body["code"].as_str().unwrap();
        assert_eq!(self.body["type"], format!("urn:kuvert:problem:{code}"));
        assert_eq!(self.body["status"], self.status.as_u16());
        assert!(self.body["title"].is_string() && self.body["mend"].is_string());
        (self.status.as_u16(), code)
    }

    pub fn text(&self, member: &str) -> &str {
        self.body[member].as_str().unwrap_or_else(|| panic!("no {member}: {self:?}"))
    }

    pub fn ok(self) -> Self {
        assert!(self.status.is_success(), "{self:?}");
        self
    }
}

impl World {
    pub async fn new(database: Database) -> Self {
        let world = world::World::new(database).await;
        let gateway_keys = world.connector.keys(Role::Gateway).gateway_keys().await.unwrap();
        let sequencer = Sequencer::new(world.store.clone());
        let stopping = CancellationToken::new();
        let router = sender_gateway::router(Gateway {
            intake: world.intake.clone(),
            directory: world.directory.clone(),
            gateway_keys: Arc::new(gateway_keys),
            clock: world.clock.clone(),
            sequencer: sequencer.clone(),
            stopping: stopping.clone(),
        });
        Self { world, router, sequencer, stopping }
    }

    /// One request of an organisation that connects with the certificate that it signs with.
    pub async fn asks(&self, caller: &Organisation, request: Request<Body>) -> Reply {
        let certificate = PeerCertificate {
            sha256: caller.certificate.sha256,
            organisation: Some(caller.number.clone()),
            listed: false,
        };
        self.asks_from(Some(certificate), request).await
    }

    /// One request over a connection with this certificate.
    pub async fn asks_from(&self, certificate: Option<PeerCertificate>, mut request: Request<Body>) -> Reply {
        let peer = Peer { address: ([192, 0, 2, 1], 50_000).into(), certificate };
        request.extensions_mut().insert(peer);
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        assert_eq!(head.headers["x-content-type-options"], "nosniff");
        let bytes = body.collect().await.unwrap().to_bytes();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Reply { status: head.status, headers: head.headers, body }
    }

    pub async fn gets(&self, caller: &Organisation, path: &str) -> Reply {
        self.asks(caller, get(path)).await
    }

    /// The town posts a letter with its attachments.
    pub async fn posts(&self, letter: &Value, files: &[&[u8]]) -> Reply {
        self.asks(&self.town, post(&self.town.sign(letter), files)).await
    }
}

pub fn get(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).unwrap()
}

/// The part `letter`, and a part `attachment` for each file.
pub fn post(jws: &[u8], files: &[&[u8]]) -> Request<Body> {
    let mut parts = vec![("letter", "application/jose+json", jws)];
    parts.extend(files.iter().map(|file| ("attachment", "application/octet-stream", *file)));
    multipart(&parts)
}

/// Parts by name, type and content.
pub fn multipart(parts: &[(&str, &str, &[u8])]) -> Request<Body> {
    let mut body = Vec::new();
    for (name, media_type, content) in parts {
        let head = format!(
            "--line\r\ncontent-disposition: form-data; name=\"{name}\"\r\ncontent-type: {media_type}\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--line--\r\n");
    let request = Request::post("/v1/letters").header("content-type", "multipart/form-data; boundary=line");
    request.body(Body::from(Bytes::from(body))).unwrap()
}

pub fn json(path: &str, body: &Value) -> Request<Body> {
    let request = Request::post(path).header("content-type", "application/json");
    request.body(Body::from(body.to_string())).unwrap()
}
