//! Every path of the HTTP API, one row each (interface/http-api.md 1.2).

use std::future::Future;
use std::pin::Pin;

use dapr_errors::Result;
use http::Method;

use crate::http::{Call, Response};
use crate::{Api, bindings, crypto, health, metadata, pubsub, secrets, shutdown, state};

/// One endpoint.
pub struct Route {
    /// Versions it is served under.
    pub(crate) versions: &'static [Version],
    /// Path after the version.
    pub(crate) path: &'static str,
    /// Verbs it answers.
    pub(crate) methods: &'static [Method],
    /// Name in logs and metrics.
    pub(crate) name: &'static str,
    /// Group in the Configuration's `spec.api`.
    pub(crate) group: &'static str,
    /// Parameters of the path, in order.
    pub(crate) params: &'static [&'static str],
    /// Needs no token, is served whatever `spec.api` says, and may be left out of the log.
    pub(crate) is_health_check: bool,
    /// Served on the public port too.
    pub(crate) is_public: bool,
    pub(crate) handler: Handler,
}

pub(crate) type Handler = for<'a> fn(&'a Api, Call) -> Pin<Box<dyn Future<Output = Result<Response>> + Send + 'a>>;

/// Which port a router serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listener {
    /// `--dapr-http-port`: everything.
    Api,
    /// `--dapr-public-port`: health and metadata.
    Public,
}

/// A version of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    V1,
    V1Alpha1,
}

impl Version {
    /// First segment of the path.
    pub(crate) fn prefix(self) -> &'static str {
        match self {
            Self::V1 => "v1.0",
            Self::V1Alpha1 => "v1.0-alpha1",
        }
    }

    /// Name in the Configuration's `spec.api`.
    pub(crate) fn of_group(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V1Alpha1 => "v1alpha1",
        }
    }
}

impl Route {
    pub(crate) fn is_served_on(&self, listener: Listener) -> bool {
        self.is_public || listener == Listener::Api
    }

    /// The parameter of that name, with the table's own text.
    pub(crate) fn param(&self, name: &str) -> Option<&'static str> {
        self.params.iter().copied().find(|known| *known == name)
    }
}

const GET: &[Method] = &[Method::GET];
const PUT: &[Method] = &[Method::PUT];
const POST: &[Method] = &[Method::POST];
const DELETE: &[Method] = &[Method::DELETE];
const WRITE: &[Method] = &[Method::POST, Method::PUT];
const V1: &[Version] = &[Version::V1];
const ALPHA1: &[Version] = &[Version::V1Alpha1];
const STABLE_AND_ALPHA1: &[Version] = &[Version::V1, Version::V1Alpha1];

macro_rules! route {
    ($versions:ident $methods:ident $path:literal [$($param:literal),*] $name:ident $group:literal => $handler:path) => {
        route!($versions $methods $path [$($param),*] $name $group => $handler, public: false, health: false)
    };
    ($versions:ident $methods:ident $path:literal [$($param:literal),*] $name:ident $group:literal => $handler:path, public: $public:literal, health: $health:literal) => {
        Route {
            versions: $versions,
            path: $path,
            methods: $methods,
            name: stringify!($name),
            group: $group,
            params: &[$($param),*],
            is_health_check: $health,
            is_public: $public,
            handler: |api, call| Box::pin($handler(api, call)),
        }
    };
}

/// The table. A path that is not here falls through to service invocation, and from there to
/// `ERR_DIRECT_INVOKE`.
#[rustfmt::skip]
pub static ROUTES: &[Route] = &[
    route!(V1 GET "/state/{store}/{key}" ["store", "key"] GetState "state" => state::http::get),
    route!(V1 WRITE "/state/{store}" ["store"] SaveState "state" => state::http::save),
    route!(V1 DELETE "/state/{store}/{key}" ["store", "key"] DeleteState "state" => state::http::delete),
    route!(V1 WRITE "/state/{store}/bulk" ["store"] GetBulkState "state" => state::http::bulk_get),
    route!(V1 WRITE "/state/{store}/transaction" ["store"] ExecuteStateTransaction "state" => state::http::transaction),
    route!(ALPHA1 WRITE "/state/{store}/query" ["store"] QueryStateAlpha1 "state" => state::http::query),
    route!(V1 WRITE "/publish/{pubsub}/{*topic}" ["pubsub", "topic"] PublishEvent "publish" => pubsub::http::publish),
    route!(V1 WRITE "/publish/{pubsub}/" ["pubsub"] PublishEvent "publish" => pubsub::http::publish),
    route!(STABLE_AND_ALPHA1 WRITE "/publish/bulk/{pubsub}/{*topic}" ["pubsub", "topic"] BulkPublishEvent "publish" => pubsub::http::bulk),
    route!(STABLE_AND_ALPHA1 WRITE "/publish/bulk/{pubsub}/" ["pubsub"] BulkPublishEvent "publish" => pubsub::http::bulk),
    route!(ALPHA1 GET "/deadletters/{pubsub}/{*topic}" ["pubsub", "topic"] GetDeadLetters "publish" => pubsub::dead_letters::browse),
    route!(ALPHA1 POST "/deadletters/{pubsub}/{*topic}" ["pubsub", "topic"] RedriveDeadLetters "publish" => pubsub::dead_letters::redrive),
    route!(V1 GET "/secrets/{store}/bulk" ["store"] GetBulkSecret "secrets" => secrets::http::bulk_get),
    route!(V1 GET "/secrets/{store}/{key}" ["store", "key"] GetSecret "secrets" => secrets::http::get),
    route!(V1 WRITE "/bindings/{name}" ["name"] InvokeBinding "bindings" => bindings::http::invoke),
    route!(ALPHA1 PUT "/crypto/{name}/encrypt" ["name"] Encrypt "crypto" => crypto::http::encrypt),
    route!(ALPHA1 PUT "/crypto/{name}/decrypt" ["name"] Decrypt "crypto" => crypto::http::decrypt),
    route!(ALPHA1 POST "/subtlecrypto/{name}/getkey" ["name"] SubtleGetKey "subtlecrypto" => crypto::subtle::http::get_key),
    route!(ALPHA1 POST "/subtlecrypto/{name}/encrypt" ["name"] SubtleEncrypt "subtlecrypto" => crypto::subtle::http::encrypt),
    route!(ALPHA1 POST "/subtlecrypto/{name}/decrypt" ["name"] SubtleDecrypt "subtlecrypto" => crypto::subtle::http::decrypt),
    route!(ALPHA1 POST "/subtlecrypto/{name}/wrapkey" ["name"] SubtleWrapKey "subtlecrypto" => crypto::subtle::http::wrap_key),
    route!(ALPHA1 POST "/subtlecrypto/{name}/unwrapkey" ["name"] SubtleUnwrapKey "subtlecrypto" => crypto::subtle::http::unwrap_key),
    route!(ALPHA1 POST "/subtlecrypto/{name}/sign" ["name"] SubtleSign "subtlecrypto" => crypto::subtle::http::sign),
    route!(ALPHA1 POST "/subtlecrypto/{name}/verify" ["name"] SubtleVerify "subtlecrypto" => crypto::subtle::http::verify),
    route!(V1 GET "/metadata" [] GetMetadata "metadata" => metadata::http::get, public: true, health: false),
    route!(V1 PUT "/metadata/{key}" ["key"] PutMetadata "metadata" => metadata::http::put_value, public: true, health: false),
    route!(V1 POST "/shutdown" [] Shutdown "shutdown" => shutdown::http::shutdown),
    route!(V1 GET "/healthz" [] Healthz "healthz" => health::http::ready, public: true, health: true),
    route!(V1 GET "/healthz/outbound" [] HealthzOutbound "healthz" => health::http::outbound, public: true, health: true),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parameter_of_a_path_is_declared() {
        for route in ROUTES {
            let in_path: Vec<&str> = route
                .path
                .split('/')
                .filter_map(|segment| segment.strip_prefix('{').and_then(|segment| segment.strip_suffix('}')))
                .map(|name| name.trim_start_matches('*'))
                .collect();
            assert_eq!(in_path, route.params, "{}", route.name);
        }
    }
}
