//! What `connectionString` means: a path, a `file:` URI, or a database in memory.
//!
//! Parameters that begin with `_` are for the driver (the incumbent's is modernc.org/sqlite), the others for SQLite itself.

use dapr_spi::{Error, Result};
use percent_encoding::percent_decode_str;

/// Where the database is and how it is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// A `file:` URI, or `:memory:`.
    pub(crate) uri: String,
    /// For messages: the path alone.
    pub(crate) path: String,
    /// Lives as long as its one connection.
    pub(crate) in_memory: bool,
    /// Opened with `mode=ro` or `immutable=1`.
    pub(crate) read_only: bool,
    /// `name(value)` or `name=value`, run on each connection.
    pub(crate) pragmas: Vec<String>,
    /// How a writing transaction begins: `IMMEDIATE` or `EXCLUSIVE`.
    pub(crate) begin: &'static str,
}

pub(crate) fn parse(text: &str) -> Result<Target> {
    if text.is_empty() {
        return Err(Error::invalid("field `connectionString` must name a file"));
    }
    let (base, query) = match text.split_once('?') {
        Some((base, query)) if !base.is_empty() => (base, query),
        _ => (text, ""),
    };
    let mut target = Target {
        uri: String::new(),
        path: strip_file(base).to_owned(),
        in_memory: strip_file(base).to_ascii_lowercase().starts_with(":memory:"),
        read_only: false,
        pragmas: Vec::new(),
        begin: "IMMEDIATE",
    };
    let mut kept = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        target.take(pair, &mut kept)?;
    }
    target.uri = if target.in_memory { ":memory:".to_owned() } else { uri(base, &kept) };
    Ok(target)
}

impl Target {
    fn take<'a>(&mut self, pair: &'a str, kept: &mut Vec<&'a str>) -> Result<()> {
        let (name, raw) = pair.split_once('=').unwrap_or((pair, ""));
        let value = decoded(raw);
        match name {
            "_txlock" => self.begin = begin(&value)?,
            "_pragma" => self.pragmas.push(pragma(value)?),
            name if name.starts_with('_') => {}
            _ => {
                self.in_memory |= name == "mode" && value == "memory";
                self.read_only |= matches!((name, value.as_str()), ("mode", "ro") | ("immutable", "1"));
                kept.push(pair);
            }
        }
        Ok(())
    }
}

/// The writer always writes, so a deferred transaction would only fail later.
fn begin(lock: &str) -> Result<&'static str> {
    match lock.to_ascii_lowercase().as_str() {
        "immediate" => Ok("IMMEDIATE"),
        "exclusive" => Ok("EXCLUSIVE"),
        "deferred" => {
            tracing::warn!("state.sqlite: `_txlock=deferred` is not recommended and taken as `immediate`");
            Ok("IMMEDIATE")
        }
        other => Err(Error::invalid(format!(
            "field `connectionString`: `_txlock` must be `immediate`, `exclusive` or `deferred`, found `{other}`"
        ))),
    }
}

fn pragma(text: String) -> Result<String> {
    let lower = text.trim().to_ascii_lowercase();
    let forbidden = [("busy_timeout", "busyTimeout"), ("journal_mode", "disableWAL"), ("foreign_keys", "")];
    for (name, field) in forbidden {
        if lower.starts_with(name) {
            let hint = if field.is_empty() { String::new() } else { format!("; use the field `{field}`") };
            return Err(Error::invalid(format!(
                "found forbidden option '_pragma={name}' in the connection string{hint}"
            )));
        }
    }
    if lower.is_empty() || lower.contains(';') {
        return Err(Error::invalid(format!("field `connectionString`: `_pragma={text}` is not one pragma")));
    }
    Ok(text)
}

fn uri(base: &str, parameters: &[&str]) -> String {
    let query = if parameters.is_empty() { String::new() } else { format!("?{}", parameters.join("&")) };
    format!("file:{}{query}", strip_file(base))
}

fn strip_file(base: &str) -> &str {
    base.get(..5).filter(|start| start.eq_ignore_ascii_case("file:")).map_or(base, |_| &base[5..])
}

/// Query text: `+` is a space.
fn decoded(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_uris_are_one() {
        for text in ["data/my.db", "file:data/my.db", "FILE:data/my.db"] {
            let target = parse(text).unwrap();
            assert_eq!((target.uri.as_str(), target.path.as_str()), ("file:data/my.db", "data/my.db"));
            assert!(!target.in_memory && !target.read_only);
        }
    }

    #[test]
    fn memory_is_seen_in_every_spelling() {
        for text in [":memory:", "file::memory:?cache=shared", ":MEMORY:", "file:x?mode=memory&cache=shared"] {
            let target = parse(text).unwrap();
            assert!(target.in_memory, "{text}");
            assert_eq!(target.uri, ":memory:");
        }
    }

    #[test]
    fn parameters_go_where_they_belong() {
        let target =
            parse("a.db?mode=ro&_pragma=cache_size%28-100%29&_txlock=Exclusive&immutable=1&_time_format=x").unwrap();
        assert_eq!(target.uri, "file:a.db?mode=ro&immutable=1");
        assert_eq!((target.pragmas, target.begin), (vec!["cache_size(-100)".to_owned()], "EXCLUSIVE"));
        assert!(target.read_only);
    }

    #[test]
    fn what_fields_set_is_refused_as_pragma() {
        for text in [
            "a?_pragma=busy_timeout(5)",
            "a?_pragma=Journal_Mode(OFF)",
            "a?_pragma=foreign_keys=1",
            "a?_pragma=a;b",
            "",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(parse("a?_txlock=never").is_err());
    }
}
