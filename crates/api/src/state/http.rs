//! `/v1.0/state/…`.

use std::sync::Arc;

use dapr_errors::{Error, Result, table};
use dapr_spi::state::{Consistency, DeleteRequest, Options, QueryRequest};
use dapr_state::{Item, Store};
use http::header::{ETAG, HeaderValue, IF_MATCH};
use serde_json::value::RawValue;

use super::{query as answer_of_query, request};
use crate::Api;
use crate::http::{Call, Response, response};

/// The store that the path names. Only these errors tell the app's id: the gRPC API and queries leave it out.
fn store(api: &Api, call: &mut Call) -> Result<Arc<Store>> {
    let found = api.state.find(&call.params.take("store"));
    found.map_err(|error| if api.app_id.is_empty() { error } else { error.with_metadata("appID", api.app_id.as_str()) })
}

/// `GET /state/{store}/{key}`
pub(crate) async fn get(api: &Api, mut call: Call) -> Result<Response> {
    let store = store(api, &mut call)?;
    let key = call.params.take("key");
    let consistency = consistency_of(&call).map_err(|cause| Error::new(&table::BAD_REQUEST, &[&cause]))?;
    let found = store.get(&key, consistency, call.query_metadata()).await?;
    let Some(data) = found.data else { return Ok(response::empty()) };
    let mut answer = response::json(data);
    if let Some(etag) = found.etag.as_deref().and_then(|etag| HeaderValue::from_str(etag).ok()) {
        answer.headers_mut().insert(ETAG, etag);
    }
    response::add_metadata(answer.headers_mut(), &found.metadata);
    Ok(answer)
}

fn consistency_of(call: &Call) -> std::result::Result<Consistency, String> {
    call.query_value("consistency").map_or(Ok(Consistency::Unspecified), |text| request::consistency(&text))
}

/// `POST /state/{store}`
pub(crate) async fn save(api: &Api, mut call: Call) -> Result<Response> {
    let store = store(api, &mut call)?;
    let metadata = call.query_metadata();
    let items = request::save(&call.body().await?, &metadata)?;
    if !items.is_empty() {
        store.save(items).await?;
    }
    Ok(response::empty())
}

/// `DELETE /state/{store}/{key}`
pub(crate) async fn delete(api: &Api, mut call: Call) -> Result<Response> {
    let store = store(api, &mut call)?;
    let key = call.params.take("key");
    let options = options_of(&call).map_err(|cause| Error::new(&table::STATE_DELETE_INVALID, &[&key, &cause]))?;
    let etag = call.parts.headers.get(IF_MATCH).map(|etag| String::from_utf8_lossy(etag.as_bytes()).into_owned());
    store.delete(DeleteRequest { key, etag, metadata: call.query_metadata(), options }).await?;
    Ok(response::empty())
}

fn options_of(call: &Call) -> std::result::Result<Options, String> {
    let concurrency = call.query_value("concurrency").unwrap_or_default();
    Ok(Options { concurrency: request::concurrency(&concurrency)?, consistency: consistency_of(call)? })
}

/// `POST /state/{store}/bulk`
pub(crate) async fn bulk_get(api: &Api, mut call: Call) -> Result<Response> {
    let store = store(api, &mut call)?;
    let metadata = call.query_metadata();
    let request = request::bulk_get(&call.body().await?, &metadata)?;
    let items = store.bulk_get(&request.keys, request.parallelism, &request.metadata).await?;
    let items: Vec<BulkItem<'_>> = items.iter().map(BulkItem::of).collect();
    Ok(response::json(serde_json::to_vec(&items).map_err(|error| Error::new(&table::INTERNAL, &[&error]))?))
}

/// One answer of a bulk read, as JSON has it.
#[derive(serde::Serialize)]
struct BulkItem<'a> {
    key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    etag: Option<&'a str>,
    #[serde(skip_serializing_if = "std::collections::HashMap::is_empty")]
    metadata: &'a dapr_spi::state::Map,
    #[serde(skip_serializing_if = "str::is_empty")]
    error: std::borrow::Cow<'a, str>,
}

impl<'a> BulkItem<'a> {
    /// Data that is not JSON cannot stand in the answer; its item says so.
    fn of(item: &'a Item) -> Self {
        let data = item.found.data.as_ref().filter(|data| !data.is_empty());
        let raw = data.map(|data| serde_json::from_slice::<&RawValue>(data));
        let error = match &raw {
            Some(Err(_)) => "the value is not JSON; read it with the single get or over gRPC".into(),
            _ => item.error.as_str().into(),
        };
        let data = raw.and_then(std::result::Result::ok);
        Self { key: &item.key, data, etag: item.found.etag.as_deref(), metadata: &item.found.metadata, error }
    }
}

/// `POST /state/{store}/transaction`
pub(crate) async fn transaction(api: &Api, mut call: Call) -> Result<Response> {
    let store = store(api, &mut call)?;
    store.check_transactional()?;
    let metadata = call.query_metadata();
    let span = std::mem::take(&mut call.span);
    let request::Transaction { operations, content_types, metadata } =
        request::transaction(&call.body().await?, &metadata)?;
    api.outbox.transact(&store, operations, &content_types, metadata, span.context()).await?;
    Ok(response::empty())
}

/// `POST /state/{store}/query`
pub(crate) async fn query(api: &Api, mut call: Call) -> Result<Response> {
    let store = api.state.find(&call.params.take("store"))?;
    let metadata = call.query_metadata();
    let body = call.body().await?;
    let query = String::from_utf8_lossy(&body).into_owned();
    let found = store.query(QueryRequest { query, metadata }).await?;
    if found.results.is_empty() {
        return Ok(response::empty());
    }
    Ok(response::json(answer_of_query::json(&found)?))
}
