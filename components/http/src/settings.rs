//! What a Component says about the target, checked.

use std::time::Duration;

use dapr_kit::quantity;
use dapr_spi::{Error, Metadata, Result};
use http::{HeaderName, HeaderValue, Uri};

use crate::request;

/// Fields of `bindings.http`.
#[derive(Metadata)]
pub struct HttpMetadata {
    /// Where requests go: `http://` or `https://`, a host, and the path that a request's `path` is put behind.
    #[metadata(required)]
    pub url: String,
    /// How long a request may take, its redirections included. No limit when it is not set.
    pub response_timeout: Option<Duration>,
    /// How much of an answer's body is read; a number of bytes, or with a unit such as `Mi`. Zero or less is no limit.
    #[metadata(default = "100Mi")]
    pub max_response_body_size: String,
    /// Certificate authority that the server's certificate is checked against, instead of those of the machine: PEM, or
    /// the path of a file.
    #[metadata(name = "MTLSRootCA")]
    pub root_ca: Option<String>,
    /// Certificate of the client: PEM, or the path of a file.
    #[metadata(name = "MTLSClientCert")]
    pub client_certificate: Option<String>,
    /// Private key of the client: PEM, or the path of a file.
    #[metadata(name = "MTLSClientKey", secret)]
    pub client_key: Option<String>,
    /// Without effect: this build never renegotiates, which TLS 1.3 does not know any more.
    #[metadata(name = "MTLSRenegotiation", ignored)]
    pub renegotiation: Option<String>,
    /// Value of the header that `securityTokenHeader` names.
    #[metadata(secret)]
    pub security_token: Option<String>,
    /// Header that carries `securityToken`.
    pub security_token_header: Option<String>,
    /// Whether a status other than 2xx is an error; a request's metadata may say otherwise.
    #[metadata(name = "errorIfNot2XX", default = "true")]
    pub error_if_not_2xx: bool,
}

/// Checked settings.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Begins with `http://` or `https://`; without a fragment.
    pub(crate) url: String,
    pub(crate) timeout: Option<Duration>,
    pub(crate) max_body: Option<usize>,
    pub(crate) root_ca: String,
    pub(crate) certificate: String,
    pub(crate) key: String,
    pub(crate) token: Option<(HeaderName, HeaderValue)>,
    pub(crate) error_if_not_2xx: bool,
}

impl Settings {
    pub(crate) fn new(metadata: HttpMetadata) -> Result<Self> {
        let url = metadata.url.trim().to_owned();
        let parsed: Uri = request::url(&url, "").map_err(|why| Error::invalid(format!("metadata field url: {why}")))?;
        crate::target::check(&parsed).map_err(|why| Error::invalid(format!("metadata field url: {why}")))?;
        let max_body = quantity::parse_bytes(metadata.max_response_body_size.trim())
            .map_err(|why| Error::invalid(format!("invalid value for maxResponseBodySize: {why}")))?;
        let (certificate, key) =
            (metadata.client_certificate.unwrap_or_default(), metadata.client_key.unwrap_or_default());
        // With one of them only the incumbent goes without a certificate, and the server's refusal puzzles.
        if certificate.is_empty() != key.is_empty() {
            return Err(Error::invalid("metadata fields MTLSClientCert and MTLSClientKey must be given together"));
        }
        Ok(Self {
            url,
            timeout: metadata.response_timeout.filter(|timeout| !timeout.is_zero()),
            max_body: usize::try_from(max_body).ok().filter(|limit| *limit > 0),
            root_ca: metadata.root_ca.unwrap_or_default(),
            certificate,
            key,
            token: token(metadata.security_token_header, metadata.security_token)?,
            error_if_not_2xx: metadata.error_if_not_2xx,
        })
    }
}

fn token(name: Option<String>, value: Option<String>) -> Result<Option<(HeaderName, HeaderValue)>> {
    let (Some(name), Some(value)) = (name, value) else { return Ok(None) };
    let name = HeaderName::try_from(name.trim())
        .map_err(|_| Error::invalid(format!("metadata field securityTokenHeader: `{name}` is no header name")))?;
    let mut value = HeaderValue::try_from(value)
        .map_err(|_| Error::invalid("metadata field securityToken has characters that no header can hold"))?;
    value.set_sensitive(true);
    Ok(Some((name, value)))
}

#[cfg(test)]
mod tests {
    use dapr_spi::metadata::{Metadata, Properties};

    use super::*;

    fn settings(pairs: &[(&str, &str)]) -> Result<Settings, String> {
        let metadata = HttpMetadata::parse(&Properties::from_pairs(pairs.iter().copied()))
            .map_err(|all| all[0].message.clone())?;
        Settings::new(metadata).map_err(|error| error.to_string())
    }

    #[test]
    fn defaults_are_those_of_the_incumbent() {
        let plain = settings(&[("url", "http://a/b")]).unwrap();
        assert_eq!((plain.timeout, plain.max_body, plain.error_if_not_2xx), (None, Some(100 << 20), true));
        let other = settings(&[("url", "http://a"), ("maxResponseBodySize", "-1"), ("errorIfNot2XX", "no")]).unwrap();
        assert_eq!((other.max_body, other.error_if_not_2xx), (None, false));
    }

    #[test]
    fn what_is_wrong_is_said() {
        assert!(settings(&[("url", "ftp://a")]).unwrap_err().contains("http:// or https://"));
        assert!(settings(&[("url", "/path")]).unwrap_err().contains("http:// or https://"));
        assert!(settings(&[("url", "http://a"), ("MTLSClientCert", "x")]).unwrap_err().contains("together"));
        assert!(
            settings(&[("url", "http://a"), ("maxResponseBodySize", "big")])
                .unwrap_err()
                .contains("maxResponseBodySize")
        );
        let header = [("url", "http://a"), ("securityToken", "s"), ("securityTokenHeader", "a b")];
        assert!(settings(&header).unwrap_err().contains("securityTokenHeader"));
    }
}
