//! The component: sends three events to whoever reads, notes the answers in a file, and echoes calls.

use std::collections::HashMap;
use std::convert::Infallible;
use std::env::var;
use std::io::Write;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use dapr_kit::task;
use dapr_proto::components::v1 as proto;
use dapr_proto::components::v1::input_binding_server::{InputBinding, InputBindingServer};
use dapr_proto::components::v1::output_binding_server::{OutputBinding, OutputBindingServer};
use futures_util::{Stream, StreamExt, stream};
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http2::Builder;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::UnixListener;
use tonic::body::Body;
use tonic::{Status, Streaming, async_trait};
use tower::Service as _;
use tower::util::BoxCloneSyncService;

type Answer<T> = Result<tonic::Response<T>, Status>;
type Route = BoxCloneSyncService<Request<Incoming>, Response<Body>, Infallible>;
type Events = Pin<Box<dyn Stream<Item = Result<proto::ReadResponse, Status>> + Send>>;

/// Reads its settings from the environment and serves until the process ends; without settings it does nothing.
pub(crate) fn serve() {
    let socket = var("COMPONENT_SOCKET").unwrap_or_default();
    if socket.is_empty() {
        return;
    }
    let threads = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("threads");
    threads.block_on(async {
        let _ = std::fs::remove_file(&socket);
        let listener = UnixListener::bind(&socket).expect("the socket");
        eprintln!("the component listens");
        let component = Echo::default();
        let reflection = tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(dapr_proto::FILE_DESCRIPTOR_SET)
            .with_service_name("dapr.proto.components.v1.InputBinding")
            .with_service_name("dapr.proto.components.v1.OutputBinding")
            .build_v1alpha()
            .expect("reflection");
        let routes: [(&str, Route); 3] = [
            ("/dapr.proto.components.v1.InputBinding/", Route::new(InputBindingServer::new(component.clone()))),
            ("/dapr.proto.components.v1.OutputBinding/", Route::new(OutputBindingServer::new(component))),
            ("/grpc.reflection.v1alpha.ServerReflection/", Route::new(reflection)),
        ];
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
    });
}

#[derive(Clone, Default)]
struct Echo {
    properties: Arc<Mutex<HashMap<String, String>>>,
}

impl Echo {
    fn init(&self, metadata: Option<proto::MetadataRequest>) {
        let properties = metadata.unwrap_or_default().properties;
        *self.properties.lock().unwrap_or_else(PoisonError::into_inner) = properties;
    }
}

#[async_trait]
impl InputBinding for Echo {
    async fn init(
        &self,
        request: tonic::Request<proto::InputBindingInitRequest>,
    ) -> Answer<proto::InputBindingInitResponse> {
        Echo::init(self, request.into_inner().metadata);
        Ok(tonic::Response::new(proto::InputBindingInitResponse {}))
    }

    async fn read(&self, request: tonic::Request<Streaming<proto::ReadRequest>>) -> Answer<Events> {
        let mut answers = request.into_inner();
        task::spawn_detached("answers", async move {
            let path = var("COMPONENT_ANSWERS").expect("a file");
            let mut file = std::fs::File::options().create(true).append(true).open(path).expect("a file");
            while let Ok(Some(answer)) = answers.message().await {
                let text = match answer.response_error {
                    Some(error) => format!("refused: {}", error.message),
                    None => String::from_utf8_lossy(&answer.response_data).into_owned(),
                };
                writeln!(file, "{} {text}", answer.message_id).expect("a line");
            }
        });
        let event = |number: usize| proto::ReadResponse {
            data: Bytes::from(format!("event {number}")),
            metadata: HashMap::from([("n".to_owned(), "v".to_owned())]),
            content_type: "text/plain".to_owned(),
            message_id: number.to_string(),
        };
        let events = stream::iter((1..=3).map(move |number| Ok(event(number)))).chain(stream::pending());
        Ok(tonic::Response::new(Box::pin(events)))
    }

    async fn ping(&self, _: tonic::Request<proto::PingRequest>) -> Answer<proto::PingResponse> {
        Ok(tonic::Response::new(proto::PingResponse {}))
    }
}

#[async_trait]
impl OutputBinding for Echo {
    async fn init(
        &self,
        request: tonic::Request<proto::OutputBindingInitRequest>,
    ) -> Answer<proto::OutputBindingInitResponse> {
        Echo::init(self, request.into_inner().metadata);
        Ok(tonic::Response::new(proto::OutputBindingInitResponse {}))
    }

    async fn invoke(&self, request: tonic::Request<proto::InvokeRequest>) -> Answer<proto::InvokeResponse> {
        let proto::InvokeRequest { data, mut metadata, operation } = request.into_inner();
        if operation == "fail" {
            return Err(Status::internal("as asked"));
        }
        metadata.extend(self.properties.lock().unwrap_or_else(PoisonError::into_inner).clone());
        Ok(tonic::Response::new(proto::InvokeResponse { data, metadata, content_type: String::new() }))
    }

    async fn list_operations(
        &self,
        _: tonic::Request<proto::ListOperationsRequest>,
    ) -> Answer<proto::ListOperationsResponse> {
        Ok(tonic::Response::new(proto::ListOperationsResponse { operations: vec!["echo".into(), "fail".into()] }))
    }

    async fn ping(&self, _: tonic::Request<proto::PingRequest>) -> Answer<proto::PingResponse> {
        Ok(tonic::Response::new(proto::PingResponse {}))
    }
}
