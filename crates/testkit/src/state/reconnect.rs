//! A server that goes away and comes back in the middle of a run of writes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use dapr_kit::task;
use dapr_spi::ErrorKind;
use dapr_spi::state::StateStore;
use futures_util::future::join_all;

use super::{Quirks, Suite, set};

const WRITERS: usize = 8;
/// Each call must be answered within this time, server or no server.
const CALL_BOUND: Duration = Duration::from_secs(30);
/// Each writer must succeed again within this time after the restart.
const RECOVERY_BOUND: Duration = Duration::from_secs(30);

/// Writes all the time while `restart` stops the server and starts it again.
///
/// The server must be durable (an append-only file with `fsync`, say): every acknowledged write must be there after. Errors
/// in between must have kind [`ErrorKind::Unavailable`] or [`ErrorKind::Failed`] and come within 30 s; writes must succeed
/// again within 30 s of the restart. The store stays open.
///
/// # Panics
/// One of these does not hold.
pub async fn reconnect<F: Future<Output = ()>>(store: Arc<dyn StateStore>, restart: impl FnOnce() -> F) {
    let suite = Suite::new(store, Quirks::default());
    let back = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..WRITERS)
        .map(|index| task::spawn("reconnect-writer", write_until_recovered(suite.clone(), index, back.clone())))
        .collect();
    tokio::time::sleep(Duration::from_millis(300)).await;
    restart().await;
    back.store(true, Ordering::SeqCst);
    let mut acknowledged = Vec::new();
    for ended in join_all(writers.into_iter().map(task::Task::join)).await {
        acknowledged.extend(ended.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic())));
    }
    assert!(acknowledged.len() >= WRITERS, "each writer succeeds at least once");
    for key in acknowledged {
        assert_eq!(suite.text(&key).await, Some(key), "an acknowledged write must outlive the server's restart");
    }
}

/// Writes one key after the other; returns the acknowledged ones after five successes in a row since the server is back.
async fn write_until_recovered(suite: Suite, writer: usize, back: Arc<AtomicBool>) -> Vec<String> {
    let mut acknowledged = Vec::new();
    let mut since_back: Option<Instant> = None;
    let mut in_a_row = 0;
    for round in 0.. {
        if back.load(Ordering::SeqCst) {
            let since = *since_back.get_or_insert_with(Instant::now);
            assert!(since.elapsed() < RECOVERY_BOUND, "writes must succeed within {RECOVERY_BOUND:?} of the restart");
        }
        let key = suite.key(&format!("reconnect-{writer}-{round}"));
        if write(&suite, &key).await {
            acknowledged.push(key);
            in_a_row += usize::from(since_back.is_some());
        } else {
            in_a_row = 0;
        }
        if in_a_row == 5 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    acknowledged
}

async fn write(suite: &Suite, key: &str) -> bool {
    match tokio::time::timeout(CALL_BOUND, suite.store.set(set(key, key.to_owned()))).await {
        Err(_) => panic!("a write was not answered within {CALL_BOUND:?}"),
        Ok(Ok(())) => true,
        Ok(Err(error)) => {
            let kind = error.kind();
            let fits = matches!(kind, ErrorKind::Unavailable | ErrorKind::Failed);
            assert!(fits, "a server that is away is Unavailable or Failed, found {kind:?}: {error}");
            false
        }
    }
}
