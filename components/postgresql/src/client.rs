//! The way to a server: a few connections, each shared by many calls at once.
//!
//! A statement is sent without waiting for the answers before it (pipelining), so a handful of connections carries
//! many concurrent calls, and a transaction is one round trip. [`lane`] is one connection, [`pool`] chooses among them,
//! [`connector`] opens them, [`command`] is what is sent, [`error`] words what went wrong.

pub(crate) mod command;
pub(crate) mod connector;
pub(crate) mod error;
mod lane;
pub(crate) mod pool;
pub(crate) mod tls;

pub(crate) use command::{Command, Param, Statement};
pub(crate) use pool::Pool;
