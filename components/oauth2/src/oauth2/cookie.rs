//! The cookies: their names, how they are read, and how they are set.
//!
//! A token may be longer than browsers let one cookie be, so a session may take several: the first begins with their
//! number.

use http::header::{COOKIE, HeaderMap, HeaderValue, SET_COOKIE};

/// What browsers let one cookie hold, less its name and attributes.
const MAX_PART: usize = 3_800;
/// The cookies of one session.
const MAX_PARTS: usize = 4;

/// The names of a component's cookies.
pub(super) struct Names {
    pub(super) session: String,
    pub(super) state: String,
}

impl Names {
    /// Names that no other component uses; what cannot stand in a cookie's name becomes `_`.
    pub(super) fn new(component: &str) -> Self {
        let allowed = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '.' | '_');
        let component: String =
            component.chars().map(|character| if allowed(character) { character } else { '_' }).collect();
        Self { session: format!("dapr-oauth2-{component}"), state: format!("dapr-oauth2-state-{component}") }
    }
}

/// The value of a cookie that the request brings.
pub(super) fn get<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(|(found, _)| *found == name).map(|(_, value)| value).next()
}

/// The value of a cookie that may be in parts.
pub(super) fn get_parts(headers: &HeaderMap, name: &str) -> Option<String> {
    let (count, first) = get(headers, name)?.split_once('.')?;
    let count: usize = count.parse().ok().filter(|count| (1..=MAX_PARTS).contains(count))?;
    let mut value = first.to_owned();
    for part in 1..count {
        value.push_str(get(headers, &format!("{name}.{part}"))?);
    }
    Some(value)
}

/// Cookies that live for `seconds`; none when the value is too long for [`MAX_PARTS`] of them. The value is ASCII.
pub(super) fn set_parts(headers: &mut HeaderMap, name: &str, value: &str, seconds: u64, secure: bool) -> Option<()> {
    let parts: Vec<&str> = value.as_bytes().chunks(MAX_PART).map(std::str::from_utf8).collect::<Result<_, _>>().ok()?;
    if parts.is_empty() || parts.len() > MAX_PARTS {
        return None;
    }
    set(headers, name, &format!("{}.{}", parts.len(), parts[0]), seconds, secure)?;
    for (number, part) in parts.iter().enumerate().skip(1) {
        set(headers, &format!("{name}.{number}"), part, seconds, secure)?;
    }
    Some(())
}

/// One cookie; `seconds` 0 deletes it.
///
/// `SameSite=Lax`: it comes along when the provider sends the person back, and with nothing else that another site
/// starts.
pub(super) fn set(headers: &mut HeaderMap, name: &str, value: &str, seconds: u64, secure: bool) -> Option<()> {
    let secure = if secure { "; Secure" } else { "" };
    let line = format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
    let mut line = HeaderValue::try_from(line).ok()?;
    line.set_sensitive(true);
    headers.append(SET_COOKIE, line);
    Some(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The request that a browser sends after an answer with these headers.
    fn browser(answer: &HeaderMap) -> HeaderMap {
        let pairs = answer.get_all(SET_COOKIE).iter().map(|line| line.to_str().unwrap().split(';').next().unwrap());
        let line = pairs.collect::<Vec<_>>().join("; ");
        HeaderMap::from_iter([(COOKIE, HeaderValue::try_from(line).unwrap())])
    }

    #[test]
    fn long_values_come_back_whole() {
        for length in [1, MAX_PART, MAX_PART + 1, MAX_PART * MAX_PARTS] {
            let value = "x".repeat(length);
            let mut answer = HeaderMap::new();
            set_parts(&mut answer, "n", &value, 60, true).unwrap();
            assert!(answer.get_all(SET_COOKIE).iter().all(|line| line.len() < 4_096));
            assert_eq!(get_parts(&browser(&answer), "n").unwrap(), value);
        }
        assert!(set_parts(&mut HeaderMap::new(), "n", &"x".repeat(MAX_PART * MAX_PARTS + 1), 60, true).is_none());
    }

    #[test]
    fn attributes_keep_cookies_from_scripts_and_other_sites() {
        let mut answer = HeaderMap::new();
        set(&mut answer, "n", "v", 60, true).unwrap();
        assert_eq!(answer[SET_COOKIE], "n=v; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure");
    }

    #[test]
    fn names_are_names() {
        assert_eq!(Names::new("my login;=").session, "dapr-oauth2-my_login__");
    }

    proptest! {
        #[test]
        fn no_header_breaks_it(line in "[ -~]{0,60}") {
            let headers = HeaderMap::from_iter([(COOKIE, HeaderValue::try_from(line).unwrap())]);
            let _ = get_parts(&headers, "a");
        }
    }
}
