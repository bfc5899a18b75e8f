//! The CPU profile: a timer signal a hundred times per second of CPU time, whose handler notes the stack
//! it interrupted.
//!
//! Not the crate `pprof`: it keeps tens of megabytes of counters for good after its first profile. Here a
//! buffer of at most 8 MiB lives as long as the recording.
#![expect(unsafe_code, reason = "signal handlers and timers have no safe interface")]

use std::collections::HashMap;
use std::ffi::{c_int, c_void};
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::format::ProfileBuilder;

const PERIOD: Duration = Duration::from_millis(10);
const DEPTH: usize = 64;
/// Of the buffer, at most; samples that do not fit are lost.
const MOST_WORDS: usize = 1 << 20;

/// Samples as `length, address…` one after the other; a length of zero ends the list.
struct Buffer {
    next: AtomicUsize,
    words: Vec<AtomicUsize>,
}

static IN_USE: AtomicBool = AtomicBool::new(false);
/// The buffer of the running recording.
static BUFFER: AtomicPtr<Buffer> = AtomicPtr::new(ptr::null_mut());
/// How many handlers are at work. A handler counts itself in before it reads `BUFFER`, so once `BUFFER` is
/// null and this is zero nobody holds the buffer.
static HANDLERS: AtomicUsize = AtomicUsize::new(0);

/// A running recording; there is one at a time. Dropping it stops it.
pub(super) struct Recording {
    started: Instant,
}

impl Recording {
    /// `None` while another one runs.
    pub(super) fn start(expected: Duration) -> Option<Self> {
        if IN_USE.swap(true, Ordering::AcqRel) {
            return None;
        }
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let periods = usize::try_from(expected.as_millis() / PERIOD.as_millis()).unwrap_or(usize::MAX);
        let words = periods.saturating_mul(cores * (DEPTH + 1)).clamp(DEPTH + 1, MOST_WORDS);
        let words = (0..words).map(|_| AtomicUsize::new(0)).collect();
        BUFFER.store(Box::into_raw(Box::new(Buffer { next: AtomicUsize::new(0), words })), Ordering::SeqCst);
        // The unwinder sets itself up on its first use, which must not be inside a signal.
        backtrace::trace(|_| true);
        install_handler();
        set_timer(PERIOD);
        Some(Recording { started: Instant::now() })
    }

    /// Stops, and turns addresses into names, which takes a while.
    pub(super) fn finish(self) -> Vec<u8> {
        let duration = self.started.elapsed();
        let period = i64::try_from(PERIOD.as_nanos()).unwrap_or(0);
        let mut counts: HashMap<Vec<usize>, i64> = HashMap::new();
        if let Some(buffer) = stop() {
            let mut words = buffer.words.iter().map(|word| word.load(Ordering::Relaxed));
            while let Some(length) = words.next().filter(|length| *length > 0) {
                *counts.entry(words.by_ref().take(length).collect()).or_default() += 1;
            }
        }
        let kinds = [("samples", "count"), ("cpu", "nanoseconds")];
        let mut builder = ProfileBuilder::new(&kinds, "cpu", kinds[1], period);
        builder.duration(duration);
        for (stack, count) in counts {
            builder.sample(&stack, vec![count, count * period]);
        }
        builder.finish()
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        stop();
        IN_USE.store(false, Ordering::Release);
    }
}

/// Takes the buffer back once no handler can touch it; `None` when that was done before.
fn stop() -> Option<Box<Buffer>> {
    set_timer(Duration::ZERO);
    let buffer = BUFFER.swap(ptr::null_mut(), Ordering::SeqCst);
    while HANDLERS.load(Ordering::SeqCst) != 0 {
        std::thread::yield_now();
    }
    // SAFETY: a pointer that is not null comes from `Box::into_raw` and the swap made it ours alone; see `HANDLERS`.
    (!buffer.is_null()).then(|| unsafe { Box::from_raw(buffer) })
}

extern "C" fn on_signal(_: c_int, _: *mut libc::siginfo_t, context: *mut c_void) {
    HANDLERS.fetch_add(1, Ordering::SeqCst);
    // SAFETY: `stop` frees the buffer only after this handler has counted itself out.
    if let Some(buffer) = unsafe { BUFFER.load(Ordering::SeqCst).as_ref() } {
        let error = std::io::Error::last_os_error().raw_os_error();
        buffer.push(interrupted(context));
        restore_errno(error.unwrap_or(0));
    }
    HANDLERS.fetch_sub(1, Ordering::SeqCst);
}

impl Buffer {
    /// Notes the stack below `top`, the interrupted instruction. Neither allocates nor locks.
    fn push(&self, top: Option<usize>) {
        let mut stack = [0; DEPTH];
        let mut length = 0;
        let mut reached = top.is_none();
        // SAFETY: unsynchronized means that symbols may not be resolved meanwhile; unwinding itself is
        // safe to do on several threads.
        unsafe {
            backtrace::trace_unsynchronized(|frame| {
                let address = frame.ip() as usize;
                let is_top = Some(address) == top;
                reached |= is_top;
                if reached && address != 0 {
                    // Resolving looks one byte before an address, as callers have returned-to addresses.
                    stack[length] = address + usize::from(is_top);
                    length += 1;
                }
                length < DEPTH
            });
        }
        if length == 0 {
            stack[0] = top.unwrap_or(0) + 1;
            length = 1;
        }
        let start = self.next.fetch_add(length + 1, Ordering::Relaxed);
        if let Some(words) = self.words.get(start..=start + length) {
            for (word, address) in words[1..].iter().zip(stack) {
                word.store(address, Ordering::Relaxed);
            }
            words[0].store(length, Ordering::Relaxed);
        }
    }
}

/// The instruction that the signal interrupted, where we know how to ask for it.
fn interrupted(context: *mut c_void) -> Option<usize> {
    // SAFETY: a handler installed with SA_SIGINFO gets a `ucontext_t`, or null.
    let context = unsafe { context.cast::<libc::ucontext_t>().as_ref() }?;
    #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
    return usize::try_from(context.uc_mcontext.gregs[libc::REG_RIP as usize]).ok();
    #[cfg(all(target_os = "linux", target_arch = "aarch64"))]
    return usize::try_from(context.uc_mcontext.pc).ok();
    #[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))))]
    {
        let _ = context;
        None
    }
}

fn restore_errno(value: c_int) {
    // SAFETY: both return a valid pointer to this thread's errno.
    #[cfg(target_os = "linux")]
    unsafe {
        *libc::__errno_location() = value;
    }
    #[cfg(target_os = "macos")]
    unsafe {
        *libc::__error() = value;
    }
    #[cfg(not(any(target_os = "linux", target_os = "macos")))]
    let _ = value;
}

/// Stays installed: the default action of a late signal would be to end the process. Runs on the interrupted
/// thread's own stack: std's alternate stack is too small to unwind on.
fn install_handler() {
    // SAFETY: all-zero is a valid `sigaction`, and the handler is safe to run in a signal.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = on_signal as *const () as usize;
        action.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART;
        libc::sigaction(libc::SIGPROF, &action, ptr::null_mut());
    }
}

/// Zero switches the timer off.
fn set_timer(period: Duration) {
    let micros = libc::suseconds_t::try_from(period.as_micros()).unwrap_or(0);
    let every = libc::timeval { tv_sec: 0, tv_usec: micros };
    let timer = libc::itimerval { it_interval: every, it_value: every };
    // SAFETY: plain data in, nothing out.
    unsafe {
        libc::setitimer(libc::ITIMER_PROF, &timer, ptr::null_mut());
    }
}
