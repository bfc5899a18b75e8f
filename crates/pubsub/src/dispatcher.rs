//! What is delivered when: a core without I/O, one for each subscription.
//!
//! Messages arrive, are started in batches of at least one, and finish. Never more calls run than allowed; messages with
//! the same key are never in two calls at a time and are started in the order they came; what is not held back by
//! either is started in that order, too. The shell asks [`Dispatcher::start`] after everything it tells.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use bytes::Bytes;

#[cfg(test)]
mod tests;

/// What a subscription allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rules {
    /// Calls at a time; at least one.
    pub(crate) calls: usize,
    /// Messages in one call; at least one.
    pub(crate) batch: usize,
    /// How long the first message of a batch waits for others, unless the batch is full before.
    pub(crate) wait: Duration,
}

/// Decides what is delivered when. `T` is a message.
#[derive(Debug)]
pub(crate) struct Dispatcher<T> {
    rules: Rules,
    running: usize,
    /// Heads of those that may start, oldest first: messages without a key, and the first message of each key that is
    /// in no call.
    ready: VecDeque<(Option<Bytes>, T)>,
    /// Keys with a message in `ready` or in a call.
    lanes: HashMap<Bytes, Lane<T>>,
    /// Messages in `ready`, and in the lanes behind them: what the next batches can be made of.
    eligible: usize,
    /// When the batch began that is being gathered.
    since: Option<Instant>,
    /// Nothing waits for more messages any more.
    hurried: bool,
}

/// Messages of one key behind the first.
#[derive(Debug)]
struct Lane<T> {
    running: bool,
    waiting: VecDeque<T>,
}

impl<T> Dispatcher<T> {
    pub(crate) fn new(rules: Rules) -> Self {
        let rules = Rules { calls: rules.calls.max(1), batch: rules.batch.max(1), ..rules };
        Self {
            rules,
            running: 0,
            ready: VecDeque::new(),
            lanes: HashMap::new(),
            eligible: 0,
            since: None,
            hurried: false,
        }
    }

    /// A message came.
    pub(crate) fn arrived(&mut self, key: Option<Bytes>, message: T, now: Instant) {
        if let Some(key) = &key
            && let Some(lane) = self.lanes.get_mut(key)
        {
            self.eligible += usize::from(!lane.running);
            lane.waiting.push_back(message);
        } else {
            if let Some(key) = &key {
                self.lanes.insert(key.clone(), Lane { running: false, waiting: VecDeque::new() });
            }
            self.ready.push_back((key, message));
            self.eligible += 1;
        }
        if self.since.is_none() && self.eligible > 0 {
            self.since = Some(now);
        }
    }

    /// A call that may begin now: its messages. [`Dispatcher::finished`] must be told of its keys when it ends.
    pub(crate) fn start(&mut self, now: Instant) -> Option<Call<T>> {
        if self.running >= self.rules.calls || !self.is_due(now) {
            return None;
        }
        let mut call = Call { messages: Vec::with_capacity(self.eligible.min(self.rules.batch)), keys: Vec::new() };
        while call.messages.len() < self.rules.batch
            && let Some((key, message)) = self.ready.pop_front()
        {
            call.messages.push(message);
            self.eligible -= 1;
            let Some(key) = key else { continue };
            if let Some(lane) = self.lanes.get_mut(&key) {
                lane.running = true;
                let room = self.rules.batch - call.messages.len();
                self.eligible -= lane.waiting.len();
                call.messages.extend(lane.waiting.drain(..room.min(lane.waiting.len())));
            }
            call.keys.push(key);
        }
        self.running += 1;
        // What is left waits as long as if it had just come.
        self.since = (self.eligible > 0).then_some(now);
        Some(call)
    }

    /// A call ended.
    pub(crate) fn finished(&mut self, keys: Vec<Bytes>, now: Instant) {
        self.running = self.running.saturating_sub(1);
        for key in keys {
            let Some(lane) = self.lanes.get_mut(&key) else { continue };
            lane.running = false;
            self.eligible += lane.waiting.len();
            match lane.waiting.pop_front() {
                Some(next) => self.ready.push_back((Some(key), next)),
                None => drop(self.lanes.remove(&key)),
            }
        }
        if self.since.is_none() && self.eligible > 0 {
            self.since = Some(now);
        }
    }

    /// When [`Dispatcher::start`] is to be asked again though nothing happens until then.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let is_gathering = self.rules.batch > 1 && !self.hurried && self.running < self.rules.calls;
        self.since.filter(|_| is_gathering).map(|since| since + self.rules.wait)
    }

    /// From now on nothing waits for a batch to fill.
    pub(crate) fn hurry(&mut self) {
        self.hurried = true;
    }

    /// Takes out all that has not started.
    pub(crate) fn take_waiting(&mut self) -> Vec<T> {
        let mut waiting: Vec<T> = self.ready.drain(..).map(|(_, message)| message).collect();
        for lane in self.lanes.values_mut() {
            waiting.extend(lane.waiting.drain(..));
        }
        self.lanes.retain(|_, lane| lane.running);
        self.eligible = 0;
        self.since = None;
        waiting
    }

    /// Calls that run.
    pub(crate) fn running(&self) -> usize {
        self.running
    }

    /// Whether nothing runs and nothing waits.
    pub(crate) fn is_idle(&self) -> bool {
        // Behind a lane without a call there is always a message in `ready`.
        self.running == 0 && self.ready.is_empty()
    }

    fn is_due(&self, now: Instant) -> bool {
        let Some(since) = self.since else { return false };
        self.hurried || self.eligible >= self.rules.batch || now.saturating_duration_since(since) >= self.rules.wait
    }
}

/// Messages that are delivered together.
#[derive(Debug)]
pub(crate) struct Call<T> {
    pub(crate) messages: Vec<T>,
    /// The keys among them, each once.
    pub(crate) keys: Vec<Bytes>,
}
