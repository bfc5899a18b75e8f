//! The metrics endpoint: any path and method answers with the metrics.

use std::io;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response};
use http_body_util::Full;
use tokio::net::TcpListener;

use crate::metrics::{self, Exposition};

#[cfg(test)]
mod tests;

/// Serves the metrics of `daprd`, or an [`Exposition`] that another process declared, until dropped. The caller
/// runs it in a task of its own and logs where it listens.
pub async fn serve(listener: TcpListener, metrics: impl Into<Exposition>) -> io::Result<()> {
    let metrics = metrics.into();
    crate::http::serve(listener, async |_| scrape(&metrics)).await
}

fn scrape(metrics: &Exposition) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(metrics.encode()));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(metrics::CONTENT_TYPE));
    response
}
