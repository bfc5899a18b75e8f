//! `state.*` of a pluggable component.

mod convert;
mod query;

use std::collections::HashMap;
use std::future::Future;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use dapr_proto::components::v1 as proto;
use dapr_proto::components::v1::queriable_state_store_client::QueriableStateStoreClient;
use dapr_proto::components::v1::state_store_client::StateStoreClient;
use dapr_proto::components::v1::transactional_state_store_client::TransactionalStateStoreClient;
use dapr_proto::components::v1::transactional_store_multi_max_size_client::TransactionalStoreMultiMaxSizeClient;
use dapr_spi::metadata::Properties;
use dapr_spi::registry::{Component, Entry, Prepared};
use dapr_spi::state::{
    BulkGetItem, DeleteRequest, Feature, GetRequest, GetResponse, QueryRequest, QueryResponse, SetRequest, StateStore,
    TransactionRequest,
};
use dapr_spi::{Context, ErrorKind, Result};
use tonic::Status;

use crate::connection::Connection;
use crate::discovery::Discovered;
use crate::link::Link;

/// Type and entry of a component that is a state store.
pub(crate) fn entry(component: &Discovered) -> Option<(String, Entry)> {
    component.serves("StateStore").then(|| {
        let component = Arc::new(component.clone());
        let name = format!("state.{}", component.name);
        let prepare = move |properties: &Properties| {
            let properties: HashMap<String, String> =
                properties.0.iter().map(|property| (property.name.clone(), property.value.clone())).collect();
            let component = component.clone();
            Ok(Prepared::new(move |context| open(component.clone(), properties.clone(), context)))
        };
        (name, Entry::dynamic(prepare))
    })
}

async fn open(component: Arc<Discovered>, properties: HashMap<String, String>, context: Context) -> Result<Component> {
    Ok(Component::State(Arc::new(Store::open(&component, properties, &context.name).await?)))
}

/// A store behind a socket.
struct Store {
    link: Link,
    features: Vec<Feature>,
    /// Whether it serves `TransactionalStoreMultiMaxSize`.
    has_limit: bool,
    /// The answer to that, once known; `None` for no limit.
    limit: OnceLock<Option<usize>>,
}

impl Store {
    async fn open(component: &Discovered, properties: HashMap<String, String>, name: &str) -> Result<Self> {
        let link = link(name, component.socket.clone(), properties)?;
        let told = link.call(async |connection| client(connection).features(proto::FeaturesRequest {}).await).await?;
        Ok(Self {
            link,
            features: features(component, &told.features),
            has_limit: component.serves("TransactionalStoreMultiMaxSize"),
            limit: OnceLock::new(),
        })
    }

    /// A call that a store may lack; `None` when it does.
    async fn optional<T, F>(&self, call: impl FnOnce(StateStoreClient<Connection>) -> F) -> Option<Result<T>>
    where
        F: Future<Output = Result<tonic::Response<T>, Status>>,
    {
        match self.link.call(|connection| call(client(connection))).await {
            Err(error) if error.kind() == ErrorKind::Unsupported => None,
            answer => Some(answer),
        }
    }
}

fn link(name: &str, socket: PathBuf, properties: HashMap<String, String>) -> Result<Link> {
    Link::new(name, socket, move |connection| {
        let metadata = proto::MetadataRequest { properties: properties.clone() };
        let request = proto::InitRequest { metadata: Some(metadata) };
        async move { client(connection).init(request).await.map(drop) }
    })
}

/// Values may be larger than gRPC's usual 4 MiB; the component is trusted with our memory.
fn client(connection: Connection) -> StateStoreClient<Connection> {
    StateStoreClient::new(connection).max_decoding_message_size(usize::MAX)
}

/// What the component can do, as far as this protocol can ask for it.
///
/// Queries need no advertisement, since stores that serve them often forget it and the incumbent never looks.
fn features(component: &Discovered, told: &[String]) -> Vec<Feature> {
    let has = |feature: Feature| told.iter().any(|name| name == feature.name());
    let kept = |feature: &Feature| match feature {
        Feature::Transactional => has(*feature) && component.serves("TransactionalStateStore"),
        Feature::QueryApi => component.serves("QueriableStateStore"),
        Feature::Etag | Feature::Ttl | Feature::PartitionKey => has(*feature),
        // The protocol has no call for these.
        Feature::DeleteWithPrefix | Feature::KeysLike => false,
    };
    let all = [Feature::Etag, Feature::Transactional, Feature::QueryApi, Feature::Ttl, Feature::PartitionKey];
    all.into_iter().filter(kept).collect()
}

#[async_trait]
impl StateStore for Store {
    fn features(&self) -> &[Feature] {
        &self.features
    }

    async fn get(&self, request: GetRequest) -> Result<GetResponse> {
        let request = convert::get_request(request);
        let found = self.link.call(|connection| async { client(connection).get(request).await }).await?;
        Ok(convert::get_response(found))
    }

    async fn set(&self, request: SetRequest) -> Result<()> {
        let request = convert::set_request(request);
        self.link.call(|connection| async { client(connection).set(request).await }).await.map(drop)
    }

    async fn delete(&self, request: DeleteRequest) -> Result<()> {
        let request = convert::delete_request(request);
        self.link.call(|connection| async { client(connection).delete(request).await }).await.map(drop)
    }

    async fn bulk_get(&self, requests: &[GetRequest]) -> Option<Result<Vec<BulkGetItem>>> {
        let items = requests.iter().cloned().map(convert::get_request).collect();
        let request = proto::BulkGetRequest { items, options: Some(proto::BulkGetRequestOptions::default()) };
        let found = self.optional(|mut client| async move { client.bulk_get(request).await }).await?;
        Some(found.map(|found| found.items.into_iter().map(convert::bulk_item).collect()))
    }

    async fn bulk_set(&self, requests: &[SetRequest]) -> Option<Result<()>> {
        let items = requests.iter().cloned().map(convert::set_request).collect();
        let request = proto::BulkSetRequest { items, options: Some(proto::BulkSetRequestOptions::default()) };
        let done = self.optional(|mut client| async move { client.bulk_set(request).await }).await?;
        Some(done.map(drop))
    }

    async fn bulk_delete(&self, requests: &[DeleteRequest]) -> Option<Result<()>> {
        let items = requests.iter().cloned().map(convert::delete_request).collect();
        let request = proto::BulkDeleteRequest { items, options: Some(proto::BulkDeleteRequestOptions::default()) };
        let done = self.optional(|mut client| async move { client.bulk_delete(request).await }).await?;
        Some(done.map(drop))
    }

    async fn transact(&self, request: TransactionRequest) -> Result<()> {
        let operations = request.operations.into_iter().map(convert::operation).collect();
        let request = proto::TransactionalStateRequest { operations, metadata: request.metadata };
        let work = |connection| async { TransactionalStateStoreClient::new(connection).transact(request).await };
        self.link.call(work).await.map(drop)
    }

    /// Asked once, and only when a transaction comes: components may refuse the question while they are set up.
    async fn max_transaction_operations(&self) -> Option<usize> {
        if !self.has_limit {
            return None;
        }
        if let Some(limit) = self.limit.get() {
            return *limit;
        }
        let ask = |connection| async {
            TransactionalStoreMultiMaxSizeClient::new(connection).multi_max_size(proto::MultiMaxSizeRequest {}).await
        };
        match self.link.call(ask).await {
            Ok(told) => {
                let limit = usize::try_from(told.max_size).ok().filter(|limit| *limit > 0);
                *self.limit.get_or_init(|| limit)
            }
            Err(error) => {
                tracing::warn!(target: "dapr.runtime", "how large a transaction may be is not known: {error}");
                None
            }
        }
    }

    async fn query(&self, request: QueryRequest) -> Result<QueryResponse> {
        let query = query::parse(&request.query)?;
        let request = proto::QueryRequest { query: Some(query), metadata: request.metadata };
        let work = |connection| async {
            QueriableStateStoreClient::new(connection).max_decoding_message_size(usize::MAX).query(request).await
        };
        Ok(convert::query_response(self.link.call(work).await?))
    }

    async fn ping(&self) -> Result<()> {
        let work = |connection| async { client(connection).ping(proto::PingRequest {}).await };
        self.link.call(work).await.map(drop)
    }

    async fn close(&self) {
        self.link.close();
    }
}
