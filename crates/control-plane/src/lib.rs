//! Clients of the control plane: Sentry, which signs certificates, and the operator, which has the resources of a
//! Kubernetes namespace.

mod connect;
mod observer;
pub mod operator;
mod retry;
pub mod sentry;

#[cfg(test)]
mod tests;

pub use connect::MalformedAddress;
pub use observer::MtlsObserver;
