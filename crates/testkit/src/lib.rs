//! What tests of several crates share: real servers as child processes, and one conformance suite per building block.
//!
//! A dev-dependency only. Everything here panics with what was expected and what was found, because its callers are tests.

#![warn(missing_docs)]

pub mod authority;
pub mod collector;
pub mod kafka;
pub mod name_resolver;
pub mod process;
pub mod pubsub;
pub mod rabbitmq;
pub mod state;
