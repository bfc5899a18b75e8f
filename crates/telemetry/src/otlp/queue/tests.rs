//! The queue with exporters that answer, fail and hang, on a paused clock.

use tokio::sync::mpsc;

use super::*;

struct Item(usize);

impl Weigh for Item {
    fn bytes(&self) -> usize {
        self.0
    }
}

/// Answers as it is told, and reports the size of each batch.
struct Fake {
    batches: mpsc::UnboundedSender<usize>,
    answers: VecDeque<Result<u64, bool>>,
    hangs: bool,
}

impl Export<Item> for Fake {
    fn target(&self) -> &str {
        "fake"
    }

    async fn export(&mut self, batch: &[Item]) -> Result<u64, Failure> {
        self.batches.send(batch.len()).unwrap();
        if self.hangs {
            std::future::pending::<()>().await;
        }
        let answer = self.answers.pop_front().unwrap_or(Ok(0));
        answer.map_err(|may_retry| Failure { reason: "no".into(), may_retry })
    }
}

const LIMITS: Limits = Limits { items: 10, batch: 4, delay: Duration::from_secs(5) };

fn start(answers: &[Result<u64, bool>], hangs: bool) -> (Queue<Item>, mpsc::UnboundedReceiver<usize>) {
    let (batches, seen) = mpsc::unbounded_channel();
    (Queue::start("items", LIMITS, Fake { batches, answers: answers.iter().copied().collect(), hangs }), seen)
}

fn push(queue: &Queue<Item>, count: usize) {
    (0..count).for_each(|_| queue.push(Item(1)));
}

#[tokio::test(start_paused = true)]
async fn a_batch_goes_when_it_is_full_or_old() {
    let (queue, mut seen) = start(&[], false);
    let begun = Instant::now();
    push(&queue, 4);
    assert_eq!(seen.recv().await, Some(4));
    assert_eq!(begun.elapsed(), Duration::ZERO);
    push(&queue, 3);
    assert_eq!(seen.recv().await, Some(3));
    assert_eq!(begun.elapsed(), LIMITS.delay);
    push(&queue, 9);
    assert_eq!(seen.recv().await, Some(4));
    assert_eq!(seen.recv().await, Some(4));
    assert_eq!(seen.recv().await, Some(1));
    assert_eq!(queue.dropped(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_does_not_fit_is_dropped() {
    let (queue, mut seen) = start(&[], true);
    push(&queue, 4);
    assert_eq!(seen.recv().await, Some(4));
    push(&queue, 12);
    assert_eq!(queue.dropped(), 2);
    let (queue, _seen) = start(&[], false);
    queue.push(Item(MAX_BYTES));
    queue.push(Item(1));
    assert_eq!(queue.dropped(), 1, "bytes are bounded, too");
}

#[tokio::test(start_paused = true)]
async fn a_failed_batch_is_sent_again() {
    let (queue, mut seen) = start(&[Err(true), Err(true), Ok(1)], false);
    push(&queue, 4);
    for _ in 0..3 {
        assert_eq!(seen.recv().await, Some(4));
    }
    push(&queue, 4);
    assert_eq!(seen.recv().await, Some(4), "the worker goes on");
    assert_eq!(queue.dropped(), 1, "one was rejected");
}

#[tokio::test(start_paused = true)]
async fn a_batch_is_given_up() {
    let (queue, mut seen) = start(&[Err(false), Ok(0)], false);
    push(&queue, 8);
    assert_eq!((seen.recv().await, seen.recv().await), (Some(4), Some(4)));
    assert_eq!(queue.dropped(), 4, "an answer that will not change");

    let (queue, mut seen) = start(&[Err(true); 100], false);
    let begun = Instant::now();
    push(&queue, 4);
    let mut attempts = 0;
    while queue.dropped() == 0 {
        assert_eq!(seen.recv().await, Some(4));
        attempts += 1;
        tokio::task::yield_now().await;
    }
    assert!((5..=12).contains(&attempts), "{attempts} attempts");
    assert!(begun.elapsed() <= PATIENCE, "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn stopping_sends_what_waits() {
    let (queue, mut seen) = start(&[], false);
    push(&queue, 6);
    queue.stop(Duration::from_secs(1)).await;
    assert_eq!((seen.recv().await, seen.recv().await, seen.recv().await), (Some(4), Some(2), None));
    push(&queue, 1);
    assert_eq!(queue.dropped(), 1, "nothing is taken after the end");
    queue.stop(Duration::from_secs(1)).await;
}

#[tokio::test(start_paused = true)]
async fn stopping_has_a_deadline_and_does_not_try_again() {
    let (queue, mut seen) = start(&[], true);
    push(&queue, 6);
    assert_eq!(seen.recv().await, Some(4));
    let begun = Instant::now();
    queue.stop(Duration::from_secs(3)).await;
    assert_eq!(begun.elapsed(), Duration::from_secs(3));

    let (queue, mut seen) = start(&[Err(true), Err(true)], false);
    push(&queue, 2);
    let begun = Instant::now();
    queue.stop(Duration::from_secs(60)).await;
    assert_eq!((seen.recv().await, seen.recv().await), (Some(2), None));
    assert_eq!(begun.elapsed(), Duration::ZERO);
    assert_eq!(queue.dropped(), 2);
}

#[test]
fn limits_from_the_environment() {
    let of = |pairs: &[(&str, &str)]| {
        let found = |name: &str| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        Limits::of("OTEL_BSP", Duration::from_secs(5), &found)
    };
    assert_eq!(of(&[]), Limits { items: 2048, batch: 512, delay: Duration::from_secs(5) });
    let small = [("OTEL_BSP_MAX_QUEUE_SIZE", "100"), ("OTEL_BSP_SCHEDULE_DELAY", "20")];
    assert_eq!(of(&small), Limits { items: 100, batch: 100, delay: Duration::from_millis(20) });
    assert_eq!(of(&[("OTEL_BSP_MAX_QUEUE_SIZE", "-1"), ("OTEL_BSP_SCHEDULE_DELAY", "soon")]), of(&[]));
}
