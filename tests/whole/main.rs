//! Whole-system tests: `daprd` and `dapr` as they are built, driven from outside, on real servers.
//!
//! They run the binaries that lie beside them in cargo's target directory (or in `DAPR_BIN_DIR`) and do not build them:
//! `make test` does, and so does `cargo build --workspace --all-targets`. What they need besides, `tests/setup` installs.

mod app;
mod client;
mod daprd;
mod machine;
mod mesh;
mod process;
mod servers;

mod access;
mod backends;
mod calls;
mod cli;
mod dapr_invoke;
mod errors;
mod examples;
mod invoke;
mod kubernetes;
mod lifecycle;
mod limits;
mod loss;
mod many;
mod mtls;
mod observe;
mod outbox;
mod publish;
mod reload;
mod resilience;
mod sdk;
mod sdk_calls;
mod soak;
mod sockets;
mod streams;
mod traces;
