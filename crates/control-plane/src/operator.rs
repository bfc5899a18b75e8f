//! Resources of a Kubernetes namespace, from the operator.

mod decode;
mod kinds;
mod watch;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use dapr_proto::operator::v1::operator_client::OperatorClient;
use dapr_proto::operator::v1::{GetConfigurationRequest, GetResiliencyRequest};
use dapr_resources::configuration::{self, Configuration, ConfigurationError};
use dapr_resources::{Kind, Resiliency};
use dapr_security::{Security, SecurityError};
use tonic::transport::Channel;
use tonic::{Code, Status};

use crate::connect::{MalformedAddress, channel, describe};
use crate::retry::{Tries, retried};

pub use kinds::{Listed, Watched};
pub use watch::{Update, Watch};

/// The scope of the log.
const LOG: &str = "dapr.operator.client";

/// Of the calls at start: a sidecar comes up together with its control plane, which may take minutes.
const TRIES: Tries = Tries { count: 100, each: Duration::from_secs(5), longest_delay: Duration::from_secs(5) };

/// Most bytes of an answer: all components of a namespace.
const MAX_ANSWER: usize = 64 << 20;

/// Calls the operator, for the resources of one namespace. Cheap to clone; all clones share a connection, which is
/// opened when it is needed and again after it was lost.
#[derive(Clone, Debug)]
pub struct Client {
    grpc: OperatorClient<Channel>,
    namespace: Arc<str>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// `--control-plane-address` is none.
    #[error("{0}: set --control-plane-address")]
    Address(#[from] MalformedAddress),
    /// The operator has no SPIFFE id to expect.
    #[error(transparent)]
    Security(#[from] SecurityError),
    /// The call failed for good.
    #[error("{what}: {}", describe(status))]
    Call {
        /// What was asked for.
        what: String,
        /// What came of it.
        status: Box<Status>,
    },
    /// The operator has none of that name.
    #[error("{} {name} not found", kind.name().to_lowercase())]
    NotFound {
        /// Of what.
        kind: Kind,
        /// The name that was asked for.
        name: String,
    },
    /// It is not the JSON of such a resource.
    #[error("error deserializing {} {name:?}: {source}", kind.name())]
    Malformed {
        /// Of what.
        kind: Kind,
        /// Its `metadata.name`; empty when that cannot be read either.
        name: String,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// It contradicts itself.
    #[error("configuration {name}: {source}")]
    Configuration {
        /// Its name.
        name: String,
        /// What is wrong.
        source: ConfigurationError,
    },
}

impl Client {
    /// For `--control-plane-address` and the namespace of this program. Nothing is connected yet.
    ///
    /// # Errors
    /// The address is not `host:port`.
    pub fn new(address: &str, namespace: &str, security: &Security) -> Result<Self, Error> {
        let tls = security.control_plane_client_config("dapr-operator")?;
        let grpc = OperatorClient::new(channel("the operator", address, tls)?).max_decoding_message_size(MAX_ANSWER);
        Ok(Self { grpc, namespace: namespace.into() })
    }

    /// All resources of a kind that this app may see, with the secrets that the operator put in decoded. Of an
    /// operator that does not know the kind yet there are none.
    ///
    /// # Errors
    /// 100 tries of 5 seconds were in vain, the operator refused, or a resource cannot be read.
    pub async fn list<R: Listed>(&self) -> Result<Vec<R>, Error> {
        self.list_each().await?.into_iter().collect()
    }

    /// As [`Client::list`], where a resource that cannot be read does not keep the others away.
    ///
    /// # Errors
    /// 100 tries of 5 seconds were in vain, or the operator refused.
    pub async fn list_each<R: Listed>(&self) -> Result<Vec<Result<R, Error>>, Error> {
        let what = format!("resources of kind {}", R::KIND.name());
        match self.call(&what, |grpc| R::list(grpc, self.namespace.to_string())).await {
            Ok(documents) => Ok(documents.iter().map(|document| decode::resource(document)).collect()),
            Err(status) if status.code() == Code::Unimplemented => {
                tracing::debug!(target: LOG, "The operator does not list {what}");
                Ok(Vec::new())
            }
            Err(status) => Err(failed(format!("failed to list {what}"), status)),
        }
    }

    /// A configuration by its name.
    ///
    /// # Errors
    /// As [`Client::list`]; there is none of that name; it contradicts itself.
    pub async fn configuration(&self, name: &str) -> Result<Configuration, Error> {
        let what = format!("configuration {name}");
        let request = GetConfigurationRequest { name: name.to_owned(), namespace: self.namespace.to_string() };
        let call = |mut grpc: OperatorClient<Channel>| {
            let request = request.clone();
            async move { grpc.get_configuration(request).await }
        };
        let answer = self.call(&what, call).await.map_err(|status| failed(format!("failed to get {what}"), status))?;
        let document = answer.into_inner().configuration;
        if document.is_empty() {
            return Err(Error::NotFound { kind: Kind::Configuration, name: name.to_owned() });
        }
        let name = name.to_owned();
        match decode::json_without_nulls(&document) {
            Ok(json) => configuration::from_json(&json).map_err(|source| Error::Configuration { name, source }),
            Err(source) => Err(Error::Malformed { kind: Kind::Configuration, name, source }),
        }
    }

    /// A resiliency by its name.
    ///
    /// # Errors
    /// As [`Client::list`]; there is none of that name.
    pub async fn resiliency(&self, name: &str) -> Result<Resiliency, Error> {
        let what = format!("resiliency {name}");
        let request = GetResiliencyRequest { name: name.to_owned(), namespace: self.namespace.to_string() };
        let call = |mut grpc: OperatorClient<Channel>| {
            let request = request.clone();
            async move { grpc.get_resiliency(request).await }
        };
        let answer = self.call(&what, call).await.map_err(|status| failed(format!("failed to get {what}"), status))?;
        let document = answer.into_inner().resiliency;
        if document.is_empty() {
            return Err(Error::NotFound { kind: Kind::Resiliency, name: name.to_owned() });
        }
        decode::resource(&document)
    }

    /// Calls until there is an answer, and says so while there is none.
    async fn call<T, F>(&self, what: &str, call: impl Fn(OperatorClient<Channel>) -> F) -> Result<T, Status>
    where
        F: Future<Output = Result<T, Status>>,
    {
        let waiting = |status: &Status, delay: Duration| {
            let seconds = delay.as_secs_f32();
            tracing::warn!(
                target: LOG,
                "Waiting for the operator to send {what}, trying again in {seconds:.1} seconds: {}", describe(status)
            );
        };
        retried(TRIES, waiting, || call(self.grpc.clone())).await
    }

    /// Changes of a kind from now on, for as long as the result is kept.
    pub fn watch<R: Watched>(&self) -> Watch<R> {
        Watch::start(self.grpc.clone(), self.namespace.to_string())
    }
}

fn failed(what: String, status: Status) -> Error {
    Error::Call { what, status: Box::new(status) }
}
