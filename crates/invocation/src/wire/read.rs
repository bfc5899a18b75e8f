//! From bytes to heads. Unknown fields are passed over; what is no protobuf is refused.

use bytes::{Buf, Bytes};
use http::header::{HeaderMap, HeaderName, HeaderValue};
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};

use super::{Message, RequestHead, ResponseHead};

/// Headers of one message; more are refused.
const MAX_HEADERS: usize = 4096;

/// Why a message could not be read.
#[derive(Debug, thiserror::Error)]
#[error("malformed message between sidecars: {0}")]
pub(crate) struct ReadError(&'static str);

type Result<T> = std::result::Result<T, ReadError>;

/// Reads an `InternalInvokeRequestStream`.
pub(crate) fn request(bytes: Bytes) -> Result<Message<RequestHead>> {
    let mut message = Message { head: None, payload: None };
    fields(bytes, |tag, value| {
        match (tag, value) {
            (1, Value::Bytes(bytes)) => message.head = Some(request_head(bytes)?),
            (2, Value::Bytes(bytes)) => message.payload = Some(payload(bytes)?),
            _ => {}
        }
        Ok(())
    })?;
    Ok(message)
}

/// Reads an `InternalInvokeResponseStream`.
pub(crate) fn response(bytes: Bytes) -> Result<Message<ResponseHead>> {
    let mut message = Message { head: None, payload: None };
    fields(bytes, |tag, value| {
        match (tag, value) {
            // A Go sidecar puts an empty one before each event of a `text/event-stream`.
            (1, Value::Bytes(bytes)) if bytes.is_empty() => {}
            (1, Value::Bytes(bytes)) => message.head = Some(response_head(bytes)?),
            (2, Value::Bytes(bytes)) => message.payload = Some(payload(bytes)?),
            _ => {}
        }
        Ok(())
    })?;
    Ok(message)
}

enum Value {
    Varint(u64),
    Bytes(Bytes),
}

/// Calls `each` with every field that is a varint or bytes.
fn fields(mut bytes: Bytes, mut each: impl FnMut(u32, Value) -> Result<()>) -> Result<()> {
    while bytes.has_remaining() {
        let (tag, kind) = decode_key(&mut bytes).map_err(|_| ReadError("a field's key"))?;
        match kind {
            WireType::Varint => {
                let value = decode_varint(&mut bytes).map_err(|_| ReadError("a number"))?;
                each(tag, Value::Varint(value))?;
            }
            WireType::LengthDelimited => {
                let length = decode_varint(&mut bytes).map_err(|_| ReadError("a length"))?;
                let length = usize::try_from(length).ok().filter(|length| *length <= bytes.len());
                let length = length.ok_or(ReadError("a length beyond the message"))?;
                each(tag, Value::Bytes(bytes.split_to(length)))?;
            }
            other => skip_field(other, tag, &mut bytes, DecodeContext::default()).map_err(|_| ReadError("a field"))?,
        }
    }
    Ok(())
}

fn text(bytes: &Bytes) -> Result<String> {
    String::from_utf8(bytes.to_vec()).map_err(|_| ReadError("text that is not UTF-8"))
}

fn request_head(bytes: Bytes) -> Result<RequestHead> {
    let mut head = RequestHead::default();
    let mut has_message = false;
    fields(bytes, |tag, value| {
        match (tag, value) {
            (2, Value::Bytes(bytes)) => entry(bytes, &mut head.metadata)?,
            (3, Value::Bytes(bytes)) => {
                has_message = true;
                invoke_request(bytes, &mut head)?;
            }
            _ => {}
        }
        Ok(())
    })?;
    if has_message {
        Ok(head)
    } else {
        Err(ReadError("request does not contain the required fields in the leading chunk"))
    }
}

fn invoke_request(bytes: Bytes, head: &mut RequestHead) -> Result<()> {
    fields(bytes, |tag, value| {
        match (tag, value) {
            (1, Value::Bytes(bytes)) => head.method = text(&bytes)?,
            (2, Value::Bytes(bytes)) => head.type_url = type_url(bytes)?,
            (3, Value::Bytes(bytes)) => head.content_type = text(&bytes)?,
            (4, Value::Bytes(bytes)) => {
                head.verb = Some(0);
                fields(bytes, |tag, value| {
                    match (tag, value) {
                        (1, Value::Varint(verb)) => head.verb = Some(i32::try_from(verb).unwrap_or_default()),
                        (2, Value::Bytes(bytes)) => head.query = text(&bytes)?,
                        _ => {}
                    }
                    Ok(())
                })?;
            }
            _ => {}
        }
        Ok(())
    })
}

fn response_head(bytes: Bytes) -> Result<ResponseHead> {
    let mut head = ResponseHead::default();
    let mut has_status = false;
    fields(bytes, |tag, value| {
        match (tag, value) {
            (1, Value::Bytes(bytes)) => {
                has_status = true;
                status(bytes, &mut head)?;
            }
            (2, Value::Bytes(bytes)) => entry(bytes, &mut head.headers)?,
            (3, Value::Bytes(bytes)) => entry(bytes, &mut head.trailers)?,
            (4, Value::Bytes(bytes)) => fields(bytes, |tag, value| {
                match (tag, value) {
                    (1, Value::Bytes(bytes)) => head.type_url = type_url(bytes)?,
                    (2, Value::Bytes(bytes)) => head.content_type = text(&bytes)?,
                    _ => {}
                }
                Ok(())
            })?,
            _ => {}
        }
        Ok(())
    })?;
    if has_status {
        Ok(head)
    } else {
        Err(ReadError("response does not contain the required fields in the leading chunk"))
    }
}

fn status(bytes: Bytes, head: &mut ResponseHead) -> Result<()> {
    fields(bytes, |tag, value| {
        match (tag, value) {
            (1, Value::Varint(code)) => head.code = i32::try_from(code).unwrap_or_default(),
            (2, Value::Bytes(bytes)) => head.message = text(&bytes)?,
            (3, Value::Bytes(bytes)) => head.details.push(bytes),
            _ => {}
        }
        Ok(())
    })
}

/// The type of an `Any`.
fn type_url(bytes: Bytes) -> Result<String> {
    let mut url = String::new();
    fields(bytes, |tag, value| {
        if let (1, Value::Bytes(bytes)) = (tag, value) {
            url = text(&bytes)?;
        }
        Ok(())
    })?;
    Ok(url)
}

/// One entry of a map of lists. What cannot be a header is left out.
fn entry(bytes: Bytes, headers: &mut HeaderMap) -> Result<()> {
    let mut name = None;
    let mut values = Bytes::new();
    fields(bytes, |tag, value| {
        match (tag, value) {
            (1, Value::Bytes(bytes)) => name = HeaderName::from_bytes(&bytes).ok(),
            (2, Value::Bytes(bytes)) => values = bytes,
            _ => {}
        }
        Ok(())
    })?;
    let Some(name) = name else { return Ok(()) };
    fields(values, |tag, value| {
        if let (1, Value::Bytes(bytes)) = (tag, value)
            && let Ok(value) = HeaderValue::from_maybe_shared(bytes)
        {
            if headers.len() >= MAX_HEADERS {
                return Err(ReadError("too many headers"));
            }
            headers.append(name.clone(), value);
        }
        Ok(())
    })
}

fn payload(bytes: Bytes) -> Result<(Bytes, u64)> {
    let mut payload = (Bytes::new(), 0);
    fields(bytes, |tag, value| {
        match (tag, value) {
            (1, Value::Bytes(bytes)) => payload.0 = bytes,
            (2, Value::Varint(sequence)) => payload.1 = sequence,
            _ => {}
        }
        Ok(())
    })?;
    Ok(payload)
}
