//! What went wrong between us and a server, and what to do about it.

use dapr_spi::{Error, ErrorKind};
use redis::{RedisError, ServerError};

/// Why a request has no reply.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Nobody executed it: there is no connection.
    Unreachable(Error),
    /// It may have been executed: the connection broke, or the answer is late.
    Unknown(Error),
    /// The server refused it, so it was not executed.
    Refused(Error),
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Unreachable(error) | Failure::Unknown(error) | Failure::Refused(error) => error,
        }
    }
}

/// A refusal with the server's address and, where it is known, what to do.
pub(crate) fn refused(address: &str, error: &ServerError) -> Error {
    let code = error.code();
    let kind = if is_passing(error) { ErrorKind::Unavailable } else { ErrorKind::Failed };
    let details = error.details().unwrap_or_default();
    let advice = advice(code, details).map(|advice| format!(": {advice}")).unwrap_or_default();
    Error::new(kind, format!("redis at {address} refused: {code} {details}{advice}"))
}

fn advice(code: &str, details: &str) -> Option<&'static str> {
    Some(match code {
        "NOAUTH" => "the server wants a password: set `redisPassword` (and `redisUsername` for an ACL user)",
        "WRONGPASS" => "check `redisUsername` and `redisPassword`",
        "NOPERM" => "give the user of `redisUsername` the right to it (ACL SETUSER)",
        "DENIED" => "the server is in protected mode: set a password on it, or bind it to its interface",
        "READONLY" => "that server is a replica: point `redisHost` to the master, or use Sentinel (`failover: true`)",
        "OOM" => "the server's `maxmemory` is reached: give it more, or let it evict keys",
        "MISCONF" => "the server cannot save its data and so refuses writes: look into its log",
        "CLUSTERDOWN" => "not all hash slots of the cluster are served",
        "MOVED" | "ASK" => "that server is part of a cluster: set `redisType: cluster`",
        "ERR" if details.contains("without any password configured") => {
            "the server has no password: remove `redisPassword`"
        }
        "ERR" if details.contains("cluster support disabled") => {
            "the server is no cluster: remove `redisType: cluster`"
        }
        "ERR" if details.contains("DB index is out of range") => "check `redisDB`",
        "ERR" if details.contains("SELECT is not allowed in cluster") => {
            "a cluster has database 0 only: remove `redisDB`"
        }
        _ => return None,
    })
}

/// Refusals that end by themselves, or with another server; nothing was executed.
pub(crate) fn is_passing(error: &ServerError) -> bool {
    matches!(error.code(), "LOADING" | "READONLY" | "MASTERDOWN" | "CLUSTERDOWN" | "TRYAGAIN")
}

/// A connection could not be made or was lost.
pub(crate) fn unavailable(what: &str, address: &str, error: &dyn std::fmt::Display) -> Error {
    Error::unavailable(format!("{what} redis at {address}: {error}"))
}

/// The text of an I/O error without its number: `connection refused`.
pub(crate) fn io_text(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        std::io::ErrorKind::TimedOut => "no answer".to_owned(),
        _ => error.to_string(),
    }
}

/// The request was sent, or may have been, and then the connection broke.
pub(crate) fn lost(address: &str, error: &RedisError) -> Error {
    let cause = if error.is_connection_dropped() { "closed by the server".to_owned() } else { error.to_string() };
    unavailable("lost the connection to", address, &format!("{cause}; the request may or may not have been executed"))
}
