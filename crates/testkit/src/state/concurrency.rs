//! Many writers at once: no update is lost, no transaction is seen half done.

use std::time::{Duration, Instant};

use dapr_kit::task;
use dapr_spi::ErrorKind;
use dapr_spi::state::Operation;
use futures_util::future::join_all;

use super::{Suite, set, set_first};

const TASKS: usize = 32;
const ROUNDS: usize = 5;
const BOUND: Duration = Duration::from_secs(120);

impl Suite {
    /// 32 tasks increment one counter by compare-and-set.
    ///
    /// # Panics
    /// An update was lost, or the store did not let them pass in time.
    pub async fn compare_and_set(&self) {
        let deadline = Instant::now() + BOUND;
        self.in_parallel(TASKS, move |suite, _| async move {
            for _ in 0..ROUNDS {
                while !suite.increment().await {
                    assert!(Instant::now() < deadline, "compare-and-set made no progress in {BOUND:?}");
                }
            }
        })
        .await;
        let count = self.text(&self.key("counter")).await;
        assert_eq!(count, Some((TASKS * ROUNDS).to_string()), "each acknowledged increment counts once");
    }

    async fn increment(&self) -> bool {
        let key = self.key("counter");
        let found = self.get(&key).await;
        let count: usize = found.data.map_or(0, |data| String::from_utf8_lossy(&data).parse().expect("a number"));
        let request = set_first(&key, (count + 1).to_string(), found.etag.as_deref());
        passed(self.store.set(request).await)
    }

    /// 8 tasks move units between two accounts in transactions; their sum stays.
    ///
    /// # Panics
    /// The sum changed.
    pub async fn transfers(&self) {
        for name in ["account-a", "account-b"] {
            self.set(set(&self.key(name), "100")).await;
        }
        let deadline = Instant::now() + BOUND;
        self.in_parallel(8, move |suite, index| async move {
            for _ in 0..ROUNDS {
                while !suite.transfer(index % 2 == 0).await {
                    assert!(Instant::now() < deadline, "transactions made no progress in {BOUND:?}");
                }
            }
        })
        .await;
        let sum = self.balance("account-a").await.0 + self.balance("account-b").await.0;
        assert_eq!(sum, 200, "the sum of both accounts");
    }

    async fn transfer(&self, forth: bool) -> bool {
        let (from, to) = if forth { ("account-a", "account-b") } else { ("account-b", "account-a") };
        let (taken, given) = (self.balance(from).await, self.balance(to).await);
        let step = |name, amount: i64, etag: &Option<String>| {
            Operation::Upsert(set_first(&self.key(name), amount.to_string(), etag.as_deref()))
        };
        passed(self.transact(vec![step(from, taken.0 - 1, &taken.1), step(to, given.0 + 1, &given.1)]).await)
    }

    async fn balance(&self, name: &str) -> (i64, Option<String>) {
        let found = self.get(&self.key(name)).await;
        let data = found.data.expect("an account");
        (String::from_utf8_lossy(&data).parse().expect("a number"), found.etag)
    }

    /// 64 tasks write 10 keys each; every acknowledged one is there.
    ///
    /// # Panics
    /// A write failed or was lost.
    pub async fn parallel_writers(&self) {
        self.in_parallel(64, |suite, index| async move {
            for round in 0..10 {
                let key = suite.key(&format!("parallel-{index}-{round}"));
                suite.set(set(&key, key.clone())).await;
                assert_eq!(suite.text(&key).await, Some(key), "a writer reads what it wrote");
            }
        })
        .await;
        for index in 0..64 {
            let key = self.key(&format!("parallel-{index}-9"));
            assert_eq!(self.text(&key).await, Some(key), "every acknowledged write is there");
        }
    }

    async fn in_parallel<F>(&self, tasks: usize, work: impl Fn(Suite, usize) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let tasks = (0..tasks).map(|index| task::spawn("conformance", work(self.clone(), index)).join());
        for ended in join_all(tasks).await {
            if let Err(error) = ended {
                std::panic::resume_unwind(error.into_panic());
            }
        }
    }
}

/// Whether a checked write won; anything but a lost race is a failure of the test.
fn passed(result: dapr_spi::Result<()>) -> bool {
    match result {
        Ok(()) => true,
        Err(error) if error.kind() == ErrorKind::EtagMismatch => false,
        Err(error) => panic!("expected success or an ETag mismatch, found {:?}: {error}", error.kind()),
    }
}
