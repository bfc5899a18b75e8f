//! Which app a request names, and which of its methods.

use std::borrow::Cow;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::header::{AUTHORIZATION, HeaderMap, HeaderName};

use crate::http::unescape;

/// Names the app, in a header or as the user of basic authentication.
const APP_ID: HeaderName = HeaderName::from_static("dapr-app-id");
const BASIC: &[u8] = b"Basic ";
const METHOD: &str = "/method/";

/// The app, and the escaped path of the method.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Named<'a> {
    pub(super) target: String,
    pub(super) method: Cow<'a, str>,
}

/// Finds both: in the header `dapr-app-id`, which is taken out; in `http://dapr-app-id:<app>@…`; in the path
/// `/v1.0/invoke/<app>/method/<method>`.
pub(super) fn find<'a>(path: &'a str, headers: &mut HeaderMap) -> Option<Named<'a>> {
    if let Some(value) = headers.remove(APP_ID)
        && let Ok(target) = value.to_str()
        && !target.is_empty()
    {
        return Some(Named { target: target.to_owned(), method: path.into() });
    }
    if let Some(target) = basic(headers) {
        return Some(Named { target, method: path.into() });
    }
    let rest = after(path, &["v1.0", "invoke"])?;
    let end = rest.find(METHOD).filter(|end| *end > 0)?;
    let target = rest[..end].trim_end_matches('/');
    let target = unescape(target).ok().filter(|target| !target.is_empty())?;
    Some(Named { target, method: rest[end + METHOD.len()..].into() })
}

/// The password of the user `dapr-app-id`.
fn basic(headers: &HeaderMap) -> Option<String> {
    let encoded = headers.get(AUTHORIZATION)?.as_bytes().strip_prefix(BASIC)?;
    let text = String::from_utf8(BASE64_STANDARD.decode(encoded).ok()?).ok()?;
    let (user, app_id) = text.split_once(':')?;
    let fits = user.eq_ignore_ascii_case(APP_ID.as_str()) && !app_id.is_empty() && !app_id.contains(':');
    fits.then(|| app_id.to_owned())
}

/// What follows these segments; slashes may be repeated.
fn after<'a>(path: &'a str, segments: &[&str]) -> Option<&'a str> {
    let mut rest = path;
    for segment in segments {
        rest = rest.trim_start_matches('/').strip_prefix(segment)?;
        if !rest.starts_with('/') {
            return None;
        }
    }
    Some(rest.trim_start_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use proptest::prelude::*;

    fn named(target: &str, method: &'static str) -> Option<Named<'static>> {
        Some(Named { target: target.to_owned(), method: method.into() })
    }

    #[test]
    fn in_the_path() {
        let mut none = HeaderMap::new();
        let mut find = |path| find(path, &mut none);
        assert_eq!(find("/v1.0/invoke/app/method/foo"), named("app", "foo"));
        assert_eq!(find("/v1.0//invoke//app/method//foo"), named("app", "/foo"));
        assert_eq!(find("/v1.0/invoke/app.ns/method/a/b%20c"), named("app.ns", "a/b%20c"));
        assert_eq!(find("/v1.0/invoke/http://a.b:80/x/method/foo"), named("http://a.b:80/x", "foo"));
        assert_eq!(find("/v1.0/invoke/http%3A%2F%2Fa.b/method/foo"), named("http://a.b", "foo"));
        assert_eq!(find("/v1.0/invoke/app/method/"), named("app", ""));
        for path in ["/v1.0/invoke/app", "/v1.0/invoke//method/x", "/v1.0/invokes/app/method/x", "/", "/x/method/y"] {
            assert_eq!(find(path), None, "{path}");
        }
    }

    #[test]
    fn in_the_headers() {
        let mut headers = HeaderMap::from_iter([(APP_ID, HeaderValue::from_static("app"))]);
        assert_eq!(find("/orders/1", &mut headers), named("app", "/orders/1"));
        assert!(headers.is_empty(), "the header is for this sidecar");
        let basic = HeaderValue::from_static("Basic RGFwci1BcHAtSWQ6YXBw");
        let mut headers = HeaderMap::from_iter([(AUTHORIZATION, basic)]);
        assert_eq!(find("/orders/1", &mut headers), named("app", "/orders/1"));
        let other = HeaderValue::from_static("Basic YWxpY2U6c2VjcmV0");
        let mut headers = HeaderMap::from_iter([(AUTHORIZATION, other)]);
        assert_eq!(find("/orders/1", &mut headers), None);
        assert_eq!(headers.len(), 1);
    }

    proptest! {
        #[test]
        fn any_path_is_read(path in "/[v1.0/invoke%:a-z]{0,40}") {
            let _ = find(&path, &mut HeaderMap::new());
        }
    }
}
