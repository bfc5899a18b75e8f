//! The stop, in order, with a deadline and a line about who is still busy.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

use super::{End, Sidecar};
use crate::signals::{Request, Signals};

/// Time between two lines about who is still busy.
const REPORT_INTERVAL: Duration = Duration::from_secs(5);
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
    // 1. Keep the APIs up for the app, if that was asked for.
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
    sleep(duration).await;
    tracing::info!(target: "dapr.runtime", "Block shutdown period expired, entering shutdown...");
}

async fn finish(sidecar: Sidecar) {
    let Sidecar { health, components, servers, stop, .. } = sidecar;
    // 2. No new work: health turns false, listeners close, calls in flight finish.
    health.set(super::target::RUNTIME, false);
    health.set_outbound(false);
    let _ = stop.send(true);
    drain(servers).await;
    // 3. Nothing can reach the components any more.
    components.close().await;
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
