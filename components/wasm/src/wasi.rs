//! What guests get of WASI (preview 1): output to the log, clocks and random numbers. There are no files, arguments,
//! environment or sockets: every other function answers "not supported".

use aws_lc_rs::rand;
use dapr_kit::clock::Clock;
use tokio::time::Instant;
use wasmi::{Caller, Error, ExternType, Linker, Module, Val, ValType};

use crate::guest::{State, memory_of};

const MODULE: &str = "wasi_snapshot_preview1";
const SUCCESS: i32 = 0;
const BAD_DESCRIPTOR: i32 = 8;
const FAULT: i32 = 21;
const INVALID: i32 = 28;
const NOT_SUPPORTED: i32 = 52;
/// What is kept of a guest's output until its call ends.
const MAX_OUTPUT: usize = 64 << 10;
/// The most bytes of one write or of random numbers.
const MAX_BYTES: usize = 1 << 20;

/// A guest's clocks, random numbers and output.
pub(crate) struct System {
    /// Clocks and random numbers tell nothing of the world.
    strict: bool,
    began: Instant,
    ticks: u64,
    seconds: i64,
    random: u64,
    output: Vec<u8>,
}

impl System {
    pub(crate) fn new(strict: bool) -> Self {
        let seconds = Clock::system().now_milliseconds() / 1_000;
        Self { strict, began: Instant::now(), ticks: 0, seconds, random: 0x9E37_79B9_7F4A_7C15, output: Vec::new() }
    }

    /// Writes to the log what the guest printed.
    pub(crate) fn flush(&mut self) {
        let output = std::mem::take(&mut self.output);
        for line in String::from_utf8_lossy(&output).lines() {
            tracing::debug!("wasm: {line}");
        }
    }

    /// Nanoseconds: since 1970 for clock 0, else since the guest began. A strict clock moves a millisecond each time.
    fn now(&mut self, clock: i32) -> i64 {
        if self.strict {
            self.ticks += 1;
            let base = if clock == 0 { self.seconds * 1_000_000_000 } else { 0 };
            return base.saturating_add_unsigned(self.ticks * 1_000_000);
        }
        match clock {
            0 => Clock::system().now_milliseconds().saturating_mul(1_000_000),
            _ => i64::try_from(self.began.elapsed().as_nanos()).unwrap_or(i64::MAX),
        }
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        if !self.strict {
            return rand::fill(bytes).map_err(|_| Error::new("there are no random numbers"));
        }
        for byte in bytes {
            // xorshift: the same numbers for every instance, which is the point.
            self.random ^= self.random << 13;
            self.random ^= self.random >> 7;
            self.random ^= self.random << 17;
            *byte = self.random.to_be_bytes()[0];
        }
        Ok(())
    }
}

/// Adds what the module imports.
pub(crate) fn link(linker: &mut Linker<State>, module: &Module) -> Result<(), Error> {
    linker.func_wrap(MODULE, "fd_write", fd_write)?;
    linker.func_wrap(MODULE, "clock_time_get", |mut guest: Caller<'_, State>, clock: i32, _: i64, at: u32| {
        let now = guest.data_mut().system.now(clock);
        put(&mut guest, at, &now.to_le_bytes())
    })?;
    linker.func_wrap(MODULE, "clock_res_get", |mut guest: Caller<'_, State>, _: i32, at: u32| {
        put(&mut guest, at, &1_000_000_u64.to_le_bytes())
    })?;
    linker.func_wrap(MODULE, "random_get", |mut guest: Caller<'_, State>, at: u32, length: u32| {
        if length as usize > MAX_BYTES {
            return Ok::<_, Error>(INVALID);
        }
        let mut bytes = vec![0; length as usize];
        guest.data_mut().system.fill(&mut bytes)?;
        put(&mut guest, at, &bytes)
    })?;
    for sizes in ["args_sizes_get", "environ_sizes_get"] {
        linker.func_wrap(MODULE, sizes, |mut guest: Caller<'_, State>, count: u32, length: u32| {
            put(&mut guest, count, &[0; 4])?;
            put(&mut guest, length, &[0; 4])
        })?;
    }
    for list in ["args_get", "environ_get"] {
        linker.func_wrap(MODULE, list, |_: u32, _: u32| SUCCESS)?;
    }
    linker.func_wrap(MODULE, "fd_prestat_get", |_: i32, _: u32| BAD_DESCRIPTOR)?;
    linker.func_wrap(MODULE, "sched_yield", || SUCCESS)?;
    linker.func_wrap(MODULE, "proc_exit", |status: i32| -> Result<(), Error> { Err(Error::i32_exit(status)) })?;
    link_rest(linker, module)
}

/// Answers "not supported" for whatever else the module imports of WASI.
fn link_rest(linker: &mut Linker<State>, module: &Module) -> Result<(), Error> {
    linker.allow_shadowing(false);
    for import in module.imports().filter(|import| import.module() == MODULE) {
        let ExternType::Func(function) = import.ty() else { continue };
        let is_errno = function.results() == [ValType::I32];
        // What is there already is refused, and stays.
        let _ = linker.func_new(MODULE, import.name(), function.clone(), move |_, _, results| match results {
            [result] if is_errno => {
                *result = Val::I32(NOT_SUPPORTED);
                Ok(())
            }
            _ => Err(Error::new("a function of WASI that is not supported")),
        });
    }
    Ok(())
}

/// Output to 1 and 2, both to the log.
fn fd_write(
    mut guest: Caller<'_, State>,
    descriptor: i32,
    vectors: u32,
    count: u32,
    written: u32,
) -> Result<i32, Error> {
    if !matches!(descriptor, 1 | 2) {
        return Ok(BAD_DESCRIPTOR);
    }
    if count > 1_024 {
        return Ok(INVALID);
    }
    let mut total = 0_u32;
    let mut output = Vec::new();
    {
        let memory = memory_of(&guest)?;
        let data = memory.data(&guest);
        let number = |at: usize| Some(u32::from_le_bytes(data.get(at..)?.get(..4)?.try_into().ok()?));
        for vector in 0..count as usize {
            let at = vectors as usize + vector * 8;
            let (Some(start), Some(length)) = (number(at), number(at + 4)) else { return Ok(FAULT) };
            let bytes = data.get(start as usize..).and_then(|data| data.get(..length as usize));
            let Some(bytes) = bytes else { return Ok(FAULT) };
            total = total.saturating_add(length);
            output.extend_from_slice(&bytes[..bytes.len().min(MAX_OUTPUT.saturating_sub(output.len()))]);
        }
    }
    let kept = &mut guest.data_mut().system.output;
    let room = MAX_OUTPUT.saturating_sub(kept.len());
    kept.extend_from_slice(&output[..output.len().min(room)]);
    put(&mut guest, written, &total.to_le_bytes())
}

fn put(guest: &mut Caller<'_, State>, at: u32, bytes: &[u8]) -> Result<i32, Error> {
    let memory = memory_of(guest)?;
    Ok(if memory.write(guest, at as usize, bytes).is_ok() { SUCCESS } else { FAULT })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strict_sandbox_tells_nothing() {
        let (mut one, mut two) = (System::new(true), System::new(true));
        assert_eq!((one.now(1), one.now(1)), (1_000_000, 2_000_000));
        let mut numbers = ([0; 16], [0; 16]);
        one.fill(&mut numbers.0).unwrap();
        two.fill(&mut numbers.1).unwrap();
        assert_eq!(numbers.0, numbers.1);
        assert_ne!(numbers.0, [0; 16]);
        let mut open = System::new(false);
        open.fill(&mut numbers.0).unwrap();
        assert_ne!(numbers.0, numbers.1);
        assert!(open.now(0) > 1_000_000_000_000_000_000);
    }
}
