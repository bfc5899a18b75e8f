//! W3C baggage: checked as it comes in, and echoed as it came.

use http::header::{HeaderMap, HeaderName, HeaderValue};

/// `baggage`
pub const BAGGAGE: HeaderName = HeaderName::from_static("baggage");

const MAX_MEMBERS: usize = 64;
const MAX_BYTES: usize = 8192;

/// Why a `baggage` header is refused: status 400 over HTTP, `InvalidArgument` over gRPC. The text is the
/// whole message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidBaggage {
    /// More than 8192 bytes.
    #[error("invalid baggage header: baggage-string too large: {0}")]
    TooLarge(usize),
    /// More than 64 members.
    #[error("invalid baggage header: too many list-members in baggage-string")]
    TooManyMembers,
    /// A member without `=`.
    #[error("invalid baggage header: invalid baggage list-member: {0:?}")]
    Member(String),
    /// A key that is empty or not a token.
    #[error("invalid baggage header: invalid key: {0:?}")]
    Key(String),
    /// A value with a character that must be percent-encoded, or a broken encoding.
    #[error("invalid baggage header: invalid value: {0:?}")]
    Value(String),
    /// A property that is neither `key` nor `key=value`.
    #[error("invalid baggage header: invalid baggage list-member property: {0:?}")]
    Property(String),
}

/// The baggage of a request, several headers joined by commas: to be set on the response and passed to the
/// application. `None` when the request has none.
///
/// # Errors
/// A member is not valid; the request is to be refused.
pub fn baggage_of(headers: &HeaderMap) -> Result<Option<HeaderValue>, InvalidBaggage> {
    let mut values = headers.get_all(BAGGAGE).iter();
    let Some(first) = values.next() else { return Ok(None) };
    let Some(second) = values.next() else {
        validate(&text(first))?;
        return Ok(Some(first.clone()));
    };
    let all: Vec<_> = [first, second].into_iter().chain(values).map(text).collect();
    let joined = all.join(",");
    validate(&joined)?;
    HeaderValue::from_str(&joined).map(Some).map_err(|_| InvalidBaggage::Value(joined))
}

fn text(value: &HeaderValue) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(value.as_bytes())
}

/// Checks the text of a `baggage` header.
fn validate(text: &str) -> Result<(), InvalidBaggage> {
    if text.is_empty() {
        return Ok(());
    }
    if text.len() > MAX_BYTES {
        return Err(InvalidBaggage::TooLarge(text.len()));
    }
    // Members with the same key count once.
    let mut keys = Vec::new();
    for member in text.split(',') {
        if keys.len() == MAX_MEMBERS {
            return Err(InvalidBaggage::TooManyMembers);
        }
        let key = validate_member(member)?;
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    Ok(())
}

fn validate_member(member: &str) -> Result<&str, InvalidBaggage> {
    let (pair, properties) = member.split_once(';').map_or((member, None), |(pair, rest)| (pair, Some(rest)));
    for property in properties.into_iter().flat_map(|all| all.split(';')) {
        if !is_property(property) {
            return Err(InvalidBaggage::Property(property.to_owned()));
        }
    }
    let (key, value) = pair.split_once('=').ok_or_else(|| InvalidBaggage::Member(member.to_owned()))?;
    let (key, value) = (key.trim(), value.trim());
    if !is_key(key) {
        return Err(InvalidBaggage::Key(key.to_owned()));
    }
    if !is_value(value) {
        return Err(InvalidBaggage::Value(value.to_owned()));
    }
    Ok(key)
}

fn is_property(property: &str) -> bool {
    let property = property.trim_matches([' ', '\t']);
    match property.split_once('=') {
        // An empty property, as after a last semicolon, counts as none.
        None => property.is_empty() || is_key(property),
        Some((key, value)) => {
            is_key(key.trim_end_matches([' ', '\t'])) && is_value(value.trim_start_matches([' ', '\t']))
        }
    }
}

/// A token of RFC 7230.
fn is_key(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// Printable ASCII but space, quote, comma, semicolon and backslash, with every `%` the start of an escape.
fn is_value(value: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_graphic() && !b"\",;\\".contains(&byte);
    let is_escape = |rest: &str| rest.len() >= 2 && rest.as_bytes()[..2].iter().all(u8::is_ascii_hexdigit);
    value.bytes().all(is_allowed) && value.split('%').skip(1).all(is_escape)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(values: &[&str]) -> Result<Option<String>, InvalidBaggage> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(BAGGAGE, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        Ok(baggage_of(&headers)?.map(|value| value.to_str().unwrap().to_owned()))
    }

    #[test]
    fn valid_baggage_is_echoed_as_it_came() {
        for value in [
            "key1=value1,key2=value2",
            "k = v%20w ; p1=x;p2 , k2=a=b",
            "k=",
            "k=v;",
            "",
            "key=val%C3%A9,k!#$%&'*+-.^_`|~=1",
        ] {
            assert_eq!(read(&[value]), Ok(Some(value.to_owned())), "{value:?}");
        }
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&["a=1", "b=2"]), Ok(Some("a=1,b=2".to_owned())));
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (value, message) in [
            ("invalid-baggage", "invalid baggage list-member: \"invalid-baggage\""),
            ("a=1,,b=2", "invalid baggage list-member: \"\""),
            ("=1", "invalid key: \"\""),
            ("a b=1", "invalid key: \"a b\""),
            ("a=b c", "invalid value: \"b c\""),
            ("a=%zz", "invalid value: \"%zz\""),
            ("a=%4", "invalid value: \"%4\""),
            ("a=\"x\"", "invalid value: \"\\\"x\\\"\""),
            ("a=1;b c", "invalid baggage list-member property: \"b c\""),
        ] {
            let error = read(&[value]).unwrap_err().to_string();
            assert_eq!(error, format!("invalid baggage header: {message}"));
        }
    }

    #[test]
    fn limits_of_the_specification() {
        let members = |count: usize| (0..count).map(|index| format!("k{index}=v")).collect::<Vec<_>>().join(",");
        assert!(read(&[&members(64)]).is_ok());
        assert_eq!(read(&[&members(65)]), Err(InvalidBaggage::TooManyMembers));
        assert_eq!(read(&[&format!("k={}", "v".repeat(8192))]), Err(InvalidBaggage::TooLarge(8194)));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(32_u8.., 0..120)) {
            if let Ok(value) = HeaderValue::from_bytes(&bytes) {
                let mut headers = HeaderMap::new();
                headers.append(BAGGAGE, value.clone());
                if let Ok(echo) = baggage_of(&headers) {
                    assert_eq!(echo, Some(value));
                }
            }
        }
    }
}
