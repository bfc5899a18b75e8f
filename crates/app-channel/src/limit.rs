//! `app-max-concurrency`: how many calls the application gets at once.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A bound on calls in flight; waiting calls are served in order.
#[derive(Clone, Debug)]
pub struct Limit(Option<Arc<Semaphore>>);

/// The right to make one call; given back when dropped.
#[derive(Debug)]
pub struct Permit {
    held: Option<OwnedSemaphorePermit>,
}

impl Permit {
    /// Whether others wait for it: without a limit, nothing is held.
    pub fn is_held(&self) -> bool {
        self.held.is_some()
    }
}

impl Limit {
    /// At most `calls` at once; zero or less for no limit.
    pub fn new(calls: i32) -> Self {
        let calls = usize::try_from(calls).unwrap_or_default();
        Self((calls > 0).then(|| Arc::new(Semaphore::new(calls))))
    }

    /// Waits for the right to make a call.
    pub async fn acquire(&self) -> Permit {
        let held = match &self.0 {
            Some(semaphore) => semaphore.clone().acquire_owned().await.ok(),
            None => None,
        };
        Permit { held }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::time::timeout;

    #[tokio::test(start_paused = true)]
    async fn the_bound_holds_until_a_permit_is_dropped() {
        let limit = Limit::new(1);
        let first = limit.acquire().await;
        assert!(timeout(Duration::from_secs(1), limit.acquire()).await.is_err());
        drop(first);
        timeout(Duration::from_secs(1), limit.acquire()).await.unwrap();
    }

    #[tokio::test]
    async fn no_limit_never_waits() {
        let limit = Limit::new(-1);
        let _held: Vec<Permit> = vec![limit.acquire().await, limit.acquire().await];
    }
}
