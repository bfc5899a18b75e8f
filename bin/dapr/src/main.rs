//! The `dapr` binary: everything lives in `dapr-cli`.

use std::process::ExitCode;

fn main() -> ExitCode {
    dapr_cli::main()
}
