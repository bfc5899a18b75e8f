//! The application's HTTP middleware around a call.

use std::sync::{Arc, Mutex, PoisonError};

use dapr_net::Body;
use dapr_spi::app_channel::CallError;
use dapr_spi::http_middleware::{Handler, Next, ResponseFuture};
use http::{Request, Response, StatusCode};

use super::{HttpChannel, Links};

/// Runs a request through the links to the application.
///
/// # Errors
/// The application gave no answer, and no link made one up.
pub(super) async fn run(
    links: Arc<Links>,
    channel: &HttpChannel,
    request: Request<Body>,
) -> Result<Response<Body>, CallError> {
    let end = End { channel, failure: Mutex::new(None) };
    let response = Next::new(&links, &end).run(request).await;
    match end.failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(failure) => Err(failure),
        None => Ok(response),
    }
}

/// The application at the end of the chain. A chain has only answers, so a failure waits here until the chain is over.
struct End<'a> {
    channel: &'a HttpChannel,
    failure: Mutex<Option<CallError>>,
}

impl Handler for End<'_> {
    fn handle(&self, request: Request<Body>) -> ResponseFuture<'_> {
        Box::pin(async move {
            let (response, failure) = match self.channel.exchange(request).await {
                Ok(response) => (response, None),
                Err(failure) => {
                    let mut response = Response::new(Body::empty());
                    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
                    (response, Some(failure))
                }
            };
            // A link may call twice; the last call counts.
            *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = failure;
            response
        })
    }
}
