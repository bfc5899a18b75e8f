//! What the flags and the environment ask for, checked.

use std::path::{Path, PathBuf};
use std::time::Duration;

use dapr_security::spiffe::is_trust_domain;

use crate::ca::{self, Directory};
use crate::jwt::{Algorithm, UnknownAlgorithm};
use crate::{Environment, Flags};

/// Where Sentry keeps its credentials and looks tokens up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Files on this machine.
    Standalone,
    /// A Secret, and the API server's word.
    Kubernetes,
}

/// Why the flags cannot be followed.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// `--mode`
    #[error("invalid mode: {0}; --mode takes standalone or kubernetes")]
    Mode(String),
    /// `--trust-domain`
    #[error("invalid --trust-domain {0:?}: a trust domain has 1 to 255 of a-z, 0-9, dot, dash and underscore")]
    TrustDomain(String),
    /// The environment's namespace cannot stand in a SPIFFE id.
    #[error("invalid NAMESPACE: {0}")]
    Namespace(#[from] dapr_security::spiffe::MalformedSpiffeId),
    /// OIDC with TLS, and no certificate for it.
    #[error("{0} is required when OIDC HTTP server is enabled (unless oidc-server-tls-enabled is false)")]
    OidcTls(&'static str),
    /// One of the two files.
    #[error("both OIDC TLS certificate and key must be provided if one is specified")]
    OidcTlsPair,
    /// An issuer for tokens that are not made.
    #[error("jwt-issuer cannot be set when jwt-enabled is false")]
    IssuerWithoutJwt,
    /// A URL that is none.
    #[error("invalid --{flag} {value:?}: expected an absolute URL or path")]
    Url {
        /// Which flag.
        flag: &'static str,
        /// Its value.
        value: String,
    },
    /// `--jwt-ttl`
    #[error("invalid --jwt-ttl: {0}")]
    Ttl(String),
    /// `--jwt-signing-algorithm`
    #[error(transparent)]
    Algorithm(#[from] UnknownAlgorithm),
}

/// Settings of one Sentry.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `--mode`
    pub mode: Mode,
    /// `--config`
    pub config: String,
    /// Sentry's own id, with the control plane's trust domain and namespace.
    pub id: dapr_security::SpiffeId,
    /// Files of the certificate authority; in Kubernetes their names are keys of the Secret.
    pub credentials: Directory,
    /// `--port`, `--listen-address`
    pub grpc: (String, u16),
    /// `--healthz-port`, `--healthz-listen-address`
    pub healthz: (String, u16),
    /// `--metrics-port`, `--metrics-listen-address`; absent without `--enable-metrics`
    pub metrics: Option<(String, u16)>,
    /// Absent without `--jwt-enabled`
    pub jwt: Option<Jwt>,
    /// Absent without `--oidc-enabled`, or without `--jwt-enabled`
    pub oidc: Option<Oidc>,
    /// `--kubeconfig`
    pub kubeconfig: Option<PathBuf>,
    /// Variables for the Configuration file and the cluster.
    pub environment: Environment,
}

/// The flags `--jwt-…`.
#[derive(Clone, Debug)]
pub struct Jwt {
    /// `--jwt-key-filename`
    pub key: PathBuf,
    /// `--jwks-filename`
    pub key_set: PathBuf,
    /// `--jwt-issuer`
    pub issuer: Option<String>,
    /// `--jwt-signing-algorithm`
    pub algorithm: Algorithm,
    /// `--jwt-key-id`
    pub key_id: Option<String>,
    /// `--jwt-ttl`
    pub ttl: Duration,
}

/// The flags `--oidc-…`.
#[derive(Clone, Debug)]
pub struct Oidc {
    /// Address and port.
    pub listen: (String, u16),
    /// Files of certificate and key; absent without TLS.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// Where verifiers find the key set.
    pub jwks_uri: Option<String>,
    /// Without a slash at its end.
    pub path_prefix: String,
    /// Empty for all.
    pub allowed_hosts: Vec<String>,
}

impl Settings {
    /// Checks flags, and takes what it needs of the environment.
    ///
    /// # Errors
    /// A flag has a value that makes no sense, alone or with others.
    pub fn new(flags: &Flags, environment: Environment) -> Result<Self, SettingsError> {
        let mode = match flags.mode.as_str() {
            "standalone" => Mode::Standalone,
            "kubernetes" => Mode::Kubernetes,
            other => return Err(SettingsError::Mode(other.to_owned())),
        };
        if !is_trust_domain(&flags.trust_domain) {
            return Err(SettingsError::TrustDomain(flags.trust_domain.clone()));
        }
        let id = ca::sentry_id(&flags.trust_domain, environment.get("NAMESPACE").unwrap_or("default"))?;
        // An absolute file name replaces the directory.
        let file = |name: &Path| flags.issuer_credentials.join(name);
        let credentials = Directory {
            anchors: file(&flags.issuer_ca_filename),
            chain: file(&flags.issuer_certificate_filename),
            key: file(&flags.issuer_key_filename),
        };
        let metrics = (flags.metrics_listen_address.clone(), flags.metrics_port);
        let oidc = oidc(flags)?;
        let jwt = jwt(flags, &file)?;
        Ok(Self {
            mode,
            config: flags.config.clone(),
            id,
            credentials,
            grpc: (flags.listen_address.clone(), flags.port),
            healthz: (flags.healthz_listen_address.clone(), flags.healthz_port),
            metrics: flags.enable_metrics.then_some(metrics),
            oidc: oidc.filter(|_| jwt.is_some()),
            jwt,
            kubeconfig: flags.kubeconfig.clone(),
            environment,
        })
    }
}

fn jwt(flags: &Flags, file: &dyn Fn(&Path) -> PathBuf) -> Result<Option<Jwt>, SettingsError> {
    if !flags.jwt_enabled {
        return match flags.jwt_issuer {
            Some(_) => Err(SettingsError::IssuerWithoutJwt),
            None => Ok(None),
        };
    }
    let ttl = dapr_kit::duration::parse(&flags.jwt_ttl).map_err(SettingsError::Ttl)?;
    if ttl.is_zero() {
        return Err(SettingsError::Ttl("tokens must live longer than 0s".into()));
    }
    Ok(Some(Jwt {
        key: file(&flags.jwt_key_filename),
        key_set: file(&flags.jwks_filename),
        issuer: flags.jwt_issuer.clone(),
        algorithm: flags.jwt_signing_algorithm.parse()?,
        key_id: flags.jwt_key_id.clone(),
        ttl,
    }))
}

fn oidc(flags: &Flags) -> Result<Option<Oidc>, SettingsError> {
    if !flags.oidc_enabled {
        return Ok(None);
    }
    let tls = match (&flags.oidc_server_tls_cert_file, &flags.oidc_server_tls_key_file) {
        (Some(certificate), Some(key)) => Some((certificate.clone(), key.clone())),
        (None, None) if !flags.oidc_server_tls_enabled => None,
        (None, _) if flags.oidc_server_tls_enabled => {
            return Err(SettingsError::OidcTls("oidc-server-tls-cert-file"));
        }
        (_, None) if flags.oidc_server_tls_enabled => return Err(SettingsError::OidcTls("oidc-server-tls-key-file")),
        _ => return Err(SettingsError::OidcTlsPair),
    };
    for (flag, value) in [("oidc-jwks-uri", &flags.oidc_jwks_uri), ("jwt-issuer", &flags.jwt_issuer)] {
        if let Some(value) = value.as_ref().filter(|value| value.parse::<http::Uri>().is_err()) {
            return Err(SettingsError::Url { flag, value: value.clone() });
        }
    }
    let prefix = flags.oidc_path_prefix.as_deref().unwrap_or_default().trim_matches('/');
    Ok(Some(Oidc {
        listen: (flags.oidc_server_listen_address.clone(), flags.oidc_server_listen_port),
        tls,
        jwks_uri: flags.oidc_jwks_uri.clone(),
        path_prefix: if prefix.is_empty() { String::new() } else { format!("/{prefix}") },
        allowed_hosts: flags.oidc_allowed_hosts.clone(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(line: &str) -> Result<Settings, String> {
        let arguments = ["sentry"].into_iter().chain(line.split(' ').filter(|word| !word.is_empty()));
        let flags = crate::parse_flags(arguments.map(Into::into)).unwrap();
        Settings::new(&flags, Environment::from([("NAMESPACE", "dapr-system")])).map_err(|error| error.to_string())
    }

    #[test]
    fn names_are_relative_to_the_credentials_unless_absolute() {
        let settings = settings("--issuer-credentials /c --issuer-key-filename /k/x.key --jwt-enabled").unwrap();
        assert_eq!(settings.credentials.anchors, Path::new("/c/ca.crt"));
        assert_eq!(settings.credentials.key, Path::new("/k/x.key"));
        assert_eq!(settings.jwt.unwrap().key_set, Path::new("/c/jwks.json"));
        assert_eq!(settings.id.as_str(), "spiffe://localhost/ns/dapr-system/dapr-sentry");
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for (line, expected) in [
            ("--mode docker", "invalid mode: docker"),
            ("--trust-domain A", "invalid --trust-domain \"A\""),
            ("--oidc-enabled", "oidc-server-tls-cert-file is required"),
            ("--oidc-enabled --oidc-server-tls-cert-file x", "oidc-server-tls-key-file is required"),
            (
                "--oidc-enabled --oidc-server-tls-enabled=false --oidc-server-tls-cert-file x",
                "both OIDC TLS certificate and key",
            ),
            ("--jwt-issuer x", "jwt-issuer cannot be set"),
            ("--jwt-enabled --jwt-ttl x", "invalid --jwt-ttl"),
            ("--jwt-enabled --jwt-ttl 0s", "longer than 0s"),
            ("--jwt-enabled --jwt-signing-algorithm HS256", "unsupported signature algorithm: HS256"),
        ] {
            let error = settings(line).unwrap_err();
            assert!(error.contains(expected), "{line}: {error}");
        }
    }

    #[test]
    fn oidc_needs_tokens_and_its_prefix_has_one_slash() {
        let oidc =
            |line: &str| settings(&format!("--oidc-enabled --oidc-server-tls-enabled=false {line}")).unwrap().oidc;
        assert!(oidc("").is_none());
        assert_eq!(oidc("--jwt-enabled --oidc-path-prefix auth/").unwrap().path_prefix, "/auth");
        assert_eq!(oidc("--jwt-enabled --oidc-path-prefix /").unwrap().path_prefix, "");
    }
}
