//! `bindings.cron`: waits for the next time, and tells the application.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use dapr_kit::clock::Clock;
use dapr_kit::cron::Schedule;
use dapr_kit::task::{self, Task};
use dapr_spi::binding::{Binding, Event, Handler, InputBinding, Map, Reading};
use dapr_spi::{Context, Error, Factory, Metadata, Result};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::sync::watch;
use tokio::time::sleep;

/// Events that the application has not answered yet; while it has so many, times pass without one.
const MAX_UNANSWERED: usize = 64;
/// The clock of the day is looked at again after that time: somebody may have set it, or the machine slept.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);

/// Fields of `bindings.cron`.
#[derive(Metadata)]
pub struct CronMetadata {
    /// When events come: a cron expression of five fields, or six with seconds in front, `@every 15m`, `@daily` and the
    /// like. `TZ=Europe/Berlin` in front names a time zone; without it that of the machine counts.
    #[metadata(required)]
    pub schedule: String,
}

/// Makes `bindings.cron`.
pub struct Cron;

#[async_trait]
impl Factory for Cron {
    type Metadata = CronMetadata;
    type Valid = Schedule;
    type Component = dyn Binding;

    fn validate(metadata: CronMetadata) -> Result<Schedule> {
        let text = metadata.schedule.trim();
        if text.is_empty() {
            return Err(Error::invalid("schedule not set"));
        }
        Schedule::parse(text).map_err(|why| Error::invalid(format!("invalid schedule format '{text}': {why}")))
    }

    async fn init(schedule: Schedule, context: Context) -> Result<Arc<dyn Binding>> {
        Ok(Arc::new(Ticker { name: context.name, schedule, clock: context.clock }))
    }
}

struct Ticker {
    name: String,
    schedule: Schedule,
    clock: Clock,
}

impl Binding for Ticker {
    fn input(&self) -> Option<&dyn InputBinding> {
        Some(self)
    }
}

#[async_trait]
impl InputBinding for Ticker {
    async fn read(&self, handler: Handler) -> Result<Box<dyn Reading>> {
        let (stop, stopping) = watch::channel(false);
        let ticking =
            Ticking { name: self.name.clone(), schedule: self.schedule.clone(), clock: self.clock.clone(), handler };
        let task = task::spawn("cron binding", ticking.run(stopping));
        Ok(Box::new(Running { stop, task }))
    }
}

struct Running {
    stop: watch::Sender<bool>,
    task: Task<()>,
}

#[async_trait]
impl Reading for Running {
    async fn close(self: Box<Self>) {
        self.stop.send_replace(true);
        // A panic is reported by the task itself.
        let _ = self.task.join().await;
    }
}

struct Ticking {
    name: String,
    schedule: Schedule,
    clock: Clock,
    handler: Handler,
}

impl Ticking {
    async fn run(self, mut stop: watch::Receiver<bool>) {
        let zone = TimeZone::system();
        let mut unanswered = FuturesUnordered::new();
        let mut last = self.clock.now();
        loop {
            // A clock that was set back does not bring a time twice.
            let Some(next) = self.schedule.next_after(last.max(self.clock.now()), &zone) else {
                tracing::warn!(target: "dapr.components.bindings.cron", "cron binding {}: its schedule has no further times", self.name);
                break;
            };
            let time = {
                let mut time = std::pin::pin!(self.wait_until(next));
                loop {
                    tokio::select! {
                        biased;
                        _ = stop.wait_for(|stop| *stop) => break false,
                        () = &mut time => break true,
                        Some(()) = unanswered.next() => {}
                    }
                }
            };
            if !time {
                break;
            }
            last = next;
            if unanswered.len() >= MAX_UNANSWERED {
                tracing::warn!(
                    target: "dapr.components.bindings.cron",
                    "cron binding {}: the application has not answered {MAX_UNANSWERED} events; this one is left out", self.name
                );
                continue;
            }
            unanswered.push(self.tell());
        }
        while unanswered.next().await.is_some() {}
    }

    async fn wait_until(&self, next: Timestamp) {
        loop {
            let remaining = self.clock.now().duration_until(next);
            let Ok(remaining) = Duration::try_from(remaining) else { return };
            if remaining.is_zero() {
                return;
            }
            sleep(remaining.min(LONGEST_SLEEP)).await;
        }
    }

    /// Nothing comes of an event that the application refuses: the next one is on its way.
    async fn tell(&self) {
        let metadata = Map::from([
            ("timeZone".to_owned(), "Local".to_owned()),
            ("readTimeUTC".to_owned(), self.clock.now().strftime("%Y-%m-%d %H:%M:%S%.f +0000 UTC").to_string()),
        ]);
        let event = Event { metadata, ..Event::default() };
        if let Err(error) = (self.handler)(event).await {
            tracing::debug!(target: "dapr.components.bindings.cron", "cron binding {}: {error}", self.name);
        }
    }
}

#[cfg(test)]
mod tests {
    use dapr_spi::registry::open;
    use tokio::sync::mpsc;

    use super::*;

    #[test]
    fn a_schedule_that_means_nothing_is_refused_before_anything_starts() {
        let refuse =
            |schedule: &str| Cron::validate(CronMetadata { schedule: schedule.into() }).unwrap_err().to_string();
        assert_eq!(refuse(" "), "schedule not set");
        assert!(refuse("* * *").starts_with("invalid schedule format '* * *': expected 5 to 6 fields"));
    }

    #[tokio::test]
    async fn events_come_in_time_and_end_with_the_reading() {
        let binding = open::<Cron>(&[("schedule", "@every 50ms")]).await.unwrap();
        let (sender, mut events) = mpsc::channel(16);
        let handler: Handler = Arc::new(move |event| {
            let sender = sender.clone();
            Box::pin(async move {
                let _ = sender.send(event).await;
                Ok(None)
            })
        });
        let began = std::time::Instant::now();
        let reading = binding.input().unwrap().read(handler).await.unwrap();
        for _ in 0..3 {
            let event = events.recv().await.unwrap();
            assert_eq!((event.data.len(), event.metadata["timeZone"].as_str()), (0, "Local"));
            assert!(event.metadata["readTimeUTC"].ends_with(" +0000 UTC"), "{event:?}");
        }
        assert!(began.elapsed() >= Duration::from_millis(145), "{:?}", began.elapsed());
        reading.close().await;
        while events.recv().await.is_some() {}
    }

    #[tokio::test]
    async fn an_application_that_does_not_answer_gets_no_more_than_so_many_events() {
        let binding = open::<Cron>(&[("schedule", "@every 1ms")]).await.unwrap();
        let (sender, mut events) = mpsc::unbounded_channel();
        let (release, released) = watch::channel(false);
        let handler: Handler = Arc::new(move |_| {
            let (sender, mut released) = (sender.clone(), released.clone());
            Box::pin(async move {
                let _ = sender.send(());
                let _ = released.wait_for(|released| *released).await;
                Ok(None)
            })
        });
        let reading = binding.input().unwrap().read(handler).await.unwrap();
        for _ in 0..MAX_UNANSWERED {
            events.recv().await.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(events.try_recv().is_err());
        release.send_replace(true);
        events.recv().await.unwrap();
        reading.close().await;
    }
}
