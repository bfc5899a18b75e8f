//! The wish to stop, as signals express it: the first asks, the second insists.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

/// How urgently this process was asked to stop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Urgency {
    #[default]
    None,
    /// Stop the children in order and let them finish.
    Ask,
    /// Kill them now.
    Insist,
}

/// Listens for SIGINT, SIGTERM and SIGHUP (a closed terminal).
#[derive(Debug)]
pub(crate) struct StopSignals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl StopSignals {
    pub(crate) fn new() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for the next signal.
    pub(crate) async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hangup.recv() => {}
        }
    }

    /// Raises `urgency` with every signal; never returns.
    pub(crate) async fn raise(mut self, urgency: &watch::Sender<Urgency>) {
        loop {
            self.next().await;
            urgency.send_modify(|level| *level = if *level == Urgency::None { Urgency::Ask } else { Urgency::Insist });
        }
    }
}

/// Returns once the urgency is at least `level`.
pub(crate) async fn reached(urgency: &watch::Receiver<Urgency>, level: Urgency) {
    let mut urgency = urgency.clone();
    if urgency.wait_for(|current| *current >= level).await.is_err() {
        std::future::pending::<()>().await;
    }
}
