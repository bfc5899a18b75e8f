//! The component: passes calls on to `pubsub.sqlite`, one for each instance.

use std::collections::HashMap;
use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use dapr_kit::task;
use dapr_proto::components::v1 as proto;
use dapr_proto::components::v1::pub_sub_server::{self, PubSubServer};
use dapr_spi::metadata::Properties;
use dapr_spi::pubsub::{Delivery, Intake, Map, Message, PubSub, SubscribeRequest, Verdict};
use dapr_spi::registry::{Component, Registry};
use dapr_spi::{Context, Error, ErrorKind};
use futures_util::stream;
use http::{Request as HttpRequest, Response as HttpResponse};
use hyper::body::Incoming;
use hyper::server::conn::http2::Builder;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::UnixListener;
use tokio::sync::mpsc;
use tonic::body::Body;
use tonic::{Request, Response, Status, Streaming};
use tower::Service as _;
use tower::util::BoxCloneSyncService;

type Answer<T> = Result<Response<T>, Status>;
type Route = BoxCloneSyncService<HttpRequest<Incoming>, HttpResponse<Body>, Infallible>;
type Unsettled = Arc<Mutex<HashMap<String, Delivery>>>;

const SERVICE: &str = "dapr.proto.components.v1.PubSub";

/// Serves until the process ends; without a socket it does nothing.
pub(crate) fn serve() {
    let Ok(socket) = std::env::var("COMPONENT_SOCKET") else { return };
    let threads = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("threads");
    threads.block_on(listen(PathBuf::from(socket)));
}

async fn listen(socket: PathBuf) {
    let _ = std::fs::remove_file(&socket);
    let listener = UnixListener::bind(&socket).expect("the socket");
    let broker = Route::new(PubSubServer::new(Wrapped::default()));
    let reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(dapr_proto::FILE_DESCRIPTOR_SET)
        .with_service_name(SERVICE)
        .build_v1alpha();
    let reflection = Route::new(reflection.expect("reflection"));
    eprintln!("the component listens");
    loop {
        let (stream, _) = listener.accept().await.expect("a connection");
        let (broker, reflection) = (broker.clone(), reflection.clone());
        let serve = service_fn(move |request: HttpRequest<Incoming>| {
            let is_broker = request.uri().path().contains(SERVICE);
            let mut route = if is_broker { broker.clone() } else { reflection.clone() };
            async move { route.call(request).await }
        });
        let connection = Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), serve);
        task::spawn_detached("connection", async move { drop(connection.await) });
    }
}

#[derive(Clone, Default)]
struct Wrapped {
    brokers: Arc<Mutex<HashMap<String, Arc<dyn PubSub>>>>,
}

impl Wrapped {
    fn broker<T>(&self, request: &Request<T>) -> Result<Arc<dyn PubSub>, Status> {
        let brokers = self.brokers.lock().unwrap_or_else(PoisonError::into_inner);
        brokers.get(&instance(request)).cloned().ok_or_else(|| Status::failed_precondition("Init was not called"))
    }
}

fn instance<T>(request: &Request<T>) -> String {
    let name = request.metadata().get("x-component-instance").expect("the name of the instance");
    name.to_str().expect("a name").to_owned()
}

fn status(error: Error) -> Status {
    match error.kind() {
        ErrorKind::Invalid => Status::invalid_argument(error.to_string()),
        _ => Status::internal(error.to_string()),
    }
}

#[async_trait]
impl pub_sub_server::PubSub for Wrapped {
    async fn init(&self, request: Request<proto::PubSubInitRequest>) -> Answer<proto::PubSubInitResponse> {
        let name = instance(&request);
        let properties = request.into_inner().metadata.expect("metadata").properties;
        let mut registry = Registry::new();
        dapr_component_sqlite::register(&mut registry);
        let entry = registry.find("pubsub.sqlite", "v1").expect("the built-in broker");
        let pairs = properties.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let prepared = entry.prepare(&Properties::from_pairs(pairs)).expect("good settings");
        let opened = prepared.init(Context::default()).await.map_err(status)?;
        let Component::PubSub(broker) = opened else { panic!("a broker") };
        let old = self.brokers.lock().unwrap_or_else(PoisonError::into_inner).insert(name, broker);
        if let Some(old) = old {
            old.close().await;
        }
        Ok(Response::new(proto::PubSubInitResponse {}))
    }

    async fn features(&self, request: Request<proto::FeaturesRequest>) -> Answer<proto::FeaturesResponse> {
        let features = self.broker(&request)?.features().iter().map(|feature| feature.name().to_owned()).collect();
        Ok(Response::new(proto::FeaturesResponse { features }))
    }

    async fn publish(&self, request: Request<proto::PublishRequest>) -> Answer<proto::PublishResponse> {
        let broker = self.broker(&request)?;
        let proto::PublishRequest { data, topic, metadata, content_type, .. } = request.into_inner();
        let content_type = Some(content_type).filter(|kind| !kind.is_empty());
        broker.publish(Message { data, topic, metadata, content_type }).await.map_err(status)?;
        Ok(Response::new(proto::PublishResponse {}))
    }

    async fn bulk_publish(&self, request: Request<proto::BulkPublishRequest>) -> Answer<proto::BulkPublishResponse> {
        let broker = self.broker(&request)?;
        let proto::BulkPublishRequest { entries, topic, .. } = request.into_inner();
        let ids: Vec<String> = entries.iter().map(|entry| entry.entry_id.clone()).collect();
        let messages = entries.into_iter().map(|entry| Message {
            data: entry.event,
            topic: topic.clone(),
            metadata: entry.metadata,
            content_type: Some(entry.content_type),
        });
        let results = broker.bulk_publish(messages.collect(), &Map::new()).await;
        let failed = ids.into_iter().zip(results).filter_map(|(entry_id, result)| {
            let error = result.err()?.to_string();
            Some(proto::BulkPublishResponseFailedEntry { entry_id, error })
        });
        Ok(Response::new(proto::BulkPublishResponse { failed_entries: failed.collect() }))
    }

    async fn pull_messages(
        &self,
        request: Request<Streaming<proto::PullMessagesRequest>>,
    ) -> Answer<tonic::codegen::BoxStream<proto::PullMessagesResponse>> {
        let broker = self.broker(&request)?;
        let mut requests = request.into_inner();
        let first = requests.message().await?.and_then(|first| first.topic);
        let topic = first.ok_or_else(|| Status::invalid_argument("the first message names the topic"))?;
        let (intake, mut deliveries) = Intake::new(512);
        let request = SubscribeRequest { topic: topic.name, metadata: topic.metadata, bulk: None };
        let subscription = broker.subscribe(request, intake).await.map_err(status)?;
        let (sender, messages) = mpsc::channel(16);
        let unsettled = Unsettled::default();
        task::spawn_detached("pull", async move {
            let mut next = 0_u64;
            loop {
                tokio::select! {
                    delivery = deliveries.next() => {
                        let Some(delivery) = delivery else { break };
                        next += 1;
                        if sender.send(Ok(told(next, delivery, &unsettled))).await.is_err() {
                            break;
                        }
                    }
                    answer = requests.message() => match answer {
                        Ok(Some(answer)) => settle(answer, &unsettled),
                        _ => break,
                    },
                }
            }
            deliveries.close();
            unsettled.lock().unwrap_or_else(PoisonError::into_inner).clear();
            while deliveries.next().await.is_some() {}
            subscription.close().await;
        });
        let messages =
            stream::unfold(messages, |mut messages| async { messages.recv().await.map(|one| (one, messages)) });
        Ok(Response::new(Box::pin(messages)))
    }

    async fn pause(&self, _: Request<proto::PauseRequest>) -> Answer<proto::PauseResponse> {
        Err(Status::unimplemented("pause"))
    }

    async fn resume(&self, _: Request<proto::ResumeRequest>) -> Answer<proto::ResumeResponse> {
        Err(Status::unimplemented("resume"))
    }

    async fn ping(&self, request: Request<proto::PingRequest>) -> Answer<proto::PingResponse> {
        self.broker(&request)?.ping().await.map_err(status)?;
        Ok(Response::new(proto::PingResponse {}))
    }
}

/// The message, which is kept until it is answered.
fn told(number: u64, delivery: Delivery, unsettled: &Unsettled) -> proto::PullMessagesResponse {
    let message = delivery.message.clone();
    let id = number.to_string();
    unsettled.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), delivery);
    proto::PullMessagesResponse {
        data: message.data,
        topic_name: message.topic,
        metadata: message.metadata,
        content_type: message.content_type.unwrap_or_default(),
        id,
    }
}

fn settle(answer: proto::PullMessagesRequest, unsettled: &Unsettled) {
    let delivery = unsettled.lock().unwrap_or_else(PoisonError::into_inner).remove(&answer.ack_message_id);
    let verdict = if answer.ack_error.is_some() { Verdict::Again } else { Verdict::Done };
    delivery.expect("a message that was delivered").settle(verdict);
}
