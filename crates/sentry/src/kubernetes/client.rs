//! Requests to the API server.

use std::time::Duration;

use dapr_kit::backoff::Backoff;
use dapr_net::Body;
use dapr_net::http1::Pool;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HOST};
use http::{HeaderValue, Method, Request, StatusCode};
use serde_json::Value;

use super::access::{Access, Token};

/// Answers that are longer are refused; a Secret or a pod has at most a megabyte or two.
const MAX_ANSWER: usize = 8 << 20;
/// How long one request may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How long [`Client::get_patiently`] tries.
const PATIENCE: Duration = Duration::from_secs(60);

/// Talks to one API server, over connections that are kept.
pub(crate) struct Client {
    pool: Pool,
    access: Access,
}

/// Why the API server gave no object.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    /// There is no such object.
    #[error("{0} not found")]
    NotFound(String),
    /// Somebody else changed the object at the same time.
    #[error("{0} was changed by somebody else")]
    Conflict(String),
    /// It answered, and refused.
    #[error("{method} {path}: {status}: {message}")]
    Refused { method: Method, path: String, status: StatusCode, message: String },
    /// It did not answer.
    #[error("the API server cannot be reached: {0}")]
    Unreachable(String),
}

impl Client {
    pub(crate) fn new(access: Access) -> Self {
        Self { pool: Pool::new(access.origin.clone()), access }
    }

    /// Reads an object.
    pub(crate) async fn get(&self, path: &str) -> Result<Value, ApiError> {
        self.request(Method::GET, path, None).await
    }

    /// The same at start, when the API server or the network may still be coming up.
    pub(crate) async fn get_patiently(&self, path: &str) -> Result<Value, ApiError> {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        let mut backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(5));
        loop {
            let error = match self.get(path).await {
                Err(ApiError::Unreachable(error)) => error,
                answered => return answered,
            };
            if tokio::time::Instant::now() >= deadline {
                return Err(ApiError::Unreachable(error));
            }
            tracing::warn!(target: "dapr.sentry", "the API server cannot be reached yet: {error}");
            tokio::time::sleep(backoff.next_delay()).await;
        }
    }

    /// Creates an object, for those that only answer.
    pub(crate) async fn post(&self, path: &str, object: &Value) -> Result<Value, ApiError> {
        self.request(Method::POST, path, Some(object)).await
    }

    /// Replaces an object, unless somebody else changed it since it was read.
    pub(crate) async fn put(&self, path: &str, object: &Value) -> Result<Value, ApiError> {
        self.request(Method::PUT, path, Some(object)).await
    }

    /// The objects of a list, in all namespaces, with this name and namespace: one, mostly.
    pub(crate) async fn find(&self, list: &str, namespace: &str, name: &str) -> Result<Option<Value>, ApiError> {
        let quoted = |text: &str| {
            let bytes = text.bytes().flat_map(|byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => vec![char::from(byte)],
                _ => format!("%{byte:02X}").chars().collect(),
            });
            bytes.collect::<String>()
        };
        let selector = format!("metadata.name%3D{}%2Cmetadata.namespace%3D{}", quoted(name), quoted(namespace));
        let mut found = self.get(&format!("{list}?fieldSelector={selector}")).await?;
        let Some(Value::Array(items)) = found.get_mut("items").map(Value::take) else { return Ok(None) };
        // The server has selected already; servers for tests may not.
        let is_it = |item: &Value| item["metadata"]["name"] == name && item["metadata"]["namespace"] == namespace;
        Ok(items.into_iter().find(is_it))
    }

    async fn request(&self, method: Method, path: &str, object: Option<&Value>) -> Result<Value, ApiError> {
        let request = self.build(&method, path, object)?;
        let unreachable = |error: String| ApiError::Unreachable(error);
        let exchange = async {
            let response = self.pool.send(request).await.map_err(|error| unreachable(error.to_string()))?;
            let status = response.status();
            let body = response.into_body().collect(MAX_ANSWER).await.map_err(|e| unreachable(e.to_string()))?;
            Ok((status, body))
        };
        let answered = tokio::time::timeout(TIMEOUT, exchange).await;
        let (status, body) = answered.unwrap_or_else(|_| Err(unreachable(format!("no answer in {TIMEOUT:?}"))))?;
        let short = path.split('?').next().unwrap_or(path).to_owned();
        match status {
            StatusCode::NOT_FOUND => Err(ApiError::NotFound(short)),
            StatusCode::CONFLICT => Err(ApiError::Conflict(short)),
            status if status.is_success() => serde_json::from_slice(&body).map_err(|error| {
                let message = format!("the answer is not JSON: {error}");
                ApiError::Refused { method, path: short, status, message }
            }),
            status => {
                let answer: Value = serde_json::from_slice(&body).unwrap_or_default();
                let message = answer["message"].as_str().unwrap_or("no reason given").to_owned();
                Err(ApiError::Refused { method, path: short, status, message })
            }
        }
    }

    fn build(&self, method: &Method, path: &str, object: Option<&Value>) -> Result<Request<Body>, ApiError> {
        let wrong = |error: http::Error| ApiError::Unreachable(error.to_string());
        let body = object.map(Value::to_string).unwrap_or_default();
        let mut builder = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.access.prefix))
            .header(HOST, self.access.origin.to_string())
            .header(ACCEPT, "application/json");
        if object.is_some() {
            builder = builder.header(CONTENT_TYPE, "application/json").header(CONTENT_LENGTH, body.len());
        }
        let token = match &self.access.token {
            Token::None => None,
            Token::Fixed(token) => Some(token.clone()),
            Token::File(path) => Some(std::fs::read_to_string(path).map_err(|error| {
                ApiError::Unreachable(format!("failed to read the token {}: {error}", path.display()))
            })?),
        };
        if let Some(token) = token {
            let mut value = HeaderValue::from_str(&format!("Bearer {}", token.trim())).map_err(|e| wrong(e.into()))?;
            value.set_sensitive(true);
            builder = builder.header(AUTHORIZATION, value);
        }
        builder.body(if object.is_some() { Body::full(body) } else { Body::default() }).map_err(wrong)
    }
}
