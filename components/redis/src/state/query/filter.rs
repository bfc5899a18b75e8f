//! Filters of the query API as a search expression.

use std::fmt::Write as _;

use dapr_spi::{Error, Result};
use serde_json::Value;

use super::{Index, IndexedField};

/// The expression of a filter; without one, everything matches.
pub(super) fn translate(filter: Option<&Value>, index: &Index) -> Result<String> {
    match filter {
        None | Some(Value::Null) => Ok("*".to_owned()),
        Some(Value::Object(entries)) if entries.is_empty() => Ok("*".to_owned()),
        Some(filter) => expression(filter, index),
    }
}

fn expression(filter: &Value, index: &Index) -> Result<String> {
    let (name, operand) = only_entry(filter, "a filter")?;
    match name {
        "AND" => several(operand, index, name, " "),
        "OR" => several(operand, index, name, "|"),
        "EQ" => equal(pair(operand, name, index)?),
        "NEQ" => equal(pair(operand, name, index)?).map(|equal| format!("-({equal})")),
        "IN" => one_of(pair(operand, name, index)?),
        "GT" | "GTE" | "LT" | "LTE" => range(name, pair(operand, name, index)?),
        other => {
            Err(Error::invalid(format!("`{other}` is no filter; expected EQ, NEQ, GT, GTE, LT, LTE, IN, AND or OR")))
        }
    }
}

fn several(operands: &Value, index: &Index, name: &str, between: &str) -> Result<String> {
    let Some(operands) = operands.as_array().filter(|operands| operands.len() >= 2) else {
        return Err(Error::invalid(format!("the filter {name} needs a list of two filters or more")));
    };
    let parts: Vec<String> = operands.iter().map(|operand| expression(operand, index)).collect::<Result<_>>()?;
    let parts: Vec<String> = parts.into_iter().map(enclosed).collect();
    Ok(format!("({})", parts.join(between)))
}

fn enclosed(part: String) -> String {
    if part.starts_with('(') || part.starts_with('-') { part } else { format!("({part})") }
}

fn only_entry<'a>(value: &'a Value, what: &str) -> Result<(&'a str, &'a Value)> {
    let entries = value.as_object().filter(|entries| entries.len() == 1);
    let entry = entries.and_then(|entries| entries.iter().next());
    entry
        .map(|(name, value)| (name.as_str(), value))
        .ok_or_else(|| Error::invalid(format!("{what} of the query must be an object with one entry, found {value}")))
}

type Pair<'a> = (&'a IndexedField, &'a str, &'a Value);

fn pair<'a>(operand: &'a Value, name: &str, index: &'a Index) -> Result<Pair<'a>> {
    let (key, value) = only_entry(operand, name)?;
    Ok((index.field(key)?, key, value))
}

fn equal((field, key, value): Pair<'_>) -> Result<String> {
    let alias = &field.alias;
    match value {
        Value::String(text) if field.tag => Ok(format!("@{alias}:{{{}}}", tag(text))),
        Value::String(text) => Ok(format!("@{alias}:({})", phrase(text))),
        Value::Number(number) => Ok(format!("@{alias}:[{number} {number}]")),
        Value::Bool(flag) if field.tag => Ok(format!("@{alias}:{{{flag}}}")),
        other => Err(unfit(key, other)),
    }
}

fn one_of((field, key, values): Pair<'_>) -> Result<String> {
    let Some(values) = values.as_array().filter(|values| values.len() >= 2) else {
        return Err(Error::invalid(format!("the filter IN on `{key}` needs a list of two values or more")));
    };
    if let Some(texts) = values.iter().map(Value::as_str).collect::<Option<Vec<_>>>() {
        let quote = if field.tag { tag } else { phrase };
        let texts = texts.into_iter().map(quote).collect::<Vec<_>>().join("|");
        let alias = &field.alias;
        return Ok(if field.tag { format!("@{alias}:{{{texts}}}") } else { format!("@{alias}:({texts})") });
    }
    let parts: Vec<String> =
        values.iter().map(|value| equal((field, key, value)).map(enclosed)).collect::<Result<_>>()?;
    Ok(format!("({})", parts.join("|")))
}

fn range(name: &str, (field, key, value): Pair<'_>) -> Result<String> {
    let Value::Number(number) = value else { return Err(unfit(key, value)) };
    let bounds = match name {
        "GT" => format!("({number} +inf"),
        "GTE" => format!("{number} +inf"),
        "LT" => format!("-inf ({number}"),
        _ => format!("-inf {number}"),
    };
    Ok(format!("@{}:[{bounds}]", field.alias))
}

fn unfit(key: &str, value: &Value) -> Error {
    Error::invalid(format!("the filter on `{key}` cannot compare with {value}"))
}

/// A text in quotes: its words in that order, whatever they are.
fn phrase(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        if matches!(letter, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(letter);
    }
    quoted.push('"');
    quoted
}

/// A tag with everything quoted that is neither letter nor digit.
fn tag(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_ascii() && !letter.is_ascii_alphanumeric() {
            quoted.push('\\');
        }
        let _ = write!(quoted, "{letter}");
    }
    quoted
}
