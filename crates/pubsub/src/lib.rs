//! The pub/sub building block over any broker.
//!
//! [`Brokers`] are found by name; a [`Broker`] knows who may use which topic. Publishing wraps what an application sends
//! into a `CloudEvent`; a subscription takes messages from the broker to the application and settles them.

mod broker;
mod brokers;
mod dead_letters;
mod delivery;
mod dispatcher;
pub mod envelope;
mod outbox;
mod publish;
mod routing;
mod scopes;
mod streaming;
mod subscriptions;

pub use broker::{Broker, Settings};
pub use brokers::Brokers;
pub use dead_letters::{Redrive, Redriven};
pub use envelope::Envelope;
pub use outbox::{Config as OutboxConfig, Outbox, Settings as OutboxSettings};
pub use publish::{
    Bulk, Entry, Event, FailedEntry, Protocol, Publisher, RAW_PAYLOAD, Settings as PublisherSettings, Target, is_raw,
};
pub use scopes::Scopes;
pub use subscriptions::{
    Settings as SubscriptionSettings, Source, StreamAnswers, StreamSubscription, Subscription, Subscriptions,
};
