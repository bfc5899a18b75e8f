//! Where the server is, from a connection string: `amqp://user:password@host:5672/vhost`.
//!
//! It is read as the incumbent's client does: a missing or empty path is the vhost `/`. No message quotes the string,
//! which holds a password.

use lapin::uri::{AMQPAuthority, AMQPQueryString, AMQPScheme, AMQPUri, AMQPUserInfo};
use percent_encoding::percent_decode_str;

/// Reads a connection string.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn parse(text: &str) -> Result<AMQPUri, String> {
    let (scheme, rest) = text.split_once("://").ok_or("it does not begin with `amqp://` or `amqps://`")?;
    let scheme = self::scheme(scheme)?;
    let rest = rest.split('#').next().unwrap_or_default();
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (user, host) = authority.rsplit_once('@').map_or((None, authority), |(user, host)| (Some(user), host));
    let (host, port) = host_and_port(host, default_port(&scheme))?;
    Ok(AMQPUri {
        scheme,
        authority: AMQPAuthority { userinfo: user.map_or(Ok(guest()), user_info)?, host, port },
        vhost: if path.is_empty() { "/".to_owned() } else { decoded(path)? },
        query: parameters(query)?,
    })
}

/// `amqp` or `amqps`.
///
/// # Errors
/// It is neither.
pub(crate) fn scheme(text: &str) -> Result<AMQPScheme, String> {
    match text.to_ascii_lowercase().as_str() {
        "amqp" => Ok(AMQPScheme::AMQP),
        "amqps" => Ok(AMQPScheme::AMQPS),
        _ => Err("the protocol must be `amqp` or `amqps`".to_owned()),
    }
}

/// Splits `host`, `host:port`, `[v6]` or `[v6]:port`; no host is this machine.
///
/// # Errors
/// The port is no number.
pub(crate) fn host_and_port(text: &str, default_port: u16) -> Result<(String, u16), String> {
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, rest)) => (host, rest.strip_prefix(':').unwrap_or(rest)),
        None => text.split_once(':').unwrap_or((text, "")),
    };
    let port = if port.is_empty() { Ok(default_port) } else { port.parse() };
    let port = port.map_err(|_| "its port must be a number up to 65535".to_owned())?;
    let host = if host.is_empty() { "localhost".to_owned() } else { decoded(host)? };
    Ok((host, port))
}

/// The port of a server that says none.
pub(crate) fn default_port(scheme: &AMQPScheme) -> u16 {
    if *scheme == AMQPScheme::AMQPS { 5671 } else { 5672 }
}

/// Who asks when nobody is named.
pub(crate) fn guest() -> AMQPUserInfo {
    AMQPUserInfo { username: "guest".to_owned(), password: "guest".to_owned() }
}

fn user_info(text: &str) -> Result<AMQPUserInfo, String> {
    let (username, password) = text.split_once(':').unwrap_or((text, "guest"));
    Ok(AMQPUserInfo { username: decoded(username)?, password: decoded(password)? })
}

/// The parameters that mean something here; others, such as the names of certificate files, are left out as the
/// incumbent leaves them out.
fn parameters(query: &str) -> Result<AMQPQueryString, String> {
    let mut found = AMQPQueryString::default();
    for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        let value = decoded(value)?;
        let wrong = |_| format!("its parameter `{name}` must be a number");
        match name {
            "channel_max" => found.channel_max = Some(value.parse().map_err(wrong)?),
            "heartbeat" => found.heartbeat = Some(value.parse().map_err(wrong)?),
            "auth_mechanism" => found.auth_mechanism = Some(value.parse()?),
            _ => {}
        }
    }
    Ok(found)
}

fn decoded(text: &str) -> Result<String, String> {
    let bytes = percent_decode_str(text).decode_utf8();
    bytes.map(|text| text.into_owned()).map_err(|_| "it holds bytes that are no UTF-8".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_incumbent_reads() {
        let uri = parse("amqp://").unwrap();
        assert_eq!((uri.authority.host.as_str(), uri.authority.port, uri.vhost.as_str()), ("localhost", 5672, "/"));
        assert_eq!(uri.authority.userinfo, guest());
        let uri =
            parse("amqps://us%40er:p%3Aass:word@rabbit.example:1234/a%2Fb?heartbeat=7&verify=verify_none").unwrap();
        assert_eq!((uri.authority.host.as_str(), uri.authority.port), ("rabbit.example", 1234));
        assert_eq!(uri.authority.userinfo.username, "us@er");
        assert_eq!(uri.authority.userinfo.password, "p:ass:word");
        assert_eq!((uri.vhost.as_str(), uri.query.heartbeat), ("a/b", Some(7)));
        assert_eq!(parse("amqp://host/").unwrap().vhost, "/");
        assert_eq!(parse("amqps://[::1]").unwrap().authority.host, "::1");
        assert_eq!(parse("amqps://[::1]").unwrap().authority.port, 5671);
        assert_eq!(parse("amqp://user@host:5673").unwrap().authority.userinfo.password, "guest");
    }

    #[test]
    fn tells_what_is_wrong_and_keeps_the_password() {
        for wrong in ["", "host:5672", "http://secret@host", "amqp://u:secret@host:port", "amqp://h/?heartbeat=secret"]
        {
            let error = parse(wrong).unwrap_err();
            assert!(!error.contains("secret") && !error.is_empty(), "{wrong}: {error}");
        }
    }
}
