//! What went wrong, in words that say where and what to do.

use dapr_spi::{Error, ErrorKind};
use mysql_async::{DriverError, Error as Driver, IoError, ServerError};

/// The server undid one of two transactions that waited for each other.
const DEADLOCK: u16 = 1213;

/// Turns an error of the driver into ours.
pub(crate) fn of(error: Driver, target: &str) -> Error {
    match error {
        Driver::Other(cause) if cause.is::<Mismatch>() => Error::etag_mismatch(),
        Driver::Server(error) => of_server(&error, target),
        // A refused certificate comes as I/O from the TLS library, and is no reason to try again.
        Driver::Io(IoError::Io(cause)) if cause.get_ref().is_some_and(|inner| inner.is::<rustls::Error>()) => {
            tls(cause, target)
        }
        Driver::Io(IoError::Io(cause)) => Error::unavailable(format!("cannot talk to MySQL at {target}: {cause}")),
        Driver::Io(IoError::Tls(cause)) => tls(cause, target),
        Driver::Driver(DriverError::ConnectionClosed | DriverError::PoolDisconnected) => {
            Error::unavailable(format!("the connection to MySQL at {target} was lost"))
        }
        Driver::Driver(DriverError::NoClientSslFlagFromServer) => Error::failed(format!(
            "MySQL at {target} has no TLS: remove `tls` from `connectionString`, or enable TLS there"
        )),
        other => Error::from_source(ErrorKind::Failed, &format!("MySQL at {target}"), other),
    }
}

fn tls(cause: impl std::error::Error + Send + Sync + 'static, target: &str) -> Error {
    let what = format!("TLS with MySQL at {target} failed: check `tls` in `connectionString`, and `pemPath`");
    Error::from_source(ErrorKind::Failed, &what, cause)
}

fn of_server(error: &ServerError, target: &str) -> Error {
    let text = format!("MySQL at {target}: {}{}", error.message, advice(error.code));
    Error::new(kind_of(error), text)
}

/// Codes are those of the server's error reference; MariaDB's are the same.
fn kind_of(error: &ServerError) -> ErrorKind {
    match error.code {
        // Too many connections, shutting down, killed, lock waits, deadlock, interrupted.
        1040 | 1053 | 1203 | 1205 | DEADLOCK | 1226 | 1317 | 1927 | 3024 => ErrorKind::Unavailable,
        // Too long, bad characters, not JSON.
        1366 | 1406 | 3140 | 3141 | 4025 => ErrorKind::Invalid,
        _ if error.state.starts_with("08") => ErrorKind::Unavailable,
        _ => ErrorKind::Failed,
    }
}

fn advice(code: u16) -> &'static str {
    match code {
        1045 | 1698 => ": check user and password in `connectionString`",
        1044 | 1142 | 1227 => ": grant the right to this user, or use another one in `connectionString`",
        1049 => ": create the database, or correct `schemaName`",
        1146 => ": the table was dropped since the component started; restart it",
        _ => "",
    }
}

/// Whether nothing was kept of a statement or transaction that would pass if tried again.
pub(crate) fn is_conflict(error: &Driver) -> bool {
    matches!(error, Driver::Server(error) if error.code == DEADLOCK)
}

/// Whether the connection is good for another call.
pub(crate) fn leaves_connection(error: &Driver) -> bool {
    match error {
        Driver::Server(error) => kind_of(error) != ErrorKind::Unavailable || error.code == DEADLOCK,
        Driver::Other(cause) => cause.is::<Mismatch>(),
        _ => false,
    }
}

/// Whether the connection was gone, or went during the call.
pub(crate) fn is_lost(error: &Driver) -> bool {
    match error {
        Driver::Io(IoError::Io(_)) | Driver::Driver(DriverError::ConnectionClosed) => true,
        Driver::Server(error) => matches!(error.code, 1053 | 1927),
        _ => false,
    }
}

/// A statement that matched nothing, told apart from failures of the server; undone like one.
pub(crate) fn mismatch() -> Driver {
    Driver::Other(Box::new(Mismatch))
}

/// The error of [`mismatch`].
#[derive(Debug)]
struct Mismatch;

impl std::fmt::Display for Mismatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("no row matched")
    }
}

impl std::error::Error for Mismatch {}
