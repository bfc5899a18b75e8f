//! The component: passes calls on to a built-in store, which Init opens, and answers a few keys itself.

use std::collections::HashMap;
use std::env::var;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use dapr_proto::components::v1 as proto;
use dapr_proto::components::v1::state_options::{StateConcurrency, StateConsistency};
use dapr_proto::components::v1::transactional_state_operation::Request as Step;
use dapr_spi::metadata::Properties;
use dapr_spi::registry::{Component, Registry};
use dapr_spi::state as spi;
use dapr_spi::{Context, Error, ErrorKind};
use tonic::{Code, Request, Response, Status};
use tonic_types::{ErrorDetails, StatusExt};

type Answer<T> = Result<Response<T>, Status>;

/// Setting this key fails with an error of the component's own wording.
pub(crate) const WORDED: &str = "worded";
/// Reading this key is not answered for a long time.
pub(crate) const SLOW: &str = "slow";
/// Reading keys with this prefix tells what Init was given, and `about||instance` the header of the call itself.
pub(crate) const ABOUT: &str = "about||";

/// Reads its settings from the environment and serves until the process ends; without settings it does nothing.
pub(crate) fn serve() {
    let setting = |name: &str| var(name).unwrap_or_default();
    if setting("COMPONENT_SOCKET").is_empty() {
        return;
    }
    let threads = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("threads");
    let component = Wrapped { kind: setting("COMPONENT_KIND"), opened: Arc::default() };
    let socket = PathBuf::from(setting("COMPONENT_SOCKET"));
    threads.block_on(crate::server::serve(&socket, component, &setting("COMPONENT_REFLECTION")));
}

#[derive(Clone)]
pub(crate) struct Wrapped {
    kind: String,
    opened: Arc<Mutex<Option<Opened>>>,
}

#[derive(Clone)]
struct Opened {
    store: Arc<dyn spi::StateStore>,
    properties: HashMap<String, String>,
}

impl Wrapped {
    fn opened(&self) -> Result<Opened, Status> {
        let opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner).clone();
        opened.ok_or_else(|| Status::failed_precondition("Init was not called"))
    }

    async fn open(&self, properties: HashMap<String, String>) -> Result<Opened, Error> {
        let mut registry = Registry::new();
        dapr_component_memory::register(&mut registry);
        dapr_component_sqlite::register(&mut registry);
        let entry = registry.find(&self.kind, "v1").expect("a built-in store");
        let pairs = properties.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let prepared = entry.prepare(&Properties::from_pairs(pairs)).expect("good settings");
        let Component::State(store) = prepared.init(Context::default()).await? else { panic!("a state store") };
        Ok(Opened { store, properties })
    }
}

/// As the kits for component authors do it.
fn status(error: &Error) -> Status {
    let etag = |code| {
        let details = ErrorDetails::with_bad_request_violation("etag", error.to_string());
        Status::with_error_details(code, error.to_string(), details)
    };
    match error.kind() {
        ErrorKind::EtagMismatch => etag(Code::FailedPrecondition),
        ErrorKind::EtagInvalid => etag(Code::InvalidArgument),
        ErrorKind::Invalid => Status::invalid_argument(error.to_string()),
        ErrorKind::Unavailable => Status::unavailable(error.to_string()),
        _ => Status::internal(error.to_string()),
    }
}

fn worded() -> Status {
    let metadata = [("kit_error", "true"), ("http_code", "418"), ("tag", "TEAPOT")];
    let metadata: HashMap<_, _> = metadata.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let details = ErrorDetails::with_error_info("short and stout", "kitchen", metadata);
    Status::with_error_details(Code::ResourceExhausted, "no coffee here", details)
}

fn options(options: Option<proto::StateOptions>) -> spi::Options {
    let options = options.unwrap_or_default();
    spi::Options {
        concurrency: match StateConcurrency::try_from(options.concurrency) {
            Ok(StateConcurrency::ConcurrencyFirstWrite) => spi::Concurrency::FirstWrite,
            Ok(StateConcurrency::ConcurrencyLastWrite) => spi::Concurrency::LastWrite,
            _ => spi::Concurrency::Unspecified,
        },
        consistency: consistency(options.consistency),
    }
}

fn consistency(number: i32) -> spi::Consistency {
    match StateConsistency::try_from(number) {
        Ok(StateConsistency::ConsistencyEventual) => spi::Consistency::Eventual,
        Ok(StateConsistency::ConsistencyStrong) => spi::Consistency::Strong,
        _ => spi::Consistency::Unspecified,
    }
}

fn get(request: proto::GetRequest) -> spi::GetRequest {
    spi::GetRequest { key: request.key, metadata: request.metadata, consistency: consistency(request.consistency) }
}

fn set(request: proto::SetRequest) -> spi::SetRequest {
    spi::SetRequest {
        key: request.key,
        value: spi::Value::Binary(request.value),
        etag: request.etag.map(|etag| etag.value),
        metadata: request.metadata,
        options: options(request.options),
    }
}

fn delete(request: proto::DeleteRequest) -> spi::DeleteRequest {
    spi::DeleteRequest {
        key: request.key,
        etag: request.etag.map(|etag| etag.value),
        metadata: request.metadata,
        options: options(request.options),
    }
}

#[async_trait]
impl proto::state_store_server::StateStore for Wrapped {
    async fn init(&self, request: Request<proto::InitRequest>) -> Answer<proto::InitResponse> {
        let properties = request.into_inner().metadata.unwrap_or_default().properties;
        let opened = self.open(properties).await.map_err(|error| status(&error))?;
        *self.opened.lock().unwrap_or_else(PoisonError::into_inner) = Some(opened);
        Ok(Response::new(proto::InitResponse {}))
    }

    async fn features(&self, _: Request<proto::FeaturesRequest>) -> Answer<proto::FeaturesResponse> {
        let opened = self.opened()?;
        let features = opened.store.features().iter().map(|feature| feature.name().to_owned());
        let features = features.chain(["SOMETHING_NEW".to_owned()]).collect();
        Ok(Response::new(proto::FeaturesResponse { features }))
    }

    async fn ping(&self, _: Request<proto::PingRequest>) -> Answer<proto::PingResponse> {
        Ok(Response::new(proto::PingResponse {}))
    }

    async fn get(&self, request: Request<proto::GetRequest>) -> Answer<proto::GetResponse> {
        let opened = self.opened()?;
        if let Some(what) = request.get_ref().key.strip_prefix(ABOUT) {
            let header = || request.metadata().get("x-component-instance")?.to_str().ok().map(str::to_owned);
            let told = if what == "instance" { header() } else { opened.properties.get(what).cloned() };
            let data = Bytes::from(told.unwrap_or_default());
            return Ok(Response::new(proto::GetResponse { data, ..proto::GetResponse::default() }));
        }
        if request.get_ref().key == SLOW {
            tokio::time::sleep(Duration::from_secs(120)).await;
        }
        let found = opened.store.get(get(request.into_inner())).await.map_err(|error| status(&error))?;
        Ok(Response::new(proto::GetResponse {
            data: found.data.unwrap_or_default(),
            etag: found.etag.map(|value| proto::Etag { value }),
            metadata: found.metadata,
            content_type: String::new(),
        }))
    }

    async fn set(&self, request: Request<proto::SetRequest>) -> Answer<proto::SetResponse> {
        let request = request.into_inner();
        if request.key == WORDED {
            return Err(worded());
        }
        self.opened()?.store.set(set(request)).await.map_err(|error| status(&error))?;
        Ok(Response::new(proto::SetResponse {}))
    }

    async fn delete(&self, request: Request<proto::DeleteRequest>) -> Answer<proto::DeleteResponse> {
        self.opened()?.store.delete(delete(request.into_inner())).await.map_err(|error| status(&error))?;
        Ok(Response::new(proto::DeleteResponse {}))
    }

    async fn bulk_get(&self, request: Request<proto::BulkGetRequest>) -> Answer<proto::BulkGetResponse> {
        let requests: Vec<_> = request.into_inner().items.into_iter().map(get).collect();
        let store = self.opened()?.store;
        let mut items = Vec::new();
        for request in requests {
            let key = request.key.clone();
            let found = store.get(request).await.map_err(|error| status(&error))?;
            items.push(proto::BulkStateItem {
                key,
                data: found.data.unwrap_or_default(),
                etag: found.etag.map(|value| proto::Etag { value }),
                metadata: found.metadata,
                ..proto::BulkStateItem::default()
            });
        }
        Ok(Response::new(proto::BulkGetResponse { items }))
    }
}

#[async_trait]
impl proto::transactional_state_store_server::TransactionalStateStore for Wrapped {
    async fn transact(
        &self,
        request: Request<proto::TransactionalStateRequest>,
    ) -> Answer<proto::TransactionalStateResponse> {
        let proto::TransactionalStateRequest { operations, metadata } = request.into_inner();
        let step = |operation: proto::TransactionalStateOperation| match operation.request {
            Some(Step::Set(request)) => Ok(spi::Operation::Upsert(set(request))),
            Some(Step::Delete(request)) => Ok(spi::Operation::Delete(delete(request))),
            None => Err(Status::invalid_argument("an operation without request")),
        };
        let operations = operations.into_iter().map(step).collect::<Result<_, _>>()?;
        let request = spi::TransactionRequest { operations, metadata };
        self.opened()?.store.transact(request).await.map_err(|error| status(&error))?;
        Ok(Response::new(proto::TransactionalStateResponse {}))
    }
}

#[async_trait]
impl proto::queriable_state_store_server::QueriableStateStore for Wrapped {
    /// One match, whose data is the filter.
    async fn query(&self, request: Request<proto::QueryRequest>) -> Answer<proto::QueryResponse> {
        let query = request.into_inner().query.unwrap_or_default();
        let item = |(operator, value): (String, dapr_proto::pbjson_types::Any)| proto::QueryItem {
            key: operator,
            data: value.value,
            ..proto::QueryItem::default()
        };
        let items = query.filter.into_iter().map(item).collect();
        let token = query.pagination.unwrap_or_default().token;
        Ok(Response::new(proto::QueryResponse { items, token, ..proto::QueryResponse::default() }))
    }
}

#[async_trait]
impl proto::transactional_store_multi_max_size_server::TransactionalStoreMultiMaxSize for Wrapped {
    async fn multi_max_size(&self, _: Request<proto::MultiMaxSizeRequest>) -> Answer<proto::MultiMaxSizeResponse> {
        Ok(Response::new(proto::MultiMaxSizeResponse { max_size: 120 }))
    }
}
