//! State methods of the service `Dapr`.

use dapr_errors::{Error, Result, table};
use dapr_proto::common::v1 as common;
use dapr_proto::common::v1::state_options::{StateConcurrency, StateConsistency};
use dapr_proto::runtime::v1 as proto;
use dapr_spi::state::{
    Concurrency, Consistency, DeleteRequest, GetResponse, Operation, Options, QueryRequest, SetRequest, Value,
};
use dapr_telemetry::trace::Span;
use serde_json::value::RawValue;
use tonic::Request;

use super::request::fill_options;
use crate::{Api, json};

fn concurrency(number: i32) -> Concurrency {
    match StateConcurrency::try_from(number) {
        Ok(StateConcurrency::ConcurrencyFirstWrite) => Concurrency::FirstWrite,
        Ok(StateConcurrency::ConcurrencyLastWrite) => Concurrency::LastWrite,
        _ => Concurrency::Unspecified,
    }
}

fn consistency(number: i32) -> Consistency {
    match StateConsistency::try_from(number) {
        Ok(StateConsistency::ConsistencyEventual) => Consistency::Eventual,
        Ok(StateConsistency::ConsistencyStrong) => Consistency::Strong,
        _ => Consistency::Unspecified,
    }
}

fn options(given: Option<common::StateOptions>, metadata: &dapr_spi::state::Map) -> Options {
    let mut options = given.map_or_else(Options::default, |given| Options {
        concurrency: concurrency(given.concurrency),
        consistency: consistency(given.consistency),
    });
    fill_options(&mut options, metadata);
    options
}

/// Bytes as they are, unless the item says that they are JSON: then they are checked, and kept compact.
fn value(item: &mut common::StateItem) -> Result<Value> {
    let bytes = std::mem::take(&mut item.value);
    let is_json = |text: &String| text.split(';').next().is_some_and(|kind| kind.trim() == "application/json");
    if !item.metadata.get("contentType").is_some_and(is_json) {
        return Ok(Value::Binary(bytes));
    }
    let raw: &RawValue = serde_json::from_slice(&bytes)
        .map_err(|error| Error::new(&table::BAD_REQUEST, &[&format!("value of key `{}`: {error}", item.key)]))?;
    Ok(Value::Json(json::compact(&bytes, raw)))
}

/// An item to write, as an application says it in protobuf.
///
/// # Errors
/// It says that it is JSON and is not.
pub fn set_request(mut item: common::StateItem) -> Result<SetRequest> {
    let value = value(&mut item)?;
    let options = options(item.options, &item.metadata);
    Ok(SetRequest { key: item.key, value, etag: item.etag.map(|etag| etag.value), metadata: item.metadata, options })
}

fn delete_request(item: common::StateItem) -> DeleteRequest {
    let options = options(item.options, &item.metadata);
    DeleteRequest { key: item.key, etag: item.etag.map(|etag| etag.value), metadata: item.metadata, options }
}

fn get_response(found: GetResponse) -> proto::GetStateResponse {
    proto::GetStateResponse {
        data: found.data.unwrap_or_default(),
        etag: found.etag.unwrap_or_default(),
        metadata: found.metadata,
    }
}

/// `Dapr/GetState`
pub(crate) async fn get(api: &Api, request: proto::GetStateRequest) -> Result<proto::GetStateResponse> {
    let store = api.state.find(&request.store_name)?;
    let found = store.get(&request.key, consistency(request.consistency), request.metadata).await?;
    Ok(get_response(found))
}

/// `Dapr/GetBulkState`
pub(crate) async fn bulk_get(api: &Api, request: proto::GetBulkStateRequest) -> Result<proto::GetBulkStateResponse> {
    let store = api.state.find(&request.store_name)?;
    let items = store.bulk_get(&request.keys, i64::from(request.parallelism), &request.metadata).await?;
    let item = |item: dapr_state::Item| proto::BulkStateItem {
        key: item.key,
        data: item.found.data.unwrap_or_default(),
        etag: item.found.etag.unwrap_or_default(),
        error: item.error,
        metadata: item.found.metadata,
    };
    Ok(proto::GetBulkStateResponse { items: items.into_iter().map(item).collect() })
}

/// `Dapr/SaveState`
pub(crate) async fn save(api: &Api, request: proto::SaveStateRequest) -> Result<()> {
    let store = api.state.find(&request.store_name)?;
    if request.states.is_empty() {
        return Ok(());
    }
    let items = request.states.into_iter().map(set_request).collect::<Result<Vec<_>>>()?;
    store.save(items).await
}

/// `Dapr/DeleteState`
pub(crate) async fn delete(api: &Api, request: proto::DeleteStateRequest) -> Result<()> {
    let store = api.state.find(&request.store_name)?;
    let options = options(request.options, &request.metadata);
    let etag = request.etag.map(|etag| etag.value);
    store.delete(DeleteRequest { key: request.key, etag, metadata: request.metadata, options }).await
}

/// `Dapr/DeleteBulkState`
pub(crate) async fn delete_bulk(api: &Api, request: proto::DeleteBulkStateRequest) -> Result<()> {
    let store = api.state.find(&request.store_name)?;
    store.delete_all(request.states.into_iter().map(delete_request).collect()).await
}

/// `Dapr/ExecuteStateTransaction`
pub(crate) async fn transaction(api: &Api, request: Request<proto::ExecuteStateTransactionRequest>) -> Result<()> {
    let (_, extensions, request) = request.into_parts();
    let store = api.state.find(&request.store_name)?;
    store.check_transactional()?;
    let operations = request.operations.into_iter().map(operation).collect::<Result<Vec<_>>>()?;
    let trace = extensions.get::<Span>().and_then(Span::context);
    api.outbox.transact(&store, operations, &[], request.metadata, trace).await
}

fn operation(step: proto::TransactionalStateOperation) -> Result<Operation> {
    let item = step.request.unwrap_or_default();
    match step.operation_type.as_str() {
        "upsert" => set_request(item).map(Operation::Upsert),
        "delete" => Ok(Operation::Delete(delete_request(item))),
        other => Err(Error::new(&table::STATE_OPERATION_NOT_SUPPORTED, &[&other])),
    }
}

/// `Dapr/QueryStateAlpha1`
pub(crate) async fn query(api: &Api, request: proto::QueryStateRequest) -> Result<proto::QueryStateResponse> {
    let store = api.state.find(&request.store_name)?;
    let found = store.query(QueryRequest { query: request.query, metadata: request.metadata }).await?;
    let item = |item: dapr_spi::state::QueryItem| proto::QueryStateItem {
        key: item.key,
        data: item.data,
        etag: item.etag.unwrap_or_default(),
        error: item.error,
    };
    Ok(proto::QueryStateResponse {
        results: found.results.into_iter().map(item).collect(),
        token: found.token,
        metadata: found.metadata,
    })
}
