//! Nested JSON as flat secrets: the path to a value, joined by a separator, is its name.

use std::collections::HashMap;

use serde_json::{Map, Value};

/// Flat names and their values. Array elements are named by their index. Of two values with the same name the first one in
/// the file stays.
pub(crate) fn flatten(object: &Map<String, Value>, separator: &str) -> HashMap<String, String> {
    let mut found = HashMap::new();
    for (name, value) in object {
        visit(name.clone(), value, separator, &mut found);
    }
    found
}

fn visit(path: String, value: &Value, separator: &str, found: &mut HashMap<String, String>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                visit(format!("{path}{separator}{name}"), value, separator, found);
            }
        }
        Value::Array(array) => {
            for (index, value) in array.iter().enumerate() {
                visit(format!("{path}{separator}{index}"), value, separator, found);
            }
        }
        _ if found.contains_key(&path) => {
            tracing::warn!("secretstores.local.file: the name `{path}` is there twice, its first value is used");
        }
        primitive => {
            found.insert(path, text_of(primitive));
        }
    }
}

/// Numbers and booleans as JSON writes them. (The incumbent gives a formatting error's text such as `%!s(float64=5)`.)
fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}
