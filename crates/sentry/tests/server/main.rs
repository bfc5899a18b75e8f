//! Sentry as a whole, on free ports, asked over TLS as sidecars ask it.

mod issue;
mod jwks;
mod kubernetes;
mod rotation;
mod support;
mod tokens;
