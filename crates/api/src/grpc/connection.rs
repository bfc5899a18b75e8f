//! One gRPC connection and the calls on it, driven together by one task.
//!
//! The HTTP/2 library hands each call to an executor. Spawning a task for each
//! would cost a hand-over between threads and a system call for each answer; here
//! the connection's own task polls its calls, and all answers that are ready in
//! one turn leave in one write. A call that waits does not hold up the others.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, Stream};
use hyper::rt::Executor;
use tokio::io::AsyncWrite;

use dapr_net::corked::Cork;

/// Turns in a row before other tasks of the thread get theirs.
const TURNS: usize = 32;

type Call = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Takes the calls of one connection.
#[derive(Clone, Default)]
pub(super) struct Calls(Arc<Mutex<Vec<Call>>>);

impl<F> Executor<F> for Calls
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    /// A call that panics is reported and resets its stream; the connection goes on.
    fn execute(&self, call: F) {
        let call = AssertUnwindSafe(call).catch_unwind().map(|ended| {
            if ended.is_err() {
                tracing::error!(target: "dapr.runtime.grpc.api", "a call panicked; this is a bug, please report it");
            }
        });
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Box::pin(call));
    }
}

/// The HTTP/2 connection, its calls, and the cork on its socket.
pub(super) struct Connection<C, S> {
    pub(super) http: Pin<Box<C>>,
    pub(super) arrived: Calls,
    pub(super) calls: FuturesUnordered<Call>,
    pub(super) cork: Cork<S>,
}

impl<C, S> Connection<C, S>
where
    C: Future<Output = hyper::Result<()>>,
    S: AsyncWrite + Unpin,
{
    /// Moves new calls in and polls all that were woken; true when any began or ended.
    fn poll_calls(&mut self, context: &mut Context<'_>) -> bool {
        let mut progress = false;
        loop {
            let arrived = std::mem::take(&mut *self.arrived.0.lock().unwrap_or_else(PoisonError::into_inner));
            progress |= !arrived.is_empty();
            self.calls.extend(arrived);
            match Pin::new(&mut self.calls).poll_next(context) {
                Poll::Ready(Some(())) => progress = true,
                Poll::Ready(None) | Poll::Pending => return progress,
            }
        }
    }

    /// One poll: turns until nothing moves, then one write.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<hyper::Result<()>> {
        for _ in 0..TURNS {
            if let Poll::Ready(ended) = self.http.as_mut().poll(context) {
                let _ = self.cork.flush(context);
                return Poll::Ready(ended);
            }
            if !self.poll_calls(context) {
                // A socket that takes no more, or fails, wakes the connection, which then sees it.
                let _ = self.cork.flush(context);
                return Poll::Pending;
            }
        }
        let _ = self.cork.flush(context);
        context.waker().wake_by_ref();
        Poll::Pending
    }
}
