//! One line and one measurement for each request, without anything of what it asks for.

use axum::{
    extract::{MatchedPath, Request},
    middleware::Next,
    response::Response,
};
use domain::Code;
use std::time::Instant;
use tracing::{debug, warn};

/// Middleware for `Router::route_layer`, so that it sees the matched route and never the address itself:
/// addresses can hold what must not be logged.
pub async fn requests(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("(none)", MatchedPath::as_str).to_owned();
    let method = request.method().clone();
    let start = Instant::now();
    let response = next.run(request).await;
    let status = response.status();
    let seconds = start.elapsed().as_secs_f64();
    let code = response.extensions().get::<Code>().map_or("", |c| c.as_str());
    let labels = [("route", route.clone()), ("status", status.as_str().to_owned())];
    metrics::histogram!("kuvert_http_request_seconds", &labels).record(seconds);
    if status.is_server_error() {
        warn!(http.method = %method, http.route = route, http.status = status.as_u16(), code, "Request failed");
    } else {
        debug!(http.method = %method, http.route = route, http.status = status.as_u16(), code, "Request answered");
    }
    response
}
