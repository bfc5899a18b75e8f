//! Which headers reach the application, under which name, and which come back.

use base64::Engine;
use dapr_net::headers::remove_hop_by_hop;
use http::HeaderMap;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HOST, HeaderName, HeaderValue, TE};

use crate::trace::{self, BINARY};

/// Carries tokens in both directions.
pub(crate) const TOKEN: HeaderName = HeaderName::from_static("dapr-api-token");
const DESTINATION: HeaderName = HeaderName::from_static("destination-app-id");

/// HTTP headers that gRPC metadata must not be called, or that describe a message that exists no more: as metadata
/// they begin with `dapr-`.
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

/// What gRPC itself says in metadata; a caller cannot. What its client can decompress says nothing of this sidecar.
const RESERVED: [&str; 10] = [
    "content-type",
    "grpc-accept-encoding",
    "grpc-encoding",
    "grpc-message",
    "grpc-message-type",
    "grpc-status",
    "grpc-status-details-bin",
    "grpc-timeout",
    "te",
    "user-agent",
];

/// Makes the headers of a call to an HTTP application. `content-length` stays: only whoever sends the body knows
/// whether it is true.
pub(crate) fn for_http(headers: &mut HeaderMap, type_url: &str, token: Option<&HeaderValue>) {
    trace::for_http(headers);
    remove_hop_by_hop(headers);
    let dropped =
        |name: &HeaderName| *name == HOST || *name == DESTINATION || *name == EXPECT || name.as_str().ends_with("-bin");
    remove_all(headers, dropped);
    rename(headers, |name| name.starts_with("grpc-"));
    if !type_url.is_empty() {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-protobuf"));
    } else if headers.get(CONTENT_TYPE).is_some_and(HeaderValue::is_empty) {
        headers.remove(CONTENT_TYPE);
    }
    put_token(headers, token);
}

/// Makes the metadata of a call to a gRPC application.
pub(crate) fn for_grpc(headers: &mut HeaderMap, from_grpc: bool, token: Option<&HeaderValue>) {
    trace::for_grpc(headers);
    headers.remove(HOST);
    headers.remove(DESTINATION);
    if from_grpc {
        remove_hop_by_hop(headers);
        headers.remove(CONTENT_LENGTH);
    } else {
        rename(headers, |name| PERMANENT.binary_search(&name).is_ok());
    }
    let mut broken = Vec::new();
    for (name, value) in &*headers {
        let is_bytes = || BINARY.decode(value.as_bytes()).is_ok();
        if RESERVED.binary_search(&name.as_str()).is_ok() || (name.as_str().ends_with("-bin") && !is_bytes()) {
            broken.push(name.clone());
        }
    }
    for name in broken {
        headers.remove(name);
    }
    put_token(headers, token);
    put_grpc(headers);
}

/// What every gRPC call says of itself.
pub(crate) fn put_grpc(headers: &mut HeaderMap) {
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert(TE, HeaderValue::from_static("trailers"));
    headers.insert(http::header::USER_AGENT, HeaderValue::from_static(concat!("dapr/", env!("CARGO_PKG_VERSION"))));
}

/// The application's token, and not one that a caller brought along.
pub(crate) fn put_token(headers: &mut HeaderMap, token: Option<&HeaderValue>) {
    if let Some(token) = token {
        headers.insert(TOKEN, token.clone());
    }
}

/// Leaves the answer's headers that are meant for the caller.
pub(crate) fn of_answer(headers: &mut HeaderMap) {
    remove_hop_by_hop(headers);
    // Whoever passes the body on says how long it is.
    headers.remove(CONTENT_LENGTH);
}

fn remove_all(headers: &mut HeaderMap, is_dropped: impl Fn(&HeaderName) -> bool) {
    let dropped: Vec<HeaderName> = headers.keys().filter(|name| is_dropped(name)).cloned().collect();
    for name in dropped {
        headers.remove(name);
    }
}

/// Puts `dapr-` before names.
fn rename(headers: &mut HeaderMap, is_renamed: impl Fn(&str) -> bool) {
    let old: Vec<HeaderName> = headers.keys().filter(|name| is_renamed(name.as_str())).cloned().collect();
    for name in old {
        let Ok(renamed) = HeaderName::try_from(format!("dapr-{name}")) else { continue };
        if let http::header::Entry::Occupied(entry) = headers.entry(name) {
            let (_, values) = entry.remove_entry_mult();
            let values: Vec<HeaderValue> = values.collect();
            for value in values {
                headers.append(renamed.clone(), value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    fn lines(headers: &HeaderMap) -> Vec<String> {
        let mut lines: Vec<String> =
            headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
        lines.sort();
        lines
    }

    #[test]
    fn tables_are_sorted() {
        assert!(PERMANENT.is_sorted());
        assert!(RESERVED.is_sorted());
    }

    #[test]
    fn an_http_application_gets_end_to_end_headers_and_the_token() {
        let mut headers = headers(&[
            ("accept", "text/plain"),
            ("baggage", "a=b"),
            ("connection", "close, x-hop"),
            ("content-length", "3"),
            ("content-type", "text/plain"),
            ("dapr-api-token", "stolen"),
            ("destination-app-id", "me"),
            ("expect", "100-continue"),
            ("grpc-timeout", "1S"),
            ("host", "sidecar"),
            ("http2-settings", "AAMAAABkAAQAAP__"),
            ("keep-alive", "timeout=5"),
            ("proxy-authorization", "Basic eA=="),
            ("te", "trailers"),
            ("trailer", "x"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "h2c"),
            ("x-hop", "named by connection"),
            ("x-raw-bin", "AAAA"),
            ("x-two", "1"),
            ("x-two", "2"),
        ]);
        for_http(&mut headers, "", Some(&HeaderValue::from_static("secret")));
        let expected = [
            "accept: text/plain",
            "baggage: a=b",
            "content-length: 3",
            "content-type: text/plain",
            "dapr-api-token: secret",
            "dapr-grpc-timeout: 1S",
            "x-two: 1",
            "x-two: 2",
        ];
        assert_eq!(lines(&headers), expected);
    }

    #[test]
    fn a_typed_message_is_protobuf_to_an_http_application() {
        let mut map = headers(&[("content-type", "application/json")]);
        for_http(&mut map, "type.googleapis.com/x.Y", None);
        assert_eq!(lines(&map), ["content-type: application/x-protobuf"]);
        let mut map = headers(&[("content-type", "")]);
        for_http(&mut map, "", None);
        assert!(map.is_empty(), "no default is made up: {map:?}");
    }

    #[test]
    fn http_headers_get_other_names_as_metadata_and_metadata_do_not() {
        let given = [("accept", "a"), ("accept-encoding", "gzip"), ("cookie", "c"), ("user-agent", "curl"), ("x", "1")];
        let mut map = headers(&given);
        for_grpc(&mut map, false, None);
        let grpc = ["content-type: application/grpc", "te: trailers", "user-agent: dapr/1.18.0"];
        let own = ["accept-encoding: gzip", "content-type: application/grpc", "dapr-accept: a", "dapr-cookie: c"];
        assert_eq!(lines(&map), [own.as_slice(), &grpc[1..], &["x: 1"]].concat());

        let mut map = headers(&given);
        for_grpc(&mut map, true, Some(&HeaderValue::from_static("secret")));
        let own = ["accept-encoding: gzip", "accept: a", "content-type: application/grpc", "cookie: c"];
        assert_eq!(lines(&map), [own.as_slice(), &["dapr-api-token: secret"], &grpc[1..], &["x: 1"]].concat());
    }

    #[test]
    fn binary_metadata_stay_when_they_are_base64() {
        let mut map = headers(&[("a-bin", "AAA="), ("b-bin", "AAA"), ("c-bin", "?"), ("grpc-accept-encoding", "gzip")]);
        for_grpc(&mut map, false, None);
        assert!(map.contains_key("a-bin") && map.contains_key("b-bin") && !map.contains_key("c-bin"), "{map:?}");
        assert!(!map.contains_key("grpc-accept-encoding"), "this sidecar takes no compressed answers");
    }

    #[test]
    fn an_answer_keeps_what_is_meant_for_the_caller() {
        let mut map = headers(&[("connection", "x-hop"), ("x-hop", "1"), ("content-length", "999"), ("x", "1")]);
        of_answer(&mut map);
        assert_eq!(lines(&map), ["x: 1"]);
    }
}
