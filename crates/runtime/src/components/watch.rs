//! Noticing that a backend is gone, and that it is back.

use std::sync::Arc;
use std::time::Duration;

use dapr_api::MetadataRegistry;
use dapr_api::metadata::ComponentStatus;
use dapr_kit::task::{self, Task};
use dapr_spi::registry::Component as Opened;

/// Time between two signs of life, give or take a quarter, so that many sidecars do not ask at once.
const INTERVAL: Duration = Duration::from_secs(10);
/// How long a sign of life may take.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Asks a state store or a broker for signs of life and keeps its status `ready` or `degraded`; `None` for what cannot
/// be asked.
pub(super) fn watch(opened: &Opened, ready: ComponentStatus, metadata: Arc<MetadataRegistry>) -> Option<Task<()>> {
    if !matches!(opened, Opened::State(_) | Opened::PubSub(_)) {
        return None;
    }
    let opened = opened.clone();
    Some(task::spawn("component watch", async move {
        let mut is_degraded = false;
        loop {
            tokio::time::sleep(dapr_kit::backoff::jittered(INTERVAL)).await;
            let failure = ask(&opened).await.err();
            if let Some(status) = change(&ready, is_degraded, failure) {
                is_degraded = !is_degraded;
                metadata.set_component(status);
            }
        }
    }))
}

async fn ask(opened: &Opened) -> Result<(), String> {
    let sign = async {
        match opened {
            Opened::State(store) => store.ping().await,
            Opened::PubSub(broker) => broker.ping().await,
            _ => Ok(()),
        }
    };
    match tokio::time::timeout(TIMEOUT, sign).await {
        Ok(answer) => answer.map_err(|error| error.to_string()),
        Err(_) => Err(format!("no answer within {TIMEOUT:?}")),
    }
}

/// The new status when it differs from the last one, and a line in the log.
fn change(ready: &ComponentStatus, is_degraded: bool, failure: Option<String>) -> Option<ComponentStatus> {
    match (is_degraded, failure) {
        (false, Some(message)) => {
            tracing::warn!(target: "dapr.runtime.processor", "component {} is degraded: {message}", ready.name);
            Some(ComponentStatus { status: "degraded", message, ..ready.clone() })
        }
        (true, None) => {
            tracing::info!(target: "dapr.runtime.processor", "component {} is ready again", ready.name);
            Some(ready.clone())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_change_is_told() {
        let ready = ComponentStatus { name: "s".into(), status: "ready", ..ComponentStatus::default() };
        assert_eq!(change(&ready, false, None), None);
        let degraded = change(&ready, false, Some("gone".into())).unwrap();
        assert_eq!((degraded.status, degraded.message.as_str()), ("degraded", "gone"));
        assert_eq!(change(&ready, true, Some("gone".into())), None);
        assert_eq!(change(&ready, true, None), Some(ready));
    }
}
