//! Health and metrics, on an address that is never public.

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
    routing::get,
};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use store::Store;
use tokio_util::sync::CancellationToken;

/// What the pages need.
#[derive(Clone)]
pub struct Internal {
    metrics: PrometheusHandle,
    store: Store,
    stopping: CancellationToken,
}

impl Internal {
    /// Begins to measure. Once for the process.
    pub fn new(metrics: PrometheusHandle, store: Store, stopping: CancellationToken) -> Self {
        Self { metrics, store, stopping }
    }

    /// `/health/live`, `/health/ready`, `/metrics`.
    pub fn router(self) -> Router {
        Router::new()
            .route("/health/live", get(async || "alive\n"))
            .route("/health/ready", get(ready))
            .route("/metrics", get(metrics))
            .with_state(self)
    }
}

/// Durations in seconds as histograms with buckets from a tenth of a millisecond to ten seconds.
pub fn measure() -> anyhow::Result<PrometheusHandle> {
    const BUCKETS: [f64; 13] = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0];
    let seconds = Matcher::Suffix("_seconds".to_owned());
    Ok(PrometheusBuilder::new().set_buckets_for_metric(seconds, &BUCKETS)?.install_recorder()?)
}

async fn ready(State(internal): State<Internal>) -> impl IntoResponse {
    if internal.stopping.is_cancelled() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n");
    }
    match internal.store.ping().await {
        Ok(()) => (StatusCode::OK, "ready\n"),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n"),
    }
}

async fn metrics(State(internal): State<Internal>) -> impl IntoResponse {
    internal.metrics.run_upkeep();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], internal.metrics.render())
}
