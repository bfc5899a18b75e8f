//! Clients and applications that misbehave: the sidecars stay small, and serve the others.

use std::time::{Duration, Instant};

use dapr_kit::task::spawn;
use futures_util::future::join_all;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::callers::{Caller, Kind, Targets};
use super::echo::{Echo, silent};
use super::{calms_down, reached, usage};
use crate::client::Ask;
use crate::daprd::Daprd;
use crate::machine;
use crate::mesh::Mesh;

/// What a sidecar may grow by under two hundred clients of any kind, in bytes.
const GROWTH: u64 = 64 << 20;
/// What allocators keep of it.
const KEPT: u64 = 24 << 20;

struct Pair {
    mesh: Mesh,
    _app: Echo,
    callee: Daprd,
    caller: Daprd,
}

async fn pair() -> Pair {
    let mesh = Mesh::new(false).await;
    let app = Echo::start(machine::port()).await;
    let callee = mesh.beside("callee", app.port, "http").start().await;
    let caller = mesh.sidecar("caller").start().await;
    reached(&caller, "callee").await;
    Pair { mesh, _app: app, callee, caller }
}

/// Calls still work, quickly.
async fn works(caller: &Daprd) {
    let targets = Targets { http: "callee".into(), grpc: "callee".into(), endpoint: String::new() };
    let mut calls = Caller::new(caller, &targets, "later".into()).await;
    for kind in [Kind::Small, Kind::Medium, Kind::Large, Kind::Streamed, Kind::Invoke] {
        timeout(Duration::from_secs(5), calls.call(kind)).await.expect("an answer in time").expect("an answer");
    }
}

fn sound(daprds: &[&Daprd]) {
    for daprd in daprds {
        assert!(!daprd.process.output().contains("panicked"), "{}", daprd.process.output());
    }
}

#[tokio::test]
async fn clients_that_stall_in_the_middle_of_a_request() {
    let pair = pair().await;
    let idle = [usage(&pair.caller.process), usage(&pair.callee.process)];
    let head = "POST /v1.0/invoke/callee/method/echo HTTP/1.1\r\nhost: localhost\r\n";
    // In the head, in a small body, in a large one, and in a body of unknown length.
    let beginnings = [
        head.to_owned(),
        format!("{head}content-length: 1000\r\n\r\nhalf"),
        format!("{head}content-length: 1000000\r\n\r\n{}", "x".repeat(10_000)),
        format!("{head}transfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n"),
    ];
    let mut stalled = Vec::new();
    for number in 0..200 {
        let mut stream = TcpStream::connect(("127.0.0.1", pair.caller.ports.http)).await.expect("the API");
        stream.write_all(beginnings[number % beginnings.len()].as_bytes()).await.expect("half a request");
        stalled.push(stream);
    }
    works(&pair.caller).await;
    for (daprd, idle) in [&pair.caller, &pair.callee].into_iter().zip(idle) {
        assert!(usage(&daprd.process).memory < idle.memory + GROWTH, "{idle:?} {:?}", usage(&daprd.process));
    }
    drop(stalled);
    for (daprd, idle) in [&pair.caller, &pair.callee].into_iter().zip(idle) {
        calms_down("a sidecar of clients that stalled", &daprd.process, idle, KEPT).await;
    }
    works(&pair.caller).await;
    sound(&[&pair.caller, &pair.callee]);
}

#[tokio::test]
async fn clients_that_never_read() {
    let pair = pair().await;
    let idle = [usage(&pair.caller.process), usage(&pair.callee.process)];
    let mut deaf = Vec::new();
    for _ in 0..50 {
        let mut stream = TcpStream::connect(("127.0.0.1", pair.caller.ports.http)).await.expect("the API");
        let request = "GET /v1.0/invoke/callee/method/endless HTTP/1.1\r\nhost: localhost\r\n\r\n";
        stream.write_all(request.as_bytes()).await.expect("a request");
        deaf.push(stream);
    }
    sleep(Duration::from_secs(2)).await;
    works(&pair.caller).await;
    let full = [&pair.caller, &pair.callee].map(|daprd| usage(&daprd.process));
    eprintln!("50 answers that nobody reads: {idle:?}, then {full:?}");
    for (idle, full) in idle.iter().zip(full) {
        assert!(full.memory < idle.memory + GROWTH + (50 << 20), "{idle:?} {full:?}");
    }
    // One of them reads on: what waited arrives.
    let mut bytes = vec![0; 4 << 20];
    timeout(Duration::from_secs(5), deaf[0].read_exact(&mut bytes)).await.expect("in time").expect("the answer");
    drop(deaf);
    for (daprd, idle) in [&pair.caller, &pair.callee].into_iter().zip(idle) {
        calms_down("a sidecar of clients that never read", &daprd.process, idle, KEPT).await;
    }
    works(&pair.caller).await;
    sound(&[&pair.caller, &pair.callee]);
}

#[tokio::test]
async fn an_application_that_never_answers() {
    let pair = pair().await;
    let (port, _server) = silent().await;
    let silent = pair.mesh.beside("silent", port, "http").start().await;
    let policy = "
apiVersion: dapr.io/v1alpha1
kind: Resiliency
metadata: {name: hasty}
spec:
  policies: {timeouts: {hasty: 500ms}}
  targets: {apps: {silent: {timeout: hasty}}}
";
    let caller = pair.mesh.sidecar("hasty").file("hasty.yaml", policy).start().await;
    reached(&caller, "callee").await;
    let idle = [&caller, &silent].map(|daprd| usage(&daprd.process));
    for _ in 0..2 {
        let calls = (0..200).map(|_| caller.get("/v1.0/invoke/silent/method/any"));
        let began = Instant::now();
        for answer in join_all(calls).await {
            assert!(answer.status.is_server_error(), "{answer:?}");
        }
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    }
    works(&caller).await;
    for (daprd, idle) in [&caller, &silent].into_iter().zip(idle) {
        calms_down("a sidecar of an application that never answers", &daprd.process, idle, KEPT).await;
    }
    sound(&[&caller, &silent]);
}

#[tokio::test]
async fn an_application_that_closes_connections() {
    let pair = pair().await;
    let idle = [&pair.caller, &pair.callee].map(|daprd| usage(&daprd.process));
    let (http, path) = (pair.caller.http(), |method: &str| format!("/v1.0/invoke/callee/method/{method}"));
    let mut tasks = Vec::new();
    for _ in 0..20 {
        let http = http.clone();
        let (cut, half, echo) = (path("cut"), path("cut-half"), path("echo?whole"));
        tasks.push(spawn("a caller of an unsound application", async move {
            for _ in 0..20 {
                http.send(Ask::get(&cut)).await.expect("an answer of the sidecar").has(500);
                let half = http.send(Ask::get(&half)).await;
                assert!(
                    half.as_ref().map_or(true, |answer| answer.status == 500),
                    "half an answer as a whole one: {half:?}"
                );
                http.send(Ask::get(&echo)).await.expect("an answer").has(200);
            }
        }));
    }
    for task in tasks {
        task.join().await.expect("every answer was right");
    }
    works(&pair.caller).await;
    for (daprd, idle) in [&pair.caller, &pair.callee].into_iter().zip(idle) {
        calms_down("a sidecar of an application that closes connections", &daprd.process, idle, KEPT).await;
    }
    sound(&[&pair.caller, &pair.callee]);
}
