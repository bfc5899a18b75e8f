//! A guarded process together with the threads that carry its output.

use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Result;
use tokio::sync::watch;

use crate::guard::{Command, Exit, Guarded};
use crate::log_lines::{Sink, follow};
use crate::stop_signals::Urgency;

/// How long the last lines may take to arrive once everything that could write is gone.
const LAST_LINES: Duration = Duration::from_secs(2);

#[derive(Debug)]
pub(crate) struct Child {
    guarded: Guarded,
    pumps: [JoinHandle<()>; 2],
}

impl Child {
    pub(crate) async fn start(command: &Command, sink: &Sink) -> Result<Self> {
        let (guarded, output) = Guarded::start(command).await?;
        Ok(Self { guarded, pumps: [follow(output.stdout, sink.clone()), follow(output.stderr, sink.clone())] })
    }

    pub(crate) fn pid(&self) -> i32 {
        self.guarded.pid()
    }

    pub(crate) async fn exit(&mut self) -> Exit {
        self.guarded.exit().await
    }

    /// Ends the process and all it started, and waits for its last lines.
    pub(crate) async fn stop(&mut self, grace: Duration, urgency: &watch::Receiver<Urgency>) -> Exit {
        let exit = self.guarded.stop(grace, urgency).await;
        let deadline = tokio::time::Instant::now() + LAST_LINES;
        while self.pumps.iter().any(|pump| !pump.is_finished()) && tokio::time::Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        exit
    }
}
