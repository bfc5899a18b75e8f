//! Nested settings: JSON text whose names are read without regard to case, as the incumbent reads them.

use std::time::Duration;

use dapr_spi::{Error, Result};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// The JSON text of a field; messages never hold a value, since some are secret.
pub(crate) fn parse(field: &str, text: &str) -> Result<Value> {
    serde_json::from_str(text).map_err(|error| {
        let problem = error.to_string();
        let problem = problem.split(" at line ").next().unwrap_or_default().to_owned();
        Error::invalid(format!("field `{field}`: expected an object or a list, found text that is no JSON: {problem}"))
    })
}

/// The members of an object under the names we know; unknown ones are noted in `remarks`.
pub(crate) fn members(
    path: &str,
    value: Value,
    known: &[&str],
    remarks: &mut Vec<String>,
) -> Result<Map<String, Value>> {
    let Value::Object(object) = value else {
        return Err(Error::invalid(format!("field `{path}`: expected an object with {}", list(known))));
    };
    let mut found = Map::new();
    for (name, value) in object {
        match known.iter().find(|known| known.eq_ignore_ascii_case(&name)) {
            // Nothing given is as good as nothing written.
            Some(_) if value.is_null() => {}
            Some(known) => drop(found.insert((*known).to_owned(), value)),
            None => {
                let hint = dapr_kit::suggest::nearest(&name, known.iter().copied())
                    .map(|nearest| format!(", did you mean `{nearest}`?"))
                    .unwrap_or_default();
                remarks.push(format!("`{path}` has no field `{name}`{hint}; it is passed over"));
            }
        }
    }
    Ok(found)
}

/// The members as a struct of ours.
pub(crate) fn read<T: DeserializeOwned>(path: &str, members: Map<String, Value>) -> Result<T> {
    // One by one, so that the wrong one can be named.
    for (name, value) in &members {
        let alone = Map::from_iter([(name.clone(), value.clone())]);
        if let Err(error) = serde_json::from_value::<T>(Value::Object(alone)) {
            return Err(Error::invalid(format!("field `{path}.{name}`: {error}")));
        }
    }
    serde_json::from_value(Value::Object(members)).map_err(|error| Error::invalid(format!("field `{path}`: {error}")))
}

/// The member of an object whose name matches without regard to case.
pub(crate) fn member<'a>(object: &'a Map<String, Value>, name: &str) -> Option<(&'a String, &'a Value)> {
    object.iter().find(|(other, _)| other.eq_ignore_ascii_case(name))
}

fn list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// A text, or what YAML made of one: a number, a truth value.
pub(crate) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(truth) => Ok(truth.to_string()),
        _ => Err(serde::de::Error::custom("expected a text")),
    }
}

/// A truth value, or its text.
pub(crate) fn truth<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Bool(truth) => Ok(truth),
        Value::String(text) => dapr_spi::metadata::parse_bool(&text).ok_or_else(|| wrong("`true` or `false`", &text)),
        other => Err(wrong("`true` or `false`", &other)),
    }
}

/// A text such as `10s`; a number is nanoseconds, as Go writes durations.
pub(crate) fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::String(text) if text.is_empty() => Ok(None),
        Value::String(text) => dapr_kit::duration::parse(&text).map(Some).map_err(serde::de::Error::custom),
        Value::Number(number) if number.as_u64() == Some(0) => Ok(None),
        Value::Number(number) => number
            .as_u64()
            .map(|nanoseconds| Some(Duration::from_nanos(nanoseconds)))
            .ok_or_else(|| wrong("`10s`", &number)),
        other => Err(wrong("a duration such as `10s`", &other)),
    }
}

fn wrong<E: serde::de::Error>(expected: &str, found: &impl std::fmt::Display) -> E {
    E::custom(format!("expected {expected}, found `{found}`"))
}
