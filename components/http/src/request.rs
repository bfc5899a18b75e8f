//! From a call of the binding to a request.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use dapr_spi::binding::{InvokeRequest, Map};
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use crate::settings::Settings;

const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");
const AGENT: HeaderValue = HeaderValue::from_static(concat!("dapr/", env!("CARGO_PKG_VERSION")));
/// What a URL cannot hold as it is; an escape that is there already stays.
const UNSAFE: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'\\').add(b'^').add(b'`').add(b'{').add(b'|').add(b'}');
/// Metadata in small letters that are headers all the same.
const TRACE: [HeaderName; 3] =
    [HeaderName::from_static("traceparent"), HeaderName::from_static("tracestate"), HeaderName::from_static("baggage")];
/// Headers that only whoever sends the request can know.
const FRAMING: [HeaderName; 5] = [
    http::header::CONNECTION,
    http::header::CONTENT_LENGTH,
    http::header::HOST,
    http::header::TRANSFER_ENCODING,
    http::header::UPGRADE,
];

/// A request to an absolute URL, before it is known how often it is sent.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing {
    pub(crate) method: Method,
    pub(crate) url: Uri,
    pub(crate) headers: HeaderMap,
    /// `None` for verbs without a body.
    pub(crate) body: Option<Bytes>,
}

impl Outgoing {
    /// # Errors
    /// The path makes no URL, or the operation is none.
    pub(crate) fn new(settings: &Settings, call: InvokeRequest) -> Result<Self, String> {
        let InvokeRequest { operation, data, metadata } = call;
        let method = method(&operation).ok_or_else(|| format!("invalid operation: {operation}"))?;
        let url = url(&settings.url, metadata.get("path").map_or("", String::as_str))?;
        let has_body = matches!(method, Method::POST | Method::PUT | Method::PATCH);
        let headers = headers(settings, &url, &metadata, has_body);
        Ok(Self { method, url, headers, body: has_body.then_some(data) })
    }
}

/// `create` is what calls without a verb of HTTP say.
fn method(operation: &str) -> Option<Method> {
    Some(match operation.to_ascii_lowercase().as_str() {
        "create" | "post" => Method::POST,
        "get" => Method::GET,
        "head" => Method::HEAD,
        "put" => Method::PUT,
        "patch" => Method::PATCH,
        "delete" => Method::DELETE,
        "options" => Method::OPTIONS,
        "trace" => Method::TRACE,
        _ => return None,
    })
}

/// The URL with `path` behind it.
///
/// # Errors
/// Together they are no URL.
pub(crate) fn url(base: &str, path: &str) -> Result<Uri, String> {
    let whole = match path {
        "" => base.to_owned(),
        path => format!("{}/{}", base.trim_end_matches('/'), path.trim_start_matches('/')),
    };
    // What follows is for the reader of a document, never for its server.
    let whole = whole.split('#').next().unwrap_or_default();
    let escaped = utf8_percent_encode(whole, UNSAFE).to_string();
    escaped.parse().map_err(|error| format!("`{whole}` is no URL: {error}"))
}

fn headers(settings: &Settings, url: &Uri, metadata: &Map, has_body: bool) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, JSON);
    headers.insert(USER_AGENT, AGENT);
    if has_body {
        headers.insert(CONTENT_TYPE, JSON);
    }
    if let Some(credentials) = credentials(url) {
        headers.insert(AUTHORIZATION, credentials);
    }
    if let Some((name, value)) = &settings.token {
        headers.insert(name.clone(), value.clone());
    }
    // Names that begin with a capital letter are headers.
    for (name, value) in metadata.iter().filter(|(name, _)| name.starts_with(|first: char| first.is_ascii_uppercase()))
    {
        let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) else { continue };
        if !FRAMING.contains(&name) {
            headers.insert(name, value);
        }
    }
    for name in TRACE {
        let value = metadata.get(name.as_str()).filter(|value| !value.is_empty());
        if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
            headers.insert(name, value);
        }
    }
    headers
}

/// Name and password that stand in the URL.
fn credentials(url: &Uri) -> Option<HeaderValue> {
    let (user, _) = url.authority()?.as_str().rsplit_once('@')?;
    let (name, password) = user.split_once(':').unwrap_or((user, ""));
    let plain = [percent_decode_str(name).collect(), b":".to_vec(), percent_decode_str(password).collect::<Vec<u8>>()];
    let mut value = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(plain.concat()))).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use dapr_spi::Factory;
    use dapr_spi::metadata::{Metadata, Properties};

    use super::*;
    use crate::{Http, HttpMetadata};

    fn outgoing(url: &str, operation: &str, metadata: &[(&str, &str)]) -> Outgoing {
        let pairs = [("url", url), ("securityToken", "secret"), ("securityTokenHeader", "X-Token")];
        let settings = Http::validate(HttpMetadata::parse(&Properties::from_pairs(pairs)).unwrap()).unwrap();
        let metadata = metadata.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let call = InvokeRequest { operation: operation.into(), data: Bytes::from_static(b"{}"), metadata };
        Outgoing::new(&settings, call).unwrap()
    }

    #[test]
    fn a_path_is_put_behind_the_url_and_cannot_leave_the_host() {
        for (base, path, whole) in [
            ("http://a/b/", "/c d?e=f#g", "http://a/b/c%20d?e=f"),
            ("http://a", "", "http://a/"),
            ("http://a/x%20y", "é", "http://a/x%20y/%C3%A9"),
            ("http://a", "//evil/x", "http://a/evil/x"),
            ("http://a", "@evil/x", "http://a/@evil/x"),
        ] {
            let url = url(base, path).unwrap();
            assert_eq!((url.to_string().as_str(), url.host()), (whole, Some("a")), "{base} {path}");
        }
    }

    #[test]
    fn capital_metadata_are_headers_and_framing_is_ours() {
        let sent = outgoing(
            "http://u:p%40@a/",
            "create",
            &[
                ("Content-Type", "text/plain"),
                ("X-Mine", "1"),
                ("small", "2"),
                ("Host", "evil"),
                ("traceparent", "00-x"),
            ],
        );
        assert_eq!((&sent.method, sent.body.as_deref()), (&Method::POST, Some(&b"{}"[..])));
        let of = |name: &str| sent.headers.get(name).map(|value| value.to_str().unwrap());
        assert_eq!(
            (of("content-type"), of("x-mine"), of("small"), of("host")),
            (Some("text/plain"), Some("1"), None, None)
        );
        assert_eq!((of("accept"), of("x-token")), (Some("application/json; charset=utf-8"), Some("secret")));
        assert_eq!((of("traceparent"), of("authorization")), (Some("00-x"), Some("Basic dTpwQA==")));
    }

    #[test]
    fn verbs_without_a_body_have_none() {
        for verb in ["get", "HEAD", "delete", "options", "trace"] {
            let sent = outgoing("http://a", verb, &[]);
            assert!(sent.body.is_none() && !sent.headers.contains_key(CONTENT_TYPE), "{verb}");
        }
    }
}
