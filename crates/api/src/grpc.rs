//! The gRPC edge: listeners, what every call passes, and the service `Dapr`.

mod body;
mod connection;
mod groups;
mod serve;
mod server;
mod service;
pub(crate) mod status;

pub(crate) use body::Trailers;
pub use server::{Server, Surface};
