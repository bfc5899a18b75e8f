//! The heap profile: an allocator wrapper that, once switched on, notes the stack of about one allocation
//! in every half mebibyte, as Go does.
#![expect(unsafe_code, reason = "a global allocator is unsafe to implement")]

use std::alloc::{GlobalAlloc, Layout};
use std::cell::Cell;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::format::ProfileBuilder;

/// Mean bytes between two samples.
const RATE: f64 = 512.0 * 1024.0;
const DEPTH: usize = 48;
const SLOTS: usize = 4096;

static ON: AtomicBool = AtomicBool::new(false);
/// How many live samples hash to a slot: tells most frees apart without the lock.
static LIVE_SLOTS: [AtomicU32; SLOTS] = [const { AtomicU32::new(0) }; SLOTS];
static SAMPLES: Mutex<Option<Samples>> = Mutex::new(None);

thread_local! {
    /// Bytes until this thread's next sample. Starts at zero, which draws the first distance.
    static LEFT: Cell<f64> = const { Cell::new(0.0) };
    /// Set while this thread is inside the profiler, whose own allocations are not sampled.
    static BUSY: Cell<bool> = const { Cell::new(false) };
    static RANDOM: Cell<u64> = const { Cell::new(0) };
}

/// Wraps the global allocator so that its heap can be profiled:
///
/// ```ignore
/// #[global_allocator]
/// static ALLOCATOR: SamplingAllocator<System> = SamplingAllocator(System);
/// ```
#[derive(Debug)]
pub struct SamplingAllocator<A>(pub A);

/// Samples allocations from now on, for the life of the process. What was allocated before stays unseen.
pub fn start_heap_sampling() {
    ON.store(true, Relaxed);
}

// SAFETY: everything is handed to the inner allocator unchanged; sampling only looks at the results.
unsafe impl<A: GlobalAlloc> GlobalAlloc for SamplingAllocator<A> {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's obligations are passed on.
        let block = unsafe { self.0.alloc(layout) };
        if ON.load(Relaxed) {
            allocated(block as usize, layout.size());
        }
        block
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        let block = unsafe { self.0.alloc_zeroed(layout) };
        if ON.load(Relaxed) {
            allocated(block as usize, layout.size());
        }
        block
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // Before the block can be handed out again.
        if ON.load(Relaxed) {
            freed(block as usize);
        }
        // SAFETY: as above.
        unsafe { self.0.dealloc(block, layout) }
    }

    #[inline]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if ON.load(Relaxed) {
            freed(block as usize);
        }
        // SAFETY: as above.
        let moved = unsafe { self.0.realloc(block, layout, size) };
        if ON.load(Relaxed) {
            allocated(moved as usize, size);
        }
        moved
    }
}

#[derive(Default)]
struct Samples {
    live: HashMap<usize, Live>,
    stacks: HashMap<Vec<usize>, usize>,
    totals: Vec<Totals>,
}

struct Live {
    size: usize,
    stack: usize,
}

/// Estimates of one stack, already scaled from samples to the whole.
#[derive(Default, Clone, Copy)]
struct Totals {
    allocated: Amount,
    freed: Amount,
}

#[derive(Default, Clone, Copy)]
struct Amount {
    objects: f64,
    bytes: f64,
}

impl Amount {
    /// A block of `size` bytes is sampled with probability 1 - e^(-size/RATE), so it stands for the inverse.
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    fn add_sample(&mut self, size: usize) {
        let size = size as f64;
        let weight = 1.0 / -(-size / RATE).exp_m1();
        self.objects += weight;
        self.bytes += weight * size;
    }
}

#[cold]
fn allocated(block: usize, size: usize) {
    if block == 0 || size == 0 || BUSY.get() {
        return;
    }
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    let left = LEFT.get() - size as f64;
    LEFT.set(left);
    if left < 0.0 {
        BUSY.set(true);
        // The first call on a thread only draws a distance.
        if RANDOM.get() != 0 {
            sample(block, size);
        }
        LEFT.set(next_distance());
        BUSY.set(false);
    }
}

#[cold]
fn freed(block: usize) {
    if LIVE_SLOTS[slot(block)].load(Relaxed) == 0 || BUSY.get() {
        return;
    }
    BUSY.set(true);
    if let Some(samples) = samples().as_mut()
        && let Some(live) = samples.live.remove(&block)
    {
        LIVE_SLOTS[slot(block)].fetch_sub(1, Relaxed);
        samples.totals[live.stack].freed.add_sample(live.size);
    }
    BUSY.set(false);
}

fn sample(block: usize, size: usize) {
    let stack = capture();
    let mut samples = samples();
    let samples = samples.get_or_insert_default();
    let next = samples.totals.len();
    let stack = *samples.stacks.entry(stack).or_insert(next);
    if stack == next {
        samples.totals.push(Totals::default());
    }
    samples.totals[stack].allocated.add_sample(size);
    if samples.live.insert(block, Live { size, stack }).is_none() {
        LIVE_SLOTS[slot(block)].fetch_add(1, Relaxed);
    }
}

/// The stack, with this module's own frames innermost; [`ProfileBuilder::sample`] leaves them out.
fn capture() -> Vec<usize> {
    let mut stack = Vec::with_capacity(DEPTH);
    // SAFETY: nothing is resolved here, and unwinding is safe to do on several threads.
    unsafe {
        backtrace::trace_unsynchronized(|frame| {
            stack.extend(Some(frame.ip() as usize).filter(|address| *address != 0));
            stack.len() < DEPTH
        });
    }
    stack
}

/// Distances between samples are exponentially distributed, so that no pattern of sizes hides from them.
#[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
fn next_distance() -> f64 {
    let mut state = RANDOM.get();
    if state == 0 {
        // The address of a thread-local differs per thread.
        state = RANDOM.with(|cell| cell as *const _ as u64) | 1;
    }
    // Xorshift: cheap, and never zero once it is not.
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    RANDOM.set(state);
    let uniform = ((state >> 11) + 1) as f64 / (1_u64 << 53) as f64;
    -uniform.ln() * RATE
}

fn slot(block: usize) -> usize {
    (block >> 4).wrapping_mul(0x9E37_79B9) >> 8 & (SLOTS - 1)
}

fn samples() -> MutexGuard<'static, Option<Samples>> {
    SAMPLES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The gzipped profile, with the columns of Go's heap profile.
pub(super) fn profile() -> Vec<u8> {
    let kinds =
        [("alloc_objects", "count"), ("alloc_space", "bytes"), ("inuse_objects", "count"), ("inuse_space", "bytes")];
    let mut builder = ProfileBuilder::new(&kinds, "inuse_space", ("space", "bytes"), RATE as i64);
    for (stack, Totals { allocated, freed }) in copy() {
        let inuse = [allocated.objects - freed.objects, allocated.bytes - freed.bytes];
        let values = [allocated.objects, allocated.bytes, inuse[0], inuse[1]];
        builder.sample(&stack, values.iter().map(|value| value.round() as i64).collect());
    }
    builder.finish()
}

/// A copy, so that names are looked up without the lock that allocations wait for.
fn copy() -> Vec<(Vec<usize>, Totals)> {
    let was_busy = BUSY.replace(true);
    let copied = samples().as_ref().map_or_else(Vec::new, |samples| {
        samples.stacks.iter().map(|(stack, index)| (stack.clone(), samples.totals[*index])).collect()
    });
    BUSY.set(was_busy);
    copied
}
