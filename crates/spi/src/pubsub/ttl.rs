//! How long a message is to live.

use std::time::Duration;

use super::Map;
use crate::{Error, Result};

/// The metadata that says it.
const TTL: &str = "ttlInSeconds";

/// Reads `ttlInSeconds` of a message's metadata; the name is matched without regard to case. `None` when it is not given.
///
/// # Errors
/// The text is not a whole number above zero.
pub fn ttl_of(metadata: &Map) -> Result<Option<Duration>> {
    let text = match metadata.get(TTL) {
        Some(text) => Some(text),
        None if metadata.is_empty() => None,
        None => metadata.iter().find(|(name, _)| name.eq_ignore_ascii_case(TTL)).map(|(_, text)| text),
    };
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    match text.trim().parse::<u32>() {
        Ok(seconds) if seconds > 0 => Ok(Some(Duration::from_secs(seconds.into()))),
        _ => Err(Error::invalid(format!("metadata '{TTL}': expected whole seconds, at least 1, found `{text}`"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ttl(name: &str, text: &str) -> Result<Option<Duration>> {
        ttl_of(&Map::from([(name.to_owned(), text.to_owned())]))
    }

    #[test]
    fn reads_whole_seconds() {
        assert_eq!(ttl(TTL, "3").unwrap(), Some(Duration::from_secs(3)));
        assert_eq!(ttl("TTLInSeconds", "3").unwrap(), Some(Duration::from_secs(3)));
        assert_eq!((ttl("other", "3").unwrap(), ttl(TTL, "").unwrap()), (None, None));
        for wrong in ["0", "-1", "1.5", "soon", "4294967296"] {
            assert!(ttl(TTL, wrong).is_err(), "{wrong}");
        }
    }
}
