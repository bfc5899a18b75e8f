//! Instances of a guest: how they are made, kept and run.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use dapr_net::body::CollectError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use wasmi::{
    Config, Engine, Extern, ExternType, Linker, Memory, Module, Store, StoreLimits, StoreLimitsBuilder, TypedFunc,
    TypedResumableCall, Val, ValType,
};

use crate::exchange::{BUFFER_REQUEST, Exchange};
use crate::{abi, wasi};

/// What guests may use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Steps of one call; about two seconds' worth.
    pub(crate) steps: u64,
    /// Bytes of an instance's memory.
    pub(crate) memory: usize,
    /// Instances at once: one serves a request from its beginning until its answer has come.
    pub(crate) instances: usize,
    /// How long a request waits for one.
    pub(crate) wait: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { steps: 1_000_000_000, memory: 64 << 20, instances: 256, wait: Duration::from_secs(10) }
    }
}

/// Steps after which others get their turn; well below a millisecond.
const SLICE: u64 = 100_000;
/// Instances that are kept while nobody needs them.
const KEPT: usize = 16;

/// What a guest's functions of the host work on.
pub(crate) struct State {
    limits: StoreLimits,
    pub(crate) config: Arc<[u8]>,
    /// The features that the guest asked for when it began.
    pub(crate) features: u32,
    /// None while the guest begins.
    pub(crate) exchange: Option<Box<Exchange>>,
    pub(crate) system: wasi::System,
}

/// A read that waits for a body; the guest goes on when it has come.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReadBody {
    pub(crate) is_request: bool,
    pub(crate) buffer: usize,
    pub(crate) limit: usize,
}

impl std::fmt::Display for ReadBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("waits for a body")
    }
}

impl wasmi::errors::HostError for ReadBody {}

/// Why a call ended early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GuestError {
    #[error("{0}")]
    Trap(#[from] wasmi::Error),
    #[error("it took more than {0} steps")]
    TooLong(u64),
    #[error(transparent)]
    Body(#[from] CollectError),
    #[error("{0} instances are at work and none became free in time")]
    Busy(usize),
}

/// A guest's module and its instances.
pub(crate) struct Guests {
    module: Module,
    linker: Linker<State>,
    limits: Limits,
    config: Arc<[u8]>,
    strict: bool,
    permits: Arc<Semaphore>,
    free: Mutex<Vec<Instance>>,
}

/// One instance, which serves one request at a time.
pub(crate) struct Instance {
    store: Store<State>,
    memory: Memory,
    handle_request: TypedFunc<(), i64>,
    handle_response: TypedFunc<(i32, i32), ()>,
}

impl Guests {
    /// Compiles a module and makes a first instance, so that what is wrong shows at once.
    pub(crate) async fn new(module: &[u8], config: &str, strict: bool, limits: Limits) -> Result<Self, String> {
        let mut settings = Config::default();
        settings.consume_fuel(true);
        let engine = Engine::new(&settings);
        let module =
            Module::new(&engine, module).map_err(|error| format!("it is not a WebAssembly module: {error}"))?;
        check_exports(&module)?;
        let mut linker = Linker::new(&engine);
        abi::link(&mut linker).map_err(|error| error.to_string())?;
        wasi::link(&mut linker, &module).map_err(|error| error.to_string())?;
        let guests = Self {
            module,
            linker,
            limits,
            config: config.as_bytes().into(),
            strict,
            permits: Arc::new(Semaphore::new(limits.instances)),
            free: Mutex::default(),
        };
        let first = guests.instance().await.map_err(|error| format!("it cannot begin: {error}"))?;
        guests.give_back(first);
        Ok(guests)
    }

    /// A permit to have one more instance, and the instance.
    pub(crate) async fn take(&self) -> Result<(OwnedSemaphorePermit, Instance), GuestError> {
        let waiting = timeout(self.limits.wait, Arc::clone(&self.permits).acquire_owned());
        let Ok(Ok(permit)) = waiting.await else { return Err(GuestError::Busy(self.limits.instances)) };
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner).pop();
        match free {
            Some(instance) => Ok((permit, instance)),
            None => Ok((permit, self.instance().await?)),
        }
    }

    /// Keeps an instance whose calls all ended well.
    pub(crate) fn give_back(&self, mut instance: Instance) {
        instance.store.data_mut().system.flush();
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        if free.len() < KEPT {
            free.push(instance);
        }
    }

    async fn instance(&self) -> Result<Instance, GuestError> {
        let limits = StoreLimitsBuilder::new().memory_size(self.limits.memory).table_elements(100_000).build();
        let system = wasi::System::new(self.strict);
        let state = State { limits, config: self.config.clone(), features: 0, exchange: None, system };
        let mut store = Store::new(self.module.engine(), state);
        store.limiter(|state| &mut state.limits);
        store.set_fuel(self.limits.steps)?;
        let instance = self.linker.instantiate_and_start(&mut store, &self.module)?;
        let memory = instance.get_export(&store, "memory").and_then(Extern::into_memory);
        let memory = memory.ok_or_else(|| wasmi::Error::new("it exports no memory"))?;
        let mut made = Instance {
            memory,
            handle_request: instance.get_typed_func(&store, "handle_request")?,
            handle_response: instance.get_typed_func(&store, "handle_response")?,
            store,
        };
        for begin in ["_start", "_initialize"] {
            let Ok(function) = instance.get_typed_func::<(), ()>(&made.store, begin) else { continue };
            match made.run(&function, (), self.limits.steps).await {
                Ok(()) => {}
                Err(GuestError::Trap(error)) if error.i32_exit_status() == Some(0) => {}
                Err(error) => return Err(error),
            }
            break;
        }
        Ok(made)
    }

    pub(crate) fn steps(&self) -> u64 {
        self.limits.steps
    }
}

impl Instance {
    /// The features that every request has.
    pub(crate) fn features(&self) -> u32 {
        self.store.data().features
    }

    /// Lets the guest handle a request: its context, and whether the next handler is wanted.
    pub(crate) async fn handle_request(&mut self, exchange: Exchange, steps: u64) -> Result<(i32, bool), GuestError> {
        self.store.data_mut().exchange = Some(Box::new(exchange));
        let function = self.handle_request;
        let answer = self.run(&function, (), steps).await?;
        // The context is the upper half, and any other number than zero in the lower half means next.
        Ok(((answer >> 32) as i32, answer as u32 != 0))
    }

    /// Lets the guest handle the answer.
    pub(crate) async fn handle_response(&mut self, context: i32, is_error: bool, steps: u64) -> Result<(), GuestError> {
        let function = self.handle_response;
        self.run(&function, (context, i32::from(is_error)), steps).await
    }

    pub(crate) fn exchange(&mut self) -> Option<&mut Exchange> {
        self.store.data_mut().exchange.as_deref_mut()
    }

    pub(crate) fn take_exchange(&mut self) -> Option<Exchange> {
        self.store.data_mut().exchange.take().map(|exchange| *exchange)
    }

    /// Runs a function of the guest in slices, and reads bodies for it.
    async fn run<P, R>(&mut self, function: &TypedFunc<P, R>, parameters: P, steps: u64) -> Result<R, GuestError>
    where
        P: wasmi::WasmParams,
        R: wasmi::WasmResults,
    {
        let mut left = steps;
        self.store.set_fuel(SLICE)?;
        let mut call = function.call_resumable(&mut self.store, parameters)?;
        loop {
            call = match call {
                TypedResumableCall::Finished(result) => return Ok(result),
                TypedResumableCall::HostTrap(trap) => {
                    let Some(read) = trap.host_error().downcast_ref::<ReadBody>().copied() else {
                        return Err(trap_error(&trap));
                    };
                    let result = self.read_body(read).await?;
                    trap.resume(&mut self.store, &[Val::I64(result)])?
                }
                TypedResumableCall::OutOfFuel(paused) => {
                    let slice = paused.required_fuel().max(SLICE);
                    left = left.checked_sub(slice).ok_or(GuestError::TooLong(steps))?;
                    tokio::task::yield_now().await;
                    self.store.set_fuel(slice)?;
                    paused.resume(&mut self.store)?
                }
            };
        }
    }

    /// Reads a piece of a body into the guest's memory; the number of bytes, with bit 32 at the end of the body.
    async fn read_body(&mut self, read: ReadBody) -> Result<i64, GuestError> {
        let (memory, state) = self.memory.data_and_store_mut(&mut self.store);
        let area = memory.get_mut(read.buffer..).and_then(|memory| memory.get_mut(..read.limit));
        let area = area.ok_or_else(|| wasmi::Error::new("a body was to be read to a place outside the memory"))?;
        let exchange = state.exchange.as_deref_mut().ok_or_else(|| wasmi::Error::new("there is no request"))?;
        let (count, has_ended) = match read.is_request {
            true => exchange.request_body.read(area, exchange.features & BUFFER_REQUEST != 0).await?,
            false => exchange.response_body.read(area, true).await?,
        };
        Ok(i64::from(has_ended) << 32 | count as i64)
    }
}

/// The guest's own error out of a call that could be resumed, but is not.
fn trap_error<R>(trap: &wasmi::TypedResumableCallHostTrap<R>) -> GuestError {
    let error = trap.host_error();
    match error.i32_exit_status() {
        Some(status) => GuestError::Trap(wasmi::Error::i32_exit(status)),
        None => GuestError::Trap(wasmi::Error::new(error.to_string())),
    }
}

fn check_exports(module: &Module) -> Result<(), String> {
    let expected = [("handle_request", vec![], vec![ValType::I64]), ("handle_response", vec![ValType::I32; 2], vec![])];
    for (name, parameters, results) in expected {
        match module.get_export(name) {
            Some(ExternType::Func(function)) if function.params() == parameters && function.results() == results => {}
            Some(_) => {
                return Err(format!("its export `{name}` has another signature than the http-wasm handler ABI's"));
            }
            None => return Err(format!("it does not export the function `{name}` of the http-wasm handler ABI")),
        }
    }
    match module.get_export("memory") {
        Some(ExternType::Memory(_)) => Ok(()),
        _ => Err("it does not export its memory as `memory`".into()),
    }
}

/// The memory of a guest that calls a function of the host.
pub(crate) fn memory_of(caller: &wasmi::Caller<'_, State>) -> Result<Memory, wasmi::Error> {
    let memory = caller.get_export("memory").and_then(Extern::into_memory);
    memory.ok_or_else(|| wasmi::Error::new("it exports no memory"))
}
