//! From an answer to what the binding returns.

use bytes::{Bytes, BytesMut};
use dapr_net::Body;
use dapr_spi::binding::Map;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt;

/// Reads a body up to `limit` bytes; what is beyond is left out, as the incumbent has it, and a line in the log says so.
pub(crate) async fn body(mut body: Body, limit: Option<usize>) -> Result<Bytes, String> {
    if let Some(bytes) = body.bytes() {
        return Ok(cut(bytes, limit));
    }
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| format!("the answer's body broke off: {error}"))?;
        let Ok(data) = frame.into_data() else { continue };
        whole.extend_from_slice(&data);
        if limit.is_some_and(|limit| whole.len() > limit) {
            break;
        }
    }
    Ok(cut(whole.freeze(), limit))
}

fn cut(mut bytes: Bytes, limit: Option<usize>) -> Bytes {
    if let Some(limit) = limit.filter(|limit| bytes.len() > *limit) {
        tracing::warn!(
            target: "dapr.components.bindings.http",
            "an answer is longer than maxResponseBodySize, {limit} bytes; the rest is left out"
        );
        bytes.truncate(limit);
    }
    bytes
}

/// Status and headers, the names written as Go writes them: `Content-Type`.
pub(crate) fn metadata(status: StatusCode, headers: &HeaderMap) -> Map {
    let mut metadata = Map::with_capacity(headers.keys_len() + 2);
    for name in headers.keys() {
        let values: Vec<_> =
            headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
        metadata.insert(canonical(name.as_str()), values.join(", "));
    }
    metadata.insert("statusCode".to_owned(), status.as_u16().to_string());
    let reason = status.canonical_reason().unwrap_or_default();
    metadata.insert("status".to_owned(), format!("{} {reason}", status.as_u16()).trim_end().to_owned());
    metadata
}

/// The media type of the answer.
pub(crate) fn content_type(headers: &HeaderMap) -> Option<String> {
    headers.get(CONTENT_TYPE)?.to_str().ok().map(str::to_owned)
}

fn canonical(name: &str) -> String {
    let mut at_start = true;
    let letter = |letter: char| {
        let written = if at_start { letter.to_ascii_uppercase() } else { letter };
        at_start = letter == '-';
        written
    };
    name.chars().map(letter).collect()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn headers_are_told_as_go_writes_them() {
        let mut headers = HeaderMap::new();
        headers.append("x-many", HeaderValue::from_static("1"));
        headers.append("x-many", HeaderValue::from_static("2"));
        let metadata = metadata(StatusCode::NOT_FOUND, &headers);
        assert_eq!((metadata["X-Many"].as_str(), metadata["status"].as_str()), ("1, 2", "404 Not Found"));
        assert_eq!(metadata["statusCode"], "404");
    }
}
