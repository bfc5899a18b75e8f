//! The state building block over any store.
//!
//! An edge asks [`Stores::find`] for a store by name, decodes its request and
//! calls one method of [`Store`]. Key prefixes, encryption at rest, bulk work
//! and the choice of error happen here; the store itself sees final keys and
//! plain requests. No HTTP, no gRPC, no component's name.

mod bulk;
mod encryption;
mod error;
mod key;
mod settings;
mod store;
mod stores;

pub use encryption::{Encryption, Key};
pub use key::{InvalidKey, KeyPrefix};
pub use settings::{Identity, InvalidSettings, Settings};
pub use store::{Item, Store};
pub use stores::Stores;
