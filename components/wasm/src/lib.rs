//! HTTP middleware wasm: guests of the http-wasm ABI.
//!
//! A guest is a WebAssembly module that exports `handle_request` and `handle_response` and calls the functions of the
//! module `http_handler` (<https://http-wasm.io/http-handler-abi/>). It runs in an interpreter, in slices: between two of
//! them, and while it waits for a body, other requests go on.

mod abi;
mod exchange;
mod guest;
mod source;
mod wasi;
pub mod wasm;

use dapr_spi::registry::Registry;

/// Adds the types of this crate.
pub fn register(registry: &mut Registry) {
    registry.component("middleware.http.wasm").factory::<wasm::Wasm>();
}
