//! The headers of an app's answer on their way to the caller.

use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName};

const DESTINATION: HeaderName = HeaderName::from_static("destination-app-id");
const TRACE: [&str; 3] = ["traceparent", "tracestate", "grpc-trace-bin"];

/// Headers that mean something to gRPC or to one hop; as metadata they begin with `dapr-`.
const PERMANENT: [&str; 28] = [
    "accept",
    "accept-charset",
    "accept-language",
    "accept-ranges",
    "cache-control",
    "connection",
    "content-length",
    "content-type",
    "cookie",
    "date",
    "expect",
    "from",
    "host",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-schedule-tag-match",
    "if-unmodified-since",
    "keep-alive",
    "max-forwards",
    "origin",
    "pragma",
    "proxy-connection",
    "referer",
    "transfer-encoding",
    "upgrade",
    "via",
    "warning",
];

/// As the headers of an HTTP response. The length is told by whoever sends the body.
pub(crate) fn to_http(mut headers: HeaderMap) -> HeaderMap {
    dapr_net::headers::remove_hop_by_hop(&mut headers);
    for name in [CONTENT_TYPE, CONTENT_LENGTH, DESTINATION] {
        headers.remove(name);
    }
    let odd = |name: &str| name.ends_with("-bin") || name.starts_with("grpc-");
    if !headers.keys().any(|name| odd(name.as_str())) {
        return headers;
    }
    let mut renamed = HeaderMap::with_capacity(headers.len());
    for name in headers.keys().filter(|name| !name.as_str().ends_with("-bin")) {
        let written = prefixed(name, name.as_str().starts_with("grpc-"));
        for value in headers.get_all(name) {
            renamed.append(written.clone(), value.clone());
        }
    }
    renamed
}

/// As the metadata of a gRPC response; `from_http` when they are the headers of an HTTP app.
pub(crate) fn to_grpc(headers: &HeaderMap, from_http: bool) -> HeaderMap {
    let mut metadata = HeaderMap::with_capacity(headers.len());
    for name in headers.keys() {
        let text = name.as_str();
        if TRACE.contains(&text) || *name == DESTINATION {
            continue;
        }
        let written = prefixed(name, from_http && PERMANENT.binary_search(&text).is_ok());
        for value in headers.get_all(name) {
            metadata.append(written.clone(), value.clone());
        }
    }
    metadata.remove(CONTENT_TYPE);
    metadata
}

fn prefixed(name: &HeaderName, wanted: bool) -> HeaderName {
    let written = wanted.then(|| HeaderName::try_from(format!("dapr-{name}")).ok()).flatten();
    written.unwrap_or_else(|| name.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(names: &[&'static str]) -> HeaderMap {
        names.iter().map(|name| (HeaderName::from_static(name), http::HeaderValue::from_static("v"))).collect()
    }

    fn names(headers: &HeaderMap) -> Vec<&str> {
        let mut names: Vec<_> = headers.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn http_callers_get_no_hop_by_hop_and_no_binary_headers() {
        let given = headers(&["x", "content-length", "connection", "te", "y-bin", "grpc-status", "content-type"]);
        assert_eq!(names(&to_http(given)), ["dapr-grpc-status", "x"]);
    }

    #[test]
    fn grpc_callers_get_http_headers_under_other_names() {
        assert!(PERMANENT.is_sorted());
        let given = headers(&["x", "date", "content-type", "traceparent"]);
        assert_eq!(names(&to_grpc(&given, true)), ["dapr-content-type", "dapr-date", "x"]);
        assert_eq!(names(&to_grpc(&given, false)), ["date", "x"]);
    }
}
