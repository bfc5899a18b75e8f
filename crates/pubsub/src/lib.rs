//! The pub/sub building block over any broker.
//!
//! [`Brokers`] are found by name; a [`Broker`] knows who may use which topic. Publishing wraps what an application sends
//! into a `CloudEvent`; a subscription takes messages from the broker to the application and settles them.

mod broker;
mod brokers;
pub mod envelope;
mod scopes;

pub use broker::{Broker, Settings};
pub use brokers::Brokers;
pub use envelope::Envelope;
pub use scopes::Scopes;
