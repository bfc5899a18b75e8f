//! How a client proves who it is, and how connections are secured.

use std::fmt;

use dapr_spi::{Error, Result};
use http::Uri;
use rdkafka::ClientConfig;

use crate::fields::KafkaMetadata;

/// Security of connections.
#[derive(Clone, Debug)]
pub(crate) struct Security {
    pub(crate) tls: Option<Tls>,
    pub(crate) login: Login,
}

/// TLS; certificates and keys in PEM.
#[derive(Clone)]
pub(crate) struct Tls {
    /// The machine's own when `None`.
    pub(crate) authority: Option<String>,
    /// Certificate and key.
    identity: Option<(String, String)>,
    pub(crate) trusts_all: bool,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("trusts_all", &self.trusts_all).finish_non_exhaustive()
    }
}

/// What is told to a broker about us, beyond a certificate.
#[derive(Clone)]
pub(crate) enum Login {
    None,
    /// A name and a password, by this mechanism of SASL.
    Password {
        mechanism: &'static str,
        username: String,
        password: String,
    },
    /// A token.
    Token(TokenSource),
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Password { username, .. } => f.debug_tuple("Password").field(username).finish(),
            Self::Token(source) => f.debug_tuple("Token").field(&source.client_id).finish(),
        }
    }
}

/// Where tokens come from.
#[derive(Clone)]
pub(crate) struct TokenSource {
    pub(crate) endpoint: Uri,
    pub(crate) client_id: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) proof: Proof,
    /// As in [`Tls`].
    pub(crate) authority: Option<String>,
    pub(crate) trusts_all: bool,
}

/// How the client proves itself to the token endpoint.
#[derive(Clone)]
pub(crate) enum Proof {
    Secret(String),
    /// An assertion signed with an RSA key (RFC 7523).
    Assertion {
        key: String,
        key_id: Option<String>,
        audience: Option<String>,
        resource: Option<String>,
    },
}

impl Security {
    pub(crate) fn check(metadata: &KafkaMetadata) -> Result<Self> {
        let kind = auth_type(metadata)?;
        let trusts_all = metadata.skip_verify;
        let authority = pem(metadata.ca_cert.as_deref(), "caCert")?;
        let has_tls = kind != "none" && !metadata.disable_tls;
        let mut tls = has_tls.then_some(Tls { authority: authority.clone(), identity: None, trusts_all });
        let login = match kind.as_str() {
            "none" => Login::None,
            "password" => password(metadata)?,
            "oidc" | "oidc_private_key_jwt" => Login::Token(token_source(metadata, &kind, authority)?),
            "certificate" if authority.is_none() => {
                return Err(Error::invalid("`authType: certificate` needs `caCert`"));
            }
            "certificate" => Login::None,
            "mtls" => {
                let Some(tls) = &mut tls else {
                    return Err(Error::invalid("`authType: mtls` needs TLS; leave out `disableTls`"));
                };
                tls.identity = identity(metadata)?;
                Login::None
            }
            "awsiam" => {
                return Err(Error::unsupported(
                    "`authType: awsiam`: this version cannot log in with AWS IAM; use `password` with SHA-512, or `mtls`",
                ));
            }
            other => {
                return Err(Error::invalid(format!(
                    "`authType`: expected none, password, mtls, certificate, oidc or oidc_private_key_jwt, found `{other}`"
                )));
            }
        };
        let security = Self { tls, login };
        security.is_built_in()?;
        Ok(security)
    }

    /// TLS, and what is built on its library, may be left out of the C library.
    fn is_built_in(&self) -> Result<()> {
        let features = built_in_features();
        let has = |feature: &str| features.split(',').any(|known| known.trim() == feature);
        let missing = match &self.login {
            _ if self.tls.is_some() && !has("ssl") => Some("TLS"),
            Login::Password { mechanism, .. } if mechanism.starts_with("SCRAM") && !has("sasl_scram") => Some("SCRAM"),
            Login::Token(_) if !has("sasl_oauthbearer") => Some("OIDC"),
            _ => None,
        };
        match missing {
            None => Ok(()),
            Some(what) => Err(Error::unsupported(format!(
                "this binary was built without {what} for Kafka (feature `kafka-tls`, part of `full`)"
            ))),
        }
    }

    /// Tells the C library.
    pub(crate) fn configure(&self, config: &mut ClientConfig) {
        let has_login = !matches!(self.login, Login::None);
        let protocol = match (self.tls.is_some(), has_login) {
            (false, false) => "plaintext",
            (false, true) => "sasl_plaintext",
            (true, false) => "ssl",
            (true, true) => "sasl_ssl",
        };
        config.set("security.protocol", protocol);
        if let Some(tls) = &self.tls {
            if let Some(authority) = &tls.authority {
                config.set("ssl.ca.pem", authority);
            }
            if let Some((certificate, key)) = &tls.identity {
                config.set("ssl.certificate.pem", certificate).set("ssl.key.pem", key);
            }
            if tls.trusts_all {
                config.set("enable.ssl.certificate.verification", "false");
            }
        }
        match &self.login {
            Login::None => {}
            Login::Password { mechanism, username, password } => {
                config.set("sasl.mechanisms", *mechanism);
                config.set("sasl.username", username).set("sasl.password", password);
            }
            Login::Token(_) => {
                config.set("sasl.mechanisms", "OAUTHBEARER");
            }
        }
    }
}

/// What the C library was built with, separated by commas.
fn built_in_features() -> String {
    let native = ClientConfig::new().create_native_config().and_then(|config| config.get("builtin.features"));
    native.unwrap_or_default().trim_end_matches('\0').to_owned()
}

fn auth_type(metadata: &KafkaMetadata) -> Result<String> {
    if let Some(kind) = metadata.auth_type.as_deref().filter(|kind| !kind.is_empty()) {
        return Ok(kind.to_ascii_lowercase());
    }
    let has_password = metadata.sasl_password.as_deref().is_some_and(|password| !password.is_empty());
    match metadata.auth_required {
        Some(true) if has_password => Ok("password".into()),
        Some(true) => Ok("mtls".into()),
        Some(false) => Ok("none".into()),
        None => Err(Error::invalid("required field `authType` is missing; `none` means that brokers ask for nothing")),
    }
}

fn password(metadata: &KafkaMetadata) -> Result<Login> {
    let mechanism = match metadata.sasl_mechanism.as_str() {
        "SHA-256" => "SCRAM-SHA-256",
        "SHA-512" => "SCRAM-SHA-512",
        _ => "PLAIN",
    };
    let username = needed(metadata.sasl_username.as_deref(), "saslUsername", "password")?;
    let password = needed(metadata.sasl_password.as_deref(), "saslPassword", "password")?;
    Ok(Login::Password { mechanism, username, password })
}

fn token_source(metadata: &KafkaMetadata, kind: &str, authority: Option<String>) -> Result<TokenSource> {
    if metadata.oidc_extensions.as_deref().is_some_and(|text| !text.is_empty()) {
        return Err(Error::unsupported("`oidcExtensions`: this version sends no extensions with a token"));
    }
    let endpoint = needed(metadata.oidc_token_endpoint.as_deref(), "oidcTokenEndpoint", kind)?;
    let endpoint: Uri = endpoint
        .parse()
        .map_err(|error| Error::invalid(format!("`oidcTokenEndpoint`: `{endpoint}` is no URL: {error}")))?;
    let proof = if kind == "oidc" {
        Proof::Secret(needed(metadata.oidc_client_secret.as_deref(), "oidcClientSecret", kind)?)
    } else {
        needed(metadata.oidc_client_assertion_cert.as_deref(), "oidcClientAssertionCert", kind)?;
        Proof::Assertion {
            key: needed(metadata.oidc_client_assertion_key.as_deref(), "oidcClientAssertionKey", kind)?,
            key_id: given(metadata.oidc_kid.as_deref()),
            audience: given(metadata.oidc_audience.as_deref()),
            resource: given(metadata.oidc_resource.as_deref()),
        }
    };
    Ok(TokenSource {
        endpoint,
        client_id: needed(metadata.oidc_client_id.as_deref(), "oidcClientID", kind)?,
        scopes: metadata.oidc_scopes.split(',').map(str::trim).filter(|s| !s.is_empty()).map(Into::into).collect(),
        proof,
        authority,
        trusts_all: metadata.skip_verify,
    })
}

fn identity(metadata: &KafkaMetadata) -> Result<Option<(String, String)>> {
    let certificate = pem(metadata.client_cert.as_deref(), "clientCert")?;
    let key = pem(metadata.client_key.as_deref(), "clientKey")?;
    match (certificate, key) {
        (Some(certificate), Some(key)) => Ok(Some((certificate, key))),
        _ => Err(Error::invalid("`authType: mtls` needs both `clientCert` and `clientKey`")),
    }
}

fn given(text: Option<&str>) -> Option<String> {
    text.filter(|text| !text.is_empty()).map(str::to_owned)
}

fn needed(text: Option<&str>, field: &str, kind: &str) -> Result<String> {
    given(text).ok_or_else(|| Error::invalid(format!("`authType: {kind}` needs `{field}`")))
}

fn pem(text: Option<&str>, field: &str) -> Result<Option<String>> {
    let text = given(text);
    match &text {
        Some(text) if !text.contains("-----BEGIN ") => Err(Error::invalid(format!("`{field}` is not in PEM"))),
        _ => Ok(text),
    }
}
