//! Asking the sidecar to stop.

pub(crate) mod grpc;
pub(crate) mod http;

use tokio::sync::mpsc;

/// How to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShutdownKind {
    /// In order, finishing what is in flight.
    Graceful,
    /// At once, with exit code 1 (`dapr-force-shutdown: true`).
    Forced,
}

/// Carries the wish to stop to the runtime. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ShutdownSender(mpsc::Sender<ShutdownKind>);

impl ShutdownSender {
    /// A sender and the end that the runtime listens to.
    pub fn channel() -> (Self, mpsc::Receiver<ShutdownKind>) {
        let (sender, receiver) = mpsc::channel(4);
        (Self(sender), receiver)
    }

    /// Asks once; a wish that finds the queue full is one of many and may be lost.
    pub fn send(&self, kind: ShutdownKind) {
        let _ = self.0.try_send(kind);
    }
}

/// Name of the header, and of the gRPC metadata key, that asks to stop at once.
const FORCE: &str = "dapr-force-shutdown";

fn kind_of(force: Option<&[u8]>) -> ShutdownKind {
    match force {
        Some(text) if text.eq_ignore_ascii_case(b"true") => ShutdownKind::Forced,
        _ => ShutdownKind::Graceful,
    }
}
