//! Resiliency: timeouts, retries and circuit breakers, by target.
//!
//! A [`Provider`] is made from the Resiliency resources and asked for the [`Policy`] of each call; the policy runs the
//! call. Building blocks say how an attempt went with a [`Verdict`]; nothing here knows HTTP or gRPC but their codes.

mod bounded;
mod breaker;
mod codes;
mod kinds;
mod policy;
mod provider;
mod retry;
mod spec;
mod trip;

pub use breaker::Rejected;
pub use kinds::{BuiltIn, ComponentType};
pub use policy::{Error, Permit, Policy, Verdict};
pub use provider::Provider;
pub use spec::Problem;
