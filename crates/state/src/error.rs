//! Which row of the error table a store's failure becomes.

use std::fmt::Display;

use dapr_errors::{Detail, Error, Row, table};
use dapr_spi::{Error as StoreError, ErrorKind};

use crate::key::InvalidKey;

/// The rows of one operation, by the kind of failure.
pub(crate) struct Rows {
    mismatch: &'static Row,
    bad_etag: &'static Row,
    bad_request: &'static Row,
    other: &'static Row,
}

pub(crate) const SAVE: Rows = Rows {
    mismatch: &table::STATE_SAVE_ETAG_MISMATCH,
    bad_etag: &table::STATE_SAVE_ETAG_INVALID,
    bad_request: &table::STATE_SAVE_INVALID,
    other: &table::STATE_SAVE,
};

pub(crate) const DELETE: Rows = Rows {
    mismatch: &table::STATE_DELETE_ETAG_MISMATCH,
    bad_etag: &table::STATE_DELETE_ETAG_INVALID,
    bad_request: &table::STATE_DELETE_INVALID,
    other: &table::STATE_DELETE,
};

pub(crate) const BULK_DELETE: Rows = Rows {
    mismatch: &table::STATE_BULK_DELETE_ETAG_MISMATCH,
    bad_etag: &table::STATE_BULK_DELETE_ETAG_INVALID,
    bad_request: &table::STATE_BULK_DELETE,
    other: &table::STATE_BULK_DELETE,
};

impl Rows {
    /// The error for `failure`; `subject` is the store or key that the message names.
    pub(crate) fn error(&self, subject: &dyn Display, failure: &StoreError) -> Error {
        let row = match failure.kind() {
            ErrorKind::EtagMismatch => self.mismatch,
            ErrorKind::EtagInvalid => self.bad_etag,
            ErrorKind::Invalid => self.bad_request,
            _ => self.other,
        };
        of(row, &[subject, failure], failure)
    }
}

/// The error of `row`; what the component worded itself goes along.
pub(crate) fn of(row: &'static Row, arguments: &[&dyn Display], failure: &StoreError) -> Error {
    let error = Error::new(row, arguments);
    match failure.standardized() {
        Some(standardized) => error.with_standardized(standardized.clone()),
        None => error,
    }
}

/// The `ResourceInfo` of a store.
pub(crate) fn resource(store: &str) -> Detail {
    Detail::Resource { kind: "state", name: store.to_owned(), description: String::new() }
}

/// The error for a key that the application may not use.
pub(crate) fn illegal_key(store: &str, key: &str, error: &InvalidKey) -> Error {
    let description = error.to_string();
    Error::new(&table::STATE_ILLEGAL_KEY, &[error])
        .with_detail(Detail::Field { field: key.to_owned(), description })
        .with_detail(resource(store))
}
