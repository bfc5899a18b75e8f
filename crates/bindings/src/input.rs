//! Reading one input binding: when the application wants its events, and until it shall end.

use std::sync::Arc;
use std::time::Duration;

use dapr_kit::backoff::Backoff;
use dapr_kit::task::{self, Task};
use dapr_spi::Error;
use dapr_spi::binding::{Binding, Handler, Reading};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use crate::bindings::{Callee, Phase, Shared};
use crate::delivery;
use crate::gate::Gate;
use crate::settings::Settings;

/// Delays between attempts to ask the application, or to open a source.
const FIRST_RETRY: Duration = Duration::from_secs(1);
const LAST_RETRY: Duration = Duration::from_secs(60);
/// How long a source stays open after its last event is settled, so that the answer gets there.
const LINGER: Duration = Duration::from_millis(400);
/// What an event is answered with that comes when no more are taken; pluggable components look for it.
const CLOSED: &str = "input binding is closed";

/// The task that reads a binding.
pub(crate) struct Input {
    stop: watch::Sender<bool>,
    task: Task<()>,
}

impl Input {
    /// Reads `binding` whenever events are read at all, after `before` has ended; the receiver turns true then. A
    /// binding that is no input has a task that ends at once.
    pub(crate) fn start(
        shared: Arc<Shared>,
        name: &str,
        binding: Arc<dyn Binding>,
        settings: &Settings,
        before: Option<Input>,
    ) -> (Self, watch::Receiver<bool>) {
        let (stop, stopping) = watch::channel(false);
        let (settled, is_settled) = watch::channel(false);
        let reader = Reader {
            phase: shared.phase.subscribe(),
            shared,
            name: name.to_owned(),
            route: settings.route.clone().unwrap_or_else(|| name.to_owned()),
            asks: !settings.is_input_explicit,
            binding,
            stop: stopping,
        };
        let task = task::spawn("input binding", async move {
            if let Some(before) = before {
                before.stop().await;
            }
            settled.send_replace(true);
            if reader.binding.input().is_some() {
                reader.run().await;
            }
        });
        (Self { stop, task }, is_settled)
    }

    /// Takes no new events; returns when those at hand are settled and the source is closed.
    pub(crate) async fn stop(self) {
        self.stop.send_replace(true);
        // A panic is reported by the task itself.
        let _ = self.task.join().await;
    }
}

struct Reader {
    shared: Arc<Shared>,
    name: String,
    route: String,
    /// The application is asked whether it wants the events.
    asks: bool,
    binding: Arc<dyn Binding>,
    phase: watch::Receiver<Phase>,
    stop: watch::Receiver<bool>,
}

impl Reader {
    async fn run(mut self) {
        loop {
            let phase = tokio::select! {
                biased;
                _ = self.stop.wait_for(|stop| *stop) => return,
                phase = self.phase.wait_for(|phase| *phase != Phase::Paused) => phase.map(|phase| *phase),
            };
            if !matches!(phase, Ok(Phase::Reading)) {
                return;
            }
            let (mut phase, mut stop) = (self.phase.clone(), self.stop.clone());
            let ended = async move {
                tokio::select! {
                    _ = stop.wait_for(|stop| *stop) => {}
                    _ = phase.wait_for(|phase| *phase != Phase::Reading) => {}
                }
            };
            self.session(ended).await;
        }
    }

    /// Reads until `ended`.
    async fn session(&self, ended: impl Future<Output = ()>) {
        let Some(callee) = self.shared.callee.get() else { return ended.await };
        let mut ended = std::pin::pin!(ended);
        let gate = Gate::new();
        let reading = tokio::select! {
            biased;
            () = &mut ended => return,
            reading = self.open(callee, &gate) => reading,
        };
        ended.await;
        // Whoever brings an event from now on is told so; what is at hand is finished.
        let had_events = gate.close() > 0;
        gate.empty().await;
        if let Some(reading) = reading {
            if had_events {
                sleep(LINGER).await;
            }
            reading.close().await;
        }
    }

    /// Opens the source, however long that takes; `None` when the application does not want its events.
    async fn open(&self, callee: &Callee, gate: &Gate) -> Option<Box<dyn Reading>> {
        if self.asks && !self.is_wanted(callee).await {
            tracing::info!(target: "dapr.runtime.processor.binding", "app has not subscribed to binding {}.", self.name);
            return None;
        }
        let input = self.binding.input()?;
        let mut backoff = Backoff::new(FIRST_RETRY, LAST_RETRY);
        loop {
            match input.read(self.handler(gate.clone())).await {
                Ok(reading) => return Some(reading),
                Err(error) => {
                    let delay = backoff.next_delay();
                    tracing::error!(
                        target: "dapr.runtime.processor.binding",
                        "error reading from input binding {}: {error}; the next attempt is in {}",
                        self.name, dapr_kit::duration::format(delay)
                    );
                    sleep(delay).await;
                }
            }
        }
    }

    /// Asks the application until it answers.
    async fn is_wanted(&self, callee: &Callee) -> bool {
        let limit = self.shared.environment.options_timeout;
        let mut backoff = Backoff::new(FIRST_RETRY, LAST_RETRY);
        loop {
            let cause = match timeout(limit, callee.application.takes(&self.name, &self.route)).await {
                Ok(Ok(is_wanted)) => return is_wanted,
                Ok(Err(cause)) => cause,
                Err(_) => format!(
                    "no answer within {}; --app-binding-options-timeout is the limit",
                    dapr_kit::duration::format(limit)
                ),
            };
            let delay = backoff.next_delay();
            tracing::warn!(
                target: "dapr.runtime.processor.binding",
                "the application did not say whether it takes the events of input binding {}: {cause}; it is asked again in {}, and not at all if the component has the metadata field direction with `input`",
                self.name, dapr_kit::duration::format(delay)
            );
            sleep(delay).await;
        }
    }

    fn handler(&self, gate: Gate) -> Handler {
        let (shared, name, route): (_, Arc<str>, Arc<str>) =
            (self.shared.clone(), self.name.as_str().into(), self.route.as_str().into());
        Arc::new(move |event| {
            let (shared, name, route, ticket) = (shared.clone(), name.clone(), route.clone(), gate.enter());
            Box::pin(async move {
                let Some(_ticket) = ticket else { return Err(Error::unavailable(CLOSED)) };
                delivery::deliver(&shared, &name, &route, event).await
            })
        })
    }
}
