//! Times as the file holds them: `2026-01-31 23:59:59`, UTC, as SQLite's `CURRENT_TIMESTAMP` and `DATETIME` write them.

use dapr_kit::clock::Clock;

/// `milliseconds` since 1970 in whole seconds.
pub(super) fn text(milliseconds: i64) -> String {
    Clock::manual(milliseconds).now().strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// The stored text as RFC 3339.
pub(super) fn rfc3339(stored: &str) -> String {
    match stored.split_once(' ') {
        Some((date, time)) => format!("{date}T{time}Z"),
        None => stored.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_sqlite_does() {
        assert_eq!(text(1_700_000_000_999), "2023-11-14 22:13:20");
        assert_eq!(rfc3339("2023-11-14 22:13:20"), "2023-11-14T22:13:20Z");
    }
}
