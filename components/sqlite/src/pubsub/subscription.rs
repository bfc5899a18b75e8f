//! One subscription: pulls while there is room, hands verdicts back, keeps its leases.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use dapr_kit::backoff::Backoff;
use dapr_kit::task::{self, Task};
use dapr_spi::pubsub::{Delivery, Intake, Subscription};
use dapr_spi::{ErrorKind, Result};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use super::Shared;
use super::pull::{Join, Member, Outlook, Pull, Pulled, look};
use super::settle::{Release, Renew, Settle, Verdicts};

/// Messages of one pull.
const PULLED_AT_ONCE: usize = 64;
/// A group that is not used is noted this often, so that it is not taken for dead.
const SEEN_INTERVAL: Duration = Duration::from_secs(600);
/// Between two looks that found something which then could not be had.
const VAIN: Duration = Duration::from_millis(20);
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LAST_PAUSE: Duration = Duration::from_secs(2);

/// What the tasks of a subscription share.
struct Consumer {
    shared: Arc<Shared>,
    member: std::sync::Mutex<Member>,
    verdicts: Arc<Verdicts>,
    intake: Intake,
}

/// A running subscription.
pub(super) struct Subscribed {
    consumer: Arc<Consumer>,
    delivering: Task<()>,
    settling: Task<()>,
    ending: watch::Sender<bool>,
}

/// Makes the group and starts to deliver.
pub(super) async fn start(shared: Arc<Shared>, topic: String, intake: Intake) -> Result<Subscribed> {
    let (_, owner) = uuid::Uuid::new_v4().as_u64_pair();
    let group = join(&shared, &topic).await?;
    let member = Member { topic, group, owner: (owner >> 1).cast_signed() };
    let consumer =
        Arc::new(Consumer { shared, member: std::sync::Mutex::new(member), verdicts: Arc::default(), intake });
    let (ending, end) = watch::channel(false);
    let delivering = task::spawn("pubsub.sqlite delivery", consumer.clone().deliver());
    let settling = task::spawn("pubsub.sqlite settlement", consumer.clone().settle(end));
    Ok(Subscribed { consumer, delivering, settling, ending })
}

async fn join(shared: &Shared, topic: &str) -> Result<i64> {
    let join = Join {
        statements: shared.statements.clone(),
        topic: topic.to_owned(),
        group: shared.group.clone(),
        from_oldest: shared.settings.from_oldest,
        now: shared.clock.now_milliseconds(),
    };
    shared.write(join).await.map(u64::cast_signed)
}

#[async_trait]
impl Subscription for Subscribed {
    async fn close(self: Box<Self>) {
        let Self { consumer, delivering, settling, ending } = *self;
        // The intake is closed, so this ends, unless it waits for the database.
        drop(delivering);
        ending.send_replace(true);
        if timeout(consumer.shared.settings.file.timeout, settling.join()).await.is_err() {
            tracing::warn!("pubsub.sqlite: the last verdicts on `{}` are lost", consumer.member().topic);
        }
    }
}

impl Consumer {
    fn member(&self) -> Member {
        self.member.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    async fn deliver(self: Arc<Self>) {
        let mut backoff = Backoff::new(FIRST_PAUSE, LAST_PAUSE);
        loop {
            let slots = self.intake.reserve_many(self.verdicts.unsettled(), PULLED_AT_ONCE).await;
            if slots.is_empty() || self.shared.is_closed() {
                return;
            }
            match self.pull_some(slots.len()).await {
                Ok(pulled) => {
                    backoff.reset();
                    slots
                        .into_iter()
                        .zip(pulled)
                        .for_each(|(slot, pulled)| self.intake.put(slot, self.delivery(pulled)));
                }
                Err(error) if self.shared.is_closed() => {
                    tracing::debug!("pubsub.sqlite: {error}");
                    return;
                }
                Err(error) => {
                    tracing::warn!("pubsub.sqlite: cannot take messages of `{}`: {error}", self.member().topic);
                    self.rejoin(error.kind()).await;
                    sleep(backoff.next_delay()).await;
                }
            }
        }
    }

    /// A group that was away for too long, by its file's time, is made anew.
    async fn rejoin(&self, kind: ErrorKind) {
        if kind == ErrorKind::NotFound
            && let Ok(group) = join(&self.shared, &self.member().topic).await
        {
            self.member.lock().unwrap_or_else(std::sync::PoisonError::into_inner).group = group;
        }
    }

    fn delivery(&self, pulled: Pulled) -> Delivery {
        let (verdicts, id) = (self.verdicts.clone(), pulled.id);
        Delivery::new(pulled.message, pulled.key, move |verdict| verdicts.note(id, verdict))
    }

    /// Waits for messages. Empty when the subscription ends.
    async fn pull_some(&self, most: usize) -> Result<Vec<Pulled>> {
        let mut bell = self.shared.bell.listen();
        loop {
            bell.mark_unchanged();
            let outlook = self.look().await?;
            let mut pause = self.until_next(outlook);
            if outlook.available {
                let pulled = self.pull(most).await?;
                if !pulled.is_empty() {
                    return Ok(pulled);
                }
                pause = VAIN;
            }
            tokio::select! {
                () = sleep(pause) => {}
                rung = bell.changed() => drop(rung),
                () = self.intake.closed() => return Ok(Vec::new()),
            }
            if self.shared.is_closed() {
                return Ok(Vec::new());
            }
        }
    }

    fn until_next(&self, outlook: Outlook) -> Duration {
        let now = self.shared.clock.now_milliseconds();
        let until = outlook.next.map(|next| u64::try_from(next.saturating_sub(now)).unwrap_or(0) + 1);
        until.map_or(self.shared.bell.look, |until| Duration::from_millis(until).min(self.shared.bell.look))
    }

    async fn look(&self) -> Result<Outlook> {
        let (statements, member) = (self.shared.statements.clone(), self.member());
        let now = self.shared.clock.now_milliseconds();
        self.shared.read(move |connection| look(connection, &statements, &member, now)).await
    }

    async fn pull(&self, most: usize) -> Result<Vec<Pulled>> {
        let pulled = Arc::default();
        let now = self.shared.clock.now_milliseconds();
        let pull = Pull {
            statements: self.shared.statements.clone(),
            member: self.member(),
            most,
            now,
            until: now.saturating_add(milliseconds(self.shared.settings.lease_timeout)),
            pulled: Arc::clone(&pulled),
        };
        self.shared.write(pull).await?;
        let pulled = std::mem::take(&mut *pulled.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
        self.verdicts.expect(pulled.len());
        Ok(pulled)
    }

    /// Writes verdicts as they come, all that came during a commit in the next one, until the end.
    async fn settle(self: Arc<Self>, mut end: watch::Receiver<bool>) {
        let renew_interval = self.shared.settings.lease_timeout / 3;
        let mut renew = Instant::now() + renew_interval;
        let mut backoff = Backoff::new(FIRST_PAUSE, LAST_PAUSE);
        loop {
            let ended = tokio::select! {
                () = self.verdicts.some.notified() => false,
                () = tokio::time::sleep_until(renew) => false,
                _ = end.wait_for(|end| *end) => true,
            };
            if Instant::now() >= renew {
                self.renew().await;
                let idle = self.verdicts.unsettled() == 0;
                renew = Instant::now() + if idle { SEEN_INTERVAL.min(renew_interval * 12) } else { renew_interval };
            }
            renew = renew.min(Instant::now() + renew_interval);
            if let Err(error) = self.flush().await {
                if self.shared.is_closed() {
                    return;
                }
                tracing::warn!("pubsub.sqlite: cannot settle messages of `{}`: {error}", self.member().topic);
                sleep(backoff.next_delay()).await;
                self.verdicts.some.notify_one();
                continue;
            }
            backoff.reset();
            if ended {
                self.release().await;
                return;
            }
        }
    }

    async fn flush(&self) -> Result<()> {
        let settled = self.verdicts.take();
        if settled.is_empty() {
            return Ok(());
        }
        let now = self.shared.clock.now_milliseconds();
        // What comes back because the subscription ends was not refused: others may have it at once.
        let pause = if self.intake.is_open() { self.shared.settings.redeliver_interval } else { Duration::ZERO };
        let settle = Settle {
            statements: self.shared.statements.clone(),
            member: self.member(),
            settled: settled.clone(),
            again: now.saturating_add(milliseconds(pause)),
        };
        match self.shared.write(settle).await {
            Ok(waiting) => {
                self.shared.settled_some();
                if waiting > 0 {
                    self.shared.bell.ring();
                }
                Ok(())
            }
            Err(error) => {
                self.verdicts.put_back(settled);
                Err(error)
            }
        }
    }

    async fn renew(&self) {
        let now = self.shared.clock.now_milliseconds();
        let until = now.saturating_add(milliseconds(self.shared.settings.lease_timeout));
        let renew = Renew { statements: self.shared.statements.clone(), member: self.member(), now, until };
        if let Err(error) = self.shared.write(renew).await {
            tracing::warn!("pubsub.sqlite: cannot keep the leases of `{}`: {error}", self.member().topic);
        }
    }

    async fn release(&self) {
        let (statements, owner) = (self.shared.statements.clone(), self.member().owner);
        let released = self.shared.write(Release { statements, owner, now: self.shared.clock.now_milliseconds() });
        if released.await.is_ok_and(|count| count > 0) {
            self.shared.bell.ring();
        }
    }
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
