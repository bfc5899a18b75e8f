//! Where a collector is, and how headers are written in the environment.

use http::Uri;
use percent_encoding::percent_decode_str;

/// Why an address cannot be meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{address:?} is not the address of a collector: {reason}")]
pub struct EndpointError {
    /// As given.
    pub address: String,
    /// What is wrong.
    pub reason: String,
}

/// Where a collector listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endpoint {
    pub(crate) tls: bool,
    /// A name or an address, IPv6 without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// With a leading slash; `/` when none is given.
    pub(crate) path: String,
}

impl Endpoint {
    /// Reads `host`, `host:port`, `host:port/path` or a URL. A URL's scheme decides about TLS, and on port 80 or
    /// 443 when it names none; without a scheme `tls` and `port` do. A `port` of 0 asks for a scheme.
    pub(crate) fn parse(address: &str, tls: bool, port: u16) -> Result<Self, EndpointError> {
        let wrong = |reason: &str| EndpointError { address: address.to_owned(), reason: reason.to_owned() };
        let trimmed = address.trim();
        let (tls, rest, port) = match trimmed.split_once("://") {
            Some(("http", rest)) => (false, rest, 80),
            Some(("https", rest)) => (true, rest, 443),
            Some((scheme, _)) => return Err(wrong(&format!("{scheme}:// is neither http:// nor https://"))),
            None if port == 0 => return Err(wrong("begin it with http:// or https://")),
            None => (tls, trimmed, port),
        };
        let uri: Uri = format!("http://{rest}").parse().map_err(|_| wrong("write host:port or a URL"))?;
        let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() {
            return Err(wrong("it names no host"));
        }
        if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            return Err(wrong("write user and password as a header `authorization`"));
        }
        let written =
            uri.authority().zip(uri.host()).and_then(|(authority, host)| authority.as_str().strip_prefix(host));
        let port = match written.unwrap_or_default() {
            "" => port,
            written => {
                let number = written.trim_start_matches(':').parse();
                number.map_err(|_| wrong("its port is not a number up to 65535"))?
            }
        };
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        Ok(Endpoint { tls, host: host.to_owned(), port, path: path.to_owned() })
    }

    /// Adds a path below the one that is there.
    pub(crate) fn append(&mut self, path: &str) {
        self.path = format!("{}{path}", self.path.trim_end_matches('/'));
    }

    /// `host:port`, as in a `host` header.
    pub(crate) fn authority(&self) -> String {
        let Endpoint { host, port, .. } = self;
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }

    /// As a URL, for messages.
    pub(crate) fn url(&self) -> String {
        let scheme = if self.tls { "https" } else { "http" };
        format!("{scheme}://{}{}", self.authority(), if self.path == "/" { "" } else { &self.path })
    }
}

/// Reads `name=value,name=value`, values percent-encoded. The error names the part without its value, which
/// may be a secret.
pub(crate) fn headers_of(text: &str) -> Result<Vec<(String, String)>, String> {
    text.split(',').map(header_of).collect()
}

fn header_of(part: &str) -> Result<(String, String), String> {
    let (name, value) = part.split_once('=').ok_or("a header has no `=`; write name=value,name=value")?;
    let name = name.trim();
    if http::HeaderName::from_bytes(name.as_bytes()).is_err() {
        return Err(format!("{name:?} is not a header's name"));
    }
    let value = percent_decode_str(value).decode_utf8().map_err(|_| format!("the value of {name} is not UTF-8"))?;
    Ok((name.to_owned(), value.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let read = |text: &str| Endpoint::parse(text, true, 4317).map(|endpoint| endpoint.url());
        for (text, url) in [
            ("collector:4317", "https://collector:4317"),
            ("collector", "https://collector:4317"),
            ("http://collector:4318/v1/traces", "http://collector:4318/v1/traces"),
            ("https://collector", "https://collector:443"),
            ("127.0.0.1:9/x?y=z", "https://127.0.0.1:9/x?y=z"),
            ("[::1]:4317", "https://[::1]:4317"),
            (" http://[::1] ", "http://[::1]:80"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(url), "{text}");
        }
        assert!(Endpoint::parse("a/x", false, 0).unwrap_err().reason.contains("http://"));
        for (text, part) in [
            ("", "host:port"),
            ("ftp://a", "neither http:// nor https://"),
            (":4317", "host"),
            ("a:70000", "port"),
            ("user:secret@a:1", "authorization"),
            ("a b", "host:port"),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn headers() {
        let pairs = headers_of("api-key=a%20b , x=1=2").unwrap();
        let expected = [("api-key", "a b"), ("x", "1=2")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(pairs, expected);
        assert_eq!(headers_of("api-key").unwrap_err(), "a header has no `=`; write name=value,name=value");
        assert_eq!(headers_of("a b=secret").unwrap_err(), "\"a b\" is not a header's name");
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read(text in "\\PC{0,60}") {
            drop(Endpoint::parse(&text, false, 4317));
            drop(headers_of(&text));
        }
    }
}
