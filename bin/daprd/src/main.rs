//! The sidecar: parses flags, takes the environment, runs the library.

use std::process::ExitCode;

use dapr_runtime::{Environment, once, parse_flags, run};
use dapr_telemetry::profile::SamplingAllocator;

#[global_allocator]
static ALLOCATOR: SamplingAllocator<tikv_jemallocator::Jemalloc> = SamplingAllocator(tikv_jemallocator::Jemalloc);

/// Few arenas, since there are few threads; memory that a burst of calls needed goes back within seconds.
#[expect(unsafe_code, reason = "the allocator reads its settings from a symbol of this name")]
#[unsafe(export_name = "_rjem_malloc_conf")]
pub static MALLOC_CONF: &[u8; 69] = b"narenas:2,background_thread:true,dirty_decay_ms:500,muzzy_decay_ms:0\0";

fn main() -> ExitCode {
    let flags = match parse_flags(std::env::args_os()) {
        Ok(flags) => flags,
        Err(error) => error.exit(),
    };
    let registry = dapr_registry::registry();
    once(&flags, &registry).unwrap_or_else(|| run(&flags, &Environment::of_process(), &registry))
}
