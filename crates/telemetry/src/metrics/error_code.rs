//! `error_code/total`: how often each error code was returned. Off unless `recordErrorCodes` is set.

use std::sync::Arc;

use super::family::Family;
use super::registry::{Builder, Fixed, Handles};
use super::value::Counter;

/// Errors returned to callers, by code.
pub struct ErrorCodes {
    total: Arc<Family<Counter, 2>>,
    handles: Handles<Arc<Counter>, 2>,
}

impl ErrorCodes {
    pub(super) fn new(builder: &mut Builder<'_>, enabled: bool) -> Self {
        let handles = builder.handles();
        ErrorCodes {
            total: builder.counter(
                "error_code/total",
                "Errors returned, by error code.",
                Fixed::AppId,
                ["error_code", "category"],
            ),
            handles: if enabled { handles } else { handles.off() },
        }
    }

    /// Records one error, such as `ERR_STATE_GET` of category `state`.
    pub fn record(&self, code: &str, category: &str) {
        let labels = [code, category];
        self.handles.record(labels, || self.total.resolve(labels), |count| count.increment());
    }
}
