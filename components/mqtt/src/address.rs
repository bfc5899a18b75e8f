//! Where the broker is: `tcp://user:password@host:port`. No message quotes the URL, which may hold a password.

use percent_encoding::percent_decode_str;

/// A URL, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) tls: bool,
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) username: String,
    pub(crate) password: String,
}

impl Address {
    /// Reads a URL; a path is left out, since MQTT has none.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (scheme, rest) = text.split_once("://").ok_or("it does not begin with `tcp://` or `ssl://`")?;
        let tls = match scheme.to_ascii_lowercase().as_str() {
            "tcp" | "mqtt" => false,
            "ssl" | "tls" | "tcps" | "mqtts" => true,
            "ws" | "wss" => return Err("WebSockets are not supported; use `tcp://` or `ssl://`".to_owned()),
            _ => return Err("its scheme must be `tcp` or `ssl`".to_owned()),
        };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
        let (username, password) = user.split_once(':').unwrap_or((user, ""));
        let (host, port) = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((host, rest)) => (host, rest.strip_prefix(':').unwrap_or(rest)),
            None => host.split_once(':').unwrap_or((host, "")),
        };
        if host.is_empty() {
            return Err("it names no host".to_owned());
        }
        let default = if tls { 8883 } else { 1883 };
        let port = if port.is_empty() { Ok(default) } else { port.parse() };
        Ok(Self {
            tls,
            host: decoded(host)?,
            port: port.map_err(|_| "its port must be a number up to 65535".to_owned())?,
            username: decoded(username)?,
            password: decoded(password)?,
        })
    }
}

fn decoded(text: &str) -> Result<String, String> {
    let bytes = percent_decode_str(text).decode_utf8();
    bytes.map(|text| text.into_owned()).map_err(|_| "it holds bytes that are no UTF-8".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_urls() {
        let address = Address::parse("tcp://us%40er:pa%3Ass@broker").unwrap();
        let expected = Address {
            tls: false,
            host: "broker".into(),
            port: 1883,
            username: "us@er".into(),
            password: "pa:ss".into(),
        };
        assert_eq!(address, expected);
        let address = Address::parse("mqtts://[::1]:99/path").unwrap();
        assert_eq!((address.tls, address.host.as_str(), address.port), (true, "::1", 99));
        assert_eq!(Address::parse("ssl://host").unwrap().port, 8883);
    }

    #[test]
    fn tells_what_is_wrong_and_keeps_the_password() {
        for wrong in ["broker:1883", "http://u:secret@h", "wss://u:secret@h", "tcp://u:secret@", "tcp://u:secret@h:x"] {
            let error = Address::parse(wrong).unwrap_err();
            assert!(!error.is_empty() && !error.contains("secret"), "{wrong}: {error}");
        }
    }
}
