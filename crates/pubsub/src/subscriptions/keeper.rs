//! One place in the running set: opens a subscription when it is wanted, keeps it open, and closes it.
//!
//! Each keeper is a task with a wish; what it does for one wish ends before the next begins, so that two subscriptions
//! to one topic never overlap.

use std::sync::Arc;
use std::time::Duration;

use dapr_kit::backoff::Backoff;
use dapr_kit::task::{self, Task};
use tokio::sync::watch;

use super::Subscription;
use super::run::{Ending, Open};
use crate::Broker;
use crate::delivery::{Consumer, Target, World};

/// Delays between attempts to open a subscription.
const FIRST_RETRY: Duration = Duration::from_millis(500);
const LAST_RETRY: Duration = Duration::from_secs(60);

/// What is to be open.
#[derive(Clone)]
pub(super) struct Wish {
    pub(super) broker: Arc<Broker>,
    pub(super) subscription: Arc<Subscription>,
    pub(super) target: Target,
}

impl Wish {
    fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.broker, &other.broker) && self.subscription == other.subscription
    }
}

#[derive(Clone)]
struct Wanted {
    number: u64,
    wish: Option<Wish>,
    /// How what is open now ends.
    ending: Ending,
}

/// What a keeper has come to.
#[derive(Clone, Debug, Default)]
struct Reached {
    /// The number of the wish.
    number: u64,
    /// Why the subscription is not open yet.
    problem: Option<Arc<str>>,
}

/// The handle of a keeper's task; dropping it breaks everything off.
pub(super) struct Keeper {
    wanted: watch::Sender<Wanted>,
    reached: watch::Receiver<Reached>,
    _task: Task<()>,
}

/// Waits until a keeper has done what it was told.
pub(super) struct Waiter {
    number: u64,
    pub(super) opens: bool,
    reached: watch::Receiver<Reached>,
}

impl Waiter {
    /// Returns when the subscription is closed, or open, or when the first attempt to open it has failed.
    ///
    /// # Errors
    /// Why it is not open yet.
    pub(super) async fn done(mut self) -> Result<(), Arc<str>> {
        match self.reached.wait_for(|reached| reached.number >= self.number).await {
            Ok(reached) => reached.problem.clone().map_or(Ok(()), Err),
            // The task is gone, and everything with it.
            Err(_) => Ok(()),
        }
    }
}

impl Keeper {
    pub(super) fn new(world: Arc<World>) -> Self {
        let nothing = Wanted { number: 0, wish: None, ending: Ending { deliver_pulled: true, limit: None } };
        let (wanted, receiver) = watch::channel(nothing);
        let (reaching, reached) = watch::channel(Reached::default());
        let task = task::spawn("subscription", keep(world, receiver, reaching));
        Self { wanted, reached, _task: task }
    }

    /// Says what is to be open from now on. Nothing happens when that is open already.
    pub(super) fn want(&self, wish: Option<Wish>, ending: Ending) {
        self.wanted.send_if_modified(|wanted| {
            let is_same = match (&wanted.wish, &wish) {
                (Some(old), Some(new)) => old.is_same(new),
                (None, None) => true,
                _ => false,
            };
            if !is_same {
                *wanted = Wanted { number: wanted.number + 1, wish, ending };
            }
            !is_same
        });
    }

    pub(super) fn waiter(&self) -> Waiter {
        let wanted = self.wanted.borrow();
        Waiter { number: wanted.number, opens: wanted.wish.is_some(), reached: self.reached.clone() }
    }

    /// The broker of what is to be open.
    pub(super) fn broker(&self) -> Option<Arc<Broker>> {
        self.wanted.borrow().wish.as_ref().map(|wish| Arc::clone(&wish.broker))
    }

    /// Whether nothing is open and nothing is to be.
    pub(super) fn is_idle(&self) -> bool {
        let wanted = self.wanted.borrow();
        wanted.wish.is_none() && self.reached.borrow().number == wanted.number
    }
}

async fn keep(world: Arc<World>, mut wanted: watch::Receiver<Wanted>, reaching: watch::Sender<Reached>) {
    loop {
        let Wanted { number, wish, .. } = wanted.borrow_and_update().clone();
        let reached = |problem| drop(reaching.send_replace(Reached { number, problem }));
        let Some(wish) = wish else {
            reached(None);
            if wanted.changed().await.is_err() {
                return;
            }
            continue;
        };
        let mut next = wanted.clone();
        let changed = async { next.changed().await.is_ok() };
        let kept = tokio::select! {
            biased;
            opened = open_at_last(&world, &wish, &reached) => Some(opened),
            _ = changed => None,
        };
        let Some(open) = kept else { continue };
        reached(None);
        let mut next = wanted.clone();
        let end = async move {
            match next.changed().await {
                Ok(()) => next.borrow().ending,
                Err(_) => Ending { deliver_pulled: false, limit: Some(Duration::ZERO) },
            }
        };
        if !Box::pin(open.run(end)).await {
            tracing::warn!(
                target: "dapr.runtime.processor.subscription",
                "pubsub {} has ended the subscription to topic {}; subscribing again",
                wish.broker.name(), wish.subscription.spec.topic
            );
            tokio::select! {
                () = tokio::time::sleep(FIRST_RETRY) => {}
                _ = wanted.changed() => {}
            }
        }
    }
}

/// Opens a subscription, however often that must be tried. Says once why it does not work.
async fn open_at_last(world: &Arc<World>, wish: &Wish, reached: &impl Fn(Option<Arc<str>>)) -> Open {
    let mut backoff = Backoff::new(FIRST_RETRY, LAST_RETRY);
    let mut said = None;
    loop {
        let (closing, receiver) = watch::channel(false);
        let consumer = Consumer {
            world: Arc::clone(world),
            broker: Arc::clone(&wish.broker),
            subscription: Arc::clone(&wish.subscription),
            target: wish.target.clone(),
            closing: receiver,
        };
        let (pubsub, topic) = (wish.broker.name(), &wish.subscription.spec.topic);
        match Open::new(consumer, closing).await {
            Ok(open) => {
                if said.is_some() {
                    tracing::info!(
                        target: "dapr.runtime.processor.subscription",
                        "Successfully started subscription after retry for pubsub {pubsub}, topic {topic}"
                    );
                }
                return open;
            }
            Err(error) => {
                let problem = format!("failed to subscribe to topic {topic}: {error}");
                if said.as_ref() != Some(&problem) {
                    tracing::error!(
                        target: "dapr.runtime.processor.subscription",
                        "Failed to start subscription for pubsub {pubsub}, topic {topic}: {problem}; trying again until it works"
                    );
                }
                reached(Some(problem.as_str().into()));
                said = Some(problem);
            }
        }
        tokio::time::sleep(backoff.next_delay()).await;
    }
}
