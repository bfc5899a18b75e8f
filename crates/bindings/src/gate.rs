//! Who is inside: calls in flight of one binding, and the end of them.

use std::sync::Arc;

use tokio::sync::watch;

/// Lets calls in until it is closed, and knows when all have left.
#[derive(Clone, Debug)]
pub(crate) struct Gate(Arc<watch::Sender<State>>);

#[derive(Clone, Copy, Debug)]
struct State {
    is_open: bool,
    inside: usize,
}

/// A call that is inside until this is dropped.
#[derive(Debug)]
pub(crate) struct Ticket(Gate);

impl Gate {
    pub(crate) fn new() -> Self {
        Self(Arc::new(watch::Sender::new(State { is_open: true, inside: 0 })))
    }

    /// `None` when the gate is closed.
    pub(crate) fn enter(&self) -> Option<Ticket> {
        let mut is_in = false;
        self.0.send_if_modified(|state| {
            is_in = state.is_open;
            state.inside += usize::from(is_in);
            false
        });
        is_in.then(|| Ticket(self.clone()))
    }

    /// Lets nobody in any more; tells how many are inside.
    pub(crate) fn close(&self) -> usize {
        let mut inside = 0;
        self.0.send_modify(|state| {
            state.is_open = false;
            inside = state.inside;
        });
        inside
    }

    /// Waits until nobody is inside.
    pub(crate) async fn empty(&self) {
        // The sender lives as long as `self`.
        let _ = self.0.subscribe().wait_for(|state| state.inside == 0).await;
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.0.0.send_if_modified(|state| {
            state.inside -= 1;
            state.inside == 0
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_closed_gate_waits_for_those_inside() {
        let gate = Gate::new();
        let (first, second) = (gate.enter().unwrap(), gate.enter().unwrap());
        assert_eq!(gate.close(), 2);
        assert!(gate.enter().is_none());
        drop(first);
        let waiting = gate.clone();
        let waiting = dapr_kit::task::spawn("wait", async move { waiting.empty().await });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(second);
        waiting.join().await.unwrap();
    }
}
