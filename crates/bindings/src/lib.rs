//! The bindings building block: calls of output bindings, and events of input bindings to the application.

mod bindings;

pub use bindings::Bindings;
