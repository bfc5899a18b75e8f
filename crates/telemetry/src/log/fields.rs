//! Collects the message and the extra fields of one event.

use std::fmt::{self, Write as _};

use serde_json::Value;
use tracing::field::{Field, Visit};

/// What one event carries, ready to be printed in either format.
#[derive(Default)]
pub(super) struct Fields {
    pub(super) message: String,
    pub(super) fatal: bool,
    pub(super) extra: Vec<(&'static str, Value)>,
}

impl Fields {
    pub(super) fn of(event: &tracing::Event<'_>) -> Self {
        let mut fields = Fields::default();
        event.record(&mut fields);
        fields
    }

    fn push(&mut self, field: &Field, value: Value) {
        self.extra.push((key(field.name()), value));
    }
}

/// Names of the line's own keys are moved aside, as the incumbent does.
fn key(name: &'static str) -> &'static str {
    match name {
        "time" => "fields.time",
        "level" => "fields.level",
        "msg" => "fields.msg",
        "r#type" => "type",
        _ => name,
    }
}

impl Visit for Fields {
    fn record_bool(&mut self, field: &Field, value: bool) {
        match field.name() {
            "fatal" => self.fatal = value,
            _ => self.push(field, value.into()),
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.push(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.push(field, value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.push(field, value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => self.message.push_str(value),
            _ => self.push(field, value.into()),
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        match field.name() {
            // Writing to a String cannot fail, save for a broken Debug of the caller's.
            "message" => drop(write!(self.message, "{value:?}")),
            _ => self.push(field, format!("{value:?}").into()),
        }
    }
}
