//! SQLite's result codes as failures that say what to do.

use dapr_spi::{Error, ErrorKind};
use rusqlite::ErrorCode;

/// What became of a piece of work on a connection.
pub(crate) type Sql<T> = rusqlite::Result<T>;

/// The failure that a caller sees.
pub(crate) fn of(error: rusqlite::Error, path: &str) -> Error {
    let (kind, what) = describe(&error);
    let what =
        if what.is_empty() { format!("SQLite database `{path}`") } else { format!("SQLite database `{path}` {what}") };
    Error::from_source(kind, &what, error)
}

fn describe(error: &rusqlite::Error) -> (ErrorKind, &'static str) {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            (ErrorKind::Unavailable, "is locked by somebody else for longer than `busyTimeout`")
        }
        Some(ErrorCode::DiskFull) => (ErrorKind::Failed, "cannot grow, the disk is full"),
        Some(ErrorCode::ReadOnly) => (ErrorKind::Failed, "is read-only"),
        Some(ErrorCode::CannotOpen) => (ErrorKind::Failed, "cannot be opened"),
        Some(ErrorCode::DatabaseCorrupt) => (ErrorKind::Failed, "is damaged; restore it from a backup"),
        Some(ErrorCode::NotADatabase) => (ErrorKind::Failed, "is not an SQLite file, or damaged"),
        Some(ErrorCode::SystemIoFailure) => (ErrorKind::Failed, "cannot be read or written"),
        Some(ErrorCode::TooBig) => (ErrorKind::Invalid, "cannot hold a value of this size"),
        _ => (ErrorKind::Failed, ""),
    }
}

/// Whether the other writes of a batch would fail in the same way, so that trying them one by one is vain (or, for a
/// locked file, a long wait each).
pub(crate) fn hits_everybody(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(
            ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::ReadOnly
                | ErrorCode::CannotOpen
                | ErrorCode::DatabaseCorrupt
                | ErrorCode::NotADatabase
        )
    )
}

/// Whether somebody else holds the file, and a later attempt may find it free.
pub(crate) fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}
