//! Connection strings: `user:password@protocol(address)/database?name=value&…`.
//!
//! The grammar is that of Go's MySQL driver (go-sql-driver/mysql, "DSN"), which the incumbent's users write.

use percent_encoding::percent_decode_str;

/// A connection string, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Dsn {
    pub(crate) user: String,
    pub(crate) password: String,
    pub(crate) address: Address,
    pub(crate) database: String,
    /// Parameters in order, decoded.
    pub(crate) params: Vec<(String, String)>,
}

/// Where the server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    Tcp(String, u16),
    Socket(String),
}

const DEFAULT_PORT: u16 = 3306;

impl Dsn {
    /// Takes a connection string apart.
    ///
    /// # Errors
    /// What is wrong, without repeating the text, which may hold a password.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (text, params) = split_params(text);
        let (left, database) = text.rsplit_once('/').ok_or("it lacks the `/` before the database name")?;
        let (login, address) = left.rsplit_once('@').unwrap_or(("", left));
        let (user, password) = login.split_once(':').unwrap_or((login, ""));
        Ok(Self {
            user: user.to_owned(),
            password: password.to_owned(),
            address: address_of(address)?,
            database: decode(database)?,
            params: parse_params(params)?,
        })
    }

    /// The value of a parameter; the last one counts.
    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Parameters begin at the first `?` after the last `/` that has none of them before it.
///
/// A password may hold `/` and `?`, a parameter may hold an encoded `/` only.
fn split_params(text: &str) -> (&str, &str) {
    let from = text.rfind('@').map_or(0, |at| at + 1);
    let slash = text[from..].find("/").map_or(from, |slash| from + slash);
    match text[slash..].find('?') {
        Some(mark) if !address_goes_on(&text[from..slash]) => (&text[..slash + mark], &text[slash + mark + 1..]),
        Some(_) => in_socket_address(text, from),
        None => (text, ""),
    }
}

/// Whether the first slash lies inside of `unix(/path)`.
fn address_goes_on(address: &str) -> bool {
    address.contains('(') && !address.contains(')')
}

fn in_socket_address(text: &str, from: usize) -> (&str, &str) {
    let end = text[from..].find(')').map_or(from, |end| from + end);
    match text[end..].find('?') {
        Some(mark) => (&text[..end + mark], &text[end + mark + 1..]),
        None => (text, ""),
    }
}

fn address_of(text: &str) -> Result<Address, String> {
    let (protocol, address) = match text.split_once('(') {
        Some((protocol, rest)) => (protocol, rest.strip_suffix(')').ok_or("the address lacks its `)`")?),
        None => (text, ""),
    };
    match protocol {
        "" | "tcp" => tcp_address(address),
        "unix" if address.is_empty() => Ok(Address::Socket("/tmp/mysql.sock".to_owned())),
        "unix" => Ok(Address::Socket(address.to_owned())),
        _ => Err("the protocol must be `tcp(host:port)` or `unix(/path)`".to_owned()),
    }
}

fn tcp_address(text: &str) -> Result<Address, String> {
    if let Some(rest) = text.strip_prefix('[') {
        let (host, port) = rest.split_once(']').ok_or("an IPv6 address lacks its `]`")?;
        return Ok(Address::Tcp(host.to_owned(), port_of(port.strip_prefix(':').unwrap_or_default())?));
    }
    let (host, port) = text.rsplit_once(':').unwrap_or((text, ""));
    let host = if host.is_empty() { "127.0.0.1" } else { host };
    Ok(Address::Tcp(host.to_owned(), port_of(port)?))
}

fn port_of(text: &str) -> Result<u16, String> {
    if text.is_empty() {
        return Ok(DEFAULT_PORT);
    }
    text.parse().map_err(|_| "the port must be a number from 1 to 65535".to_owned())
}

fn parse_params(text: &str) -> Result<Vec<(String, String)>, String> {
    let pair = |pair: &str| match pair.split_once('=') {
        Some((name, value)) => Ok((name.to_owned(), decode(value)?)),
        None => Err("a parameter after `?` has no `=`".to_owned()),
    };
    text.split('&').filter(|pair| !pair.is_empty()).map(pair).collect()
}

/// Percent codes and `+`, as in a URL's query.
fn decode(text: &str) -> Result<String, String> {
    let text = text.replace('+', " ");
    let decoded = percent_decode_str(&text).decode_utf8().map_err(|_| "a percent-encoded part is not UTF-8")?;
    Ok(decoded.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn dsn(user: &str, password: &str, address: Address, database: &str, params: &[(&str, &str)]) -> Dsn {
        let params = params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Dsn { user: user.into(), password: password.into(), address, database: database.into(), params }
    }

    fn tcp(host: &str, port: u16) -> Address {
        Address::Tcp(host.to_owned(), port)
    }

    #[test]
    fn reads_what_the_driver_documents() {
        for (text, expected) in [
            ("/", dsn("", "", tcp("127.0.0.1", 3306), "", &[])),
            ("root:pw@/", dsn("root", "pw", tcp("127.0.0.1", 3306), "", &[])),
            ("u@tcp(db:3307)/shop", dsn("u", "", tcp("db", 3307), "shop", &[])),
            ("u:p@tcp(db)/?tls=custom", dsn("u", "p", tcp("db", 3306), "", &[("tls", "custom")])),
            ("u:p@tcp([de:ad::1]:80)/", dsn("u", "p", tcp("de:ad::1", 80), "", &[])),
            ("u:p:q/r@s?t@tcp/", dsn("u", "p:q/r@s?t", tcp("127.0.0.1", 3306), "", &[])),
            (
                "u@unix(/run/my.sock)/d?a=b+c&time_zone=%27Europe%2FParis%27",
                dsn(
                    "u",
                    "",
                    Address::Socket("/run/my.sock".into()),
                    "d",
                    &[("a", "b c"), ("time_zone", "'Europe/Paris'")],
                ),
            ),
        ] {
            assert_eq!(Dsn::parse(text).unwrap(), expected, "{text}");
        }
        for text in ["", "u:p@tcp(db:3306)", "u@tcp(db:3306/", "u@udp(db)/", "u@tcp(db:x)/", "/?a", "u@tcp([::1)/"] {
            assert!(Dsn::parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_password_is_read_as_it_is(password in "\\PC*", port in 1u16..) {
            let parsed = Dsn::parse(&format!("user:{password}@tcp(db.example:{port})/?tls=true")).unwrap();
            prop_assert_eq!(&parsed.password, &password);
            prop_assert_eq!(&parsed.address, &tcp("db.example", port));
            prop_assert_eq!(parsed.param("tls"), Some("true"));
        }

        #[test]
        fn any_text_is_answered(text in "\\PC*") {
            let _ = Dsn::parse(&text);
        }
    }
}
