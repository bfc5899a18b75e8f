//! One reading of a request path: cleaned once, before routing, and never read again another way.

use std::borrow::Cow;

/// The escaped path with empty, `.` and `..` segments resolved; a trailing slash is kept.
pub(crate) fn clean(path: &str) -> Cow<'_, str> {
    if !needs_cleaning(path) {
        return Cow::Borrowed(path);
    }
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            other => segments.push(other),
        }
    }
    let mut cleaned = String::with_capacity(path.len());
    for segment in &segments {
        cleaned.push('/');
        cleaned.push_str(segment);
    }
    if cleaned.is_empty() || path.ends_with('/') {
        cleaned.push('/');
    }
    Cow::Owned(cleaned)
}

fn needs_cleaning(path: &str) -> bool {
    !path.starts_with('/')
        || path.contains("//")
        || (path.contains("/.") && path.split('/').any(|segment| segment == "." || segment == ".."))
}

/// Undoes percent and plus encoding of a path parameter.
///
/// # Errors
/// A percent sign without two hex digits, or bytes that are not UTF-8.
pub(crate) fn unescape(text: &str) -> Result<String, String> {
    if memchr::memchr2(b'%', b'+', text.as_bytes()).is_none() {
        return Ok(text.to_owned());
    }
    let bytes = text.as_bytes();
    let broken = |at: usize| {
        !(bytes.get(at + 1).is_some_and(u8::is_ascii_hexdigit) && bytes.get(at + 2).is_some_and(u8::is_ascii_hexdigit))
    };
    if let Some(at) = memchr::memchr_iter(b'%', bytes).find(|at| broken(*at)) {
        let end = (at + 3).min(text.len());
        return Err(format!("invalid URL escape {:?}", String::from_utf8_lossy(&bytes[at..end])));
    }
    let spaced = text.replace('+', " ");
    let decoded = percent_encoding::percent_decode_str(&spaced).decode_utf8();
    decoded.map(Cow::into_owned).map_err(|_| format!("the escaped text `{text}` is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn paths_are_cleaned_as_a_file_system_would() {
        for (path, cleaned) in [
            ("/v1.0/state/s/k", "/v1.0/state/s/k"),
            ("/v1.0//state///s/k", "/v1.0/state/s/k"),
            ("/v1.0/./state/../state/s", "/v1.0/state/s"),
            ("/../../etc", "/etc"),
            ("/v1.0/metadata/", "/v1.0/metadata/"),
            ("", "/"),
            ("/a/.b/c", "/a/.b/c"),
        ] {
            assert_eq!(clean(path), cleaned, "{path}");
        }
    }

    #[test]
    fn parameters_are_unescaped_as_query_text() {
        assert_eq!(unescape("a%20b+c%2Fd").unwrap(), "a b c/d");
        assert_eq!(unescape("plain").unwrap(), "plain");
        for text in ["%", "%2", "%zz", "%ff"] {
            assert!(unescape(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn cleaning_twice_changes_nothing(path in "/[a-z./%]{0,30}") {
            let once = clean(&path).into_owned();
            prop_assert_eq!(clean(&once), once.as_str());
            prop_assert!(!once.contains("//") && !once.split('/').any(|segment| segment == ".."));
        }

        #[test]
        fn any_text_is_unescaped_or_refused(text in "\\PC*") {
            let _ = unescape(&text);
        }
    }
}
