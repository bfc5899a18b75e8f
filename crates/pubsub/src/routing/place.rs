//! Where an application wants events.

use http::Uri;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

/// What no URI holds as it is; `%` stays, since a path may be escaped already.
const ESCAPED: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'\\').add(b'^').add(b'`');

/// A path of the application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// As the rule has it; gRPC applications get it so. It may be empty.
    pub(crate) path: String,
    /// For HTTP applications.
    pub(crate) uri: Uri,
}

impl Place {
    pub(crate) fn new(path: &str) -> Self {
        let absolute = format!("/{}", path.trim_start_matches('/'));
        let escaped = utf8_percent_encode(&absolute, ESCAPED).to_string();
        let uri = Uri::try_from(escaped).unwrap_or(Uri::from_static("/"));
        Self { path: path.to_owned(), uri }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_is_a_uri() {
        for (path, uri) in [
            ("/a", "/a"),
            ("a/b?c=d", "/a/b?c=d"),
            ("", "/"),
            ("//host/a", "/host/a"),
            ("/a b", "/a%20b"),
            ("/a%20b", "/a%20b"),
            ("/ö", "/%C3%B6"),
        ] {
            assert_eq!(Place::new(path).uri.to_string(), uri, "{path}");
        }
    }
}
