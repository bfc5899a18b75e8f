//! The HTTP edge: listeners, routing, and what every request passes on its way to an operation.

mod call;
mod cors;
mod exchange;
mod path;
pub(crate) mod response;
mod router;
mod serve;
mod server;
mod upgrade;

pub(crate) use call::Call;
pub(crate) use path::unescape;
pub(crate) use response::Response;
pub use server::Server;
