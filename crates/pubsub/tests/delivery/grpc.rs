//! A gRPC application.

use std::collections::HashMap;

use dapr_kit::task::{self, Task};
use dapr_proto::pbjson_types::Empty;
use dapr_proto::runtime::v1::app_callback_server::{AppCallback, AppCallbackServer};
use dapr_proto::runtime::v1::topic_event_response::TopicEventResponseStatus as Status;
use dapr_proto::runtime::v1::{
    BulkSubscribeConfig, ListTopicSubscriptionsResponse, TopicEventBulkRequest, TopicEventBulkResponse,
    TopicEventBulkResponseEntry, TopicEventRequest, TopicEventResponse, TopicRoutes, TopicSubscription,
    topic_event_bulk_request_entry,
};
use hyper::server::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, mpsc};
use tonic::{Request, Response, Status as GrpcStatus};

use crate::setup::{Setup, within};

struct Application {
    port: u16,
    events: Mutex<mpsc::UnboundedReceiver<TopicEventRequest>>,
    bulks: Mutex<mpsc::UnboundedReceiver<TopicEventBulkRequest>>,
    _serving: Task<()>,
}

struct Callbacks {
    events: mpsc::UnboundedSender<TopicEventRequest>,
    bulks: mpsc::UnboundedSender<TopicEventBulkRequest>,
    /// By topic, what each next event is answered with; then success.
    answers: std::sync::Mutex<HashMap<String, Vec<Result<Status, GrpcStatus>>>>,
}

#[tonic::async_trait]
impl AppCallback for Callbacks {
    async fn list_topic_subscriptions(
        &self,
        _: Request<Empty>,
    ) -> Result<Response<ListTopicSubscriptionsResponse>, GrpcStatus> {
        let subscription = |topic: &str| TopicSubscription {
            pubsub_name: "broker".into(),
            topic: topic.into(),
            dead_letter_topic: if topic == "dead" { String::new() } else { "dead".into() },
            ..TopicSubscription::default()
        };
        let mut routed = subscription("routed");
        routed.routes = Some(TopicRoutes { rules: Vec::new(), default: "/routed".into() });
        let mut bulk = subscription("bulk");
        bulk.bulk_subscribe =
            Some(BulkSubscribeConfig { enabled: true, max_messages_count: 3, max_await_duration_ms: 10_000 });
        let subscriptions = vec![subscription("plain"), routed, bulk, subscription("dead")];
        Ok(Response::new(ListTopicSubscriptionsResponse { subscriptions }))
    }

    async fn on_topic_event(
        &self,
        request: Request<TopicEventRequest>,
    ) -> Result<Response<TopicEventResponse>, GrpcStatus> {
        assert_eq!(request.metadata().get("dapr-api-token").unwrap(), "app-token");
        let event = request.into_inner();
        let answer = self.answers.lock().unwrap().get_mut(&event.topic).and_then(Vec::pop);
        let _ = self.events.send(event);
        Ok(Response::new(TopicEventResponse { status: answer.unwrap_or(Ok(Status::Success))?.into() }))
    }

    async fn on_bulk_topic_event(
        &self,
        request: Request<TopicEventBulkRequest>,
    ) -> Result<Response<TopicEventBulkResponse>, GrpcStatus> {
        let bulk = request.into_inner();
        let is_first = self.answers.lock().unwrap().remove("bulk").is_some();
        let entry = |(index, entry): (usize, &dapr_proto::runtime::v1::TopicEventBulkRequestEntry)| {
            let status = if is_first { [Status::Success, Status::Retry, Status::Drop][index] } else { Status::Success };
            TopicEventBulkResponseEntry { entry_id: entry.entry_id.clone(), status: status.into() }
        };
        let statuses = bulk.entries.iter().enumerate().map(entry).collect();
        let _ = self.bulks.send(bulk);
        Ok(Response::new(TopicEventBulkResponse { statuses }))
    }
}

impl Application {
    async fn start(answers: &[(&str, Vec<Result<Status, GrpcStatus>>)]) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (events, events_out) = mpsc::unbounded_channel();
        let (bulks, bulks_out) = mpsc::unbounded_channel();
        let answers = answers.iter().map(|(topic, answers)| ((*topic).to_owned(), answers.clone())).collect();
        let callbacks = Callbacks { events, bulks, answers: std::sync::Mutex::new(answers) };
        let server = AppCallbackServer::new(callbacks);
        let serving = task::spawn("grpc application", async move {
            let mut connections = Vec::new();
            while let Ok((stream, _)) = listener.accept().await {
                let service = TowerToHyperService::new(server.clone());
                let serving = http2::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service);
                connections.push(task::spawn("connection", async move { drop(serving.await) }));
            }
        });
        Self { port, events: Mutex::new(events_out), bulks: Mutex::new(bulks_out), _serving: serving }
    }

    async fn event(&self) -> TopicEventRequest {
        within(async { self.events.lock().await.recv().await.unwrap() }).await
    }

    async fn bulk(&self) -> TopicEventBulkRequest {
        within(async { self.bulks.lock().await.recv().await.unwrap() }).await
    }
}

#[tokio::test]
async fn every_status_of_a_grpc_application_counts() {
    let answers = [
        ("plain", vec![Ok(Status::Success), Ok(Status::Retry), Err(GrpcStatus::unavailable("later"))]),
        ("routed", vec![Err(GrpcStatus::unimplemented("never")), Ok(Status::Drop)]),
    ];
    let app = Application::start(&answers).await;
    let setup = Setup::grpc(app.port, 5).await;
    setup.open(Vec::new()).await;
    setup.publish("plain", r#"{"n":1}"#, &[]).await;
    let first = app.event().await;
    assert_eq!((first.data.as_ref(), first.data_content_type.as_str()), (&br#"{"n":1}"#[..], "application/json"));
    assert_eq!((first.topic.as_str(), first.pubsub_name.as_str(), first.path.as_str()), ("plain", "broker", ""));
    for _ in 0..2 {
        assert_eq!(app.event().await, first, "tried again until it is a success");
    }
    setup.publish("routed", "1", &[]).await;
    let dropped = app.event().await;
    assert_eq!(dropped.path, "/routed");
    let dead = app.event().await;
    assert_eq!((dead.topic.as_str(), dead.id.as_str()), ("dead", dropped.id.as_str()));
    setup.publish("routed", "2", &[]).await;
    assert_eq!(app.event().await.data, "2");
    setup.stop().await;
    assert!(app.events.lock().await.try_recv().is_err(), "what is not implemented is no dead letter");
}

#[tokio::test]
async fn a_grpc_application_gets_many_events_in_one_call() {
    let app = Application::start(&[("bulk", Vec::new())]).await;
    let setup = Setup::grpc(app.port, 1).await;
    setup.open(Vec::new()).await;
    setup.publish_while_away("bulk", 3).await;
    let bulk = app.bulk().await;
    let data = |bulk: &TopicEventBulkRequest| -> Vec<String> {
        let entry = |entry: &dapr_proto::runtime::v1::TopicEventBulkRequestEntry| match &entry.event {
            Some(topic_event_bulk_request_entry::Event::CloudEvent(event)) => {
                String::from_utf8(event.data.to_vec()).unwrap()
            }
            other => panic!("{other:?}"),
        };
        bulk.entries.iter().map(entry).collect()
    };
    assert_eq!((data(&bulk), bulk.topic.as_str()), (vec!["0".into(), "1".into(), "2".into()], "bulk"));
    assert_eq!(data(&app.bulk().await), ["1"]);
    assert_eq!(app.event().await.data, "2", "the dropped one is a dead letter");
    setup.stop().await;
}
