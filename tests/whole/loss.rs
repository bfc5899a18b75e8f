//! Everything on the way of an event is killed in turn, and every event that was acknowledged arrives.
//!
//! The publisher's sidecar, the subscriber's sidecar, the application and the broker get SIGKILL, one after the other, and
//! start again. Some seconds for each broker in `make test`; `LOSS_SECONDS=120` for longer.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use dapr_kit::task::{self, Task};
use dapr_testkit::process::{Server, Spec};
use http::Method;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufStream};
use tokio::net::TcpStream;
use tokio::sync::Mutex;

use crate::client::{Ask, Target};
use crate::process::{Process, within};
use crate::{daprd, machine, servers};

const PUBSUB: &str = "pubsub";
const TOPIC: &str = "events";
/// Publishers, each with a key of its own.
const KEYS: usize = 6;
/// Between two kills, and how long the victim is away.
const ALIVE: Duration = Duration::from_millis(1500);
const AWAY: Duration = Duration::from_millis(300);
/// How long one publish may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long the last events may take when all is well again.
const DRAIN: Duration = Duration::from_secs(120);

/// An application that is away does not refuse: what it would have got waits, and so does what has the same key.
const RETRIES: &str = "\
apiVersion: dapr.io/v1alpha1
kind: Resiliency
metadata: {name: retries}
spec:
  policies:
    retries: {again: {policy: constant, duration: 100ms, maxRetries: -1}}
  targets:
    components: {pubsub: {inbound: {retry: again}}}
";

/// A broker under test.
struct Broker {
    kind: &'static str,
    fields: Vec<(&'static str, String)>,
    /// None when it has no process of its own.
    server: Option<Server>,
    /// Events with one key arrive in order, whatever dies.
    ordered: bool,
    /// Events are kept before anybody has ever subscribed.
    keeps_all: bool,
}

/// A program that is killed and started again with the same arguments.
struct Member {
    program: PathBuf,
    arguments: Vec<String>,
    log: PathBuf,
    process: Option<Process>,
}

impl Member {
    fn start(program: PathBuf, arguments: Vec<String>, log: PathBuf) -> Self {
        let mut member = Self { program, arguments, log, process: None };
        member.again();
        member
    }

    fn again(&mut self) {
        self.process = Some(Process::start(&self.log, &self.program, |command| {
            command.args(&self.arguments);
        }));
    }

    /// Dropping a process kills it with SIGKILL.
    fn kill(&mut self) {
        self.process = None;
    }
}

fn sidecar(dir: &Path, app_id: &str, http: u16, app_port: Option<u16>) -> Member {
    let resources = dir.join("resources");
    let mut arguments: Vec<String> =
        ["--app-id", app_id, "--dapr-listen-addresses", "127.0.0.1"].map(String::from).into();
    arguments.extend(["--resources-path".to_owned(), resources.to_string_lossy().into_owned()]);
    arguments.extend(["--dapr-http-port".to_owned(), http.to_string()]);
    for port in ["dapr-grpc-port", "metrics-port", "dapr-internal-grpc-port"] {
        arguments.extend([format!("--{port}"), machine::port().to_string()]);
    }
    if let Some(port) = app_port {
        arguments.extend(["--app-port".to_owned(), port.to_string()]);
    }
    Member::start(machine::binary("daprd"), arguments, dir.join(format!("{app_id}.log")))
}

/// Publishes until `over`; the numbers that were acknowledged, in order. A number that was not is published again.
async fn publish(http: u16, key: usize, over: Arc<AtomicBool>) -> u64 {
    let path = format!("/v1.0/publish/{PUBSUB}/{TOPIC}?metadata.partitionKey=key{key}");
    let mut number = 0;
    while !over.load(Ordering::Relaxed) {
        let event = format!(r#"{{"key":"key{key}","number":{number}}}"#);
        let ask = Ask::new(Method::POST, &path).json(&event);
        match Target::Port(http).send_within(PATIENCE, ask).await {
            Ok(answer) if answer.status.is_success() => number += 1,
            _ => tokio::time::sleep(Duration::from_millis(50)).await,
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    number
}

/// What the application has written down: the numbers of each key, in order.
fn recorded(file: &Path) -> BTreeMap<String, Vec<u64>> {
    let mut keys: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for line in std::fs::read_to_string(file).unwrap_or_default().lines() {
        let (key, number) = line.split_once(' ').expect("a key and a number");
        keys.entry(key.to_owned()).or_default().push(number.parse().expect("a number"));
    }
    keys
}

/// The first time that each number came, in the order of coming.
fn first_times(numbers: &[u64]) -> Vec<u64> {
    let mut seen = BTreeSet::new();
    numbers.iter().copied().filter(|number| seen.insert(*number)).collect()
}

async fn nothing_is_lost(dir: TempDir, mut broker: Broker) {
    let seconds = std::env::var("LOSS_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(10);
    let resources = dir.path().join("resources");
    std::fs::create_dir(&resources).expect("a directory for resources");
    let fields: Vec<(&str, &str)> = broker.fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    std::fs::write(
        resources.join("pubsub.yaml"),
        daprd::component(PUBSUB, broker.kind, "v1", "initTimeout: 60s", &fields),
    )
    .expect("write the component");
    std::fs::write(resources.join("retries.yaml"), RETRIES).expect("write the policy");
    let (record, app_port) = (dir.path().join("record"), machine::port());
    let script = machine::repository().join("tests/sdk/python/recorder.py");
    let arguments =
        [script.to_string_lossy().into_owned(), app_port.to_string(), record.to_string_lossy().into_owned()];
    let arguments = arguments.into_iter().chain([PUBSUB.to_owned(), TOPIC.to_owned()]).collect();
    let application = Member::start(machine::python(), arguments, dir.path().join("app.log"));
    let (http, own) = (machine::port(), machine::port());
    let mut members = [
        sidecar(dir.path(), "publisher", http, None),
        sidecar(dir.path(), "subscriber", own, Some(app_port)),
        application,
    ];

    let over = Arc::new(AtomicBool::new(false));
    let publishers: Vec<Task<u64>> =
        (0..KEYS).map(|key| task::spawn("publisher", publish(http, key, over.clone()))).collect();
    within(DRAIN, "the first event arrives", async || (!recorded(&record).is_empty()).then_some(())).await;
    let (began, mut kills) = (Instant::now(), 0);
    while began.elapsed() < Duration::from_secs(seconds) {
        tokio::time::sleep(ALIVE).await;
        let victim = kills % (members.len() + usize::from(broker.server.is_some()));
        kills += 1;
        match members.get_mut(victim) {
            Some(member) => {
                member.kill();
                tokio::time::sleep(AWAY).await;
                member.again();
            }
            None => {
                let server = broker.server.as_mut().expect("a broker of its own");
                server.kill();
                tokio::time::sleep(AWAY).await;
                server.resume().await.expect("the broker starts again");
            }
        }
    }
    over.store(true, Ordering::Relaxed);
    let mut published = BTreeMap::new();
    for (key, publisher) in publishers.into_iter().enumerate() {
        published.insert(format!("key{key}"), publisher.join().await.expect("a publisher"));
    }
    let keeps_all = broker.keeps_all;
    let missing = || {
        let found = recorded(&record);
        let missing = |(key, count): (&String, &u64)| {
            let found: BTreeSet<u64> = found.get(key).into_iter().flatten().copied().collect();
            let first = if keeps_all { 0 } else { found.first().copied().unwrap_or_default() };
            let missing: Vec<u64> = (first..*count).filter(|number| !found.contains(number)).collect();
            (!missing.is_empty()).then(|| format!("{key}: {missing:?} of {count}"))
        };
        published.iter().filter_map(missing).collect::<Vec<_>>()
    };
    let drained = Instant::now();
    while !missing().is_empty() && drained.elapsed() < DRAIN {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let total: u64 = published.values().sum();
    assert_eq!(missing(), Vec::<String>::new(), "{}: events of {total} are lost after {kills} kills", broker.kind);
    let found = recorded(&record);
    if broker.ordered {
        for (key, numbers) in &found {
            let firsts = first_times(numbers);
            assert!(firsts.is_sorted(), "{}: the events of {key} came out of order: {firsts:?}", broker.kind);
        }
    }
    let deliveries: usize = found.values().map(Vec::len).sum();
    eprintln!(
        "{}: {total} events acknowledged, {deliveries} deliveries, {kills} kills, drained in {:?}",
        broker.kind,
        drained.elapsed()
    );
}

/// Makes a stream that keeps the events on disk, as a user of JetStream does beforehand.
async fn make_stream(server: &Server) {
    let stream = format!(r#"{{"name":"EVENTS","subjects":["{TOPIC}"],"storage":"file","num_replicas":1}}"#);
    let mut socket = BufStream::new(TcpStream::connect(server.address()).await.expect("a connection"));
    let request = format!(
        "CONNECT {{\"verbose\":false}}\r\nSUB made 1\r\nPUB $JS.API.STREAM.CREATE.EVENTS made {}\r\n{stream}\r\n",
        stream.len()
    );
    socket.write_all(request.as_bytes()).await.expect("a request");
    socket.flush().await.expect("a request");
    let mut line = String::new();
    while !line.contains("stream_create_response") {
        line.clear();
        assert_ne!(socket.read_line(&mut line).await.expect("an answer"), 0, "the server hung up");
    }
    assert!(!line.contains("\"error\""), "{line}");
}

/// One at a time: each of them keeps this machine busy.
static ONE_BROKER: Mutex<()> = Mutex::const_new(());

fn directory() -> TempDir {
    tempfile::Builder::new().prefix("dapr-loss-").tempdir().expect("a directory")
}

#[tokio::test]
async fn sqlite() {
    let (_alone, dir) = (ONE_BROKER.lock().await, directory());
    let file = dir.path().join("events.db").to_string_lossy().into_owned();
    let fields = vec![("connectionString", file), ("leaseTimeout", "2s".to_owned())];
    nothing_is_lost(dir, Broker { kind: "pubsub.sqlite", fields, server: None, ordered: true, keeps_all: true }).await;
}

#[tokio::test]
async fn redis() {
    let (_alone, server) = (ONE_BROKER.lock().await, servers::redis_that_syncs().await);
    let fields = vec![
        ("redisHost", server.address().to_string()),
        ("redisPassword", String::new()),
        ("processingTimeout", "2s".to_owned()),
        ("redeliverInterval", "1s".to_owned()),
    ];
    nothing_is_lost(
        directory(),
        Broker { kind: "pubsub.redis", fields, server: Some(server), ordered: false, keeps_all: true },
    )
    .await;
}

#[tokio::test]
async fn kafka() {
    let _alone = ONE_BROKER.lock().await;
    let server = dapr_testkit::kafka::start().await.expect("a Kafka server");
    let fields = vec![
        ("brokers", server.address().to_string()),
        ("authType", "none".to_owned()),
        ("initialOffset", "oldest".to_owned()),
        ("sessionTimeout", "6s".to_owned()),
    ];
    nothing_is_lost(
        directory(),
        Broker { kind: "pubsub.kafka", fields, server: Some(server), ordered: true, keeps_all: true },
    )
    .await;
}

#[tokio::test]
async fn rabbitmq() {
    let _alone = ONE_BROKER.lock().await;
    let broker = dapr_testkit::rabbitmq::start("", "").await.expect("a RabbitMQ server");
    let dapr_testkit::rabbitmq::Broker { server, names: _names } = broker;
    // What the incumbent's defaults do not keep.
    let kept = [("deletedWhenUnused", "false"), ("requeueInFailure", "true"), ("publisherConfirm", "true")];
    let address = ("connectionString", format!("amqp://guest:guest@{}", server.address()));
    let more = [("deliveryMode", "2"), ("reconnectWaitSeconds", "500ms")];
    let fields = kept.into_iter().chain(more).map(|(name, value)| (name, value.to_owned()));
    let fields = [address].into_iter().chain(fields).collect();
    nothing_is_lost(
        directory(),
        Broker { kind: "pubsub.rabbitmq", fields, server: Some(server), ordered: false, keeps_all: false },
    )
    .await;
}

#[tokio::test]
async fn jetstream() {
    let _alone = ONE_BROKER.lock().await;
    let arguments = ["-js", "-sd", "{dir}/streams", "-a", "127.0.0.1", "-p", "{port}"];
    let server =
        Server::start(Spec::new("nats-server", arguments)).await.expect("nats-server: `tests/setup` installs it");
    make_stream(&server).await;
    let fields = vec![
        ("natsURL", format!("nats://{}", server.address())),
        ("durableName", "subscriber".to_owned()),
        ("deliverPolicy", "all".to_owned()),
        ("ackWait", "3s".to_owned()),
    ];
    nothing_is_lost(
        directory(),
        Broker { kind: "pubsub.jetstream", fields, server: Some(server), ordered: false, keeps_all: true },
    )
    .await;
}
