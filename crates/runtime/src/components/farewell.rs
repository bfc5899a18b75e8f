//! Closing a component that calls may still be using.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use dapr_kit::backoff::Backoff;
use dapr_kit::task::{self, Task};
use dapr_spi::registry::Component as Opened;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::time::{Instant, sleep, timeout};

/// How long one component may take to close.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);
/// Pauses between two looks at whether a component is still in use.
const FIRST_LOOK: Duration = Duration::from_millis(2);
const LAST_LOOK: Duration = Duration::from_millis(250);
/// A component that is still in use after this time is closed under its users.
const PATIENCE: Duration = Duration::from_secs(300);
/// When to tell who is waited for.
const TELL: Duration = Duration::from_secs(5);

/// Components that are on their way out.
#[derive(Default)]
pub(super) struct Farewells(Mutex<Vec<(String, Task<()>)>>);

impl Farewells {
    /// Closes a component that its building block has given up, when `settled` has ended and no call uses it any more.
    /// `settled` is polled at once, and goes on in the background.
    pub(super) fn begin(&self, name: &str, opened: Opened, settled: BoxFuture<'static, ()>) {
        let mut settled = settled;
        let is_settled = (&mut settled).now_or_never().is_some();
        let task_name = name.to_owned();
        let task = task::spawn("component close", async move {
            if !is_settled {
                settled.await;
            }
            unused(&task_name, &opened).await;
            close(&task_name, &opened).await;
        });
        let mut all = self.lock();
        all.retain(|(_, task)| !task.is_finished());
        all.push((name.to_owned(), task));
    }

    /// Waits until no component of that name is on its way out; false when none was.
    pub(super) async fn end(&self, name: &str) -> bool {
        let tasks: Vec<Task<()>> = {
            let mut all = self.lock();
            let (mine, others) = std::mem::take(&mut *all).into_iter().partition(|(of, _)| of == name);
            *all = others;
            mine.into_iter().map(|(_, task)| task).collect()
        };
        let had_any = tasks.iter().any(|task| !task.is_finished());
        for task in tasks {
            let _ = task.join().await;
        }
        had_any
    }

    /// Waits for all of them, each for a while.
    pub(super) async fn end_all(&self) {
        let tasks = std::mem::take(&mut *self.lock());
        for (name, task) in tasks {
            if timeout(CLOSE_TIMEOUT, task.join()).await.is_err() {
                tracing::warn!(target: "dapr.runtime.processor", "component {name} is still in use, and is given up");
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<(String, Task<()>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Closes it now, and tells when that takes too long.
pub(super) async fn close(name: &str, opened: &Opened) {
    if timeout(CLOSE_TIMEOUT, opened.close()).await.is_err() {
        tracing::warn!(target: "dapr.runtime.processor", "component {name} did not close within {CLOSE_TIMEOUT:?}");
    }
}

/// Waits until `opened` is the only one that holds the component: each call under way holds it, too.
async fn unused(name: &str, opened: &Opened) {
    let began = Instant::now();
    let mut looks = Backoff::new(FIRST_LOOK, LAST_LOOK);
    let mut is_told = false;
    while holders(opened) > 1 {
        if began.elapsed() >= PATIENCE {
            tracing::warn!(target: "dapr.runtime.processor", "component {name} is still in use after {PATIENCE:?}; it is closed now");
            return;
        }
        if !is_told && began.elapsed() >= TELL {
            is_told = true;
            tracing::info!(target: "dapr.runtime.processor", "component {name} closes when the calls under way have ended");
        }
        sleep(looks.next_delay()).await;
    }
}

fn holders(opened: &Opened) -> usize {
    match opened {
        Opened::State(component) => Arc::strong_count(component),
        Opened::SecretStore(component) => Arc::strong_count(component),
        Opened::PubSub(component) => Arc::strong_count(component),
        Opened::Binding(component) => Arc::strong_count(component),
        Opened::Crypto(component) => Arc::strong_count(component),
        Opened::NameResolver(component) => Arc::strong_count(component),
        Opened::HttpMiddleware(component) => Arc::strong_count(component),
    }
}
