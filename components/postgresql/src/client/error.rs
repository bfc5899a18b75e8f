//! What went wrong, in words that say where and what to do.

use std::error::Error as _;
use std::io;

use dapr_spi::{Error, ErrorKind};
use tokio_postgres::error::SqlState;

use crate::settings::Target;

/// Turns an error of the driver into ours.
///
/// A division by zero is how our guarded statements report that nothing matched, see `state::statements`.
pub(crate) fn of(error: tokio_postgres::Error, target: &Target) -> Error {
    if let Some(code) = error.code().cloned() {
        return of_server(error, &code, target);
    }
    let address = &target.address;
    if error.is_closed() {
        return Error::unavailable(format!("the connection to PostgreSQL at {address} was lost"));
    }
    if let Some(cause) = io_cause(&error) {
        return Error::unavailable(format!("cannot talk to PostgreSQL at {address}: {cause}"));
    }
    let text = error.to_string();
    if text.contains("TLS") {
        let what = format!("PostgreSQL at {address}: check `sslmode` and `sslRootCert`");
        return Error::from_source(ErrorKind::Failed, &what, error);
    }
    if text.contains("password missing") {
        return Error::failed(format!("PostgreSQL at {address} asks for a password: set `password`"));
    }
    let kind = if text.contains("connecting") { ErrorKind::Unavailable } else { ErrorKind::Failed };
    Error::from_source(kind, &format!("PostgreSQL at {address}"), error)
}

fn io_cause(error: &tokio_postgres::Error) -> Option<&io::Error> {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(io) = inner.downcast_ref::<io::Error>() {
            // A refused certificate is wrapped as I/O by the TLS library, and is no reason to try again.
            let is_tls = io.get_ref().is_some_and(|inner| inner.is::<rustls::Error>());
            return (!is_tls).then_some(io);
        }
        cause = inner.source();
    }
    None
}

fn of_server(error: tokio_postgres::Error, code: &SqlState, target: &Target) -> Error {
    if *code == SqlState::DIVISION_BY_ZERO {
        return Error::etag_mismatch();
    }
    let message = error.as_db_error().map(|error| error.message().to_owned()).unwrap_or_default();
    let what = format!("PostgreSQL at {}: {message}{}", target.address, advice(code, target));
    Error::new(kind_of(code), what)
}

fn kind_of(code: &SqlState) -> ErrorKind {
    match code.code().get(..2) {
        Some("08" | "53" | "57") => ErrorKind::Unavailable,
        Some("40") => ErrorKind::Unavailable,
        Some("22") => ErrorKind::Invalid,
        _ if *code == SqlState::READ_ONLY_SQL_TRANSACTION => ErrorKind::Unavailable,
        _ => ErrorKind::Failed,
    }
}

fn advice(code: &SqlState, target: &Target) -> String {
    let Target { user, database, .. } = target;
    match *code {
        SqlState::INVALID_PASSWORD => ": check `user` and `password`".to_owned(),
        SqlState::INVALID_AUTHORIZATION_SPECIFICATION => {
            format!(": check `user` (`{user}`), `sslmode` and the server's pg_hba.conf")
        }
        SqlState::INVALID_CATALOG_NAME => format!(": create database `{database}`, or correct `database`"),
        SqlState::INSUFFICIENT_PRIVILEGE => format!(": grant the right to user `{user}`, or use another `user`"),
        SqlState::INVALID_SCHEMA_NAME => ": create the schema, or correct the table name".to_owned(),
        SqlState::UNDEFINED_TABLE => ": the table was dropped since the component started; restart it".to_owned(),
        SqlState::TOO_MANY_CONNECTIONS => ": lower `maxConns`, or raise the server's max_connections".to_owned(),
        ref other if kind_of(other) == ErrorKind::Failed => format!(" (SQLSTATE {})", other.code()),
        _ => String::new(),
    }
}

/// Whether the server gave up a statement that would pass if tried again: nothing of it was kept.
pub(crate) fn is_conflict(error: &tokio_postgres::Error) -> bool {
    matches!(error.code(), Some(&(SqlState::T_R_SERIALIZATION_FAILURE | SqlState::T_R_DEADLOCK_DETECTED)))
}

/// Whether the connection was gone, or went while the statement ran.
pub(crate) fn is_lost(error: &tokio_postgres::Error) -> bool {
    error.is_closed() || error.code() == Some(&SqlState::ADMIN_SHUTDOWN) || io_cause(error).is_some()
}
