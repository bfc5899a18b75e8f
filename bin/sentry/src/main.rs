//! The certificate authority: parses flags, takes the environment, runs the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    match dapr_sentry::parse_flags(std::env::args_os()) {
        Ok(flags) => dapr_sentry::run(&flags, dapr_sentry::Environment::of_process()),
        Err(error) => error.exit(),
    }
}
