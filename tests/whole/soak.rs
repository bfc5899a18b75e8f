//! One sidecar under load for a while: no call fails, and nothing grows.
//!
//! A few seconds in `make test`; `make soak MINUTES=60` for longer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use dapr_kit::task;
use dapr_proto::common::v1::StateItem;
use dapr_proto::runtime::v1 as proto;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::daprd::{Daprd, STORE, Setup};

/// Connections of each protocol.
const CALLERS: usize = 8;
/// Keys of each caller; all of them exist after the first round.
const KEYS: u64 = 100;
/// What the resident memory may grow by after the warm-up: allocators keep some.
const SLACK: u64 = 16 << 20;

struct Soak {
    over: AtomicBool,
    calls: AtomicU64,
}

impl Soak {
    /// Counts a call; false when it was the last one.
    fn goes_on(&self) -> bool {
        self.calls.fetch_add(1, Ordering::Relaxed);
        !self.over.load(Ordering::Relaxed)
    }
}

async fn send(sender: &mut SendRequest<Full<Bytes>>, method: Method, path: String, body: String) -> StatusCode {
    let request = Request::builder().method(method).uri(path).header("host", "localhost");
    let request = request.body(Full::from(body)).expect("a request");
    let (parts, body) = sender.send_request(request).await.expect("an answer").into_parts();
    body.collect().await.expect("the whole answer");
    parts.status
}

async fn over_http(port: u16, caller: usize, soak: Arc<Soak>) {
    let stream = TcpStream::connect(("127.0.0.1", port)).await.expect("the API");
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await.expect("HTTP");
    let _driver = task::spawn("soak connection", connection);
    let base = format!("/v1.0/state/{STORE}");
    for round in 0.. {
        let key = format!("http-{caller}-{}", round % KEYS);
        let body = format!(r#"[{{"key":"{key}","value":{{"round":{round}}}}}]"#);
        assert_eq!(send(&mut sender, Method::POST, base.clone(), body).await, 204);
        assert_eq!(send(&mut sender, Method::GET, format!("{base}/{key}"), String::new()).await, 200);
        let body = format!(r#"{{"operations":[{{"operation":"upsert","request":{{"key":"{key}","value":1}}}}]}}"#);
        assert_eq!(send(&mut sender, Method::POST, format!("{base}/transaction"), body).await, 204);
        assert_eq!(send(&mut sender, Method::GET, "/v1.0/state/nobody/key".into(), String::new()).await, 400);
        if !soak.goes_on() {
            return;
        }
    }
}

async fn over_grpc(daprd: proto::dapr_client::DaprClient<tonic::transport::Channel>, caller: usize, soak: Arc<Soak>) {
    let mut daprd = daprd;
    for round in 0_u64.. {
        let key = format!("grpc-{caller}-{}", round % KEYS);
        let item = StateItem { key: key.clone(), value: vec![b'x'; 1000].into(), ..Default::default() };
        let save = proto::SaveStateRequest { store_name: STORE.into(), states: vec![item] };
        daprd.save_state(save).await.expect("save");
        let get = proto::GetStateRequest { store_name: STORE.into(), key: key.clone(), ..Default::default() };
        assert_eq!(daprd.get_state(get).await.expect("get").into_inner().data.len(), 1000);
        let delete = proto::DeleteStateRequest { store_name: STORE.into(), key, ..Default::default() };
        daprd.delete_state(delete).await.expect("delete");
        if !soak.goes_on() {
            return;
        }
    }
}

/// Resident memory in bytes, and open files.
fn size(daprd: &Daprd) -> (u64, usize) {
    let process = format!("/proc/{}", daprd.process.pid());
    let status = std::fs::read_to_string(format!("{process}/status")).expect("a live process");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("its memory");
    let kibibytes: u64 = line.split_whitespace().nth(1).and_then(|text| text.parse().ok()).expect("a number");
    (kibibytes << 10, std::fs::read_dir(format!("{process}/fd")).expect("its files").count())
}

async fn soak(setup: Setup) {
    let minutes = std::env::var("SOAK_MINUTES").ok().and_then(|text| text.parse::<f64>().ok());
    let duration = minutes.map_or(Duration::from_secs(6), |minutes| Duration::from_secs_f64(minutes * 60.0));
    let daprd = setup.start().await;
    let state = Arc::new(Soak { over: AtomicBool::new(false), calls: AtomicU64::new(0) });
    let client = daprd.grpc().await;
    let callers: Vec<_> = (0..CALLERS)
        .flat_map(|caller| {
            let http = task::spawn("soak over http", over_http(daprd.ports.http, caller, state.clone()));
            [http, task::spawn("soak over grpc", over_grpc(client.clone(), caller, state.clone()))]
        })
        .collect();

    tokio::time::sleep(duration / 3).await;
    let (warm, _) = size(&daprd);
    let began = Instant::now();
    let before = state.calls.load(Ordering::Relaxed);
    while began.elapsed() < duration * 2 / 3 {
        tokio::time::sleep((duration / 30).min(Duration::from_secs(10))).await;
        let (now, files) = size(&daprd);
        assert!(now < warm + warm / 10 + SLACK, "resident memory grew from {warm} to {now} bytes");
        assert!(files < 200, "{files} open files");
        assert!(callers.iter().all(|caller| !caller.is_finished()), "a caller gave up");
    }
    let rounds = state.calls.load(Ordering::Relaxed) - before;
    eprintln!("{rounds} rounds in {:?}; memory {} to {} KiB", began.elapsed(), warm >> 10, size(&daprd).0 >> 10);
    state.over.store(true, Ordering::Relaxed);
    for caller in callers {
        caller.join().await.expect("no call failed");
    }
    assert!(rounds > 0, "no call ended");
    assert!(!daprd.process.output().contains("level=error"), "{}", daprd.process.output());
}

#[tokio::test]
async fn in_memory() {
    soak(Setup::in_memory()).await;
}

#[tokio::test]
async fn sqlite() {
    soak(Setup::bare().component(STORE, "state.sqlite", "v1", &[("connectionString", "{dir}/state.db")])).await;
}
