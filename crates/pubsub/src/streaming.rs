//! Streams over which an application takes messages and answers each.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use dapr_proto::runtime::v1::TopicEventRequest;
use dapr_telemetry::trace::Span;
use tokio::sync::{mpsc, oneshot, watch};

/// The sidecar's end of a stream.
pub(crate) struct Stream {
    events: mpsc::Sender<TopicEventRequest>,
    /// Who waits for the answer to an event; events with the same id are answered in the order they were sent.
    waiting: Mutex<HashMap<String, VecDeque<oneshot::Sender<i32>>>>,
    ended: watch::Sender<bool>,
}

impl Stream {
    /// A stream, and where its events come out. One event at a time waits to be sent; the others wait before.
    pub(crate) fn new() -> (Self, mpsc::Receiver<TopicEventRequest>) {
        let (events, outgoing) = mpsc::channel(1);
        (Self { events, waiting: Mutex::default(), ended: watch::Sender::new(false) }, outgoing)
    }

    /// Sends an event, and waits for the application's answer: its status, or none when the stream has ended.
    pub(crate) async fn deliver(&self, event: TopicEventRequest, span: Span) -> Option<i32> {
        let id = event.id.clone();
        let (answer, answered) = oneshot::channel();
        self.waiting().entry(id.clone()).or_default().push_back(answer);
        // Declared before what it looks at: dropped after it.
        let _expected = Expected { stream: self, id };
        let answered = answered;
        let sent = self.events.send(event).await;
        span.end();
        sent.ok()?;
        answered.await.ok()
    }

    /// The application's answer to an event. Whether anybody waited for it.
    pub(crate) fn processed(&self, id: &str, status: i32) -> bool {
        let mut waiting = self.waiting();
        let Some(answers) = waiting.get_mut(id) else { return false };
        while let Some(answer) = answers.pop_front() {
            if answer.send(status).is_ok() {
                return true;
            }
        }
        false
    }

    /// Tells the application's side that nothing comes any more.
    pub(crate) fn end(&self) {
        self.ended.send_replace(true);
        self.waiting().clear();
    }

    /// Waits for [`Stream::end`].
    pub(crate) async fn ended(&self) {
        let mut ended = self.ended.subscribe();
        let _ = ended.wait_for(|ended| *ended).await;
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<String, VecDeque<oneshot::Sender<i32>>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Forgets an event when nobody waits for its answer any more.
struct Expected<'a> {
    stream: &'a Stream,
    id: String,
}

impl Drop for Expected<'_> {
    fn drop(&mut self) {
        if let Entry::Occupied(mut entry) = self.stream.waiting().entry(std::mem::take(&mut self.id)) {
            entry.get_mut().retain(|answer| !answer.is_closed());
            if entry.get().is_empty() {
                entry.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn event(id: &str) -> TopicEventRequest {
        TopicEventRequest { id: id.to_owned(), ..TopicEventRequest::default() }
    }

    #[tokio::test]
    async fn each_event_gets_its_own_answer() {
        let (stream, mut events) = Stream::new();
        let answers = async {
            tokio::join!(
                stream.deliver(event("a"), Span::OFF),
                stream.deliver(event("b"), Span::OFF),
                stream.deliver(event("a"), Span::OFF)
            )
        };
        let application = async {
            for expected in ["a", "b", "a"] {
                assert_eq!(events.recv().await.unwrap().id, expected);
            }
            assert!(!stream.processed("c", 0));
            assert!(stream.processed("b", 2) && stream.processed("a", 0) && stream.processed("a", 1));
        };
        let (statuses, ()) = tokio::join!(answers, application);
        assert_eq!(statuses, (Some(0), Some(2), Some(1)));
        assert!(!stream.processed("a", 0) && stream.waiting().is_empty());
    }

    #[tokio::test]
    async fn an_event_that_nobody_waits_for_is_forgotten() {
        let (stream, mut events) = Stream::new();
        let waiting = tokio::time::timeout(Duration::from_millis(5), stream.deliver(event("a"), Span::OFF)).await;
        assert!(waiting.is_err() && stream.waiting().is_empty());
        assert_eq!(events.recv().await.unwrap().id, "a");
        assert!(!stream.processed("a", 0));
    }

    #[tokio::test]
    async fn the_end_of_a_stream_is_an_answer_to_everything() {
        let (stream, _events) = Stream::new();
        let ending = async {
            tokio::task::yield_now().await;
            stream.end();
        };
        assert_eq!(tokio::join!(stream.deliver(event("a"), Span::OFF), ending).0, None);
        stream.ended().await;
        let (stream, events) = Stream::new();
        drop(events);
        assert_eq!(stream.deliver(event("a"), Span::OFF).await, None);
    }
}
