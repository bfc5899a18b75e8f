//! A rolling restart of the called sidecars under load: not one call fails.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rustix::process::Signal;
use tokio::time::sleep;

use super::callers::{Caller, Calls, Kind, Targets};
use super::echo::Echo;
use super::reached;
use crate::daprd::Daprd;
use crate::machine;
use crate::mesh::Mesh;

const CALLERS: usize = 6;
const OVER_HTTP: &[Kind] = &[Kind::Small, Kind::Invoke, Kind::Medium, Kind::Header];
const OVER_GRPC: &[Kind] = &[Kind::Unary];

/// Two replicas of an app. No resource names a policy: what Dapr does by itself must do.
async fn rolling(protocol: &'static str, kinds: &'static [Kind], mtls: bool) {
    let mesh = Mesh::new(mtls).await;
    let mut apps = Vec::new();
    let mut replicas: Vec<Daprd> = Vec::new();
    for _ in 0..2 {
        let app = Echo::start(machine::port()).await;
        replicas.push(mesh.beside("replica", app.port, protocol).start().await);
        apps.push(app);
    }
    let caller = mesh.sidecar("caller").start().await;
    if protocol == "http" {
        reached(&caller, "replica").await;
    }
    let targets = Targets { http: "replica".into(), grpc: "replica".into(), endpoint: String::new() };
    let calls = Arc::<Calls>::default();
    let mut tasks = Vec::new();
    for number in 0..CALLERS {
        let caller = Caller::new(&caller, &targets, format!("caller-{number}")).await;
        tasks.push(caller.run(kinds, calls.clone()));
    }
    let rounds = std::env::var("ROLLING_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(2);
    for round in 0..rounds {
        for (app, replica) in apps.iter().zip(&mut replicas) {
            sleep(Duration::from_millis(500)).await;
            if round % 2 == 0 {
                replica.process.signal(Signal::TERM);
                let code = replica.process.exit_code(Duration::from_secs(30)).await;
                assert_eq!(code, 0, "{}", replica.process.output());
                *replica = mesh.beside("replica", app.port, protocol).start().await;
            } else {
                // As Kubernetes does: the new one is up before the old one goes.
                let new = mesh.beside("replica", app.port, protocol).start().await;
                replica.process.signal(Signal::TERM);
                replica.process.exit_code(Duration::from_secs(30)).await;
                *replica = new;
            }
        }
    }
    sleep(Duration::from_millis(500)).await;
    calls.end();
    for task in tasks {
        task.join().await.expect("no wrong answer");
    }
    let done = calls.done.load(Ordering::Relaxed);
    let served: Vec<_> = apps.iter().map(|app| app.calls.load(Ordering::Relaxed)).collect();
    eprintln!("{protocol}: {done} calls; the applications served {served:?}");
    let failures = calls.failures();
    let shown: Vec<_> =
        failures.iter().take(20).map(|failure| format!("{:?} {}", failure.kind, failure.what)).collect();
    assert!(failures.is_empty(), "{} of {done} calls failed:\n{}", failures.len(), shown.join("\n"));
    assert!(served.iter().all(|served| *served > done / 10), "{done} calls, but {served:?}");
}

#[tokio::test]
async fn no_call_fails_over_http() {
    rolling("http", OVER_HTTP, false).await;
}

#[tokio::test]
async fn no_proxied_call_fails() {
    rolling("grpc", OVER_GRPC, false).await;
}

#[tokio::test]
async fn no_call_fails_with_mtls() {
    rolling("http", OVER_HTTP, true).await;
}
