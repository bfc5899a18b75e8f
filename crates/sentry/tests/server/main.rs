//! Sentry as a whole, on free ports, asked over TLS as sidecars ask it.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails it by a panic, as the test does")]

mod issue;
mod jwks;
mod kubernetes;
mod rotation;
mod support;
mod tokens;
