//! Mutation tests of everything that reads foreign bytes, on the stable toolchain.
//!
//! A [`targets`] function takes bytes and must answer, quickly and without a panic, whatever they are. [`fuzz`] feeds it
//! mutations of a committed corpus for a few seconds; `libfuzzer/` feeds the same functions under cargo-fuzz, for hours.

mod corpus;
mod mutate;
mod signature;
pub mod targets;

use std::panic::{self, AssertUnwindSafe};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use corpus::Corpus;
use mutate::Mutator;
pub use signature::Signature;

/// How long each target is fuzzed, from `FUZZ_SECONDS`.
const SECONDS: u64 = 3;
/// An input may take this long, in a debug build on a busy machine.
const SLOW: Duration = Duration::from_secs(5);
/// Inputs that showed something new are kept, up to this many.
const KEPT: usize = 2_000;

/// Runs the corpus of `name`, then mutations of it until the time is over.
///
/// The run is determined by `FUZZ_SEED`, save for where the time ends it. An input whose answer was not seen before
/// joins the corpus of this run, so that mutations go further than one step.
///
/// # Panics
/// The target panicked or was slow; the message names the file that the input was written to.
pub fn fuzz(name: &str, mut target: impl FnMut(&[u8]) -> Signature) {
    let deadline = Instant::now() + Duration::from_secs(number("FUZZ_SECONDS").unwrap_or(SECONDS));
    let mut corpus = Corpus::read(name);
    let mut mutator = Mutator::new(number("FUZZ_SEED").unwrap_or(1));
    for index in 0..corpus.len() {
        let input = corpus.get(index).to_vec();
        let signature = run(name, &input, &mut target);
        corpus.saw(signature);
    }
    let mut runs = 0_u64;
    while Instant::now() < deadline {
        let input = mutator.mutate(&corpus);
        let signature = run(name, &input, &mut target);
        if corpus.saw(signature) && corpus.len() < KEPT {
            corpus.add(input);
        }
        runs += 1;
    }
    eprintln!("{name}: {runs} inputs, {} different answers", corpus.seen());
}

fn run(name: &str, input: &[u8], target: &mut impl FnMut(&[u8]) -> Signature) -> Signature {
    let started = Instant::now();
    let answer = panic::catch_unwind(AssertUnwindSafe(|| target(input)));
    let took = started.elapsed();
    match answer {
        Ok(signature) if took < SLOW => signature,
        Ok(_) => panic!("{name}: an input took {took:?}; it is in {}", save(name, input).display()),
        Err(_) => panic!("{name}: an input panicked, see above; it is in {}", save(name, input).display()),
    }
}

/// Keeps an input for the person who looks into it; a copy in `corpus/` makes it a test for ever.
fn save(name: &str, input: &[u8]) -> PathBuf {
    let path = std::env::temp_dir().join(format!("dapr-fuzz-{name}-{}", std::process::id()));
    if let Err(error) = std::fs::write(&path, input) {
        eprintln!("cannot keep the input {:?}: {error}", String::from_utf8_lossy(input));
    }
    path
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}
