//! OpenID Connect Discovery: where an issuer's keys are.

use dapr_net::fetch::Client;
use dapr_spi::{Error, ErrorKind, Result};
use http::{StatusCode, Uri};
use serde::Deserialize;

/// The document is short.
const MAX_DOCUMENT: usize = 1 << 20;

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    issuer: String,
    #[serde(default)]
    jwks_uri: String,
}

/// The URL of the keys, from the issuer's document.
///
/// The document must name the issuer exactly as the settings do (OpenID Connect Discovery 1.0, section 4.3).
pub(super) async fn keys_url(client: &Client, url: &Uri, issuer: &str) -> Result<Uri> {
    let failed = |why: String| {
        Error::new(
            ErrorKind::Unavailable,
            format!("failed to retrieve OpenID Configuration document from {url}: {why}"),
        )
    };
    let response = client.get(url, MAX_DOCUMENT).await.map_err(|error| failed(error.to_string()))?;
    if response.status() != StatusCode::OK {
        return Err(failed(format!("the answer has status {}", response.status().as_u16())));
    }
    let document: Document = serde_json::from_slice(response.body()).map_err(|error| failed(error.to_string()))?;
    if document.jwks_uri.is_empty() {
        return Err(failed("it does not contain a 'jwks_uri'".into()));
    }
    if document.issuer != issuer {
        return Err(Error::invalid(format!(
            "field `issuer` is `{issuer}`, but the document at {url} says `{}`; they must be the same, to the last slash",
            document.issuer
        )));
    }
    document.jwks_uri.parse().map_err(|_| failed(format!("its 'jwks_uri' `{}` is not a URL", document.jwks_uri)))
}
