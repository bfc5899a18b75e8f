//! Which requests a middleware is for: those whose path a regular expression matches.

use dapr_spi::{Error, Result};
use http::Uri;
use percent_encoding::percent_decode_str;
use regex::Regex;

/// All paths, or those that an expression matches.
#[derive(Clone, Debug)]
pub(crate) struct PathFilter(Option<Regex>);

impl PathFilter {
    /// Reads the field `pathFilter`; empty means all paths.
    pub(crate) fn new(field: &str) -> Result<Self> {
        if field.is_empty() {
            return Ok(Self(None));
        }
        let regex = Regex::new(field)
            .map_err(|error| Error::invalid(format!("field `pathFilter` is not a regular expression: {error}")))?;
        Ok(Self(Some(regex)))
    }

    /// Whether the request is one of them. No other spelling of a path avoids the filter: the path is tried as it came,
    /// decoded, and as it is once `.`, `..` and empty segments are resolved.
    pub(crate) fn matches(&self, uri: &Uri) -> bool {
        let Some(regex) = &self.0 else { return true };
        let path = percent_decode_str(uri.path()).decode_utf8_lossy();
        regex.is_match(&path) || regex.is_match(uri.path()) || regex.is_match(&resolved(&path))
    }
}

/// The path without `.`, `..` and empty segments.
fn resolved(path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split(['/', '\\']) {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            other => segments.push(other),
        }
    }
    let end = if path.ends_with('/') && !segments.is_empty() { "/" } else { "" };
    format!("/{}{end}", segments.join("/"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn matches(filter: &str, uri: &str) -> bool {
        PathFilter::new(filter).unwrap().matches(&uri.parse().unwrap())
    }

    #[test]
    fn every_spelling_is_matched() {
        assert!(matches("", "/anything"));
        for spelling in [
            "/v1.0/invoke/app/method/secret",
            "/v1.0/invoke/app/method/%73ecret",
            "/v1.0/invoke/app//method/secret",
            "/v1.0/./invoke/app/method/x/../secret",
            "/v1.0/invoke/app/method/x/%2e%2e/secret?a=b",
            "/v1.0/invoke/app/method%2Fsecret",
        ] {
            assert!(matches("^/v1.0/invoke/app/method/secret$", spelling), "{spelling}");
        }
        assert!(!matches("^/v1.0/invoke/app/method/secret$", "/v1.0/invoke/app/method/other"));
        assert!(PathFilter::new("(").is_err());
    }

    proptest! {
        #[test]
        fn no_path_breaks_it(path in "/[a-z%0-9./\\\\]{0,30}") {
            if let Ok(uri) = path.parse::<Uri>() {
                let _ = PathFilter::new("^/a/b").unwrap().matches(&uri);
                prop_assert!(resolved(&path).split('/').all(|segment| segment != ".." && segment != "."));
            }
        }
    }
}
