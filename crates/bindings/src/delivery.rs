//! One event from its source to the application, and what the application answers.

use std::time::Instant;

use bytes::Bytes;
use dapr_resiliency::{ComponentType, Error as PolicyError, Verdict};
use dapr_spi::binding::{Event, InvokeRequest, Map};
use dapr_spi::{Error, Result};
use dapr_telemetry::trace::{Context, Kind, Span, TRACEPARENT, TRACESTATE};
use futures_util::future::join_all;
use http::{HeaderMap, HeaderValue};

use crate::application::{Answer, Call, CallFailure, Reply};
use crate::bindings::{Callee, Shared};

/// What an output binding is asked for by the application's answer.
const CREATE: &str = "create";
/// How much of a refusal's body is quoted.
const QUOTED: usize = 1024;

/// Takes an event to the application; returns what the source is to be told.
pub(crate) async fn deliver(shared: &Shared, name: &str, route: &str, event: Event) -> Result<Option<Bytes>> {
    let started = Instant::now();
    let answered = match shared.callee.get() {
        Some(callee) => call(shared, callee, name, route, event).await,
        None => Err(Error::unavailable("there is no application to take events")),
    };
    shared.environment.metrics.input_binding.record(name, answered.is_ok(), started.elapsed());
    answered.inspect_err(|error| {
        tracing::debug!(target: "dapr.runtime.processor.binding", "error from app consumer for binding [{name}]: {error}");
    })
}

async fn call(shared: &Shared, callee: &Callee, name: &str, route: &str, event: Event) -> Result<Option<Bytes>> {
    let span = span(shared, name, &event.metadata);
    let mut trace = HeaderMap::new();
    if let Some(context) = span.context() {
        context.write_http(&mut trace);
    }
    let Event { data, metadata, content_type } = event;
    let call = Call { name: name.to_owned(), route: route.to_owned(), data, content_type, metadata, trace };
    let policy = shared.environment.resiliency.component_inbound(name, ComponentType::Binding);
    let outcome = policy.run(judge, |_| callee.application.deliver(call.clone())).await;
    finish(span, name, callee.application.is_grpc(), &outcome);
    match outcome {
        Ok(Reply::Http { status: 200..=299, body }) => Ok(Some(body).filter(|body| !body.is_empty())),
        Ok(Reply::Http { status, body }) => {
            let text = String::from_utf8_lossy(&body[..body.len().min(QUOTED)]);
            Err(Error::failed(format!(
                "fails to send binding event to http app channel, status code: {status} body: {text}"
            )))
        }
        Ok(Reply::Grpc(answer)) => {
            let data = answer.data.clone();
            follow(shared, callee, name, answer).await;
            Ok(Some(data).filter(|data| !data.is_empty()))
        }
        Err(error) => Err(Error::failed(format!("error invoking app: {error}"))),
    }
}

fn judge(outcome: &std::result::Result<Reply, CallFailure>) -> Verdict {
    match outcome {
        Ok(Reply::Http { status: 200..=299, .. } | Reply::Grpc(_)) => Verdict::Success,
        Ok(Reply::Http { status, .. }) => Verdict::Code(i32::from(*status)),
        Err(CallFailure { code: Some(code), .. }) => Verdict::Code(*code),
        Err(CallFailure { code: None, .. }) => Verdict::Retriable,
    }
}

/// The event's span, of the trace that its source names.
fn span(shared: &Shared, name: &str, metadata: &Map) -> Span {
    let tracer = &shared.environment.tracer;
    if !tracer.is_on() {
        return Span::OFF;
    }
    let mut headers = HeaderMap::new();
    for header in [TRACEPARENT, TRACESTATE] {
        if let Some(value) = metadata.get(header.as_str()).and_then(|value| HeaderValue::from_str(value).ok()) {
            headers.insert(header, value);
        }
    }
    tracer.start(Kind::Client, &format!("bindings/{name}"), Context::from_http(&headers).as_ref())
}

fn finish(span: Span, name: &str, is_grpc: bool, outcome: &std::result::Result<Reply, PolicyError<CallFailure>>) {
    const UNKNOWN: i32 = 2;
    if is_grpc {
        span.about_input_binding(name, "/dapr.proto.runtime.v1.AppCallback/OnBindingEvent");
    } else {
        span.about_input_binding(name, &format!("POST /{name}"));
    }
    match outcome {
        Ok(Reply::Http { status, .. }) => span.end_http(*status),
        Ok(Reply::Grpc(_)) => span.end_grpc(0, ""),
        Err(PolicyError::Failed { error, .. }) => span.end_grpc(error.code.unwrap_or(UNKNOWN), &error.message),
        Err(error) => span.end_grpc(UNKNOWN, &error.to_string()),
    }
}

/// Does what the application's answer asks for. What fails is told in the log: the event itself is processed.
async fn follow(shared: &Shared, callee: &Callee, name: &str, answer: Answer) {
    let Answer { data, to, is_parallel, store, states } = answer;
    if !states.is_empty()
        && let Err(cause) = callee.keeper.keep(&store, states).await
    {
        tracing::error!(
            target: "dapr.runtime.processor.binding",
            "error saving state from app response to binding {name}: state store {store}: {cause}"
        );
    }
    if to.is_empty() {
        return;
    }
    let data = payload(data);
    let send = |to: String| {
        let data = data.clone();
        async move {
            let request = InvokeRequest { operation: CREATE.to_owned(), data, metadata: Map::new() };
            let sent = Box::pin(shared.invoke(&to, request)).await;
            if let Err(refused) = &sent {
                tracing::error!(
                    target: "dapr.runtime.processor.binding",
                    "error executing app response to binding {name}: {}", refused.error.message()
                );
            }
            sent.is_ok()
        }
    };
    if is_parallel {
        join_all(to.into_iter().map(send)).await;
        return;
    }
    for binding in to {
        if !send(binding).await {
            return;
        }
    }
}

/// JSON goes on as it is, nothing as `null`, as the incumbent has it. Anything else, which the incumbent turns into
/// `null`, too, goes on as it is.
fn payload(data: Bytes) -> Bytes {
    if data.is_empty() { Bytes::from_static(b"null") } else { data }
}
