//! From the writes of a transaction to their events.

use std::collections::HashMap;

use bytes::Bytes;
use dapr_spi::metadata::parse_bool;
use dapr_spi::state::{Operation, SetRequest, Value};
use dapr_telemetry::trace::Context;
use uuid::Uuid;

use super::{Config, Event, MARKER, Shared};
use crate::envelope::{self, Attributes, ContentType, Data, Envelope, NO_TRACE, text_of};

/// Metadata of a write that is none: its value is what is published of the other write of its key.
const PROJECTION: &str = "outbox.projection";
/// Metadata that name the media type of a value.
const CONTENT_TYPE: &str = "contentType";
/// Fields of an event that metadata cannot change.
const FIXED: [&str; 2] = ["data", "id"];

/// The operations that are performed, and the events of the writes among them.
pub(super) fn split(
    operations: Vec<Operation>,
    content_types: &[Option<String>],
    shared: &Shared,
    config: &Config,
    trace: Option<&Context>,
) -> (Vec<Operation>, Vec<Event>) {
    let mut content_types = content_types.iter().cloned().chain(std::iter::repeat(None));
    let mut performed = Vec::with_capacity(operations.len() * 2);
    let mut projections = HashMap::new();
    for operation in operations {
        let content_type = content_types.next().flatten();
        match operation {
            Operation::Upsert(item) if is_projection(&item) => {
                projections.insert(item.key.clone(), (item, content_type));
            }
            operation => performed.push((operation, content_type)),
        }
    }
    let time = shared.settings.publisher.time();
    let event = |(operation, content_type): &(Operation, Option<String>)| {
        let Operation::Upsert(item) = operation else { return None };
        let (source, content_type) = match projections.get(&item.key) {
            Some((projection, content_type)) => (projection, content_type),
            None => (item, content_type),
        };
        let marker = format!("{MARKER}{}", Uuid::new_v4());
        let given = content_type.as_ref().or_else(|| source.metadata.get(CONTENT_TYPE));
        let content_type = given.map(String::as_str).unwrap_or_default();
        let trace_parent = trace.map(Context::traceparent);
        let attributes = Attributes {
            id: marker.as_str().into(),
            source: shared.settings.app_id.as_str().into(),
            pubsub: &config.pubsub,
            content_type,
            trace_parent: trace_parent.as_ref().map_or(NO_TRACE, |trace| trace.as_str()).into(),
            trace_state: trace.and_then(Context::tracestate).unwrap_or_default().into(),
            time: &time,
            ..Attributes::default()
        };
        let data = envelope::wrap(&data(&source.value, content_type), &attributes);
        drop(attributes);
        let data = with_metadata(data, item);
        Some(Event { marker, data })
    };
    let events = performed.iter().filter_map(event).collect();
    (performed.into_iter().map(|(operation, _)| operation).collect(), events)
}

fn is_projection(item: &SetRequest) -> bool {
    item.metadata.get(PROJECTION).and_then(|text| parse_bool(text)).unwrap_or(false)
}

/// A JSON string is published as its text, unless the content type says that it is JSON.
fn data(value: &Value, content_type: &str) -> Data {
    match value {
        Value::Json(json) if ContentType::of(content_type) == ContentType::Json => Data::Json(json.clone()),
        Value::Json(json) => {
            let text = std::str::from_utf8(json).ok().and_then(text_of);
            Data::Bytes(text.map_or_else(|| json.clone(), |text| text.into_owned().into()))
        }
        Value::Binary(bytes) => Data::Bytes(bytes.clone()),
    }
}

/// Metadata of a write become fields of its event.
fn with_metadata(data: Bytes, item: &SetRequest) -> Bytes {
    let mut fields = item.metadata.iter().filter(|(name, _)| !FIXED.contains(&name.as_str())).peekable();
    if fields.peek().is_none() {
        return data;
    }
    let fields = fields.map(|(name, value)| (name.as_str(), value.as_str()));
    // It was written a moment ago.
    Envelope::read(data.clone()).map_or(data, |event| envelope::with_fields(&event, fields))
}
