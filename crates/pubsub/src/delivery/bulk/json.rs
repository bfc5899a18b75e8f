//! A bulk delivery as JSON.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Serialize;
use uuid::Uuid;

use super::{BULK_TYPE, Entry, PUBSUB_NAME};

/// What an entry takes beside its event, roughly.
const ENTRY: usize = 160;

/// Writes the entries with what surrounds them. Events stay as they came; payloads that are none are base64.
pub(super) fn write(entries: &[Entry<'_>], topic: &str, pubsub: &str) -> Bytes {
    let size: usize = entries.iter().map(|entry| entry.message.data.len() * 4 / 3 + ENTRY).sum();
    let mut out = Vec::with_capacity(size + 256);
    out.extend_from_slice(b"{\"entries\":[");
    for (index, entry) in entries.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        out.extend_from_slice(b"{\"entryId\":");
        append(&mut out, &entry.id);
        out.extend_from_slice(b",\"event\":");
        match &entry.event {
            Some(event) => out.extend_from_slice(&event.body()),
            None => append(&mut out, &STANDARD.encode(&entry.message.data)),
        }
        out.extend_from_slice(b",\"metadata\":");
        append(&mut out, &entry.message.metadata);
        out.extend_from_slice(b",\"contentType\":");
        append(&mut out, &entry.content_type);
        out.push(b'}');
    }
    out.extend_from_slice(b"],\"id\":");
    append(&mut out, &Uuid::new_v4().to_string());
    out.extend_from_slice(b",\"metadata\":{\"");
    out.extend_from_slice(PUBSUB_NAME.as_bytes());
    out.extend_from_slice(b"\":");
    append(&mut out, pubsub);
    out.extend_from_slice(b"},\"pubsubname\":");
    append(&mut out, pubsub);
    out.extend_from_slice(b",\"topic\":");
    append(&mut out, topic);
    out.extend_from_slice(b",\"type\":");
    append(&mut out, BULK_TYPE);
    out.push(b'}');
    out.into()
}

/// Text and maps of text cannot fail to be written to memory.
fn append<T: Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) {
    let _ = serde_json::to_writer(out, value);
}
