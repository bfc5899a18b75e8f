//! The filter of a query, checked.

use dapr_spi::{Error, Result};
use serde_json::{Map, Value};

/// Filters may nest this deep.
const DEEPEST: usize = 32;

/// A condition on an item's value.
#[derive(Debug, PartialEq)]
pub(super) enum Filter {
    /// The field at a path compares so to a value.
    Compare(Comparison, Vec<String>, Value),
    /// The field at a path equals one of the values.
    In(Vec<String>, Vec<Value>),
    And(Vec<Filter>),
    Or(Vec<Filter>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

impl Comparison {
    fn named(name: &str) -> Option<Self> {
        match name {
            "EQ" => Some(Self::Equal),
            "NEQ" => Some(Self::NotEqual),
            "GT" => Some(Self::Greater),
            "GTE" => Some(Self::GreaterOrEqual),
            "LT" => Some(Self::Less),
            "LTE" => Some(Self::LessOrEqual),
            _ => None,
        }
    }

    /// Whether it asks for an order rather than for equality.
    pub(super) fn orders(self) -> bool {
        !matches!(self, Self::Equal | Self::NotEqual)
    }

    /// As SQL writes it.
    pub(super) fn operator(self) -> &'static str {
        match self {
            Self::Equal => " = ",
            Self::NotEqual => " != ",
            Self::Greater => " > ",
            Self::GreaterOrEqual => " >= ",
            Self::Less => " < ",
            Self::LessOrEqual => " <= ",
        }
    }
}

impl Filter {
    /// Reads the `filter` of a query; nothing, or an empty object, is no filter.
    pub(super) fn parse(value: &Value) -> Result<Option<Self>> {
        match value {
            Value::Null => Ok(None),
            Value::Object(object) if object.is_empty() => Ok(None),
            other => unit(other, DEEPEST).map(Some),
        }
    }
}

fn unit(value: &Value, depth: usize) -> Result<Filter> {
    if depth == 0 {
        return Err(wrong(&format!("filters nest deeper than {DEEPEST}")));
    }
    let object = value.as_object().ok_or_else(|| wrong("a filter must be an object"))?;
    let (name, value) = single(object).ok_or_else(|| wrong("a filter must have exactly one operator"))?;
    if let Some(comparison) = Comparison::named(name) {
        return compare(name, comparison, value);
    }
    match name {
        "IN" => one_of(value),
        "AND" => several(name, value, depth).map(Filter::And),
        "OR" => several(name, value, depth).map(Filter::Or),
        other => Err(wrong(&format!("`{other}` is no operator; use EQ, NEQ, GT, GTE, LT, LTE, IN, AND or OR"))),
    }
}

fn compare(name: &str, comparison: Comparison, value: &Value) -> Result<Filter> {
    let (key, value) = field(name, value)?;
    if comparison.orders() && !value.is_number() {
        return Err(wrong(&format!("`{name}` needs a number, found `{value}`")));
    }
    Ok(Filter::Compare(comparison, path(key)?, value.clone()))
}

fn one_of(value: &Value) -> Result<Filter> {
    let (key, value) = field("IN", value)?;
    match value.as_array() {
        Some(values) if !values.is_empty() => Ok(Filter::In(path(key)?, values.clone())),
        _ => Err(wrong(&format!("`IN` needs an array with at least one value for `{key}`"))),
    }
}

fn several(name: &str, value: &Value, depth: usize) -> Result<Vec<Filter>> {
    match value.as_array() {
        Some(filters) if filters.len() >= 2 => filters.iter().map(|filter| unit(filter, depth - 1)).collect(),
        _ => Err(wrong(&format!("`{name}` needs an array of at least two filters"))),
    }
}

fn field<'a>(name: &str, value: &'a Value) -> Result<(&'a str, &'a Value)> {
    value.as_object().and_then(single).ok_or_else(|| wrong(&format!("`{name}` needs an object with exactly one field")))
}

fn single(object: &Map<String, Value>) -> Option<(&str, &Value)> {
    let mut fields = object.iter();
    fields.next().filter(|_| fields.next().is_none()).map(|(name, value)| (name.as_str(), value))
}

/// `person.name` as a path; goes into the statement as a parameter.
pub(super) fn path(key: &str) -> Result<Vec<String>> {
    let parts: Vec<_> = key.split('.').map(str::to_owned).collect();
    if parts.iter().any(|part| part.is_empty() || part.contains('\0')) {
        return Err(wrong(&format!("`{key}` is no path of fields such as `person.name`")));
    }
    Ok(parts)
}

/// The text that the server gives for such a JSON value.
pub(super) fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number_text(number),
        other => other.to_string(),
    }
}

/// Whole numbers without `.0`, whatever their notation in the query.
fn number_text(number: &serde_json::Number) -> String {
    match number.as_f64() {
        Some(float) if !number.is_i64() && !number.is_u64() => float.to_string(),
        _ => number.to_string(),
    }
}

fn wrong(why: &str) -> Error {
    Error::invalid(format!("query: {why}"))
}
