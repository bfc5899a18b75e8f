//! Requests and answers of a state store, as the protocol has them.

use dapr_proto::components::v1 as proto;
use dapr_proto::components::v1::state_options::{StateConcurrency, StateConsistency};
use dapr_proto::components::v1::transactional_state_operation::Request;
use dapr_spi::Error;
use dapr_spi::state::{
    BulkGetItem, Concurrency, Consistency, DeleteRequest, GetRequest, GetResponse, Map, Operation, Options, QueryItem,
    QueryResponse, SetRequest,
};

fn consistency(consistency: Consistency) -> i32 {
    let number = match consistency {
        Consistency::Unspecified => StateConsistency::ConsistencyUnspecified,
        Consistency::Eventual => StateConsistency::ConsistencyEventual,
        Consistency::Strong => StateConsistency::ConsistencyStrong,
    };
    number.into()
}

fn options(options: Options) -> proto::StateOptions {
    let concurrency = match options.concurrency {
        Concurrency::Unspecified => StateConcurrency::ConcurrencyUnspecified,
        Concurrency::FirstWrite => StateConcurrency::ConcurrencyFirstWrite,
        Concurrency::LastWrite => StateConcurrency::ConcurrencyLastWrite,
    };
    proto::StateOptions { concurrency: concurrency.into(), consistency: consistency(options.consistency) }
}

fn etag(etag: Option<String>) -> Option<proto::Etag> {
    etag.map(|value| proto::Etag { value })
}

pub(super) fn get_request(request: GetRequest) -> proto::GetRequest {
    let consistency = consistency(request.consistency);
    proto::GetRequest { key: request.key, metadata: request.metadata, consistency }
}

/// The content type stays empty, as the incumbent leaves it: components keep bytes.
pub(super) fn set_request(request: SetRequest) -> proto::SetRequest {
    proto::SetRequest {
        key: request.key,
        value: request.value.bytes().clone(),
        etag: etag(request.etag),
        metadata: request.metadata,
        options: Some(options(request.options)),
        content_type: String::new(),
    }
}

pub(super) fn delete_request(request: DeleteRequest) -> proto::DeleteRequest {
    proto::DeleteRequest {
        key: request.key,
        etag: etag(request.etag),
        metadata: request.metadata,
        options: Some(options(request.options)),
    }
}

pub(super) fn operation(operation: Operation) -> proto::TransactionalStateOperation {
    let request = match operation {
        Operation::Upsert(request) => Request::Set(set_request(request)),
        Operation::Delete(request) => Request::Delete(delete_request(request)),
    };
    proto::TransactionalStateOperation { request: Some(request) }
}

/// Only an ETag tells an empty value from a key that does not exist.
fn found(data: bytes::Bytes, etag: Option<proto::Etag>, metadata: Map) -> GetResponse {
    let exists = !data.is_empty() || etag.is_some();
    let etag = etag.map(|etag| etag.value).filter(|etag| !etag.is_empty());
    GetResponse { data: exists.then_some(data), etag, metadata }
}

pub(super) fn get_response(response: proto::GetResponse) -> GetResponse {
    found(response.data, response.etag, response.metadata)
}

pub(super) fn bulk_item(item: proto::BulkStateItem) -> BulkGetItem {
    let result = if item.error.is_empty() {
        Ok(found(item.data, item.etag, item.metadata))
    } else {
        Err(Error::failed(item.error))
    };
    BulkGetItem { key: item.key, result }
}

pub(super) fn query_response(response: proto::QueryResponse) -> QueryResponse {
    let item = |item: proto::QueryItem| QueryItem {
        key: item.key,
        data: item.data,
        etag: item.etag.map(|etag| etag.value),
        error: item.error,
    };
    QueryResponse {
        results: response.items.into_iter().map(item).collect(),
        token: response.token,
        metadata: response.metadata,
    }
}
