//! An operator in the process of a test: it has what the test gives it, and answers only to whom Sentry knows.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use dapr_kit::task::{self, Task};
use dapr_proto::operator::v1::operator_server::{Operator, OperatorServer};
use dapr_proto::operator::v1::*;
use dapr_security::{Security, SpiffeId, peer_identity};
use http::Request as HttpRequest;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tonic::body::Body;
use tonic::{Request, Response, Status};
use tower::ServiceExt as _;

/// What the cluster has. Cheap to clone; all clones are the same cluster.
#[derive(Clone, Default)]
pub(crate) struct Resources(Arc<Mutex<HashMap<&'static str, Vec<Value>>>>);

impl Resources {
    /// Adds a resource of a kind.
    pub(crate) fn add(&self, kind: &'static str, resource: Value) {
        self.lock().entry(kind).or_default().push(resource);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<&'static str, Vec<Value>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn list(&self, kind: &str) -> Vec<Bytes> {
        self.lock().get(kind).into_iter().flatten().map(|resource| resource.to_string().into()).collect()
    }

    fn named(&self, kind: &str, name: &str) -> Bytes {
        let resources = self.lock();
        let found = resources.get(kind).into_iter().flatten().find(|resource| resource["metadata"]["name"] == name);
        found.map(|resource| resource.to_string().into()).unwrap_or_default()
    }
}

/// Serves until it is dropped, connections included.
pub(crate) struct Server {
    _accepting: Task<()>,
}

impl Server {
    /// # Panics
    /// The port is taken, or there is no identity.
    pub(crate) async fn start(resources: &Resources, identity: &Security, port: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.expect("the port of the operator");
        let acceptor = TlsAcceptor::from(identity.server_config().expect("an identity"));
        let resources = resources.clone();
        let accepting = async move {
            let mut connections = Vec::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.push(task::spawn("operator", serve(resources.clone(), acceptor.clone(), stream)));
            }
        };
        Self { _accepting: task::spawn("operator", accepting) }
    }
}

async fn serve(resources: Resources, acceptor: TlsAcceptor, stream: TcpStream) {
    let Ok(stream) = acceptor.accept(stream).await else { return };
    let peer = peer_identity(stream.get_ref().1);
    let operator = OperatorServer::new(resources);
    let service = service_fn(move |request: HttpRequest<Incoming>| {
        let mut request = request.map(Body::new);
        if let Some(peer) = peer.clone() {
            request.extensions_mut().insert(peer);
        }
        let answer = operator.clone().oneshot(request);
        async move { Ok::<_, Infallible>(answer.await.unwrap_or_else(|never| match never {})) }
    });
    let connection = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
    let _ = connection.serve_connection(TokioIo::new(stream), service).await;
}

/// As the real one: nobody sees another namespace.
fn check<T>(request: &Request<T>, namespace: &str) -> Result<(), Status> {
    match request.extensions().get::<SpiffeId>() {
        Some(caller) if caller.namespace() == namespace => Ok(()),
        Some(_) => Err(Status::permission_denied("identity does not match requested namespace")),
        None => Err(Status::permission_denied("failed to determine identity")),
    }
}

#[tonic::async_trait]
impl Operator for Resources {
    async fn list_components(
        &self,
        request: Request<ListComponentsRequest>,
    ) -> Result<Response<ListComponentResponse>, Status> {
        check(&request, &request.get_ref().namespace)?;
        Ok(Response::new(ListComponentResponse { components: self.list("Component") }))
    }

    async fn list_http_endpoints(
        &self,
        request: Request<ListHttpEndpointsRequest>,
    ) -> Result<Response<ListHttpEndpointsResponse>, Status> {
        check(&request, &request.get_ref().namespace)?;
        Ok(Response::new(ListHttpEndpointsResponse { http_endpoints: self.list("HTTPEndpoint") }))
    }

    async fn list_resiliency(
        &self,
        request: Request<ListResiliencyRequest>,
    ) -> Result<Response<ListResiliencyResponse>, Status> {
        check(&request, &request.get_ref().namespace)?;
        Ok(Response::new(ListResiliencyResponse { resiliencies: self.list("Resiliency") }))
    }

    async fn get_configuration(
        &self,
        request: Request<GetConfigurationRequest>,
    ) -> Result<Response<GetConfigurationResponse>, Status> {
        let GetConfigurationRequest { name, namespace, .. } = request.get_ref();
        check(&request, namespace)?;
        Ok(Response::new(GetConfigurationResponse { configuration: self.named("Configuration", name) }))
    }
}
