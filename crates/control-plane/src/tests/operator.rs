//! Lists and streams from an operator behind mutual TLS.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use dapr_proto::operator::v1::operator_server::{Operator, OperatorServer};
use dapr_proto::operator::v1::*;
use dapr_resources::{Component, HttpEndpoint, McpServer, Resiliency, Resource, Subscription, WorkflowAccessPolicy};
use dapr_security::{Security, SpiffeId};
use dapr_testkit::authority::Authority;
use futures_util::{StreamExt, stream};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use tonic::{Request, Response, Status};

use super::sentry::start;
use super::server::{Sentry, Server, settings};
use crate::operator::{Client, Error, Update};

/// Has one resource of each kind, and a stream of components that the test feeds.
#[derive(Clone, Default)]
struct Fake {
    callers: Arc<Mutex<Vec<String>>>,
    /// What the next stream sends.
    events: Arc<Mutex<Option<mpsc::Receiver<ComponentUpdateEvent>>>>,
    /// How many components streams have taken from `events`.
    sent: Arc<AtomicUsize>,
}

fn document(json: &str) -> Bytes {
    Bytes::copy_from_slice(json.as_bytes())
}

fn component(name: &str) -> Bytes {
    document(&format!(r#"{{"metadata":{{"name":"{name}"}},"spec":{{"type":"state.redis","version":"v1"}}}}"#))
}

impl Fake {
    /// What the real one does: nobody sees another namespace.
    fn check<T>(&self, request: &Request<T>, namespace: &str) -> Result<(), Status> {
        let caller = request.extensions().get::<SpiffeId>();
        let caller = caller.ok_or_else(|| Status::permission_denied("failed to determine identity"))?;
        self.callers.lock().unwrap().push(caller.to_string());
        if caller.namespace() == namespace {
            return Ok(());
        }
        Err(Status::permission_denied("identity does not match requested namespace"))
    }
}

#[tonic::async_trait]
impl Operator for Fake {
    async fn list_components(
        &self,
        request: Request<ListComponentsRequest>,
    ) -> Result<Response<ListComponentResponse>, Status> {
        self.check(&request, &request.get_ref().namespace)?;
        Ok(Response::new(ListComponentResponse { components: vec![component("a"), component("b")] }))
    }

    async fn get_configuration(
        &self,
        request: Request<GetConfigurationRequest>,
    ) -> Result<Response<GetConfigurationResponse>, Status> {
        self.check(&request, &request.get_ref().namespace)?;
        let configuration = match request.get_ref().name.as_str() {
            "appconfig" => document(
                r#"{"metadata":{"name":"appconfig","creationTimestamp":null},
                    "spec":{"mtls":{"enabled":true},"features":null,"accessControl":{"trustDomain":"shop.example"}}}"#,
            ),
            "broken" => document("["),
            _ => Bytes::new(),
        };
        Ok(Response::new(GetConfigurationResponse { configuration }))
    }

    async fn get_resiliency(
        &self,
        request: Request<GetResiliencyRequest>,
    ) -> Result<Response<GetResiliencyResponse>, Status> {
        self.check(&request, &request.get_ref().namespace)?;
        let resiliency = document(r#"{"metadata":{"name":"r"},"spec":{}}"#);
        Ok(Response::new(GetResiliencyResponse { resiliency }))
    }

    async fn list_resiliency(
        &self,
        request: Request<ListResiliencyRequest>,
    ) -> Result<Response<ListResiliencyResponse>, Status> {
        self.check(&request, &request.get_ref().namespace)?;
        let resiliencies = vec![document(r#"{"metadata":{"name":"r"},"spec":{},"scopes":["app"]}"#)];
        Ok(Response::new(ListResiliencyResponse { resiliencies }))
    }

    async fn list_subscriptions_v2(
        &self,
        request: Request<ListSubscriptionsRequest>,
    ) -> Result<Response<ListSubscriptionsResponse>, Status> {
        self.check(&request, &request.get_ref().namespace)?;
        let subscriptions = vec![document(
            r#"{"apiVersion":"dapr.io/v2alpha1","metadata":{"name":"s"},"spec":{"pubsubname":"p","topic":"t"}}"#,
        )];
        Ok(Response::new(ListSubscriptionsResponse { subscriptions }))
    }

    async fn list_http_endpoints(
        &self,
        request: Request<ListHttpEndpointsRequest>,
    ) -> Result<Response<ListHttpEndpointsResponse>, Status> {
        self.check(&request, &request.get_ref().namespace)?;
        let http_endpoints = vec![document(
            r#"{"metadata":{"name":"e"},"spec":{"baseUrl":"https://x","headers":[
                {"name":"Token","value":"c2VjcmV0","secretKeyRef":{"name":"s","key":"k"}}]}}"#,
        )];
        Ok(Response::new(ListHttpEndpointsResponse { http_endpoints }))
    }

    async fn list_mcp_servers(
        &self,
        request: Request<ListMcpServersRequest>,
    ) -> Result<Response<ListMcpServersResponse>, Status> {
        self.check(&request, &request.get_ref().namespace)?;
        let mcp_servers = vec![document(r#"{"metadata":{"name":"m"},"spec":{"endpoint":{"sse":{"url":"http://x"}}}}"#)];
        Ok(Response::new(ListMcpServersResponse { mcp_servers }))
    }

    async fn component_update(
        &self,
        request: Request<ComponentUpdateRequest>,
    ) -> Result<Response<tonic::codegen::BoxStream<ComponentUpdateEvent>>, Status> {
        self.check(&request, &request.get_ref().namespace)?;
        let events = self.events.lock().unwrap().take();
        let events = events.ok_or_else(|| Status::unavailable("the test has no more streams"))?;
        let sent = Arc::clone(&self.sent);
        let stream = stream::unfold(events, |mut events| async { Some((events.recv().await?, events)) });
        let stream = stream.map(move |event| {
            sent.fetch_add(1, Ordering::Relaxed);
            Ok(event)
        });
        Ok(Response::new(Box::pin(stream)))
    }
}

struct World {
    fake: Fake,
    server: Option<Server>,
    operator: Security,
    app: Security,
    _sentry: Server,
}

impl World {
    async fn new() -> Self {
        let authority = Authority::new("root");
        let sentry = Sentry::new(&authority).serve("spiffe://localhost/ns/default/dapr-sentry").await;
        let operator = start(settings("dapr-operator", &authority, &sentry)).await.unwrap();
        let app = start(settings("app", &authority, &sentry)).await.unwrap();
        let mut world = Self { fake: Fake::default(), server: None, operator, app, _sentry: sentry };
        world.serve(0).await;
        world
    }

    async fn serve(&mut self, port: u16) {
        self.server = None;
        let tls = self.operator.server_config().unwrap();
        self.server = Some(Server::start(OperatorServer::new(self.fake.clone()), tls, port).await);
    }

    fn address(&self) -> std::net::SocketAddr {
        self.server.as_ref().unwrap().address
    }

    fn client(&self, namespace: &str) -> Client {
        Client::new(&self.address().to_string(), namespace, &self.app).unwrap()
    }
}

fn names<R: Resource>(resources: &[R]) -> Vec<&str> {
    resources.iter().map(|resource| resource.metadata().name.as_str()).collect()
}

#[tokio::test]
async fn every_kind_is_listed() {
    let world = World::new().await;
    let client = world.client("default");
    assert_eq!(names(&client.list::<Component>().await.unwrap()), ["a", "b"]);
    assert_eq!(names(&client.list::<Resiliency>().await.unwrap()), ["r"]);
    assert_eq!(names(&client.list::<Subscription>().await.unwrap()), ["s"]);
    assert_eq!(names(&client.list::<McpServer>().await.unwrap()), ["m"]);
    let endpoints = client.list::<HttpEndpoint>().await.unwrap();
    assert_eq!(endpoints[0].spec.headers[0].value.text(), "secret");
    let none = client.list::<WorkflowAccessPolicy>().await.unwrap();
    assert!(none.is_empty(), "an operator that does not know the kind");
    assert_eq!(client.resiliency("r").await.unwrap().metadata.name, "r");
    let configuration = client.configuration("appconfig").await.unwrap();
    assert_eq!(configuration.spec.access_control.trust_domain, "shop.example");
    assert_eq!(configuration.spec.mtls.enabled, Some(true));
    let callers = world.fake.callers.lock().unwrap();
    assert!(callers.iter().all(|caller| caller == "spiffe://public/ns/default/app") && callers.len() == 7);
}

#[tokio::test]
async fn what_is_not_there_or_not_allowed_is_an_error_at_once() {
    let world = World::new().await;
    let client = world.client("default");
    let error = client.configuration("absent").await.unwrap_err();
    assert_eq!(error.to_string(), "configuration absent not found");
    let error = client.configuration("broken").await.unwrap_err();
    assert!(matches!(error, Error::Malformed { .. }), "{error}");
    let error = world.client("other").list::<Component>().await.unwrap_err().to_string();
    assert!(error.contains("PermissionDenied desc = identity does not match requested namespace"), "{error}");
    assert!(Client::new("", "default", &world.app).is_err());
}

#[tokio::test]
async fn a_server_that_is_not_the_operator_gets_nothing() {
    let mut world = World::new().await;
    world.operator = world.app.clone();
    world.serve(0).await;
    let error = world.client("default").list::<Component>().await.unwrap_err().to_string();
    assert!(error.contains("unexpected SPIFFE ID"), "{error}");
    assert!(world.fake.callers.lock().unwrap().is_empty());
}

/// Lets the operator stream what the test sends.
fn feed(fake: &Fake) -> mpsc::Sender<ComponentUpdateEvent> {
    let (sender, events) = mpsc::channel(1);
    *fake.events.lock().unwrap() = Some(events);
    sender
}

fn event(name: &str, happened: ResourceEventType) -> ComponentUpdateEvent {
    ComponentUpdateEvent { component: component(name), r#type: happened.into() }
}

#[tokio::test]
async fn a_watch_outlives_its_streams() {
    let mut world = World::new().await;
    let operator = feed(&world.fake);
    let mut watch = world.client("default").watch::<Component>();
    let mut next = async || timeout(Duration::from_secs(30), watch.next()).await.expect("an update");
    let named = |update: Update<Component>| match update {
        Update::Connected => "connected".to_owned(),
        Update::Created(component) => format!("created {}", component.metadata.name),
        Update::Updated(component) => format!("updated {}", component.metadata.name),
        Update::Deleted(component) => format!("deleted {}", component.metadata.name),
    };
    assert_eq!(named(next().await), "connected");
    operator.send(event("a", ResourceEventType::Created)).await.unwrap();
    operator.send(ComponentUpdateEvent { component: document("nonsense"), r#type: 1 }).await.unwrap();
    operator.send(event("a", ResourceEventType::Unknown)).await.unwrap();
    operator.send(event("b", ResourceEventType::Updated)).await.unwrap();
    assert_eq!(named(next().await), "created a");
    assert_eq!(named(next().await), "updated b", "what cannot be read is passed over");

    // The stream ends, then the whole operator is gone for a while: the watch comes back by itself.
    let again = feed(&world.fake);
    drop(operator);
    assert_eq!(named(next().await), "connected");
    again.send(event("c", ResourceEventType::Deleted)).await.unwrap();
    assert_eq!(named(next().await), "deleted c");
    let address = world.address();
    world.server = None;
    sleep(Duration::from_millis(1_500)).await;
    let last = feed(&world.fake);
    world.serve(address.port()).await;
    assert_eq!(named(next().await), "connected");
    last.send(event("d", ResourceEventType::Created)).await.unwrap();
    assert_eq!(named(next().await), "created d");
}

#[tokio::test]
async fn a_slow_listener_holds_the_operator_back() {
    let world = World::new().await;
    let operator = feed(&world.fake);
    let mut watch = world.client("default").watch::<Component>();
    assert_eq!(watch.next().await, Update::Connected);
    let padding = "x".repeat(16 * 1024);
    let large = format!(
        r#"{{"metadata":{{"name":"a"}},"spec":{{"type":"a.b","version":"v1","metadata":[{{"name":"p","value":"{padding}"}}]}}}}"#
    );
    let large = ComponentUpdateEvent { component: document(&large), r#type: ResourceEventType::Created.into() };
    let mut stuck = 0;
    for _ in 0..20_000 {
        if timeout(Duration::from_secs(1), operator.send(large.clone())).await.is_err() {
            stuck = world.fake.sent.load(Ordering::Relaxed);
            break;
        }
    }
    assert!((1..2_000).contains(&stuck), "{stuck} events of 16 KiB were taken without a reader");
    for _ in 0..stuck / 2 {
        assert!(matches!(watch.next().await, Update::Created(_)));
    }
}
