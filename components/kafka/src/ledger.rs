//! What became of each message of a subscription: how far each partition may be committed, and what is to be delivered
//! again when. No I/O; time is an argument.
//!
//! A partition's position is the offset after the last message before which all are settled. A message that was not
//! processed waits in the line of its key, and so do all that come later with that key; each time one of a line comes due
//! it goes out alone, so that order holds. A subscription that takes many messages in one call gets a whole line at once.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::{Duration, Instant};

use bytes::Bytes;

/// Which message a verdict is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ticket {
    partition: i32,
    /// Verdicts on messages of an earlier assignment of the partition count no more.
    epoch: u64,
    offset: i64,
    order: Bytes,
}

/// A message that may go out now.
pub(crate) type Out<T> = (Ticket, T);

struct Partition {
    epoch: u64,
    /// In the order they came; the flag says whether a message is settled.
    messages: VecDeque<(i64, bool)>,
    last: Option<i64>,
    /// The position, and whether it has changed since it was taken.
    position: Option<(i64, bool)>,
    /// Delivered and not settled.
    out: usize,
    leaving: bool,
}

/// Messages of one key that wait because one of them was not processed.
struct Line<T> {
    waiting: BTreeMap<i64, T>,
    due: Instant,
    /// Offsets of those that went out from this line and are not settled.
    out: Vec<i64>,
}

/// The state of one subscription.
pub(crate) struct Ledger<T> {
    partitions: HashMap<i32, Partition>,
    lines: HashMap<(i32, Bytes), Line<T>>,
    waiting: usize,
    epochs: u64,
    delay: Duration,
    whole_lines: bool,
}

impl<T> Ledger<T> {
    /// `delay` is the time until a message that was not processed goes out again; `whole_lines` that all of a line go out
    /// together.
    pub(crate) fn new(delay: Duration, whole_lines: bool) -> Self {
        Self { partitions: HashMap::new(), lines: HashMap::new(), waiting: 0, epochs: 0, delay, whole_lines }
    }

    /// A partition is ours from now on.
    pub(crate) fn assign(&mut self, partition: i32) {
        self.forget(partition);
        self.epochs += 1;
        let fresh = Partition {
            epoch: self.epochs,
            messages: VecDeque::new(),
            last: None,
            position: None,
            out: 0,
            leaving: false,
        };
        self.partitions.insert(partition, fresh);
    }

    /// A partition will be ours no more: nothing of it goes out, verdicts still count.
    pub(crate) fn leave(&mut self, partition: i32) {
        self.drop_lines(partition);
        if let Some(partition) = self.partitions.get_mut(&partition) {
            partition.leaving = true;
        }
    }

    /// A partition is ours no more.
    pub(crate) fn forget(&mut self, partition: i32) {
        self.drop_lines(partition);
        self.partitions.remove(&partition);
    }

    /// Notes a message that was fetched. It may go out now, unless it waits behind another one of its key; `None` also
    /// for a message of a partition that is not ours.
    pub(crate) fn receive(&mut self, partition: i32, offset: i64, order: Bytes, item: T) -> Option<Out<T>> {
        let known = self.partitions.get(&partition)?;
        if known.leaving {
            return None;
        }
        // The log was cut, or truncated: what was known of it is void.
        if known.last.is_some_and(|last| offset <= last) {
            self.assign(partition);
        }
        let partition_state = self.partitions.get_mut(&partition)?;
        partition_state.last = Some(offset);
        partition_state.messages.push_back((offset, false));
        let ticket = Ticket { partition, epoch: partition_state.epoch, offset, order };
        if !self.lines.is_empty()
            && let Some(line) = self.lines.get_mut(&(partition, ticket.order.clone()))
        {
            line.waiting.insert(offset, item);
            self.waiting += 1;
            return None;
        }
        partition_state.out += 1;
        Some((ticket, item))
    }

    /// A message was processed, or is given up. True when something may have come due, or a partition that leaves has
    /// nothing out any more.
    pub(crate) fn done(&mut self, ticket: &Ticket, now: Instant) -> bool {
        let Some(partition) = self.partition_of(ticket) else { return false };
        partition.out -= 1;
        if let Ok(index) = partition.messages.binary_search_by_key(&ticket.offset, |(offset, _)| *offset) {
            partition.messages[index].1 = true;
        }
        while let Some((offset, true)) = partition.messages.front() {
            partition.position = Some((offset + 1, true));
            partition.messages.pop_front();
        }
        let has_left = partition.leaving && partition.out == 0;
        has_left | self.returned(ticket, None, now)
    }

    /// A message was not processed: it goes out again later.
    pub(crate) fn again(&mut self, ticket: &Ticket, item: T, now: Instant) -> bool {
        let Some(partition) = self.partition_of(ticket) else { return false };
        partition.out -= 1;
        if partition.leaving {
            return partition.out == 0;
        }
        self.waiting += 1;
        let (key, due) = ((ticket.partition, ticket.order.clone()), now + self.delay);
        self.lines.entry(key).or_insert_with(|| Line { waiting: BTreeMap::new(), due, out: Vec::new() });
        self.returned(ticket, Some((item, due)), now)
    }

    /// Brings a message back to its line, if there is one.
    fn returned(&mut self, ticket: &Ticket, item: Option<(T, Instant)>, now: Instant) -> bool {
        if self.lines.is_empty() {
            return false;
        }
        let key = (ticket.partition, ticket.order.clone());
        let Some(line) = self.lines.get_mut(&key) else { return false };
        line.out.retain(|offset| *offset != ticket.offset);
        match item {
            Some((item, due)) => {
                line.waiting.insert(ticket.offset, item);
                line.due = due;
            }
            None if line.out.is_empty() => line.due = line.due.min(now),
            None => {}
        }
        if line.waiting.is_empty() && line.out.is_empty() {
            self.lines.remove(&key);
        }
        true
    }

    /// The messages that go out now, at most so many.
    pub(crate) fn take_due(&mut self, now: Instant, most: usize) -> Vec<Out<T>> {
        let mut taken = Vec::new();
        let due = |line: &Line<T>| line.out.is_empty() && !line.waiting.is_empty() && line.due <= now;
        for ((partition, order), line) in self.lines.iter_mut().filter(|(_, line)| due(line)) {
            let Some(state) = self.partitions.get_mut(partition) else { continue };
            let count = if self.whole_lines { line.waiting.len() } else { 1 };
            for _ in 0..count.min(most.saturating_sub(taken.len())) {
                let Some((offset, item)) = line.waiting.pop_first() else { break };
                line.out.push(offset);
                state.out += 1;
                self.waiting -= 1;
                let ticket = Ticket { partition: *partition, epoch: state.epoch, offset, order: order.clone() };
                taken.push((ticket, item));
            }
        }
        taken
    }

    /// When something comes due next.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.lines.values().filter(|line| line.out.is_empty() && !line.waiting.is_empty()).map(|line| line.due).min()
    }

    /// The positions that have changed since the last call.
    pub(crate) fn take_positions(&mut self) -> Vec<(i32, i64)> {
        let moved = |(number, partition): (&i32, &mut Partition)| match &mut partition.position {
            Some((position, changed @ true)) => {
                *changed = false;
                Some((*number, *position))
            }
            _ => None,
        };
        self.partitions.iter_mut().filter_map(moved).collect()
    }

    /// Messages that wait in lines.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting
    }

    /// Messages of leaving partitions that are out.
    pub(crate) fn leaving(&self) -> usize {
        self.partitions.values().filter(|partition| partition.leaving).map(|partition| partition.out).sum()
    }

    /// Messages of a partition since the first that is not settled.
    pub(crate) fn spread(&self, partition: i32) -> usize {
        self.partitions.get(&partition).map_or(0, |partition| partition.messages.len())
    }

    fn partition_of(&mut self, ticket: &Ticket) -> Option<&mut Partition> {
        self.partitions.get_mut(&ticket.partition).filter(|partition| partition.epoch == ticket.epoch)
    }

    fn drop_lines(&mut self, partition: i32) {
        let waiting = &mut self.waiting;
        self.lines.retain(|(number, _), line| {
            let stays = *number != partition;
            *waiting -= if stays { 0 } else { line.waiting.len() };
            stays
        });
    }
}

#[cfg(test)]
mod tests;
