//! SIGTERM and SIGINT stop, a second one kills, SIGHUP starts over.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// What the user asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// Stop in order.
    Stop,
    /// Stop in order, read everything again, start.
    Reload,
}

/// Listens to this process's signals from the moment it is made.
pub(crate) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// The next request.
    pub(crate) async fn next(&mut self) -> Request {
        tokio::select! {
            _ = self.terminate.recv() => Request::Stop,
            _ = self.interrupt.recv() => Request::Stop,
            _ = self.hang_up.recv() => Request::Reload,
        }
    }

    /// The next request to stop; requests to reload are passed over, since a stop is under way already.
    pub(crate) async fn next_stop(&mut self) {
        while self.next().await == Request::Reload {}
    }
}
