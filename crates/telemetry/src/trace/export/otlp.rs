//! Spans as OTLP.

use std::sync::Arc;

use prost::Message as _;

use super::{OTLP_FIELD, SCOPE};
use crate::otlp::messages::{self, KeyValue, ResourceSpans, Scope, ScopeSpans, Status, TraceRequest};
use crate::otlp::{Client, Export, Failure, Protocol, Resource, SCHEMA_URL, Signal, TlsFiles};
use crate::trace::config::{OtlpConfig, TraceError};
use crate::trace::span::{Finished, Kind, Value};
use crate::unix_nanoseconds;

/// `STATUS_CODE_ERROR`
const ERROR: i32 = 2;
/// `SPAN_FLAGS_CONTEXT_HAS_IS_REMOTE_MASK` and `SPAN_FLAGS_CONTEXT_IS_REMOTE_MASK`: parents come from outside.
const REMOTE_PARENT: u32 = 0x300;

pub(super) struct Exporter {
    client: Client,
    resource: Resource,
}

impl Exporter {
    pub(super) fn new(config: &OtlpConfig, files: &TlsFiles, resource: Resource) -> Result<Self, TraceError> {
        let protocol = match config.protocol.as_str() {
            "grpc" => Protocol::Grpc,
            "http" => Protocol::Http,
            other => return Err(TraceError::Protocol(other.to_owned())),
        };
        let client = protocol
            .endpoint(&config.endpoint, config.is_secure)
            .and_then(|endpoint| Client::otlp(&endpoint, protocol, Signal::TRACES, files))
            .map_err(|source| TraceError::Endpoint { field: OTLP_FIELD, source })?;
        Ok(Exporter { client: client.with_headers(&config.headers).with_timeout(config.timeout), resource })
    }
}

impl Export<Arc<Finished>> for Exporter {
    fn target(&self) -> &str {
        self.client.target()
    }

    async fn export(&mut self, batch: &[Arc<Finished>]) -> Result<u64, Failure> {
        let request = TraceRequest {
            resource_spans: vec![ResourceSpans {
                resource: Some(self.resource.message()),
                scope_spans: vec![ScopeSpans {
                    scope: Some(Scope { name: SCOPE.to_owned() }),
                    spans: batch.iter().map(|span| message(span)).collect(),
                }],
                schema_url: SCHEMA_URL.to_owned(),
            }],
        };
        self.client.send(request.encode_to_vec().into()).await
    }
}

fn message(span: &Finished) -> messages::Span {
    let has_parent = span.parent != [0; 8];
    messages::Span {
        trace_id: span.context.trace_id().to_vec(),
        span_id: span.context.span_id().to_vec(),
        trace_state: span.context.tracestate().unwrap_or_default().to_owned(),
        parent_span_id: if has_parent { span.parent.to_vec() } else { Vec::new() },
        name: span.name.clone(),
        kind: match span.kind {
            Kind::Server => 2,
            Kind::Client => 3,
            Kind::Producer => 4,
        },
        start_time_unix_nano: unix_nanoseconds(span.started),
        end_time_unix_nano: unix_nanoseconds(span.ended),
        attributes: span.attributes.iter().map(|(key, value)| KeyValue::new(key.to_string(), any(value))).collect(),
        status: span.error.as_ref().map(|error| Status { message: error.clone(), code: ERROR }),
        flags: u32::from(span.context.flags) | if has_parent { REMOTE_PARENT } else { 0 },
    }
}

fn any(value: &Value) -> messages::Value {
    match value {
        Value::Text(text) => messages::Value::Text(text.to_string()),
        Value::Integer(number) => messages::Value::Integer(*number),
        Value::Bool(value) => messages::Value::Bool(*value),
    }
}
