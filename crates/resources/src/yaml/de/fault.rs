//! What serde's visitors report, completed with the place by whoever knows it first.

use std::fmt;

use serde::de::{Error, Expected, Unexpected};

use super::{Node, Path};
use crate::{Position, Problem};

/// A complaint that may not know its place yet.
#[derive(Debug)]
pub(super) struct Fault(Box<Parts>);

#[derive(Debug)]
struct Parts {
    message: String,
    place: Option<(Position, String)>,
}

impl Fault {
    pub(super) fn new(message: String) -> Self {
        Self(Box::new(Parts { message, place: None }))
    }

    /// Sets the place unless an inner value has set it.
    pub(super) fn at(mut self, node: &Node, path: &Path<'_>) -> Self {
        self.0.place.get_or_insert_with(|| (node.position(), path.to_string()));
        self
    }

    pub(super) fn into_problem(self) -> Problem {
        let Parts { message, place } = *self.0;
        let (position, path) = place.unzip();
        Problem::error(position, path.unwrap_or_default(), message)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Fault {}

impl Error for Fault {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(message.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(format!("expected {expected}, found {found}"))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(found, expected)
    }
}
