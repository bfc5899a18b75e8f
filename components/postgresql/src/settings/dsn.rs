//! Connection strings of PostgreSQL: the URI form and the `key=value` form.
//!
//! Grammar: libpq, "Connection Strings". Only the text is taken apart here; what the pairs mean is in `options`.

use percent_encoding::percent_decode_str;

/// Names and values in order; a later value of a name replaces the earlier one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pairs(Vec<(String, String)>);

impl Pairs {
    /// The value of a name.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Sets a name; `database` is another spelling of `dbname`.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<String>) {
        let name = if name == "database" { "dbname" } else { name };
        self.remove(name);
        self.0.push((name.to_owned(), value.into()));
    }

    /// Forgets a name.
    pub(crate) fn remove(&mut self, name: &str) {
        self.0.retain(|(known, _)| known != name);
    }

    /// Names and values in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Whether nothing was given.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Whether the text is of the URI form.
pub(crate) fn is_uri(text: &str) -> bool {
    text.starts_with("postgres://") || text.starts_with("postgresql://")
}

/// Takes a connection string apart.
///
/// # Errors
/// What is wrong, without repeating the text, which may hold a password.
pub(crate) fn parse(text: &str) -> Result<Pairs, String> {
    let text = text.trim();
    if is_uri(text) { parse_uri(text) } else { parse_pairs(text) }
}

fn parse_uri(text: &str) -> Result<Pairs, String> {
    let mut pairs = Pairs::default();
    let (_, rest) = text.split_once("://").unwrap_or_default();
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
    let (user, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (user, password) = user.split_once(':').map_or((user, None), |(user, password)| (user, Some(password)));
    set_decoded(&mut pairs, "user", user)?;
    set_decoded(&mut pairs, "password", password.unwrap_or_default())?;
    parse_hosts(&mut pairs, hosts)?;
    set_decoded(&mut pairs, "dbname", database)?;
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').ok_or("a parameter after `?` has no `=`")?;
        pairs.set(&decode(name)?, decode(value)?);
    }
    Ok(pairs)
}

fn parse_hosts(pairs: &mut Pairs, text: &str) -> Result<(), String> {
    let mut hosts = Vec::new();
    let mut ports = Vec::new();
    for part in text.split(',').filter(|part| !part.is_empty()) {
        let (host, port) = host_and_port(part)?;
        hosts.push(decode(host)?);
        ports.push(port.to_owned());
    }
    if hosts.iter().any(|host| !host.is_empty()) {
        pairs.set("host", hosts.join(","));
    }
    if ports.iter().any(|port| !port.is_empty()) {
        let port = |port: String| if port.is_empty() { "5432".to_owned() } else { port };
        pairs.set("port", ports.into_iter().map(port).collect::<Vec<_>>().join(","));
    }
    Ok(())
}

fn host_and_port(text: &str) -> Result<(&str, &str), String> {
    if let Some(rest) = text.strip_prefix('[') {
        let (host, rest) = rest.split_once(']').ok_or("an IPv6 address lacks its `]`")?;
        return Ok((host, rest.strip_prefix(':').unwrap_or_default()));
    }
    Ok(text.rsplit_once(':').unwrap_or((text, "")))
}

fn set_decoded(pairs: &mut Pairs, name: &str, value: &str) -> Result<(), String> {
    if !value.is_empty() {
        pairs.set(name, decode(value)?);
    }
    Ok(())
}

fn decode(text: &str) -> Result<String, String> {
    let decoded = percent_decode_str(text).decode_utf8().map_err(|_| "a percent-encoded part is not UTF-8")?;
    Ok(decoded.into_owned())
}

fn parse_pairs(text: &str) -> Result<Pairs, String> {
    let mut pairs = Pairs::default();
    let mut rest = text;
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=').ok_or("expected `name=value` pairs or a `postgres://` URI")?;
        let name = name.trim();
        if name.is_empty() || name.contains(char::is_whitespace) {
            return Err("expected `name=value` pairs; a name before `=` is missing or has a space in it".to_owned());
        }
        let (value, after) = value_of(after.trim_start())?;
        pairs.set(&name.to_ascii_lowercase(), value);
        rest = after.trim_start();
    }
    Ok(pairs)
}

/// A value, plain up to the next space or quoted by `'`, with `\` before a quote or a backslash.
fn value_of(text: &str) -> Result<(String, &str), String> {
    let quoted = text.starts_with('\'');
    let mut value = String::new();
    let mut characters = text.char_indices().skip(usize::from(quoted));
    while let Some((index, character)) = characters.next() {
        match character {
            '\\' => value.push(characters.next().ok_or("a value ends with a backslash")?.1),
            '\'' if quoted => return Ok((value, &text[index + 1..])),
            space if space.is_whitespace() && !quoted => return Ok((value, &text[index..])),
            other => value.push(other),
        }
    }
    if quoted { Err("a quoted value lacks its closing `'`".to_owned()) } else { Ok((value, "")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pairs(text: &str) -> Vec<(String, String)> {
        let mut pairs = parse(text).unwrap().0;
        pairs.sort();
        pairs
    }

    fn of(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn both_forms_say_the_same() {
        let expected = of(&[
            ("dbname", "shop"),
            ("host", "db.example"),
            ("password", "p@ss word"),
            ("port", "6543"),
            ("sslmode", "disable"),
            ("user", "anna"),
        ]);
        assert_eq!(pairs("postgres://anna:p%40ss%20word@db.example:6543/shop?sslmode=disable"), expected);
        assert_eq!(
            pairs("host=db.example port=6543 user = anna password='p@ss word' database=shop sslmode=disable"),
            expected
        );
    }

    #[test]
    fn a_uri_may_leave_parts_out_and_name_several_hosts() {
        assert_eq!(pairs("postgresql://"), of(&[]));
        assert_eq!(pairs("postgresql://h"), of(&[("host", "h")]));
        assert_eq!(
            pairs("postgres://[::1]:5433,b/db?host=c"),
            of(&[("dbname", "db"), ("host", "c"), ("port", "5433,5432")])
        );
    }

    #[test]
    fn quotes_and_backslashes_are_taken_off() {
        assert_eq!(
            pairs(r"password='it\'s \\ here' user=o\'neil"),
            of(&[("password", r"it's \ here"), ("user", "o'neil")])
        );
        for text in ["host", "=a", "host='a", "a b=c", "host=a\\"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_value_survives_quoting(value in "\\PC*") {
            let quoted = value.replace('\\', "\\\\").replace('\'', "\\'");
            let parsed = parse(&format!("host=h password='{quoted}' user=u")).unwrap();
            prop_assert_eq!(parsed.get("password"), Some(value.as_str()));
            prop_assert_eq!(parsed.get("user"), Some("u"));
        }

        #[test]
        fn any_text_is_answered(text in "(postgres://)?\\PC*") {
            let _ = parse(&text);
        }
    }
}
