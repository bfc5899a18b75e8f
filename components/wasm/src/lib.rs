//! HTTP middleware wasm: guests of the http-wasm ABI.
