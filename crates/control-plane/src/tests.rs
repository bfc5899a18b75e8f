//! Both clients against servers in the process that speak the real protocols over TLS.

mod operator;
mod sentry;
mod server;
