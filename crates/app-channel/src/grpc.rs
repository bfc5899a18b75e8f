//! Calls of a gRPC application.

mod frame;
mod status;

use std::time::{Duration, Instant};

use bytes::Bytes;
use dapr_net::Body;
use dapr_net::body::CollectError;
use dapr_proto::common::v1::http_extension::Verb;
use dapr_proto::common::v1::{HttpExtension, InvokeRequest, InvokeResponse};
use dapr_proto::pbjson_types::{Any, Empty};
use dapr_spi::app_channel::{Answer, CallError, Invoke, NO_VERB};
use dapr_telemetry::metrics::Metrics;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method, Request, Response, Uri};
use percent_encoding::percent_decode_str;
use prost::Message;

use crate::headers;
use crate::transport::Transport;
use status::Code;

const ON_INVOKE: &str = "/dapr.proto.runtime.v1.AppCallback/OnInvoke";
const HEALTH_CHECK: &str = "/dapr.proto.runtime.v1.AppCallbackHealthCheck/HealthCheck";

/// What a gRPC method answered.
#[derive(Clone, Debug)]
pub struct Reply<M> {
    /// The message.
    pub message: M,
    /// Response headers.
    pub metadata: HeaderMap,
    /// Trailers, without the status.
    pub trailers: HeaderMap,
}

/// Calls a gRPC application.
pub(crate) struct GrpcChannel {
    transport: Transport,
    token: Option<HeaderValue>,
    /// Bytes of a message in either direction.
    max_message: usize,
    metrics: Metrics,
}

impl GrpcChannel {
    pub(crate) fn new(transport: Transport, token: Option<HeaderValue>, max_message: usize, metrics: Metrics) -> Self {
        Self { transport, token, max_message, metrics }
    }

    /// Calls `OnInvoke`.
    pub(crate) async fn invoke(&self, call: Invoke) -> Result<Answer, CallError> {
        let Invoke { request, type_url, from_grpc } = call;
        let (mut parts, body) = request.into_parts();
        let value = self.collect_request(body).await?;
        let message = InvokeRequest {
            method: method_name(&parts.uri)?,
            data: Some(Any { type_url, value }),
            content_type: parts
                .headers
                .get(CONTENT_TYPE)
                .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
                .unwrap_or_default(),
            http_extension: http_extension(&parts.method, &parts.uri),
        };
        headers::for_grpc(&mut parts.headers, from_grpc, self.token.as_ref());
        let reply: Reply<InvokeResponse> = self.call(ON_INVOKE, &message, parts.headers).await?;
        let InvokeResponse { data, content_type } = reply.message;
        let Any { type_url, value: data } = data.unwrap_or_default();
        Ok(Answer::Grpc { metadata: reply.metadata, trailers: reply.trailers, data, type_url, content_type })
    }

    /// Calls a unary method with the application's token.
    pub(crate) async fn unary<I, O>(
        &self,
        path: &str,
        message: &I,
        mut metadata: HeaderMap,
    ) -> Result<Reply<O>, CallError>
    where
        I: Message,
        O: Message + Default,
    {
        headers::for_grpc(&mut metadata, true, self.token.as_ref());
        self.call(path, message, metadata).await
    }

    /// The same with encoded messages.
    pub(crate) async fn unary_encoded(
        &self,
        path: &str,
        message: &Bytes,
        mut metadata: HeaderMap,
    ) -> Result<Reply<Bytes>, CallError> {
        headers::for_grpc(&mut metadata, true, self.token.as_ref());
        self.check_length(message.len())?;
        self.call_framed(path, frame::of_encoded(message), metadata).await
    }

    /// Asks the application how it is; any answer that is no error is good.
    pub(crate) async fn probe(&self, timeout: Duration) -> Result<(), String> {
        let started = Instant::now();
        let mut headers = HeaderMap::new();
        headers::for_grpc(&mut headers, true, self.token.as_ref());
        let asking = self.exchange(HEALTH_CHECK, frame::encode(&Empty {}, 0), headers);
        let (code, outcome) = match tokio::time::timeout(timeout, asking).await {
            Ok(Ok(_)) => (0, Ok(())),
            Ok(Err(error)) => (status::code_of(&error), Err(error.to_string())),
            Err(_) => (Code::DeadlineExceeded as i32, Err(format!("no answer within {timeout:?}"))),
        };
        self.metrics.grpc_health_probes.record(code, started.elapsed());
        outcome
    }

    /// Passes a call on; messages, metadata and trailers stay as they are.
    pub(crate) async fn proxy(&self, mut request: Request<Body>) -> Result<Response<Body>, CallError> {
        let headers = request.headers_mut();
        dapr_net::headers::remove_hop_by_hop(headers);
        headers.remove(headers::TOKEN);
        headers::put_token(headers, self.token.as_ref());
        headers.insert(http::header::TE, HeaderValue::from_static("trailers"));
        self.transport.send(request).await
    }

    async fn call<I, O>(&self, path: &str, message: &I, headers: HeaderMap) -> Result<Reply<O>, CallError>
    where
        I: Message,
        O: Message + Default,
    {
        let length = message.encoded_len();
        self.check_length(length)?;
        let reply = self.call_framed(path, frame::encode(message, length), headers).await?;
        let message = O::decode(reply.message).map_err(|error| {
            status::error(Code::Internal, format!("the application's answer to {path} cannot be read: {error}"))
        })?;
        Ok(Reply { message, metadata: reply.metadata, trailers: reply.trailers })
    }

    fn check_length(&self, length: usize) -> Result<(), CallError> {
        if length > self.max_message {
            return Err(too_large("trying to send", length, self.max_message));
        }
        Ok(())
    }

    /// Makes a call that is counted.
    async fn call_framed(&self, path: &str, framed: Bytes, headers: HeaderMap) -> Result<Reply<Bytes>, CallError> {
        let length = framed.len().saturating_sub(frame::HEAD);
        let started = Instant::now();
        let answered = self.exchange(path, framed, headers).await;
        let (code, received) = match &answered {
            Ok(reply) => (0, reply.message.len()),
            Err(error) => (status::code_of(error), 0),
        };
        self.metrics.grpc_client.record(path, code, started.elapsed(), length as u64, received as u64);
        answered
    }

    async fn exchange(&self, path: &str, message: Bytes, headers: HeaderMap) -> Result<Reply<Bytes>, CallError> {
        let mut response = self.send(path, message, headers).await?;
        let mut metadata = std::mem::take(response.headers_mut());
        if let Some(code) = status::take(&mut metadata, HeaderMap::new()) {
            // An answer of trailers only.
            return Err(code);
        }
        status::check_http(&response, &metadata)?;
        let (body, trailers) = match response.into_body().collect_all(self.max_message + frame::HEAD).await {
            Ok(whole) => whole,
            Err(CollectError::TooLarge(_)) => {
                return Err(too_large("received", self.max_message + 1, self.max_message));
            }
            Err(CollectError::Broken(error)) => {
                return Err(CallError::Unreachable(format!("the application's answer broke off: {error}")));
            }
        };
        status::tidy(&mut metadata);
        let mut trailers = trailers.unwrap_or_default();
        if !trailers.contains_key(status::STATUS) {
            return Err(status::error(Code::Internal, "the application's answer ended without a gRPC status"));
        }
        if let Some(error) = status::take(&mut trailers, metadata.clone()) {
            return Err(error);
        }
        Ok(Reply { message: frame::decode(body)?, metadata, trailers })
    }

    /// Sends a message; once more when it turns out that the application has not seen it.
    async fn send(&self, path: &str, message: Bytes, headers: HeaderMap) -> Result<Response<Body>, CallError> {
        let first = request(path, &message, headers.clone())?;
        match self.transport.try_send(first).await {
            Err(dapr_net::SendError::Unsent(_)) => self.transport.send(request(path, &message, headers)?).await,
            sent => sent.map_err(|error| self.transport.explain(&error)),
        }
    }

    async fn collect_request(&self, body: Body) -> Result<Bytes, CallError> {
        body.collect(self.max_message).await.map_err(|error| match error {
            CollectError::TooLarge(limit) => too_large("trying to send", limit + 1, limit),
            CollectError::Broken(error) => CallError::Invalid(format!("the request's body ended early: {error}")),
        })
    }
}

/// The application cannot take such a call.
pub(crate) fn unimplemented(message: String) -> CallError {
    status::error(Code::Unimplemented, message)
}

fn request(path: &str, message: &Bytes, headers: HeaderMap) -> Result<Request<Body>, CallError> {
    let mut request = Request::new(Body::full(message.clone()));
    *request.method_mut() = Method::POST;
    *request.uri_mut() =
        Uri::try_from(path).map_err(|error| CallError::Invalid(format!("`{path}` is no gRPC method: {error}")))?;
    *request.headers_mut() = headers;
    Ok(request)
}

fn too_large(what: &str, length: usize, limit: usize) -> CallError {
    status::error(
        Code::ResourceExhausted,
        format!("{what} message larger than max ({length} vs. {limit}); --max-body-size is the limit"),
    )
}

/// The method's name as the application knows it: without the slash, and without escapes.
fn method_name(uri: &Uri) -> Result<String, CallError> {
    let path = uri.path().strip_prefix('/').unwrap_or(uri.path());
    match percent_decode_str(path).decode_utf8() {
        Ok(name) => Ok(name.into_owned()),
        Err(_) => Err(CallError::Invalid("the method's name is not UTF-8".to_owned())),
    }
}

fn http_extension(method: &Method, uri: &Uri) -> Option<HttpExtension> {
    let querystring = uri.query().unwrap_or_default().to_owned();
    let verb = match Verb::from_str_name(method.as_str()) {
        Some(Verb::None) | None if method.as_str() == NO_VERB && querystring.is_empty() => return None,
        Some(verb) => verb,
        None => Verb::Post,
    };
    Some(HttpExtension { verb: verb.into(), querystring })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_without_a_verb_has_no_extension() {
        let none = Method::from_bytes(NO_VERB.as_bytes()).unwrap();
        assert_eq!(http_extension(&none, &Uri::from_static("/x")), None);
        let query = http_extension(&none, &Uri::from_static("/x?a=1")).unwrap();
        assert_eq!((query.verb(), query.querystring.as_str()), (Verb::None, "a=1"));
        let get = http_extension(&Method::GET, &Uri::from_static("/x?a=%20b")).unwrap();
        assert_eq!((get.verb(), get.querystring.as_str()), (Verb::Get, "a=%20b"));
        let purge = Method::from_bytes(b"PURGE").unwrap();
        assert_eq!(http_extension(&purge, &Uri::from_static("/x")).unwrap().verb(), Verb::Post);
    }

    #[test]
    fn the_method_is_the_path_without_slash_and_escapes() {
        assert_eq!(method_name(&Uri::from_static("/Ping")).unwrap(), "Ping");
        assert_eq!(method_name(&Uri::from_static("/a%20b/c?x=1")).unwrap(), "a b/c");
        assert!(method_name(&Uri::from_static("/%ff")).is_err());
    }
}
