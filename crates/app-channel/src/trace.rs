//! The trace of a call on its way to the application: the one place where a span of the sidecar would be put in.
//!
//! HTTP has it as text (`traceparent`), gRPC also as bytes (`grpc-trace-bin`); each kind of application gets what its
//! libraries read. `tracestate` and `baggage` pass as they are.

use base64::Engine;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD_NO_PAD};
use http::{HeaderMap, HeaderName, HeaderValue};

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const GRPC_TRACE_BIN: HeaderName = HeaderName::from_static("grpc-trace-bin");

/// Reads base64 with or without padding, as gRPC wants it.
pub(crate) const BINARY: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// For an HTTP application: `traceparent`, if need be from the binary form.
pub(crate) fn for_http(headers: &mut HeaderMap) {
    let Some(binary) = headers.remove(GRPC_TRACE_BIN) else { return };
    if !headers.contains_key(TRACEPARENT)
        && let Some(text) = to_text(&binary)
    {
        headers.insert(TRACEPARENT, text);
    }
}

/// For a gRPC application: both forms.
pub(crate) fn for_grpc(headers: &mut HeaderMap) {
    match (headers.get(TRACEPARENT), headers.get(GRPC_TRACE_BIN)) {
        (Some(text), None) => {
            if let Some(binary) = to_binary(text) {
                headers.insert(GRPC_TRACE_BIN, binary);
            }
        }
        (None, Some(binary)) => {
            if let Some(text) = to_text(binary) {
                headers.insert(TRACEPARENT, text);
            }
        }
        _ => {}
    }
}

/// Version 0; field 0: 16 bytes of trace; field 1: 8 bytes of span; field 2: 1 byte of flags.
fn to_text(binary: &HeaderValue) -> Option<HeaderValue> {
    let bytes = BINARY.decode(binary.as_bytes()).ok()?;
    let bytes: [u8; 29] = bytes.try_into().ok()?;
    if bytes[0] != 0 || bytes[1] != 0 || bytes[18] != 1 || bytes[27] != 2 {
        return None;
    }
    let text = format!("00-{}-{}-{:02x}", hex::encode(&bytes[2..18]), hex::encode(&bytes[19..27]), bytes[28]);
    HeaderValue::try_from(text).ok()
}

fn to_binary(text: &HeaderValue) -> Option<HeaderValue> {
    let text = text.to_str().ok()?;
    let mut parts = text.split('-');
    let (_version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let mut bytes = [0; 29];
    hex::decode_to_slice(trace, &mut bytes[2..18]).ok()?;
    bytes[18] = 1;
    hex::decode_to_slice(span, &mut bytes[19..27]).ok()?;
    bytes[27] = 2;
    hex::decode_to_slice(flags, &mut bytes[28..29]).ok()?;
    HeaderValue::try_from(STANDARD_NO_PAD.encode(bytes)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn both_forms_say_the_same() {
        let mut headers = HeaderMap::new();
        headers.insert(TRACEPARENT, HeaderValue::from_static(TEXT));
        for_grpc(&mut headers);
        assert_eq!(headers[GRPC_TRACE_BIN], "AABL+S81d7NNpqPOkp0ODkc2AQDwZ6oLqQK3AgE");
        headers.remove(TRACEPARENT);
        for_grpc(&mut headers);
        assert_eq!(headers[TRACEPARENT], TEXT);
        headers.remove(TRACEPARENT);
        for_http(&mut headers);
        assert_eq!(headers[TRACEPARENT], TEXT);
        assert!(!headers.contains_key(GRPC_TRACE_BIN), "an HTTP application reads text");
    }

    #[test]
    fn what_is_no_trace_is_no_trace() {
        for text in ["", "00", "00-xyz-00f067aa0ba902b7-01", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1"] {
            assert!(to_binary(&HeaderValue::from_static(text)).is_none(), "{text}");
        }
        for binary in ["", "?", "AAAA", "AQBL+S81d7NNpqPOkp0ODkc2AQDwZ6oLqQK3AgE"] {
            assert!(to_text(&HeaderValue::from_static(binary)).is_none(), "{binary}");
        }
    }
}
