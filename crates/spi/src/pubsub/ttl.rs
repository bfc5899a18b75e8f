//! How long a message is to live.

use std::time::Duration;

use super::Map;
use crate::{Error, Result};

/// The metadata that says it; the first goes before the second.
const NAMES: [&str; 2] = ["ttl", "ttlInSeconds"];

/// Reads `ttl` or `ttlInSeconds` of a message's metadata: whole seconds, or a duration such as `1m30s`. The names are
/// matched without regard to case. `None` when neither is given.
///
/// # Errors
/// The text is neither, or not above zero.
pub fn ttl_of(metadata: &Map) -> Result<Option<Duration>> {
    if metadata.is_empty() {
        return Ok(None);
    }
    let named = |wanted: &str| {
        let found = metadata.iter().find(|(name, text)| name.eq_ignore_ascii_case(wanted) && !text.is_empty());
        found.map(|(_, text)| text.trim())
    };
    let Some(text) = NAMES.into_iter().find_map(named) else { return Ok(None) };
    let ttl = text.parse::<u32>().map(|seconds| Duration::from_secs(seconds.into()));
    match ttl.or_else(|_| dapr_kit::duration::parse(text)) {
        Ok(ttl) if !ttl.is_zero() => Ok(Some(ttl)),
        _ => Err(Error::invalid(format!("metadata `ttlInSeconds`: expected seconds above zero, found `{text}`"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ttl(name: &str, text: &str) -> Result<Option<Duration>> {
        ttl_of(&Map::from([(name.to_owned(), text.to_owned())]))
    }

    #[test]
    fn reads_seconds_and_durations() {
        assert_eq!(ttl("ttlInSeconds", "3").unwrap(), Some(Duration::from_secs(3)));
        assert_eq!(ttl("TTL", "1m30s").unwrap(), Some(Duration::from_secs(90)));
        assert_eq!((ttl("other", "3").unwrap(), ttl("ttl", "").unwrap()), (None, None));
        for wrong in ["0", "-1", "0s", "soon", "4294967296"] {
            assert!(ttl("ttlInSeconds", wrong).is_err(), "{wrong}");
        }
    }
}
