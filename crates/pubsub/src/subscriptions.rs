//! All subscriptions of a sidecar: what is wanted, what is open, and one step from the one to the other.
//!
//! Wanted are the resources of the application, its own answer when it is asked (which replaces a resource for the same
//! topic), and the streams that it opens. Open is what is wanted, allowed, and possible now: its broker is ready, and
//! the application is (streams need none). Whatever changes, [`Subscriptions::reconcile`] opens and closes the
//! difference, each topic by itself.

mod keeper;
mod merge;
mod programmatic;
mod run;
mod spec;
mod stream;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dapr_kit::clock::Clock;
use dapr_resiliency::Provider;
use dapr_resources::subscription::SubscriptionSpec;
use dapr_resources::{Resource, Subscription as Declared};
use dapr_spi::app_channel::AppChannel;
use dapr_telemetry::metrics::Metrics;
use dapr_telemetry::trace::Tracer;
use futures_util::future::join_all;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::delivery::{Target, World};
use crate::streaming::Stream;
use crate::{Broker, Brokers, Publisher};

use keeper::{Keeper, Waiter, Wish};
use merge::merge;
use run::Ending;

pub use spec::{Source, Subscription};
pub use stream::{StreamAnswers, StreamSubscription};

/// How long whoever asks for a change waits for a subscription to open; it goes on in the background.
const OPEN_PATIENCE: Duration = Duration::from_secs(5);
/// How long deliveries may take that run when a subscription closes while the sidecar goes on.
const DRAIN_LIMIT: Duration = Duration::from_secs(30);
/// How long a broker may take to pause.
const PAUSE_TIMEOUT: Duration = Duration::from_secs(5);
/// Time between two lines about who is still busy.
const REPORT_INTERVAL: Duration = Duration::from_secs(5);

/// What subscriptions need.
pub struct Settings {
    /// The application.
    pub app_id: String,
    /// Whether the application is asked what it subscribes to.
    pub asks_application: bool,
    /// The brokers.
    pub brokers: Arc<Brokers>,
    /// For dead letters.
    pub publisher: Arc<Publisher>,
    /// Policies of deliveries.
    pub resiliency: Provider,
    /// Where they are counted.
    pub metrics: Metrics,
    /// Where their spans begin.
    pub tracer: Tracer,
    /// What decides whether an event has expired.
    pub clock: Clock,
}

/// All subscriptions of a sidecar.
pub struct Subscriptions {
    app_id: String,
    asks_application: bool,
    brokers: Arc<Brokers>,
    world: Arc<World>,
    state: Mutex<State>,
    /// Held while the application is asked.
    asking: tokio::sync::Mutex<()>,
    stopping: watch::Sender<bool>,
}

#[derive(Default)]
struct State {
    app: Option<Arc<dyn AppChannel>>,
    app_is_ready: bool,
    /// The application's own answer, once it has given one.
    programmatic: Option<Vec<Arc<Subscription>>>,
    declared: Vec<Arc<Subscription>>,
    streams: HashMap<u64, (Arc<Subscription>, Arc<Stream>)>,
    next_stream: u64,
    keepers: HashMap<Key, Keeper>,
    /// Brokers that are about to be closed.
    held: HashSet<String>,
    /// What was said about a subscription that cannot be open.
    said: HashMap<Key, String>,
    stopped: bool,
}

/// What a keeper keeps.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    /// A topic of a broker.
    Topic(String, String),
    Stream(u64),
}

impl Subscriptions {
    /// Nothing is wanted yet.
    pub fn new(settings: Settings) -> Self {
        let Settings { app_id, asks_application, brokers, publisher, resiliency, metrics, tracer, clock } = settings;
        Self {
            app_id,
            asks_application,
            brokers,
            world: Arc::new(World { resiliency, metrics, tracer, clock, publisher }),
            state: Mutex::default(),
            asking: tokio::sync::Mutex::default(),
            stopping: watch::Sender::new(false),
        }
    }

    /// There is an application.
    pub fn set_app(&self, app: Arc<dyn AppChannel>) {
        self.state().app = Some(app);
    }

    /// The application can be called, or not any more. It is asked what it subscribes to, when it is ready for the
    /// first time and there is a broker. Returns when subscriptions are open, or closed.
    pub async fn set_app_ready(&self, ready: bool) {
        self.state().app_is_ready = ready;
        if ready && self.brokers.any_ready() && self.state().app.is_none() {
            tracing::warn!(
                target: "dapr.runtime.processor.subscription",
                "app channel not initialized, make sure -app-port is specified if pubsub subscription is required"
            );
        }
        self.update().await;
    }

    /// These are all resources from now on. Those with scopes that do not name this application are passed over; those
    /// that are wrong are reported and left out. Returns when the difference is open, or closed.
    pub async fn set_declared(&self, resources: Vec<Declared>) {
        let mut declared: Vec<(String, Arc<Subscription>)> = Vec::with_capacity(resources.len());
        for resource in resources {
            if !resource.in_scope(&self.app_id) {
                continue;
            }
            let name = resource.metadata.name;
            match Subscription::new(resource.spec, Source::Declarative) {
                Ok(subscription) => {
                    // Of one name the last counts, at its own place.
                    declared.retain(|(known, _)| *known != name);
                    declared.push((name, Arc::new(subscription)));
                }
                Err(problem) => tracing::error!(
                    target: "dapr.runtime.processor.subscription",
                    "subscription {name} is left out: {problem}"
                ),
            }
        }
        self.state().declared = declared.into_iter().map(|(_, subscription)| subscription).collect();
        self.reconcile().await;
    }

    /// A broker is ready, is another one now, or is gone: [`Brokers`] knows. Returns when its subscriptions are open,
    /// or closed.
    pub async fn broker_changed(&self, name: &str) {
        self.state().held.remove(name);
        self.update().await;
    }

    /// Closes the subscriptions of a broker that is about to be closed or exchanged, and opens none until
    /// [`Subscriptions::broker_changed`]. Returns when what was pulled is settled.
    pub async fn close_broker(&self, name: &str) {
        self.state().held.insert(name.to_owned());
        self.reconcile().await;
    }

    /// Closes everything for good; what was pulled is delivered. Says every few seconds who is still busy. May be
    /// called again, and waits again.
    pub async fn stop(&self) {
        self.state().stopped = true;
        self.stopping.send_replace(true);
        self.pause_brokers().await;
        let mut waiting = std::pin::pin!(self.reconcile());
        while timeout(REPORT_INTERVAL, &mut waiting).await.is_err() {
            let state = self.state();
            let busy = state.keepers.iter().filter(|(_, keeper)| !keeper.is_idle());
            let names: Vec<String> = busy.map(|(key, _)| key.to_string()).collect();
            tracing::info!(target: "dapr.runtime", "still waiting for deliveries: {}", names.join(", "));
        }
        for (_, stream) in self.state().streams.values() {
            stream.end();
        }
    }

    /// Has the brokers hand out nothing more.
    async fn pause_brokers(&self) {
        let mut brokers: Vec<Arc<Broker>> = self.state().keepers.values().filter_map(Keeper::broker).collect();
        brokers.sort_unstable_by_key(|broker| broker.name().to_owned());
        brokers.dedup_by(|one, other| Arc::ptr_eq(one, other));
        join_all(brokers.iter().map(|broker| timeout(PAUSE_TIMEOUT, broker.component().pause()))).await;
    }

    /// All that is wanted, open or not.
    pub fn list(&self) -> Vec<Arc<Subscription>> {
        let state = self.state();
        let mut list = state.wanted();
        let mut streams: Vec<_> = state.streams.iter().collect();
        streams.sort_unstable_by_key(|(number, _)| **number);
        list.extend(streams.into_iter().map(|(_, (subscription, _))| Arc::clone(subscription)));
        list
    }

    /// Opens and closes what changes of [`Brokers`] make possible or impossible, without end: a broker that was away at
    /// the start gets its subscriptions when it is there.
    pub async fn follow_brokers(&self) {
        let mut changes = self.brokers.changes();
        while changes.changed().await.is_ok() {
            self.update().await;
        }
    }

    /// Waits until [`Subscriptions::stop`] is called.
    pub async fn stopping(&self) {
        let mut stopping = self.stopping.subscribe();
        let _ = stopping.wait_for(|stopping| *stopping).await;
    }

    /// Asks the application if it is time, then opens and closes what changed.
    async fn update(&self) {
        self.ask_application().await;
        self.reconcile().await;
    }

    async fn ask_application(&self) {
        let _asking = self.asking.lock().await;
        let app = {
            let state = self.state();
            let is_time = state.app_is_ready && !state.stopped && state.programmatic.is_none();
            match &state.app {
                Some(app) if is_time && self.asks_application && self.brokers.any_ready() => Arc::clone(app),
                _ => return,
            }
        };
        match programmatic::ask(&*app, &self.app_id, &self.world.resiliency).await {
            Ok(specs) => {
                report_topics(&specs);
                let read = |spec: SubscriptionSpec| {
                    let topic = spec.topic.clone();
                    let wrong = |problem: &String| {
                        tracing::error!(
                            target: "dapr.runtime.processor.subscription",
                            "the application's subscription to topic {topic} is left out: {problem}"
                        );
                    };
                    Subscription::new(spec, Source::Programmatic).inspect_err(wrong).ok().map(Arc::new)
                };
                let subscriptions = specs.into_iter().filter_map(read).collect();
                self.state().programmatic = Some(subscriptions);
            }
            Err(problem) => tracing::error!(
                target: "dapr.runtime.processor.subscription",
                "cannot learn what the application subscribes to: {problem}"
            ),
        }
    }

    /// Opens what is wanted and possible and not open, and closes what is open and not wanted or not possible. Returns
    /// when that is done; a subscription that does not open goes on trying in the background.
    async fn reconcile(&self) {
        let waiters = self.adjust();
        join_all(waiters.into_iter().map(settled)).await;
    }

    /// Tells every keeper what it is to keep.
    fn adjust(&self) -> Vec<Waiter> {
        let mut state = self.state();
        let state = &mut *state;
        let mut wishes = self.wishes(state);
        let ending = match (state.stopped, state.app_is_ready) {
            (true, _) => Ending { deliver_pulled: true, limit: None },
            // An application that is not healthy is not called any more.
            (false, ready) => Ending { deliver_pulled: ready, limit: Some(DRAIN_LIMIT) },
        };
        state.keepers.retain(|key, keeper| wishes.contains_key(key) || !keeper.is_idle());
        for (key, keeper) in &state.keepers {
            let is_stream = matches!(key, Key::Stream(_));
            let ending = Ending { deliver_pulled: ending.deliver_pulled || is_stream, ..ending };
            keeper.want(wishes.remove(key), ending);
        }
        for (key, wish) in wishes {
            let keeper = state.keepers.entry(key).or_insert_with(|| Keeper::new(Arc::clone(&self.world)));
            keeper.want(Some(wish), ending);
        }
        state.keepers.values().map(Keeper::waiter).collect()
    }

    /// What can be open now.
    fn wishes(&self, state: &mut State) -> HashMap<Key, Wish> {
        if state.stopped {
            return HashMap::new();
        }
        let mut wanted = Vec::new();
        if let Some(app) = state.app.as_ref().filter(|_| state.app_is_ready) {
            for subscription in state.wanted() {
                let key = Key::Topic(subscription.spec.pubsubname.clone(), subscription.spec.topic.clone());
                wanted.push((key, subscription, Target::Application(Arc::clone(app))));
            }
        }
        for (number, (subscription, stream)) in &state.streams {
            wanted.push((Key::Stream(*number), Arc::clone(subscription), Target::Stream(Arc::clone(stream))));
        }
        let mut wishes = HashMap::new();
        for (key, subscription, target) in wanted {
            match self.broker_of(&state.held, &subscription.spec) {
                Ok(broker) => {
                    state.said.remove(&key);
                    wishes.insert(key, Wish { broker, subscription, target });
                }
                Err(Some(problem)) if state.said.get(&key) != Some(&problem) => {
                    tracing::error!(target: "dapr.runtime.processor.subscription", "{problem}");
                    state.said.insert(key, problem);
                }
                Err(_) => {}
            }
        }
        wishes
    }

    /// The broker of a subscription that may be open.
    ///
    /// # Errors
    /// It cannot be open now; the reason, unless that passes by itself.
    fn broker_of(&self, held: &HashSet<String>, spec: &SubscriptionSpec) -> Result<Arc<Broker>, Option<String>> {
        let (pubsub, topic) = (&spec.pubsubname, &spec.topic);
        if held.contains(pubsub) {
            return Err(None);
        }
        if !self.brokers.is_known(pubsub) {
            return Err(Some(format!("subscription to topic '{topic}' on pubsub '{pubsub}': there is no such pubsub")));
        }
        let Some(broker) = self.brokers.ready(pubsub) else { return Err(None) };
        if !broker.scopes().may_subscribe(&self.app_id, topic) {
            return Err(Some(format!("subscription to topic '{topic}' on pubsub '{pubsub}' is not allowed")));
        }
        Ok(broker)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// What the application wants to be called for.
    fn wanted(&self) -> Vec<Arc<Subscription>> {
        merge(&self.declared, self.programmatic.as_deref().unwrap_or_default())
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Topic(pubsub, topic) => write!(f, "topic {topic} of pubsub {pubsub}"),
            Self::Stream(number) => write!(f, "stream {number}"),
        }
    }
}

async fn settled(waiter: Waiter) {
    if waiter.opens {
        let _ = timeout(OPEN_PATIENCE, waiter.done()).await;
    } else {
        let _ = waiter.done().await;
    }
}

/// A line for each broker that the application names.
fn report_topics(specs: &[SubscriptionSpec]) {
    let mut brokers: Vec<&str> = specs.iter().map(|spec| spec.pubsubname.as_str()).collect();
    brokers.sort_unstable();
    brokers.dedup();
    for broker in brokers {
        let topics = specs.iter().filter(|spec| spec.pubsubname == broker).map(|spec| spec.topic.as_str());
        tracing::info!(
            target: "dapr.runtime.processor.subscription",
            "app is subscribed to the following topics: [[{}]] through pubsub={broker}", topics.collect::<Vec<_>>().join(" ")
        );
    }
}
