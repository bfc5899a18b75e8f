//! What an unquoted scalar means, and how values are written as text: Go's rules.

use super::Dialect;
use super::node::Scalar;

/// A scalar's meaning where nothing says what is expected.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Meaning<'t> {
    Null,
    Bool(bool),
    Int(i64),
    /// Above the range of `Int`.
    Uint(u64),
    Float(f64),
    Text(&'t str),
}

/// Resolves a scalar. Dates stay text. Octal is written `0777` or `0o777`.
pub(super) fn meaning(scalar: &Scalar, dialect: Dialect) -> Meaning<'_> {
    let text = scalar.text.as_str();
    if !scalar.plain {
        return Meaning::Text(text);
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Meaning::Null,
        "true" | "True" | "TRUE" => return Meaning::Bool(true),
        "false" | "False" | "FALSE" => return Meaning::Bool(false),
        _ => {}
    }
    if dialect == Dialect::Resource
        && let Some(word) = yaml_1_1_bool(text)
    {
        return Meaning::Bool(word);
    }
    number(text).unwrap_or(Meaning::Text(text))
}

/// The words that YAML 1.1 takes for booleans, beside `true` and `false`.
pub(super) fn yaml_1_1_bool(text: &str) -> Option<bool> {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Some(true),
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

fn number(text: &str) -> Option<Meaning<'_>> {
    if let b'0'..=b'9' | b'+' | b'-' = text.as_bytes().first()? {
        let plain = text.replace('_', "");
        return integer(&plain).or_else(|| float(&plain));
    }
    match text {
        ".nan" | ".NaN" | ".NAN" => Some(Meaning::Float(f64::NAN)),
        ".inf" | ".Inf" | ".INF" => Some(Meaning::Float(f64::INFINITY)),
        _ if text.starts_with('.') => float(text),
        _ => None,
    }
}

fn integer(text: &str) -> Option<Meaning<'static>> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', _, ..] => (16, &digits[2..]),
        [b'0', b'b' | b'B', _, ..] => (2, &digits[2..]),
        [b'0', b'o' | b'O', _, ..] => (8, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    if digits.starts_with(['+', '-']) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    match (negative, i64::try_from(magnitude)) {
        (false, Ok(number)) => Some(Meaning::Int(number)),
        (false, Err(_)) if text.starts_with('+') => None,
        (false, Err(_)) => Some(Meaning::Uint(magnitude)),
        (true, _) => 0i64.checked_sub_unsigned(magnitude).map(Meaning::Int),
    }
}

fn float(text: &str) -> Option<Meaning<'static>> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    match unsigned {
        ".inf" | ".Inf" | ".INF" if text.starts_with('-') => return Some(Meaning::Float(f64::NEG_INFINITY)),
        ".inf" | ".Inf" | ".INF" => return Some(Meaning::Float(f64::INFINITY)),
        _ => {}
    }
    let looks = unsigned.bytes().all(|c| c.is_ascii_digit() || matches!(c, b'.' | b'e' | b'E' | b'+' | b'-'));
    if !looks || unsigned.starts_with(".e") || unsigned.starts_with(".E") {
        return None;
    }
    text.parse().ok().filter(|number: &f64| number.is_finite()).map(Meaning::Float)
}

/// What a scalar is where a text is expected. Resource files pass a number through its value
/// (`1.0` becomes `1`), configuration files keep what is written.
pub(super) fn as_text(scalar: &Scalar, dialect: Dialect) -> String {
    match (dialect, meaning(scalar, dialect)) {
        (_, Meaning::Null) => String::new(),
        (Dialect::Configuration, _) => scalar.text.clone(),
        (Dialect::Resource, Meaning::Bool(word)) => word.to_string(),
        (Dialect::Resource, Meaning::Int(number)) => number.to_string(),
        (Dialect::Resource, Meaning::Uint(number)) => number.to_string(),
        (Dialect::Resource, Meaning::Float(number)) => go_g32(number),
        (Dialect::Resource, Meaning::Text(text)) => text.to_owned(),
    }
}

/// Go's `strconv.FormatFloat(x, 'g', -1, 32)`: the shortest digits that a 32-bit float needs,
/// with an exponent below 1e-4 and from 1e6 on.
#[expect(clippy::cast_possible_truncation, reason = "the loss is what the incumbent's readers see")]
fn go_g32(number: f64) -> String {
    let single = number as f32;
    if !single.is_finite() {
        return if number.is_nan() { "NaN".to_owned() } else { format!("{}Inf", if number < 0.0 { '-' } else { '+' }) };
    }
    let scientific = format!("{single:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if single != 0.0 && !(-4..6).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{digits}e{sign}{:02}", exponent.abs());
    }
    single.to_string()
}

/// Compact JSON as Go writes it: keys sorted, whole floats without a fraction.
pub fn go_json(value: &serde_json::Value) -> String {
    use serde_json::Value;
    match value {
        Value::Number(number) if number.is_f64() => go_float(number.as_f64().unwrap_or_default()),
        Value::Array(items) => format!("[{}]", items.iter().map(go_json).collect::<Vec<_>>().join(",")),
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_unstable_by_key(|(key, _)| *key);
            let entries: Vec<_> = entries
                .into_iter()
                .map(|(key, value)| format!("{}:{}", Value::String(key.clone()), go_json(value)))
                .collect();
            format!("{{{}}}", entries.join(","))
        }
        other => other.to_string(),
    }
}

fn go_float(number: f64) -> String {
    let magnitude = number.abs();
    if magnitude != 0.0 && !(1e-6..1e21).contains(&magnitude) {
        let text = format!("{number:e}");
        return if text.contains("e-") { text } else { text.replace('e', "e+") };
    }
    number.to_string()
}
