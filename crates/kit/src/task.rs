//! Named background tasks. The only place that may call `tokio::spawn`.
//!
//! A task that panics is reported with its name instead of vanishing with its
//! handle; the panic stays in the handle for callers that do wait for it.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::task::{JoinError, JoinHandle};

/// A handle that aborts its task when dropped.
///
/// Holders keep it as long as the task shall run; [`Task::join`] waits for its end.
#[derive(Debug)]
#[must_use = "dropping a Task aborts it; use `spawn_detached` for a task nobody owns"]
pub struct Task<T> {
    handle: JoinHandle<T>,
}

impl<T> Task<T> {
    /// Waits for the end of the task.
    ///
    /// # Errors
    /// The task panicked or was aborted.
    pub async fn join(mut self) -> Result<T, JoinError> {
        (&mut self.handle).await
    }

    /// Stops the task at its next await point.
    pub fn abort(&self) {
        self.handle.abort();
    }

    /// Whether the task has ended.
    pub fn is_finished(&self) -> bool {
        self.handle.is_finished()
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.handle.abort();
    }
}

/// Runs `future` in the background until it ends or the returned [`Task`] is dropped.
#[expect(clippy::disallowed_methods, reason = "this is the one place that may spawn")]
pub fn spawn<F>(name: &'static str, future: F) -> Task<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    Task { handle: tokio::spawn(Watched { name, future: Box::pin(future), ended: false }) }
}

/// Runs `future` in the background with nobody owning it; it must end by itself.
#[expect(clippy::disallowed_methods, reason = "this is the one place that may spawn")]
pub fn spawn_detached<F>(name: &'static str, future: F)
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    drop(tokio::spawn(Watched { name, future: Box::pin(future), ended: false }));
}

/// Logs when the future it wraps is dropped by a panic.
struct Watched<F> {
    name: &'static str,
    future: Pin<Box<F>>,
    ended: bool,
}

impl<F: Future> Future for Watched<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let output = ready!(self.future.as_mut().poll(context));
        self.ended = true;
        Poll::Ready(output)
    }
}

impl<F> Drop for Watched<F> {
    fn drop(&mut self) {
        if !self.ended && std::thread::panicking() {
            tracing::error!(task = self.name, "a background task panicked; this is a bug, please report it");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_dropped_task_stops() {
        let (sender, receiver) = tokio::sync::oneshot::channel::<()>();
        let task = spawn("waits", async move {
            let _keep = sender;
            std::future::pending::<()>().await;
        });
        drop(task);
        assert!(receiver.await.is_err(), "the task's sender must be dropped");
    }

    #[tokio::test]
    async fn a_joined_task_returns_its_value() {
        assert_eq!(spawn("adds", async { 1 + 1 }).join().await.unwrap(), 2);
    }

    #[tokio::test]
    async fn a_panic_reaches_whoever_joins() {
        let error = spawn("panics", async { panic!("on purpose") }).join().await.unwrap_err();
        assert!(error.is_panic());
    }
}
