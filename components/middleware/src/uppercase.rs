//! `middleware.http.uppercase`: upper-cases bodies as they stream; an example and a test of pipelines.

mod body;

use std::sync::Arc;

use async_trait::async_trait;
use dapr_net::Body;
use dapr_spi::http_middleware::{HttpMiddleware, Next, Request, Response};
use dapr_spi::{Context, Factory, Metadata, Result};
use http::header::{CONTENT_LENGTH, HeaderMap, HeaderValue};

use self::body::Uppercased;

/// Fields of `middleware.http.uppercase`.
#[derive(Clone, Debug, Metadata)]
pub struct UppercaseMetadata {
    /// What is upper-cased: `request`, `response` or `both`; anything else means `request`.
    #[metadata(default = "request")]
    pub direction: String,
}

/// Makes `middleware.http.uppercase`.
pub struct Uppercase;

/// Which bodies are changed.
#[derive(Clone, Copy, Debug)]
pub struct Direction {
    request: bool,
    response: bool,
}

#[async_trait]
impl Factory for Uppercase {
    type Metadata = UppercaseMetadata;
    type Valid = Direction;
    type Component = dyn HttpMiddleware;

    fn validate(metadata: UppercaseMetadata) -> Result<Direction> {
        Ok(match metadata.direction.to_ascii_lowercase().as_str() {
            "response" => Direction { request: false, response: true },
            "both" => Direction { request: true, response: true },
            _ => Direction { request: true, response: false },
        })
    }

    async fn init(direction: Direction, _: Context) -> Result<Arc<dyn HttpMiddleware>> {
        Ok(Arc::new(direction))
    }
}

#[async_trait]
impl HttpMiddleware for Direction {
    async fn handle(&self, mut request: Request, next: Next<'_>) -> Response {
        if self.request {
            let body = std::mem::take(request.body_mut());
            *request.body_mut() = uppercased(body, request.headers_mut());
        }
        let mut response = next.run(request).await;
        if self.response {
            let body = std::mem::take(response.body_mut());
            *response.body_mut() = uppercased(body, response.headers_mut());
        }
        response
    }
}

/// Upper-cases a body; one that streams loses its announced length, because a letter and its upper-case form may differ
/// in length.
fn uppercased(body: Body, headers: &mut HeaderMap) -> Body {
    match body.bytes() {
        Some(bytes) if bytes.is_empty() => body,
        Some(bytes) => {
            let bytes = body::uppercase_all(&bytes);
            if headers.contains_key(CONTENT_LENGTH) {
                headers.insert(CONTENT_LENGTH, HeaderValue::from(bytes.len()));
            }
            Body::full(bytes)
        }
        None => {
            headers.remove(CONTENT_LENGTH);
            Body::stream(Uppercased::new(body))
        }
    }
}

#[cfg(test)]
mod tests;
