//! Renders one line as text or JSON. After `time`, `level` and `msg`, text lines sort their keys;
//! JSON lines sort all of them.

use std::fmt::Write as _;

use serde_json::Value;

/// The keys and values of one line.
pub(super) struct Line<'a> {
    pub(super) time: &'a str,
    pub(super) level: &'a str,
    pub(super) message: &'a str,
    /// Sorted by key.
    pub(super) keys: Vec<(&'a str, &'a Value)>,
}

impl Line<'_> {
    pub(super) fn text(&self, out: &mut String) {
        // Writing to a String cannot fail.
        let _ = write!(out, "time=\"{}\" level={}", self.time, self.level);
        if !self.message.is_empty() {
            out.push_str(" msg=");
            push_value(out, self.message);
        }
        for (key, value) in &self.keys {
            out.push(' ');
            out.push_str(key);
            out.push('=');
            match value {
                Value::String(text) => push_value(out, text),
                other => push_value(out, &other.to_string()),
            }
        }
        out.push('\n');
    }

    pub(super) fn json(&self, out: &mut String) {
        let own = [("level", self.level), ("msg", self.message), ("time", self.time)]
            .map(|(key, value)| (key, Value::from(value)));
        let mut all: Vec<(&str, &Value)> = self.keys.clone();
        all.extend(own.iter().map(|(key, value)| (*key, value)));
        all.sort_by_key(|(key, _)| *key);
        for (index, (key, value)) in all.iter().enumerate() {
            let lead = if index == 0 { '{' } else { ',' };
            let _ = write!(out, "{lead}{}:{value}", Value::from(*key));
        }
        out.push_str("}\n");
    }
}

fn push_value(out: &mut String, text: &str) {
    if text.chars().all(is_bare) {
        out.push_str(text);
    } else {
        push_quoted(out, text);
    }
}

/// Characters that logrus leaves unquoted.
fn is_bare(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '/' | '@' | '^' | '+')
}

/// Go's `%q`: control characters escaped, anything printable as it is.
fn push_quoted(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\x07' => out.push_str("\\a"),
            '\x08' => out.push_str("\\b"),
            '\x0b' => out.push_str("\\v"),
            '\x0c' => out.push_str("\\f"),
            c if c < ' ' || c == '\x7f' => drop(write!(out, "\\x{:02x}", c as u32)),
            c if c.is_control() => drop(write!(out, "\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
}
