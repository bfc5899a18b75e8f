//! The members of `tracestate`, by the rules of W3C Trace Context, section 3.3.

use std::sync::Arc;

const MAX_MEMBERS: usize = 32;

/// The canonical form: members as given, without the space around them. `None` when there is none, when one
/// is not valid, when a key comes twice or when there are more than 32.
pub(super) fn parse(text: &str) -> Option<Arc<str>> {
    let mut members: Vec<(&str, &str)> = Vec::new();
    for member in text.split(',').filter(|member| !member.is_empty()) {
        let (key, value) = member.split_once('=')?;
        let (key, value) = (key.trim_start_matches([' ', '\t']), value.trim_end_matches([' ', '\t']));
        let known = members.iter().any(|(other, _)| *other == key);
        if known || members.len() == MAX_MEMBERS || !is_key(key) || !is_value(value) {
            return None;
        }
        members.push((key, value));
    }
    if members.is_empty() {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    for (key, value) in members {
        if !out.is_empty() {
            out.push(',');
        }
        out.push_str(key);
        out.push('=');
        out.push_str(value);
    }
    Some(out.into())
}

fn is_key(key: &str) -> bool {
    let part = |text: &str, longest: usize, digit_first: bool| {
        let first = text.bytes().next();
        let starts = first.is_some_and(|byte| byte.is_ascii_lowercase() || (digit_first && byte.is_ascii_digit()));
        let is_rest = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-*/".contains(&byte);
        starts && text.len() <= longest && text.bytes().all(is_rest)
    };
    match key.split_once('@') {
        None => part(key, 256, false),
        Some((tenant, system)) => part(tenant, 241, true) && part(system, 14, false),
    }
}

fn is_value(value: &str) -> bool {
    let is_allowed = |byte: u8| (b' '..=b'~').contains(&byte) && byte != b',' && byte != b'=';
    (1..=256).contains(&value.len()) && !value.ends_with(' ') && value.bytes().all(is_allowed)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn members_are_kept_in_order() {
        for (text, canonical) in [
            ("a=1", Some("a=1")),
            (" rojo=00f067aa0ba902b7 ,\tcongo=t61 rcWkgMzE", Some("rojo=00f067aa0ba902b7,congo=t61 rcWkgMzE")),
            ("1tenant@sys=x,,b*/-_=y", Some("1tenant@sys=x,b*/-_=y")),
            ("", None),
            (",", None),
            ("a", None),
            ("a=", None),
            ("A=1", None),
            ("1a=1", None),
            ("a=1,a=2", None),
            ("a=b=c", None),
            ("a@=1", None),
            ("a=\u{e9}", None),
        ] {
            assert_eq!(parse(text).as_deref(), canonical, "{text:?}");
        }
    }

    #[test]
    fn limits_of_the_specification() {
        let members = |count: usize| (0..count).map(|index| format!("k{index}=v")).collect::<Vec<_>>().join(",");
        assert!(parse(&members(32)).is_some());
        assert!(parse(&members(33)).is_none());
        assert!(parse(&format!("{}=v", "a".repeat(256))).is_some());
        assert!(parse(&format!("{}=v", "a".repeat(257))).is_none());
        assert!(parse(&format!("a={}", "v".repeat(256))).is_some());
        assert!(parse(&format!("a={}", "v".repeat(257))).is_none());
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read(text in "\\PC{0,80}") {
            if let Some(state) = parse(&text) {
                assert_eq!(parse(&state), Some(state.clone()), "a canonical form reads as itself");
            }
        }
    }
}
