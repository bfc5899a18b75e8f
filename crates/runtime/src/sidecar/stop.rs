//! The stop, in order, with a deadline and a line about who is still busy.

use std::time::Duration;

use dapr_kit::task;
use tokio::time::{Instant, sleep, timeout_at};

use super::{End, Sidecar};
use crate::signals::{Request, Signals};

/// Time between two lines about who is still busy.
const REPORT_INTERVAL: Duration = Duration::from_secs(5);
/// How long the last spans may take to leave.
const LAST_SPANS: Duration = Duration::from_secs(1);
/// As good as no deadline.
const NO_LIMIT: Duration = Duration::from_secs(365 * 24 * 3600);

/// Stops a sidecar; a second signal, or the deadline, ends it at once.
pub(super) async fn stop(sidecar: Sidecar, request: Request, signals: &mut Signals) -> End {
    let end = if request == Request::Reload { End::Reload } else { End::Stopped };
    tokio::select! {
        end = in_order(sidecar, end) => end,
        () = signals.next_stop() => {
            tracing::warn!(target: "dapr.runtime", "second signal: exiting at once");
            End::Killed
        }
    }
}

async fn in_order(sidecar: Sidecar, end: End) -> End {
    // 1. Keep the APIs up for the app, if that was asked for; nothing new comes in from outside meanwhile.
    block(&sidecar).await;
    let limit = sidecar.config.shutdown_timeout.unwrap_or(NO_LIMIT);
    let deadline = Instant::now() + limit;
    let began = Instant::now();
    match timeout_at(deadline, finish(sidecar)).await {
        Ok(()) => {
            tracing::debug!(target: "dapr.runtime", "stopped in {:?}", began.elapsed());
            end
        }
        Err(_) => {
            tracing::warn!(target: "dapr.runtime", "Graceful shutdown timeout exceeded, forcing shutdown");
            End::Killed
        }
    }
}

async fn block(sidecar: &Sidecar) {
    let Some(duration) = sidecar.config.block_shutdown else { return };
    tracing::info!(
        target: "dapr.runtime",
        "Blocking graceful shutdown for {} or until app reports unhealthy...", dapr_kit::duration::format(duration)
    );
    // However long the events at hand take.
    let bindings = sidecar.api.bindings.clone();
    task::spawn_detached("last events of input bindings", async move { bindings.stop_reading().await });
    let subscriptions = sidecar.api.subscriptions.clone();
    task::spawn_detached("last messages of subscriptions", async move { subscriptions.stop().await });
    tokio::select! {
        () = sleep(duration) => {
            tracing::info!(target: "dapr.runtime", "Block shutdown period expired, entering shutdown...");
        }
        () = turns_unhealthy(sidecar) => {
            tracing::info!(target: "dapr.runtime", "App reported unhealthy, entering shutdown...");
        }
    }
}

/// Ends when the application's probes fail; never, when it is not probed.
async fn turns_unhealthy(sidecar: &Sidecar) {
    let Some(app) = sidecar.app.as_ref().filter(|_| !sidecar.watching.is_empty()) else {
        return std::future::pending().await;
    };
    let mut health = app.health();
    if health.wait_for(|healthy| !healthy).await.is_err() {
        std::future::pending().await
    }
}

async fn finish(mut sidecar: Sidecar) {
    // Nothing comes in by a reload any more.
    sidecar.reload = None;
    let Sidecar { api, components, servers, stop, push, .. } = sidecar;
    // 2. Others stop calling: this sidecar leaves the registry.
    api.invocation.close().await;
    // 3. No new work: health turns false, listeners close, calls in flight finish.
    api.health.set(super::target::RUNTIME, false);
    api.health.set_outbound(false);
    // The application may still use the APIs while it finishes the events at hand.
    api.outbox.settle().await;
    tokio::join!(api.bindings.stop_reading(), api.subscriptions.stop());
    let _ = stop.send(true);
    drain(servers).await;
    // What transactions have written is published.
    api.outbox.stop().await;
    // 4. Nothing can reach the components any more.
    components.close().await;
    // 5. The last spans and metrics leave.
    tokio::join!(api.tracer.stop(LAST_SPANS), async {
        if let Some(push) = push {
            push.stop(LAST_SPANS).await;
        }
    });
}

async fn drain(servers: super::Servers) {
    for (name, server) in servers.draining {
        let mut joined = std::pin::pin!(server.join());
        while tokio::time::timeout(REPORT_INTERVAL, &mut joined).await.is_err() {
            tracing::info!(target: "dapr.runtime", "still waiting for calls in flight: {name}");
        }
    }
    // Their ports are free before a reload binds them again.
    for server in servers.others {
        server.abort();
        let _ = server.join().await;
    }
}
