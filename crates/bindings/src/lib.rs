//! The bindings building block: calls of output bindings, and events of input bindings to the application.
//!
//! [`Bindings`] holds all of them by name. An input binding is read by a task of its own while the application takes
//! events; the application is an [`Application`], and what it wants kept goes to a [`StateKeeper`]: this crate knows
//! neither channel nor state store.

mod application;
mod bindings;
mod delivery;
mod gate;
mod input;
mod output;
mod settings;

#[cfg(test)]
mod tests;

pub use application::{Answer, Application, Call, CallFailure, Reply, StateKeeper};
pub use bindings::{Bindings, Environment};
pub use output::Refused;
pub use settings::{Directed, Settings};
