//! The sidecar: parses flags, takes the environment, runs the library.

use std::process::ExitCode;

use dapr_runtime::{Environment, once, parse_flags, run};
use dapr_telemetry::profile::SamplingAllocator;

#[global_allocator]
static ALLOCATOR: SamplingAllocator<mimalloc::MiMalloc> = SamplingAllocator(mimalloc::MiMalloc);

fn main() -> ExitCode {
    let flags = match parse_flags(std::env::args_os()) {
        Ok(flags) => flags,
        Err(error) => error.exit(),
    };
    let registry = dapr_registry::registry();
    once(&flags, &registry).unwrap_or_else(|| run(&flags, &Environment::of_process(), &registry))
}
