//! Spans as Zipkin's JSON, version 2.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use super::SCOPE;
use crate::otlp::{Client, Endpoint, EndpointError, Export, Failure, Resource, TlsFiles};
use crate::trace::context::hex_text;
use crate::trace::span::{Finished, Kind, Value};
use crate::unix_nanoseconds;

pub(super) struct Exporter {
    client: Client,
    resource: Resource,
}

impl Exporter {
    pub(super) fn new(endpoint: &Endpoint, files: &TlsFiles, resource: Resource) -> Result<Self, EndpointError> {
        Ok(Exporter { client: Client::http(endpoint, "application/json", files)?, resource })
    }
}

impl Export<Arc<Finished>> for Exporter {
    fn target(&self) -> &str {
        self.client.target()
    }

    async fn export(&mut self, batch: &[Arc<Finished>]) -> Result<u64, Failure> {
        let spans: Vec<_> = batch.iter().map(|span| model(span, &self.resource)).collect();
        let body =
            serde_json::to_vec(&spans).map_err(|error| Failure { reason: error.to_string(), may_retry: false })?;
        self.client.send(body.into()).await
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Model<'a> {
    trace_id: String,
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_id: Option<String>,
    /// In lower case, which Zipkin would make of it.
    name: String,
    kind: &'static str,
    /// Microseconds since 1970.
    timestamp: u64,
    /// Microseconds, at least one.
    duration: u64,
    local_endpoint: Service<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remote_endpoint: Option<Service<'a>>,
    tags: BTreeMap<&'a str, String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Service<'a> {
    service_name: &'a str,
}

fn model<'a>(span: &'a Finished, resource: &'a Resource) -> Model<'a> {
    let (started, ended) = (unix_nanoseconds(span.started), unix_nanoseconds(span.ended));
    let mut tags: BTreeMap<&str, String> =
        span.attributes.iter().map(|(key, value)| (&**key, value.to_string())).collect();
    tags.extend(resource.attributes().map(|(key, value)| (key, value.to_owned())));
    tags.insert("otel.scope.name", SCOPE.to_owned());
    if let Some(error) = &span.error {
        tags.insert("otel.status_code", "ERROR".to_owned());
        tags.insert("error", error.clone());
    }
    Model {
        trace_id: hex_text(&span.context.trace_id()),
        id: hex_text(&span.context.span_id()),
        parent_id: (span.parent != [0; 8]).then(|| hex_text(&span.parent)),
        name: span.name.to_lowercase(),
        kind: match span.kind {
            Kind::Server => "SERVER",
            Kind::Client => "CLIENT",
            Kind::Producer => "PRODUCER",
        },
        timestamp: started / 1000,
        duration: (ended.saturating_sub(started) / 1000).max(1),
        local_endpoint: Service { service_name: resource.service() },
        remote_endpoint: remote(span).map(|service_name| Service { service_name }),
        tags,
    }
}

/// The other side of a call, by OpenTelemetry's order of the attributes that name it.
fn remote(span: &Finished) -> Option<&str> {
    if span.kind == Kind::Server {
        return None;
    }
    ["server.address", "net.peer.name", "db.name"].iter().find_map(|wanted| {
        span.attributes.iter().find_map(|(key, value)| match value {
            Value::Text(text) if key == wanted => Some(&**text),
            _ => None,
        })
    })
}
