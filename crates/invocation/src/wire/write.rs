//! From heads to bytes.

use std::borrow::Cow;

use bytes::{BufMut, Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue};
use prost::encoding::{WireType, encode_key, encode_varint, encoded_len_varint, key_len};

use super::{RequestHead, ResponseHead};
use crate::frames::{PREFIX, put_prefix};

/// `APIVersion.V1`.
const VERSION: u64 = 1;

/// Puts one gRPC message: the head of a call, and the whole body when it is at hand.
pub(crate) fn put_request(buffer: &mut BytesMut, head: &RequestHead, body: Option<&[u8]>) {
    let metadata = Pairs { headers: &head.metadata, canonical: head.from_http };
    let message = invoke_request_length(head);
    let request = varint(1, VERSION) + metadata.length(2) + own_length(head) + delimited(3, message);
    let payload = body.map_or(0, |body| delimited(2, payload_length(body.len(), 0)));
    let total = delimited(1, request) + payload;
    buffer.reserve(PREFIX + total);
    put_prefix(buffer, total);
    put_delimited(buffer, 1, request);
    put_varint(buffer, 1, VERSION);
    metadata.put(buffer, 2);
    put_own(buffer, head);
    put_delimited(buffer, 3, message);
    put_invoke_request(buffer, head);
    if let Some(body) = body {
        put_payload(buffer, body);
    }
}

/// Names of the app that is called.
const CALLEE: [&str; 2] = ["destination-app-id", "dapr-callee-app-id"];

/// Headers with one value each, as entries of the metadata of a request: encoded once, put into every call.
pub(crate) fn entries(pairs: &[(&str, &str)]) -> Bytes {
    let mut buffer = BytesMut::new();
    for (name, value) in pairs {
        put_entry(&mut buffer, name, value);
    }
    buffer.freeze()
}

fn single_length(name: &str, value: &str) -> usize {
    delimited(2, delimited(1, name.len()) + delimited(2, delimited(1, value.len())))
}

fn put_entry(buffer: &mut BytesMut, name: &str, value: &str) {
    put_delimited(buffer, 2, delimited(1, name.len()) + delimited(2, delimited(1, value.len())));
    put_delimited(buffer, 1, name.len());
    buffer.put_slice(name.as_bytes());
    put_delimited(buffer, 2, delimited(1, value.len()));
    put_delimited(buffer, 1, value.len());
    buffer.put_slice(value.as_bytes());
}

fn own_length(head: &RequestHead) -> usize {
    let callee =
        if head.callee.is_empty() { 0 } else { CALLEE.iter().map(|name| single_length(name, &head.callee)).sum() };
    head.own.len() + callee
}

fn put_own(buffer: &mut BytesMut, head: &RequestHead) {
    buffer.put_slice(&head.own);
    if !head.callee.is_empty() {
        for name in CALLEE {
            put_entry(buffer, name, &head.callee);
        }
    }
}

/// Puts one gRPC message: the head of an answer, and the whole body when it is at hand.
pub(crate) fn put_response(buffer: &mut BytesMut, head: &ResponseHead, body: Option<&[u8]>) {
    let headers = Pairs { headers: &head.headers, canonical: head.from_http };
    let trailers = Pairs { headers: &head.trailers, canonical: false };
    let status = status_length(head);
    let message = invoke_response_length(head);
    let response = delimited(1, status) + headers.length(2) + trailers.length(3) + delimited(4, message);
    let payload = body.map_or(0, |body| delimited(2, payload_length(body.len(), 0)));
    let total = delimited(1, response) + payload;
    buffer.reserve(PREFIX + total);
    put_prefix(buffer, total);
    put_delimited(buffer, 1, response);
    put_delimited(buffer, 1, status);
    put_varint(buffer, 1, i64::from(head.code).cast_unsigned());
    put_text(buffer, 2, &head.message);
    for detail in &head.details {
        put_delimited(buffer, 3, detail.len());
        buffer.put_slice(detail);
    }
    headers.put(buffer, 2);
    trailers.put(buffer, 3);
    put_delimited(buffer, 4, message);
    put_any(buffer, 1, &head.type_url);
    put_text(buffer, 2, &head.content_type);
    if let Some(body) = body {
        put_payload(buffer, body);
    }
}

/// What stands before `length` bytes of a body that are piece number `sequence`, as a gRPC message of their own.
pub(crate) fn payload_prefix(buffer: &mut BytesMut, length: usize, sequence: u64) {
    let payload = payload_length(length, sequence);
    put_prefix(buffer, delimited(2, payload));
    put_delimited(buffer, 2, payload);
    put_varint(buffer, 2, sequence);
    put_delimited(buffer, 1, length);
}

fn put_payload(buffer: &mut BytesMut, body: &[u8]) {
    put_delimited(buffer, 2, payload_length(body.len(), 0));
    put_delimited(buffer, 1, body.len());
    buffer.put_slice(body);
}

fn payload_length(length: usize, sequence: u64) -> usize {
    delimited(1, length) + varint(2, sequence)
}

/// Headers as they are written: names in HTTP's own case or as they are. Values of names that end in `-bin` are base64
/// text already.
#[derive(Clone, Copy)]
struct Pairs<'a> {
    headers: &'a HeaderMap,
    canonical: bool,
}

impl Pairs<'_> {
    /// The length of all of them as entries of a map with number `tag`.
    fn length(self, tag: u32) -> usize {
        self.headers.keys().map(|name| delimited(tag, entry_length(name, self.list_length(name)))).sum()
    }

    fn list_length(self, name: &HeaderName) -> usize {
        self.headers.get_all(name).iter().map(|value| delimited(1, text(value).len())).sum()
    }

    fn put(self, buffer: &mut BytesMut, tag: u32) {
        for name in self.headers.keys() {
            let list = self.list_length(name);
            put_delimited(buffer, tag, entry_length(name, list));
            put_delimited(buffer, 1, name.as_str().len());
            let begin = buffer.len();
            buffer.put_slice(name.as_str().as_bytes());
            if self.canonical {
                canonicalize(&mut buffer[begin..]);
            }
            put_delimited(buffer, 2, list);
            for value in self.headers.get_all(name) {
                let value = text(value);
                put_delimited(buffer, 1, value.len());
                buffer.put_slice(value.as_bytes());
            }
        }
    }
}

/// Header values are bytes, protobuf strings are UTF-8.
fn text(value: &HeaderValue) -> Cow<'_, str> {
    String::from_utf8_lossy(value.as_bytes())
}

/// `content-type` becomes `Content-Type`.
fn canonicalize(name: &mut [u8]) {
    let mut upper = true;
    for letter in name {
        if upper {
            letter.make_ascii_uppercase();
        }
        upper = *letter == b'-';
    }
}

fn entry_length(name: &HeaderName, list: usize) -> usize {
    delimited(1, name.as_str().len()) + delimited(2, list)
}

fn invoke_request_length(head: &RequestHead) -> usize {
    text_length(1, &head.method)
        + any_length(2, &head.type_url)
        + text_length(3, &head.content_type)
        + head.verb.map_or(0, |verb| delimited(4, extension_length(verb, &head.query)))
}

fn extension_length(verb: i32, query: &str) -> usize {
    varint(1, i64::from(verb).cast_unsigned()) + text_length(2, query)
}

fn put_invoke_request(buffer: &mut BytesMut, head: &RequestHead) {
    put_text(buffer, 1, &head.method);
    put_any(buffer, 2, &head.type_url);
    put_text(buffer, 3, &head.content_type);
    if let Some(verb) = head.verb {
        put_delimited(buffer, 4, extension_length(verb, &head.query));
        put_varint(buffer, 1, i64::from(verb).cast_unsigned());
        put_text(buffer, 2, &head.query);
    }
}

fn invoke_response_length(head: &ResponseHead) -> usize {
    any_length(1, &head.type_url) + text_length(2, &head.content_type)
}

fn status_length(head: &ResponseHead) -> usize {
    let details: usize = head.details.iter().map(|detail: &Bytes| delimited(3, detail.len())).sum();
    varint(1, i64::from(head.code).cast_unsigned()) + text_length(2, &head.message) + details
}

/// An `Any` without its value; left out when there is no type either.
fn any_length(tag: u32, type_url: &str) -> usize {
    if type_url.is_empty() { 0 } else { delimited(tag, text_length(1, type_url)) }
}

fn put_any(buffer: &mut BytesMut, tag: u32, type_url: &str) {
    if !type_url.is_empty() {
        put_delimited(buffer, tag, text_length(1, type_url));
        put_text(buffer, 1, type_url);
    }
}

fn text_length(tag: u32, text: &str) -> usize {
    if text.is_empty() { 0 } else { delimited(tag, text.len()) }
}

fn put_text(buffer: &mut BytesMut, tag: u32, text: &str) {
    if !text.is_empty() {
        put_delimited(buffer, tag, text.len());
        buffer.put_slice(text.as_bytes());
    }
}

fn varint(tag: u32, value: u64) -> usize {
    if value == 0 { 0 } else { key_len(tag) + encoded_len_varint(value) }
}

fn put_varint(buffer: &mut BytesMut, tag: u32, value: u64) {
    if value != 0 {
        encode_key(tag, WireType::Varint, buffer);
        encode_varint(value, buffer);
    }
}

/// Length of a field of `length` bytes with its key.
fn delimited(tag: u32, length: usize) -> usize {
    key_len(tag) + encoded_len_varint(length as u64) + length
}

fn put_delimited(buffer: &mut BytesMut, tag: u32, length: usize) {
    encode_key(tag, WireType::LengthDelimited, buffer);
    encode_varint(length as u64, buffer);
}
