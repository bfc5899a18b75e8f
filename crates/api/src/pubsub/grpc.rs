//! Publishing methods of the service `Dapr`.

use std::collections::HashMap;

use dapr_errors::Result;
use dapr_proto::runtime::v1 as proto;
use dapr_pubsub::envelope::{Data, NO_TRACE};
use dapr_pubsub::{Bulk, Entry, Event, Protocol};
use dapr_telemetry::trace::{About, Kind, Span};
use tonic::{Extensions, Request};

use crate::Api;

/// The method's name ends the name of the spans of a bulk request.
pub(crate) const BULK: &str = "/dapr.proto.runtime.v1.Dapr/BulkPublishEvent/";
/// Likewise, for the older method.
pub(crate) const BULK_ALPHA: &str = "/dapr.proto.runtime.v1.Dapr/BulkPublishEventAlpha1/";

const PUBLISH: &str = "/dapr.proto.runtime.v1.Dapr/PublishEvent";

fn span_of(extensions: &Extensions, topic: &str, method: &str) -> Span {
    let span = extensions.get::<Span>().cloned().unwrap_or_default();
    if span.is_recording() {
        span.about_grpc(&About::PubSub { topic }, method);
    }
    span
}

/// `Dapr/PublishEvent`
pub(crate) async fn publish(api: &Api, request: Request<proto::PublishEventRequest>) -> Result<()> {
    let (_, extensions, request) = request.into_parts();
    let span = span_of(&extensions, &request.topic, PUBLISH);
    let mut metadata = request.metadata;
    let target = api.publisher.target(&request.pubsub_name, &request.topic, &metadata)?;
    if target.is_raw(&metadata)? {
        // Without an envelope the trace goes beside the payload.
        let trace = span.context();
        let parent = trace.map_or_else(|| NO_TRACE.to_owned(), |trace| trace.traceparent().as_str().to_owned());
        let state = trace.and_then(|trace| trace.tracestate()).unwrap_or_default().to_owned();
        metadata.insert("traceid".into(), parent);
        metadata.insert("tracestate".into(), state);
    }
    let event = Event {
        data: Data::Bytes(request.data),
        content_type: &request.data_content_type,
        metadata,
        trace: span.context(),
    };
    api.publisher.publish(&target, event, Protocol::Grpc).await
}

/// `Dapr/BulkPublishEvent` and `Dapr/BulkPublishEventAlpha1`. If one message is not published, all the answer is the
/// error, as with the incumbent.
pub(crate) async fn bulk(
    api: &Api,
    request: Request<proto::BulkPublishRequest>,
    name: &str,
) -> Result<proto::BulkPublishResponse> {
    let (_, extensions, request) = request.into_parts();
    let parent = span_of(&extensions, &request.topic, name.trim_end_matches('/'));
    let metadata = request.metadata;
    let target = api.publisher.target(&request.pubsub_name, &request.topic, &metadata)?;
    let raw = target.is_raw(&metadata)?;
    let span = |_| api.tracer.start(Kind::Producer, name, parent.context());
    let spans: Vec<Span> = request.entries.iter().filter(|_| !raw).map(span).collect();
    let with_request = |entry: &HashMap<String, String>| {
        if entry.is_empty() {
            return HashMap::new();
        }
        let mut all = metadata.clone();
        all.extend(entry.iter().map(|(name, value)| (name.clone(), value.clone())));
        all
    };
    let mut entries = Vec::with_capacity(request.entries.len());
    for (index, entry) in request.entries.iter().enumerate() {
        let event = Event {
            data: Data::Bytes(entry.event.clone()),
            content_type: &entry.content_type,
            metadata: with_request(&entry.metadata),
            trace: spans.get(index).and_then(Span::context),
        };
        entries.push(Entry { id: entry.entry_id.clone(), event });
    }
    let done = api.publisher.bulk_publish(&target, entries, metadata.clone(), Protocol::Grpc).await;
    let done = done.and_then(|Bulk { error, .. }| error.map_or(Ok(()), Err));
    for span in spans {
        match &done {
            Ok(()) => span.end_grpc(0, ""),
            Err(error) => span.end_grpc(error.grpc_code() as i32, error.message()),
        }
    }
    done.map(|()| proto::BulkPublishResponse::default())
}
