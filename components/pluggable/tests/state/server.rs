//! A gRPC server on a Unix socket, with either version of reflection.

use std::convert::Infallible;
use std::path::Path;

use dapr_kit::task;
use dapr_proto::components::v1::queriable_state_store_server::QueriableStateStoreServer;
use dapr_proto::components::v1::state_store_server::StateStoreServer;
use dapr_proto::components::v1::transactional_state_store_server::TransactionalStateStoreServer;
use dapr_proto::components::v1::transactional_store_multi_max_size_server::TransactionalStoreMultiMaxSizeServer;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http2::Builder;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::UnixListener;
use tonic::Status;
use tonic::body::Body;
use tower::Service as _;
use tower::util::BoxCloneSyncService;

use crate::component::Wrapped;

type Route = BoxCloneSyncService<Request<Incoming>, Response<Body>, Infallible>;

const SERVICES: [&str; 4] =
    ["StateStore", "TransactionalStateStore", "QueriableStateStore", "TransactionalStoreMultiMaxSize"];

/// Serves `component` on `socket` until the process ends.
pub(crate) async fn serve(socket: &Path, component: Wrapped, reflection_version: &str) {
    let _ = std::fs::remove_file(socket);
    let listener = UnixListener::bind(socket).expect("the socket");
    let stores: [Route; 4] = [
        Route::new(StateStoreServer::new(component.clone())),
        Route::new(TransactionalStateStoreServer::new(component.clone())),
        Route::new(QueriableStateStoreServer::new(component.clone())),
        Route::new(TransactionalStoreMultiMaxSizeServer::new(component)),
    ];
    let name = |service: &str| format!("/dapr.proto.components.v1.{service}/");
    let mut routes: Vec<(String, Route)> = SERVICES.into_iter().map(name).zip(stores).collect();
    routes.push((format!("/grpc.reflection.{reflection_version}.ServerReflection/"), reflection(reflection_version)));
    eprintln!("the component listens");
    loop {
        let (stream, _) = listener.accept().await.expect("a connection");
        let routes = routes.clone();
        let serve = service_fn(move |request: Request<Incoming>| {
            let path = request.uri().path();
            let route = routes.iter().find(|(prefix, _)| path.starts_with(prefix)).map(|(_, route)| route.clone());
            async move {
                match route {
                    Some(mut route) => route.call(request).await,
                    None => Ok(Status::unimplemented("unknown service").into_http()),
                }
            }
        });
        let connection = Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), serve);
        task::spawn_detached("connection", async move { drop(connection.await) });
    }
}

fn reflection(version: &str) -> Route {
    let mut builder = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(dapr_proto::FILE_DESCRIPTOR_SET);
    for service in SERVICES {
        builder = builder.with_service_name(format!("dapr.proto.components.v1.{service}"));
    }
    if version == "v1" {
        Route::new(builder.build_v1().expect("reflection"))
    } else {
        Route::new(builder.build_v1alpha().expect("reflection"))
    }
}
