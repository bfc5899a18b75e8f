//! `/v1.0/publish/…`.

use std::collections::HashMap;

use dapr_errors::{Error, Result, table};
use dapr_pubsub::envelope::Data;
use dapr_pubsub::{Bulk, Entry, Event, FailedEntry, Protocol, Target};
use dapr_telemetry::trace::{Kind, Span};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde::Serialize;

use super::entries::{self, Wrong};
use crate::Api;
use crate::http::{Call, Response, response};

/// Failures are told in a header, too, up to this size.
const MAX_HEADER: usize = 8 << 10;

fn target(api: &Api, call: &mut Call, metadata: &HashMap<String, String>) -> Result<Target> {
    let (pubsub, topic) = (call.params.take("pubsub"), call.params.take("topic"));
    api.publisher.target(&pubsub, &topic, metadata)
}

/// `POST /publish/{pubsub}/{topic}`
pub(crate) async fn publish(api: &Api, mut call: Call) -> Result<Response> {
    let metadata = call.query_metadata();
    let target = target(api, &mut call, &metadata)?;
    target.is_raw(&metadata)?;
    let content_type = call.parts.headers.remove(CONTENT_TYPE);
    let content_type = content_type.as_ref().and_then(|text| text.to_str().ok()).unwrap_or_default();
    let span = std::mem::take(&mut call.span);
    let data = Data::Bytes(call.body().await?);
    let event = Event { data, content_type, metadata, trace: span.context() };
    api.publisher.publish(&target, event, Protocol::Http).await?;
    Ok(response::empty())
}

/// `POST /publish/bulk/{pubsub}/{topic}`
pub(crate) async fn bulk(api: &Api, mut call: Call) -> Result<Response> {
    let metadata = call.query_metadata();
    let target = target(api, &mut call, &metadata)?;
    let raw = target.is_raw(&metadata)?;
    let (parent, path) = (std::mem::take(&mut call.span), call.parts.uri.path().to_owned());
    let given = entries::read(&call.body().await?).map_err(|wrong| match wrong {
        Wrong::List(cause) => api.publisher.no_entries(&target, &cause),
        Wrong::Entry(cause) => api.publisher.unfit_entry(&target, &cause),
    })?;
    // Each message has a span of its own.
    let span = |_| api.tracer.start(Kind::Producer, &path, parent.context());
    let spans: Vec<Span> = given.iter().filter(|_| !raw).map(span).collect();
    let with_request = |entry: HashMap<String, String>| {
        let mut all = metadata.clone();
        all.extend(entry);
        all
    };
    let mut entries = Vec::with_capacity(given.len());
    let mut content_types = Vec::with_capacity(given.len());
    for entry in given {
        content_types.push(entry.content_type);
        entries.push((entry.id, entry.data, entry.metadata.map(with_request).unwrap_or_default()));
    }
    let entry = |(index, (id, data, metadata)): (usize, (String, Data, HashMap<String, String>))| Entry {
        id,
        event: Event {
            data,
            content_type: &content_types[index],
            metadata,
            trace: spans.get(index).and_then(Span::context),
        },
    };
    let entries = entries.into_iter().enumerate().map(entry).collect();
    let done = api.publisher.bulk_publish(&target, entries, metadata.clone(), Protocol::Http).await;
    let status = match &done {
        Ok(Bulk { error: None, .. }) => StatusCode::OK.as_u16(),
        Ok(Bulk { error: Some(error), .. }) | Err(error) => error.http_status(),
    };
    spans.into_iter().for_each(|span| span.end_http(status));
    match done? {
        Bulk { error: None, .. } => Ok(response::empty()),
        Bulk { error: Some(error), failed } => not_all(api, &error, &failed),
    }
}

/// The answer when some messages were not published.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NotAll<'a> {
    failed_entries: Vec<NotPublished<'a>>,
    error_code: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NotPublished<'a> {
    entry_id: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    error: &'a str,
}

fn not_all(api: &Api, error: &Error, failed: &[FailedEntry]) -> Result<Response> {
    let failed_entries =
        failed.iter().map(|failed| NotPublished { entry_id: &failed.entry_id, error: &failed.error }).collect();
    let body = NotAll { failed_entries, error_code: error.row().code };
    let body = serde_json::to_string(&body).map_err(|error| Error::new(&table::INTERNAL, &[&error]))?;
    let (code, category) = error.labels();
    api.metrics.error_codes.record(code, category);
    let cause = format!("api error: code = {:?} desc = {error}", error.grpc_code());
    let status = StatusCode::from_u16(error.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut answer = response::json(body.clone());
    *answer.status_mut() = status;
    let headers = [("responseData".to_owned(), body), ("error".to_owned(), cause)];
    let small = headers.iter().filter(|(_, value)| value.len() <= MAX_HEADER).map(|(name, value)| (name, value));
    response::add_metadata(answer.headers_mut(), small);
    Ok(answer)
}
