//! The way of messages from a broker to the engine, and of verdicts back.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::time::timeout;

use super::Message;

/// How long a pull waits for more room than it needs.
const PATIENCE: Duration = Duration::from_millis(20);

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Processed, or dropped on purpose: never deliver it again.
    Done,
    /// Deliver it again, as the broker does that.
    Again,
}

type Settle = Box<dyn FnOnce(Verdict) + Send>;

/// A message that waits for its [`Verdict`]. One that is dropped without is [`Verdict::Again`].
pub struct Delivery {
    /// The message.
    pub message: Message,
    /// Messages with the same key are processed one after another, in the order they came; those without in any.
    pub order: Option<Bytes>,
    settle: Option<Settle>,
    slot: Option<Slot>,
}

impl Delivery {
    /// `settle` is called once, from any task; it must not block.
    pub fn new(message: Message, order: Option<Bytes>, settle: impl FnOnce(Verdict) + Send + 'static) -> Self {
        Self { message, order, settle: Some(Box::new(settle)), slot: None }
    }

    /// Tells the broker what became of the message, and frees its slot.
    pub fn settle(mut self, verdict: Verdict) {
        self.finish(verdict);
    }

    fn finish(&mut self, verdict: Verdict) {
        if let Some(settle) = self.settle.take() {
            settle(verdict);
        }
        self.slot = None;
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        self.finish(Verdict::Again);
    }
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery").field("message", &self.message).field("order", &self.order).finish_non_exhaustive()
    }
}

/// Room for one message. It is held until the message is settled.
#[derive(Debug)]
pub struct Slot(#[expect(dead_code, reason = "it is held, not read")] OwnedSemaphorePermit);

/// Where a broker puts the messages of one subscription.
#[derive(Clone, Debug)]
pub struct Intake {
    slots: Arc<Semaphore>,
    messages: mpsc::Sender<Delivery>,
    open: watch::Receiver<bool>,
}

/// The other end of an [`Intake`].
#[derive(Debug)]
pub struct Deliveries {
    slots: Arc<Semaphore>,
    capacity: u32,
    messages: mpsc::Receiver<Delivery>,
    open: watch::Sender<bool>,
}

impl Intake {
    /// An intake that holds at most `unsettled` messages, at least one.
    pub fn new(unsettled: usize) -> (Self, Deliveries) {
        let capacity = u32::try_from(unsettled).unwrap_or(u32::MAX).clamp(1, 1 << 20);
        let slots = Arc::new(Semaphore::new(capacity as usize));
        let (sender, receiver) = mpsc::channel(capacity as usize);
        let (opened, open) = watch::channel(true);
        let intake = Self { slots: slots.clone(), messages: sender, open };
        (intake, Deliveries { slots, capacity, messages: receiver, open: opened })
    }

    /// Waits for room for one message. `None` when the subscription ends: pull no more.
    pub async fn reserve(&self) -> Option<Slot> {
        self.slots.clone().acquire_owned().await.ok().map(Slot)
    }

    /// Waits for room for one message, and takes up to `most` slots if there are more. Empty when the subscription
    /// ends.
    pub async fn reserve_up_to(&self, most: usize) -> Vec<Slot> {
        let mut slots: Vec<Slot> = self.reserve().await.into_iter().collect();
        if !slots.is_empty() {
            self.add_free(&mut slots, most);
        }
        slots
    }

    /// As [`Intake::reserve_up_to`], but waits a moment for a quarter of what the engine has `at_hand`: one large pull costs
    /// less than many small ones, and the engine has enough to do meanwhile.
    pub async fn reserve_many(&self, at_hand: usize, most: usize) -> Vec<Slot> {
        let least = u32::try_from((at_hand / 4).min(most)).unwrap_or(u32::MAX);
        if least > 1 {
            let many = timeout(PATIENCE, self.slots.clone().acquire_many_owned(least)).await;
            if let Ok(Ok(mut permits)) = many {
                let mut slots: Vec<Slot> = std::iter::from_fn(|| permits.split(1).map(Slot)).collect();
                self.add_free(&mut slots, most);
                return slots;
            }
        }
        self.reserve_up_to(most).await
    }

    fn add_free(&self, slots: &mut Vec<Slot>, most: usize) {
        while slots.len() < most {
            let Ok(permit) = self.slots.clone().try_acquire_owned() else { break };
            slots.push(Slot(permit));
        }
    }

    /// Hands over a message for which there is room. When the subscription has ended meanwhile, the message is settled
    /// as [`Verdict::Again`].
    pub fn put(&self, slot: Slot, mut delivery: Delivery) {
        delivery.slot = Some(slot);
        // The channel holds as many as there are slots. A refused delivery is dropped, which settles it.
        let _ = self.messages.try_send(delivery);
    }

    /// Whether the subscription still takes messages.
    pub fn is_open(&self) -> bool {
        *self.open.borrow()
    }

    /// Waits until the subscription ends.
    pub async fn closed(&self) {
        let mut open = self.open.clone();
        let _ = open.wait_for(|open| !open).await;
    }
}

impl Deliveries {
    /// The next message; `None` when the intake is closed, or the broker has let go of it, and nothing is left.
    pub async fn next(&mut self) -> Option<Delivery> {
        self.messages.recv().await
    }

    /// A message that is there already.
    pub fn try_next(&mut self) -> Option<Delivery> {
        self.messages.try_recv().ok()
    }

    /// Whether no message waits to be taken out.
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// Ends the intake: nobody gets a slot any more, and what is already in can still be taken out.
    pub fn close(&mut self) {
        self.open.send_replace(false);
        self.slots.close();
        self.messages.close();
    }

    /// Messages that were put in and are not settled, and slots that are reserved.
    pub fn unsettled(&self) -> usize {
        (self.capacity as usize).saturating_sub(self.slots.available_permits())
    }
}

impl Drop for Deliveries {
    fn drop(&mut self) {
        self.close();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    fn delivery(verdicts: &Arc<Mutex<Vec<Verdict>>>) -> Delivery {
        let verdicts = verdicts.clone();
        Delivery::new(Message::default(), None, move |verdict| verdicts.lock().unwrap().push(verdict))
    }

    #[tokio::test]
    async fn a_slot_is_free_again_when_its_message_is_settled() {
        let verdicts = Arc::default();
        let (intake, mut deliveries) = Intake::new(2);
        let slots = intake.reserve_up_to(5).await;
        assert_eq!((slots.len(), deliveries.unsettled()), (2, 2));
        for slot in slots {
            intake.put(slot, delivery(&verdicts));
        }
        deliveries.next().await.unwrap().settle(Verdict::Done);
        assert_eq!(deliveries.unsettled(), 1);
        assert_eq!(intake.reserve_many(8, 5).await.len(), 1, "a second one does not come for a while");
        deliveries.next().await.unwrap().settle(Verdict::Again);
        assert_eq!(intake.reserve_many(8, 5).await.len(), 2);
        assert_eq!(*verdicts.lock().unwrap(), [Verdict::Done, Verdict::Again]);
    }

    #[tokio::test]
    async fn a_closed_intake_gives_no_slot_and_returns_what_comes_late() {
        let verdicts = Arc::default();
        let (intake, mut deliveries) = Intake::new(2);
        let (first, late) = (intake.reserve().await.unwrap(), intake.reserve().await.unwrap());
        intake.put(first, delivery(&verdicts));
        deliveries.close();
        intake.closed().await;
        assert!(!intake.is_open() && intake.reserve().await.is_none());
        intake.put(late, delivery(&verdicts));
        assert_eq!(*verdicts.lock().unwrap(), [Verdict::Again]);
        deliveries.next().await.unwrap().settle(Verdict::Done);
        assert!(deliveries.next().await.is_none());
        assert_eq!(*verdicts.lock().unwrap(), [Verdict::Again, Verdict::Done]);
    }

    #[tokio::test]
    async fn a_message_that_is_forgotten_comes_again() {
        let verdicts = Arc::default();
        drop(delivery(&verdicts));
        assert_eq!(*verdicts.lock().unwrap(), [Verdict::Again]);
    }
}
