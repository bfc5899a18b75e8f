//! The cryptography building block: the Dapr encryption scheme, and operations with keys of vaults.
//!
//! [`scheme`] turns streams into documents and back, without I/O and with memory for a few segments; a vault wraps the
//! key of each document. [`Providers`] finds vaults by name and does what the API offers.

mod keys;
mod providers;
pub mod scheme;

pub use providers::{KeyFormat, Provider, Providers};
