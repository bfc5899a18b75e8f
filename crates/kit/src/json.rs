//! JSON text without a decoder: taking the white space out.

use memchr::{memchr, memchr2};

/// Appends a JSON text without the white space between its tokens. A text that is no JSON comes out as something else
/// that is none, or without some white space.
pub fn append_compact(text: &[u8], out: &mut Vec<u8>) {
    out.reserve(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let (outside, quoted) = rest.split_at(memchr(b'"', rest).unwrap_or(rest.len()));
        if outside.iter().copied().any(is_white_space) {
            out.extend(outside.iter().copied().filter(|byte| !is_white_space(*byte)));
        } else {
            out.extend_from_slice(outside);
        }
        let (string, after) = quoted.split_at(end_of_string(quoted));
        out.extend_from_slice(string);
        rest = after;
    }
}

/// Whether a JSON text has white space between its tokens.
pub fn is_compact(text: &[u8]) -> bool {
    let mut rest = text;
    while !rest.is_empty() {
        let (outside, quoted) = rest.split_at(memchr(b'"', rest).unwrap_or(rest.len()));
        if outside.iter().copied().any(is_white_space) {
            return false;
        }
        rest = &quoted[end_of_string(quoted)..];
    }
    true
}

fn is_white_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// How long the string is that `text` begins with, quotes included; all of it if the string does not end.
fn end_of_string(text: &[u8]) -> usize {
    let mut at = 1;
    while let Some(found) = text.get(at..).and_then(|rest| memchr2(b'"', b'\\', rest)) {
        at += found + 1;
        if text[at - 1] == b'"' {
            return at;
        }
        at += 1;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn compact(text: &str) -> String {
        let mut out = Vec::new();
        append_compact(text.as_bytes(), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn white_space_goes_outside_strings_only() {
        for (text, expected) in [
            ("{ \"a b\" : [ 1 ,\n\"\\\" x\" ] }", "{\"a b\":[1,\"\\\" x\"]}"),
            ("\"\\\\\" : 1", "\"\\\\\":1"),
            (" 1.50 ", "1.50"),
            ("", ""),
            ("\"open \\", "\"open \\"),
            ("\"open \\\" x", "\"open \\\" x"),
        ] {
            assert_eq!(compact(text), expected);
            assert_eq!(is_compact(text.as_bytes()), text == expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let mut out = Vec::new();
            append_compact(&bytes, &mut out);
            prop_assert!(out.len() <= bytes.len() && is_compact(&out));
        }
    }
}
