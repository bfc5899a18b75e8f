//! Probes the application's health at an interval: the shell of [`crate::health`].

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use dapr_kit::task::{self, Task};
use tokio::time::{MissedTickBehavior, interval};

use crate::health::{Change, Judge};
use crate::settings::HealthSettings;

/// What is probed, and who hears of it.
#[async_trait]
pub(crate) trait Probe: Send + Sync + 'static {
    /// Asks once; an error says what was wrong.
    async fn probe(&self, timeout: Duration) -> Result<(), String>;

    /// The application's health has changed.
    fn became(&self, healthy: bool);
}

/// Probes at once and then at the interval, until the task is dropped.
pub(crate) fn start<P: Probe>(settings: HealthSettings, probed: Arc<P>) -> Task<()> {
    task::spawn("application health", run(settings, probed))
}

async fn run<P: Probe>(settings: HealthSettings, probed: Arc<P>) {
    tracing::info!(target: "dapr.apphealth", "App health probes starting");
    let mut judge = Judge::new(settings.threshold);
    let mut ticks = interval(settings.interval.max(Duration::from_millis(1)));
    // A probe that took long is not made up for.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let outcome = probed.probe(settings.timeout).await;
        if let Err(reason) = &outcome {
            tracing::debug!(target: "dapr.apphealth", "health probe of the application failed: {reason}");
        }
        match judge.observe(outcome.is_ok()) {
            Some(Change::BecameHealthy) => {
                tracing::info!(target: "dapr.apphealth", "App entered healthy status");
                probed.became(true);
            }
            Some(Change::BecameUnhealthy) => {
                let reason = outcome.err().unwrap_or_default();
                tracing::warn!(target: "dapr.apphealth", "App entered un-healthy status: {reason}");
                probed.became(false);
            }
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;
    use tokio::time::{Instant, sleep};

    /// Answers by a script and writes down when it was asked and what it heard.
    struct Scripted {
        begun: Instant,
        script: Mutex<Vec<bool>>,
        takes: Duration,
        log: Mutex<Vec<String>>,
    }

    impl Scripted {
        fn new(script: &[bool], takes: Duration) -> Arc<Self> {
            let script = script.iter().rev().copied().collect();
            Arc::new(Self { begun: Instant::now(), script: Mutex::new(script), takes, log: Mutex::default() })
        }

        fn write(&self, what: &str) {
            self.log.lock().unwrap().push(format!("{what} {}", self.begun.elapsed().as_millis()));
        }
    }

    #[async_trait]
    impl Probe for Scripted {
        async fn probe(&self, timeout: Duration) -> Result<(), String> {
            self.write("probe");
            if tokio::time::timeout(timeout, sleep(self.takes)).await.is_err() {
                return Err("slow".into());
            }
            let good = self.script.lock().unwrap().pop().unwrap_or(true);
            if good { Ok(()) } else { Err("bad".into()) }
        }

        fn became(&self, healthy: bool) {
            self.write(if healthy { "healthy" } else { "unhealthy" });
        }
    }

    fn settings() -> HealthSettings {
        HealthSettings {
            path: String::new(),
            interval: Duration::from_secs(5),
            timeout: Duration::from_millis(500),
            threshold: 2,
        }
    }

    async fn log_after(seconds: u64, probed: &Arc<Scripted>) -> Vec<String> {
        let probes = start(settings(), probed.clone());
        sleep(Duration::from_secs(seconds)).await;
        drop(probes);
        sleep(Duration::from_secs(60)).await;
        probed.log.lock().unwrap().clone()
    }

    #[tokio::test(start_paused = true)]
    async fn changes_are_told_once_and_dropping_the_task_ends_the_probes() {
        let probed = Scripted::new(&[false, true, false, true, false, false, true], Duration::ZERO);
        let log = log_after(31, &probed).await;
        let expected = [
            "probe 0",
            "probe 5000",
            "healthy 5000",
            "probe 10000",
            "probe 15000",
            "probe 20000",
            "probe 25000",
            "unhealthy 25000",
            "probe 30000",
            "healthy 30000",
        ];
        // The timer's granularity is a millisecond.
        let rounded: Vec<String> = log.iter().map(|line| line.replace("001", "000")).collect();
        assert_eq!(rounded, expected);
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_application_is_unhealthy() {
        let probed = Scripted::new(&[], Duration::from_millis(600));
        let log = log_after(16, &probed).await;
        assert!(!log.iter().any(|line| line.starts_with("healthy")), "{log:?}");
        assert_eq!(log.iter().filter(|line| line.starts_with("probe")).count(), 4, "{log:?}");
    }
}
