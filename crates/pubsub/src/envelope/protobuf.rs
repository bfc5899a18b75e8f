//! Whether bytes are a `CloudEvent` as protobuf, looked at without decoding it.

/// The fields that every event has: `id`, `source`, `spec_version` and `type`.
const REQUIRED: std::ops::RangeInclusive<u64> = 1..=4;

/// Whether `bytes` is a message `io.cloudevents.v1.CloudEvent` with all that an event must have.
pub(super) fn is_event(bytes: &[u8]) -> bool {
    let mut seen = [false; 4];
    let mut rest = bytes;
    while !rest.is_empty() {
        let Some((number, content, after)) = field(rest) else { return false };
        if REQUIRED.contains(&number) {
            let text = content.and_then(|content| std::str::from_utf8(content).ok());
            let Some(text) = text else { return false };
            seen[(number - 1) as usize] = !text.is_empty();
        }
        rest = after;
    }
    seen.iter().all(|seen| *seen)
}

/// Its number, its bytes if it has any, and what follows.
type Field<'a> = (u64, Option<&'a [u8]>, &'a [u8]);

/// A field's number, its content if it has a length, and what comes after it.
fn field(bytes: &[u8]) -> Option<Field<'_>> {
    let (tag, rest) = varint(bytes)?;
    let number = tag >> 3;
    if number == 0 {
        return None;
    }
    match tag & 7 {
        0 => varint(rest).map(|(_, after)| (number, None, after)),
        1 => rest.get(8..).map(|after| (number, None, after)),
        2 => {
            let (length, rest) = varint(rest)?;
            let (content, after) = rest.split_at_checked(usize::try_from(length).ok()?)?;
            Some((number, Some(content), after))
        }
        5 => rest.get(4..).map(|after| (number, None, after)),
        _ => None,
    }
}

fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0u64;
    for (at, byte) in bytes.iter().enumerate().take(10) {
        value |= u64::from(byte & 0x7f) << (7 * at as u32);
        if byte & 0x80 == 0 {
            return Some((value, &bytes[at + 1..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_event_has_four_texts() {
        let event = b"\x0a\x01a\x12\x01b\x1a\x031.0\x22\x01t\x32\x02hi\x28\x05";
        assert!(is_event(event));
        assert!(!is_event(&event[..8]), "no type");
        assert!(!is_event(b"\x0a\x00\x12\x01b\x1a\x031.0\x22\x01t"), "an empty id");
        assert!(!is_event(b"hello") && !is_event(b""));
    }

    proptest! {
        #[test]
        fn any_bytes_are_looked_at(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = is_event(&bytes);
        }
    }
}
