//! HTTP middleware bearer, oauth2 and oauth2clientcredentials.
//!
//! `bearer` checks tokens that callers bring; the other two get tokens and add them to requests: `oauth2` by sending a
//! person to log in, `oauth2clientcredentials` with the credentials of the application.

pub mod bearer;
pub mod client_credentials;
pub mod oauth2;
mod path_filter;
#[cfg(test)]
mod tests;
mod token;

use dapr_spi::registry::Registry;
use dapr_spi::{Error, Result};
use http::{HeaderName, Uri};

/// Adds the types of this crate.
pub fn register(registry: &mut Registry) {
    registry.component("middleware.http.bearer").factory::<bearer::Bearer>();
    registry.component("middleware.http.oauth2").factory::<oauth2::OAuth2>();
    registry.component("middleware.http.oauth2clientcredentials").factory::<client_credentials::ClientCredentials>();
}

/// A field that holds a URL.
fn url(field: &str, text: &str) -> Result<Uri> {
    let uri: Option<Uri> = text.parse().ok();
    let is_url = |uri: &Uri| uri.host().is_some() && matches!(uri.scheme_str(), Some("http" | "https"));
    uri.filter(is_url).ok_or_else(|| {
        Error::invalid(format!("field `{field}` is not a URL that begins with http:// or https://: `{text}`"))
    })
}

/// A field that holds the name of a header.
fn header_name(field: &str, text: &str) -> Result<HeaderName> {
    text.parse().map_err(|_| Error::invalid(format!("field `{field}` is not the name of a header: `{text}`")))
}
