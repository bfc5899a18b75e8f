//! The control plane is gone: sidecars that have an identity call each other as before, and waste nothing on looking for it.
//!
//! Some seconds in `make test`; `CONTROL_PLANE_GONE_SECONDS=600` for longer.

use std::time::Duration;

use tokio::time::sleep;

use super::callers::{Caller, Kind, Targets};
use super::echo::Echo;
use super::{reached, usage};
use crate::machine;
use crate::mesh::Mesh;

/// Most of one core that an idle sidecar may use, in percent; a debug build needs several times a release build's.
const IDLE: f64 = if cfg!(debug_assertions) { 2.0 } else { 0.5 };

#[tokio::test]
async fn calls_go_on_without_a_control_plane() {
    let seconds = std::env::var("CONTROL_PLANE_GONE_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(10);
    let mut mesh = Mesh::new(true).await;
    let app = Echo::start(machine::port()).await;
    let nobody = format!("127.0.0.1:{}", machine::port());
    let flags = ["--placement-host-address", &nobody, "--scheduler-host-address", &nobody];
    let callee = mesh.beside("callee", app.port, "http").flags(&flags).start().await;
    let caller = mesh.sidecar("caller").flags(&flags).start().await;
    reached(&caller, "callee").await;
    let targets = Targets { http: "callee".into(), grpc: String::new(), endpoint: String::new() };
    let mut calls = Caller::new(&caller, &targets, "alone".into()).await;
    for _ in 0..50 {
        calls.call(Kind::Medium).await.expect("a call with the control plane");
    }
    mesh.lose_sentry();

    sleep(Duration::from_secs(1)).await;
    let processes = [("caller", &caller.process), ("callee", &callee.process)];
    let before = processes.map(|(_, process)| usage(process));
    // Most of the time nobody calls; between two quiet times somebody does.
    for _ in 0..2 {
        sleep(Duration::from_secs_f64(seconds as f64 / 2.0)).await;
        let after = processes.map(|(_, process)| usage(process));
        for (((name, _), before), after) in processes.iter().zip(before).zip(after) {
            let percent = (after.ticks - before.ticks) as f64 / seconds as f64;
            eprintln!(
                "{name}: {percent:.2} % of a core while idle; {} KiB, then {}",
                before.memory >> 10,
                after.memory >> 10
            );
            assert!(percent < IDLE, "{name} uses {percent:.2} % of a core with nothing to do");
            assert!(
                after.memory <= before.memory + before.memory / 10 + (1 << 20),
                "{name} grows: {before:?} {after:?}"
            );
        }
        calls.call(Kind::Small).await.expect("a call without the control plane");
        calls.call(Kind::Medium).await.expect("a call without the control plane");
        calls.call(Kind::Invoke).await.expect("a call without the control plane");
    }
    for (_, process) in processes {
        assert!(!process.output().contains("panicked"), "{}", process.output());
    }
}
