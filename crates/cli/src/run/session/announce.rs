//! Telling a sidecar who started it, so that `dapr list` and `dapr stop` know.

use std::time::Duration;

use tokio::time::Instant;

use super::Reporter;
use crate::http_client::Target;
use crate::run::plan::Plan;
use crate::sidecar;

/// A sidecar that waits for its app may answer late.
const WITHIN: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(100);

pub(super) struct Announcement<'a> {
    /// `None` for a sidecar alone.
    pub(super) app_pid: Option<i32>,
    pub(super) remarks: &'a [(&'static str, String)],
}

/// Stores the process ids, the app's command and the remarks in the sidecar's metadata. What
/// cannot be stored is reported and given up: the run itself does not depend on it.
pub(super) async fn announce(plan: &Plan, announcement: Announcement<'_>, reporter: &Reporter) {
    let target = plan.http_target();
    let mut keys = vec![("cliPID", std::process::id().to_string())];
    keys.extend(announcement.remarks.iter().cloned());
    if let Some(pid) = announcement.app_pid {
        keys.push(("appPID", pid.to_string()));
        keys.push(("appCommand", plan.settings.command.join(" ")));
    }
    for (key, value) in &keys {
        store(&target, key, value, reporter).await;
    }
    reporter.up(plan);
}

/// Stores the process of an app that was started again.
pub(super) async fn announce_again(plan: &Plan, app_pid: i32, reporter: &Reporter) {
    store(&plan.http_target(), "appPID", &app_pid.to_string(), reporter).await;
}

async fn store(target: &Target, key: &str, value: &str, reporter: &Reporter) {
    match key {
        "appPID" => reporter.info(&format!("Updating metadata for appPID: {value}")),
        "appCommand" => reporter.info(&format!("Updating metadata for app command: {value}")),
        _ => {}
    }
    let deadline = Instant::now() + WITHIN;
    while let Err(error) = sidecar::remember(target, key, value).await {
        if Instant::now() > deadline {
            return reporter.warning(&format!("Could not update sidecar metadata for {key}: {error:#}"));
        }
        tokio::time::sleep(PAUSE).await;
    }
}
