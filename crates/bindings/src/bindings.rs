//! All bindings of a sidecar, found by name.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use dapr_kit::slots::{Found, Slots};
use dapr_resiliency::{ComponentType, Provider};
use dapr_spi::binding::{Binding, InvokeRequest, InvokeResponse};
use dapr_telemetry::metrics::Metrics;
use dapr_telemetry::trace::Tracer;
use futures_util::future::join_all;
use tokio::sync::watch;

use crate::application::{Application, StateKeeper};
use crate::gate::Gate;
use crate::input::Input;
use crate::output::{Output, Refused};
use crate::settings::Settings;

/// Bindings by name. Cheap to clone; all clones are the same.
#[derive(Clone)]
pub struct Bindings(Arc<Shared>);

/// What the engine works with.
pub struct Environment {
    /// Policies of calls and of events.
    pub resiliency: Provider,
    /// `component/input_binding/*` and `component/output_binding/*`.
    pub metrics: Metrics,
    /// Where the spans of events begin.
    pub tracer: Tracer,
    /// How long the application may take to say whether it wants the events of a binding.
    pub options_timeout: Duration,
}

/// What every binding shares.
pub(crate) struct Shared {
    pub(crate) environment: Environment,
    pub(crate) phase: watch::Sender<Phase>,
    pub(crate) callee: OnceLock<Callee>,
    outputs: Slots<Arc<Output>>,
    inputs: Mutex<HashMap<String, Input>>,
}

/// Who events go to.
pub(crate) struct Callee {
    pub(crate) application: Arc<dyn Application>,
    pub(crate) keeper: Arc<dyn StateKeeper>,
}

/// Whether events are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// The application takes none now.
    Paused,
    /// The application takes them.
    Reading,
    /// Never again.
    Over,
}

impl Bindings {
    /// No bindings yet, and no events.
    pub fn new(environment: Environment) -> Self {
        Self(Arc::new(Shared {
            environment,
            phase: watch::Sender::new(Phase::Paused),
            callee: OnceLock::new(),
            outputs: Slots::default(),
            inputs: Mutex::default(),
        }))
    }

    /// Says who events go to; once, before [`Bindings::read`].
    pub fn set_application(&self, application: Arc<dyn Application>, keeper: Arc<dyn StateKeeper>) {
        let _ = self.0.callee.set(Callee { application, keeper });
    }

    /// Adds a binding. One that it replaces settles its events in the background before the new one is read; use
    /// [`Bindings::replace`] to learn when that is done.
    pub fn insert(&self, name: &str, binding: Arc<dyn Binding>, settings: &Settings) {
        drop(self.put(name, binding, settings));
    }

    /// Puts a binding in the place of another, for calls at once. Returns when the old one has settled its events and
    /// finished its calls, so that it can be closed; the new one is read from then on.
    pub async fn replace(&self, name: &str, binding: Arc<dyn Binding>, settings: &Settings) {
        let (old, mut settled) = self.put(name, binding, settings);
        finish(old).await;
        // An error means that the task of the new one is gone, and with it the old one.
        let _ = settled.wait_for(|settled| *settled).await;
    }

    /// Forgets a binding; returns when it has settled its events and finished its calls, so that it can be closed.
    pub async fn remove(&self, name: &str) {
        let old = self.0.output(name);
        self.0.outputs.remove(name);
        let input = self.inputs().remove(name);
        if let Some(input) = input {
            input.stop().await;
        }
        finish(old).await;
    }

    fn put(
        &self,
        name: &str,
        binding: Arc<dyn Binding>,
        settings: &Settings,
    ) -> (Option<Arc<Output>>, watch::Receiver<bool>) {
        let old = self.0.output(name);
        // Also of a binding that is no output, so that a call is told so by name.
        self.0.outputs.insert(name, Arc::new(Output { binding: binding.clone(), gate: Gate::new() }));
        let mut inputs = self.inputs();
        let before = inputs.remove(name);
        let (input, settled) = Input::start(self.0.clone(), name, binding, settings, before);
        inputs.insert(name.to_owned(), input);
        (old, settled)
    }

    /// Notes that a binding exists but cannot be used, and why.
    pub fn set_unready(&self, name: &str, why: &str) {
        self.0.outputs.set_unready(name, why);
    }

    /// Reads events from now on: the application is there, or healthy again.
    pub fn read(&self) {
        self.0.turn(Phase::Reading);
    }

    /// Reads no events until [`Bindings::read`]; those at hand are settled. Does not wait for that.
    pub fn pause(&self) {
        self.0.turn(Phase::Paused);
    }

    /// Reads no events any more; returns when those at hand are settled and all sources are closed. Calls go on.
    pub async fn stop_reading(&self) {
        self.0.turn(Phase::Over);
        let inputs: Vec<Input> = self.inputs().drain().map(|(_, input)| input).collect();
        join_all(inputs.into_iter().map(Input::stop)).await;
    }

    /// Calls an output binding.
    ///
    /// # Errors
    /// No such binding, no such operation, or it was not done; with what the target said beside it.
    pub async fn invoke(&self, name: &str, request: InvokeRequest) -> Result<InvokeResponse, Refused> {
        self.0.invoke(name, request).await
    }

    fn inputs(&self) -> MutexGuard<'_, HashMap<String, Input>> {
        self.0.inputs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    /// What is over stays over.
    fn turn(&self, to: Phase) {
        self.phase.send_if_modified(|phase| {
            let changes = *phase != Phase::Over && *phase != to;
            if changes {
                *phase = to;
            }
            changes
        });
    }

    fn output(&self, name: &str) -> Option<Arc<Output>> {
        if let Found::Ready(output) = self.outputs.find(name) { Some(output) } else { None }
    }

    pub(crate) async fn invoke(&self, name: &str, request: InvokeRequest) -> Result<InvokeResponse, Refused> {
        let (started, operation) = (Instant::now(), request.operation.clone());
        let outcome = self.invoke_unmeasured(name, request).await;
        self.environment.metrics.output_binding.record(name, &operation, outcome.is_ok(), started.elapsed());
        outcome
    }

    async fn invoke_unmeasured(&self, name: &str, request: InvokeRequest) -> Result<InvokeResponse, Refused> {
        if request.operation.is_empty() {
            return Err(Refused::new(name, &"operation field is missing from request"));
        }
        loop {
            let output = match self.outputs.find(name) {
                Found::Ready(output) => output,
                Found::Unready(why) => {
                    return Err(Refused::new(name, &format_args!("couldn't find output binding {name}: {why}")));
                }
                Found::Unknown | Found::Empty => {
                    return Err(Refused::new(name, &format_args!("couldn't find output binding {name}")));
                }
            };
            // A closed gate means that it was replaced a moment ago.
            let Some(_ticket) = output.gate.enter() else { continue };
            let policy = self.environment.resiliency.component_outbound(name, ComponentType::Binding);
            return output.invoke(name, request, &policy).await;
        }
    }
}

async fn finish(old: Option<Arc<Output>>) {
    if let Some(old) = old {
        old.gate.close();
        old.gate.empty().await;
    }
}
