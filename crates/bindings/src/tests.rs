//! The engine with a source and an application in this process.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use dapr_resiliency::Provider;
use dapr_spi::binding::{
    Binding, Event, Failure, Handler, InputBinding, InvokeRequest, InvokeResponse, Map, OutputBinding, Reading,
};
use dapr_spi::metadata::Properties;
use dapr_spi::state::{Options, SetRequest, Value};
use dapr_spi::{Error, Result};
use dapr_telemetry::metrics::{Metrics, MetricsConfig};
use dapr_telemetry::trace::Tracer;
use tokio::sync::{Semaphore, mpsc, watch};

use crate::{Answer, Application, Bindings, Call, CallFailure, Environment, Reply, Settings, StateKeeper};

/// Both a source that the test pushes events into and a target that notes its calls.
#[derive(Default)]
struct Both {
    handler: Mutex<Option<Handler>>,
    refusals: AtomicUsize,
    opened: watch::Sender<usize>,
    closed: Arc<watch::Sender<usize>>,
    calls: Mutex<Vec<InvokeRequest>>,
    operations: Vec<String>,
    fails: bool,
}

struct Open(Arc<watch::Sender<usize>>);

#[async_trait]
impl Reading for Open {
    async fn close(self: Box<Self>) {
        self.0.send_modify(|count| *count += 1);
    }
}

impl Binding for Both {
    fn input(&self) -> Option<&dyn InputBinding> {
        Some(self)
    }

    fn output(&self) -> Option<&dyn OutputBinding> {
        Some(self)
    }
}

#[async_trait]
impl InputBinding for Both {
    async fn read(&self, handler: Handler) -> Result<Box<dyn Reading>> {
        if self.refusals.load(Ordering::SeqCst) > 0 {
            self.refusals.fetch_sub(1, Ordering::SeqCst);
            return Err(Error::unavailable("not now"));
        }
        *self.handler.lock().unwrap() = Some(handler);
        self.opened.send_modify(|count| *count += 1);
        Ok(Box::new(Open(self.closed.clone())))
    }
}

#[async_trait]
impl OutputBinding for Both {
    fn operations(&self) -> &[String] {
        &self.operations
    }

    async fn invoke(&self, request: InvokeRequest) -> Result<InvokeResponse, Failure> {
        self.calls.lock().unwrap().push(request);
        if self.fails {
            let metadata = Map::from([("statusCode".into(), "404".into())]);
            return Err(Failure { error: Error::failed("no"), metadata });
        }
        Ok(InvokeResponse { data: Some(Bytes::from_static(b"done")), ..InvokeResponse::default() })
    }
}

impl Both {
    fn new() -> Arc<Self> {
        Arc::new(Self { operations: vec!["create".into(), "get".into()], ..Self::default() })
    }

    async fn event(&self, data: &'static str) -> Result<Option<Bytes>> {
        let handler = self.handler.lock().unwrap().clone().expect("it is read");
        handler(Event { data: Bytes::from_static(data.as_bytes()), ..Event::default() }).await
    }

    async fn opened(&self, times: usize) {
        self.opened.subscribe().wait_for(|count| *count >= times).await.unwrap();
    }
}

/// An application whose answers the test lets go.
struct App {
    takes: bool,
    is_grpc: bool,
    status: u16,
    answer: Answer,
    asked: AtomicUsize,
    arrived: mpsc::UnboundedSender<Call>,
    let_go: Semaphore,
}

#[async_trait]
impl Application for App {
    async fn takes(&self, _: &str, _: &str) -> Result<bool, String> {
        // The first question is not answered.
        if self.asked.fetch_add(1, Ordering::SeqCst) == 0 { Err("not yet".into()) } else { Ok(self.takes) }
    }

    async fn deliver(&self, call: Call) -> Result<Reply, CallFailure> {
        self.arrived.send(call).unwrap();
        self.let_go.acquire().await.unwrap().forget();
        if self.is_grpc {
            return Ok(Reply::Grpc(self.answer.clone()));
        }
        Ok(Reply::Http { status: self.status, body: Bytes::from_static(b"seen") })
    }

    fn is_grpc(&self) -> bool {
        self.is_grpc
    }
}

#[async_trait]
impl StateKeeper for Mutex<Vec<(String, usize)>> {
    async fn keep(&self, store: &str, items: Vec<SetRequest>) -> Result<(), String> {
        self.lock().unwrap().push((store.to_owned(), items.len()));
        Ok(())
    }
}

struct Setup {
    bindings: Bindings,
    app: Arc<App>,
    arrived: mpsc::UnboundedReceiver<Call>,
    kept: Arc<Mutex<Vec<(String, usize)>>>,
    metrics: Metrics,
}

fn setup(change: impl FnOnce(&mut App)) -> Setup {
    let metrics = Metrics::new(&MetricsConfig { enabled: true, ..MetricsConfig::default() }).unwrap();
    let (resiliency, _) = Provider::new(&[], &metrics);
    let bindings = Bindings::new(Environment {
        resiliency,
        metrics: metrics.clone(),
        tracer: Tracer::OFF,
        options_timeout: Duration::from_secs(3),
    });
    let (sender, arrived) = mpsc::unbounded_channel();
    let mut app = App {
        takes: true,
        is_grpc: false,
        status: 200,
        answer: Answer::default(),
        asked: AtomicUsize::new(0),
        arrived: sender,
        let_go: Semaphore::new(0),
    };
    change(&mut app);
    let (app, kept) = (Arc::new(app), Arc::default());
    bindings.set_application(app.clone(), Arc::clone(&kept) as _);
    Setup { bindings, app, arrived, kept, metrics }
}

fn input() -> Settings {
    Settings::read("in", &Properties::from_pairs([("direction", "input,output"), ("route", "/there")]))
}

fn item() -> SetRequest {
    let value = Value::Binary(Bytes::new());
    SetRequest { key: "k".into(), value, etag: None, metadata: Map::new(), options: Options::default() }
}

fn request(operation: &str) -> InvokeRequest {
    InvokeRequest { operation: operation.into(), ..InvokeRequest::default() }
}

#[tokio::test(start_paused = true)]
async fn an_event_goes_to_the_application_and_its_answer_back() {
    let mut setup = setup(|_| {});
    let source = Both::new();
    setup.bindings.insert("in", source.clone(), &input());
    tokio::task::yield_now().await;
    assert_eq!(*source.opened.borrow(), 0, "nobody reads yet");
    setup.bindings.read();
    source.opened(1).await;
    assert_eq!(setup.app.asked.load(Ordering::SeqCst), 0, "its direction says it");
    setup.app.let_go.add_permits(1);
    assert_eq!(source.event("e").await.unwrap().unwrap(), "seen");
    let call = setup.arrived.recv().await.unwrap();
    assert_eq!((call.name.as_str(), call.route.as_str(), &call.data[..]), ("in", "there", &b"e"[..]));
    assert!(setup.metrics.encode().contains("component_input_binding_count"), "it is counted");
}

#[tokio::test(start_paused = true)]
async fn an_application_is_asked_until_it_answers() {
    for takes in [true, false] {
        let setup = setup(|app| app.takes = takes);
        let source = Both::new();
        setup.bindings.insert("in", source.clone(), &Settings::default());
        setup.bindings.read();
        if takes {
            source.opened(1).await;
        } else {
            tokio::time::sleep(Duration::from_secs(600)).await;
            assert_eq!(*source.opened.borrow(), 0);
        }
        assert_eq!(setup.app.asked.load(Ordering::SeqCst), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_source_that_is_away_is_tried_again() {
    let setup = setup(|_| {});
    let source = Both::new();
    source.refusals.store(3, Ordering::SeqCst);
    setup.bindings.insert("in", source.clone(), &input());
    setup.bindings.read();
    source.opened(1).await;
    assert_eq!(source.refusals.load(Ordering::SeqCst), 0);
}

#[tokio::test(start_paused = true)]
async fn no_event_is_abandoned_and_none_begins_at_the_end() {
    let mut setup = setup(|_| {});
    let source = Both::new();
    setup.bindings.insert("in", source.clone(), &input());
    setup.bindings.read();
    source.opened(1).await;
    let sending = source.clone();
    let event = dapr_kit::task::spawn("event", async move { sending.event("e").await });
    setup.arrived.recv().await.unwrap();
    let bindings = setup.bindings.clone();
    let stopping = dapr_kit::task::spawn("stop", async move { bindings.stop_reading().await });
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(!stopping.is_finished(), "an event is at hand");
    assert_eq!(source.event("late").await.unwrap_err().to_string(), "input binding is closed");
    assert_eq!(*source.closed.borrow(), 0);
    setup.app.let_go.add_permits(1);
    assert_eq!(event.join().await.unwrap().unwrap().unwrap(), "seen");
    stopping.join().await.unwrap();
    assert_eq!(*source.closed.borrow(), 1);
    setup.bindings.read();
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(*source.opened.borrow(), 1, "what is over stays over");
}

#[tokio::test(start_paused = true)]
async fn an_application_that_is_unhealthy_gets_no_events() {
    let setup = setup(|_| {});
    let source = Both::new();
    setup.bindings.insert("in", source.clone(), &input());
    for round in 1..=3 {
        setup.bindings.read();
        source.opened(round).await;
        setup.bindings.pause();
        source.closed.subscribe().wait_for(|count| *count == round).await.unwrap();
        assert_eq!(source.event("e").await.unwrap_err().to_string(), "input binding is closed");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_told_to_the_source() {
    let mut setup = setup(|app| app.status = 503);
    let source = Both::new();
    setup.bindings.insert("in", source.clone(), &input());
    setup.bindings.read();
    source.opened(1).await;
    setup.app.let_go.add_permits(1);
    let error = source.event("e").await.unwrap_err().to_string();
    assert_eq!(error, "fails to send binding event to http app channel, status code: 503 body: seen");
    setup.arrived.recv().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_answer_s_wishes_are_followed() {
    for is_parallel in [false, true] {
        let setup = setup(|app| {
            app.is_grpc = true;
            app.answer = Answer {
                data: Bytes::from_static(b"{\"a\":1}"),
                to: vec!["missing".into(), "out".into()],
                is_parallel,
                store: "store".into(),
                states: vec![item(), item()],
            };
        });
        let (source, target) = (Both::new(), Both::new());
        setup.bindings.insert("in", source.clone(), &input());
        setup.bindings.insert("out", target.clone(), &input());
        setup.bindings.read();
        source.opened(1).await;
        setup.app.let_go.add_permits(1);
        assert_eq!(source.event("e").await.unwrap().unwrap(), "{\"a\":1}");
        assert_eq!(*setup.kept.lock().unwrap(), [("store".to_owned(), 2)]);
        let calls = target.calls.lock().unwrap();
        // One after another, the first failure is the end.
        assert_eq!(calls.len(), usize::from(is_parallel));
        assert!(calls.iter().all(|call| call.operation == "create" && call.data == "{\"a\":1}"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_binding_that_is_replaced_settles_first() {
    let mut setup = setup(|_| {});
    let (old, new) = (Both::new(), Both::new());
    setup.bindings.insert("in", old.clone(), &input());
    setup.bindings.read();
    old.opened(1).await;
    let sending = old.clone();
    let event = dapr_kit::task::spawn("event", async move { sending.event("e").await });
    setup.arrived.recv().await.unwrap();
    let (bindings, next) = (setup.bindings.clone(), new.clone());
    let replacing = dapr_kit::task::spawn("replace", async move { bindings.replace("in", next, &input()).await });
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(!replacing.is_finished());
    assert_eq!(*new.opened.borrow(), 0, "there is one reader at a time");
    setup.bindings.invoke("in", request("get")).await.unwrap();
    assert_eq!(new.calls.lock().unwrap().len(), 1, "calls go to the new one");
    setup.app.let_go.add_permits(1);
    event.join().await.unwrap().unwrap();
    replacing.join().await.unwrap();
    assert_eq!(*old.closed.borrow(), 1);
    new.opened(1).await;
    setup.bindings.remove("in").await;
    assert_eq!(*new.closed.borrow(), 1);
    assert!(setup.bindings.invoke("in", request("get")).await.is_err());
}

#[tokio::test]
async fn a_call_that_cannot_be_is_told_why() {
    let setup = setup(|_| {});
    let refused = |name: &'static str, operation: &'static str| {
        let bindings = setup.bindings.clone();
        async move { bindings.invoke(name, request(operation)).await.unwrap_err().error.message().to_owned() }
    };
    assert_eq!(refused("x", "").await, "error invoking output binding x: operation field is missing from request");
    assert_eq!(refused("x", "get").await, "error invoking output binding x: couldn't find output binding x");
    setup.bindings.set_unready("x", "it starts");
    assert!(refused("x", "get").await.ends_with("couldn't find output binding x: it starts"));
    setup.bindings.insert("x", Both::new(), &Settings::default());
    assert_eq!(
        refused("x", "fly").await,
        "error invoking output binding x: binding x does not support operation fly. supported operations:create get"
    );
    let failing = Arc::new(Both { fails: true, operations: vec!["get".into()], ..Both::default() });
    setup.bindings.insert("x", failing, &Settings::default());
    let refusal = setup.bindings.invoke("x", request("get")).await.unwrap_err();
    assert_eq!(
        (refusal.error.message(), refusal.metadata["statusCode"].as_str()),
        ("error invoking output binding x: no", "404")
    );
    assert!(setup.metrics.encode().contains("component_output_binding_count"));
}
