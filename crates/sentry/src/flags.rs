//! The command line of `sentry` (interface/flags-env.md 3.2).

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgAction, Parser};

/// Flags of `sentry`.
#[derive(Clone, Debug, Parser)]
#[command(
    name = "sentry",
    about = "Dapr certificate authority: gives sidecars and the control plane their identities",
    disable_version_flag = true,
    args_override_self = true
)]
pub struct Flags {
    /// Configuration file, or name of the Configuration in Kubernetes; the default file may be missing
    #[arg(long, default_value = "daprsystem")]
    pub config: String,
    /// Directory of the issuer's credentials
    #[arg(long, default_value = "/var/run/secrets/dapr.io/credentials")]
    pub issuer_credentials: PathBuf,
    /// File of the trust anchors, in that directory unless absolute
    #[arg(long, default_value = "ca.crt")]
    pub issuer_ca_filename: PathBuf,
    /// File of the issuer's certificate, in that directory unless absolute
    #[arg(long, default_value = "issuer.crt")]
    pub issuer_certificate_filename: PathBuf,
    /// File of the issuer's key, in that directory unless absolute
    #[arg(long, default_value = "issuer.key")]
    pub issuer_key_filename: PathBuf,
    /// Trust domain of the control plane
    #[arg(long, default_value = "localhost")]
    pub trust_domain: String,
    /// Port of the gRPC server
    #[arg(long, default_value_t = 50001)]
    pub port: u16,
    /// Address of the gRPC server; empty for every interface
    #[arg(long, default_value = "")]
    pub listen_address: String,
    /// Port of the health endpoint
    #[arg(long, default_value_t = 8080)]
    pub healthz_port: u16,
    /// Address of the health endpoint; empty for every interface
    #[arg(long, default_value = "")]
    pub healthz_listen_address: String,
    /// `standalone` or `kubernetes`
    #[arg(long, default_value = "standalone")]
    pub mode: String,
    /// Issue JWT SVIDs beside certificates
    #[arg(long, num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", action = ArgAction::Set)]
    pub jwt_enabled: bool,
    /// File of the key that signs JWTs, in the directory of the credentials unless absolute
    #[arg(long, default_value = "jwt.key")]
    pub jwt_key_filename: PathBuf,
    /// File of the published key set, in the directory of the credentials unless absolute
    #[arg(long, default_value = "jwks.json")]
    pub jwks_filename: PathBuf,
    /// Claim `iss` of JWTs
    #[arg(long)]
    pub jwt_issuer: Option<String>,
    /// RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512 or EdDSA
    #[arg(long, default_value = "RS256")]
    pub jwt_signing_algorithm: String,
    /// Header `kid` of JWTs; that of the key set, or the key's thumbprint, when absent
    #[arg(long)]
    pub jwt_key_id: Option<String>,
    /// How long JWTs are valid
    #[arg(long, default_value = "24h")]
    pub jwt_ttl: String,
    /// Serve OIDC discovery and the key set over HTTP
    #[arg(long, num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", action = ArgAction::Set)]
    pub oidc_enabled: bool,
    /// Port of the OIDC server
    #[arg(long, default_value_t = 9080)]
    pub oidc_server_listen_port: u16,
    /// Address of the OIDC server
    #[arg(long, default_value = "localhost")]
    pub oidc_server_listen_address: String,
    /// Serve OIDC with TLS
    #[arg(long, num_args = 0..=1, require_equals = true, default_value = "true", default_missing_value = "true", action = ArgAction::Set)]
    pub oidc_server_tls_enabled: bool,
    /// Certificate of the OIDC server
    #[arg(long)]
    pub oidc_server_tls_cert_file: Option<PathBuf>,
    /// Key of the OIDC server
    #[arg(long)]
    pub oidc_server_tls_key_file: Option<PathBuf>,
    /// Where verifiers find the key set, if not at the OIDC server
    #[arg(long)]
    pub oidc_jwks_uri: Option<String>,
    /// Prefix of the OIDC server's paths
    #[arg(long)]
    pub oidc_path_prefix: Option<String>,
    /// Hosts that the OIDC server answers for, repeatable; `*` or none for all
    #[arg(long, value_delimiter = ',')]
    pub oidc_allowed_hosts: Vec<String>,
    /// Kubeconfig file; `~/.kube/config` when absent and not run in a pod
    #[arg(long)]
    pub kubeconfig: Option<PathBuf>,
    /// debug, info, warn, error or fatal
    #[arg(long, default_value = "info")]
    pub log_level: String,
    /// Log one JSON object a line
    #[arg(long, num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", action = ArgAction::Set)]
    pub log_as_json: bool,
    /// Append the log to a file
    #[arg(long)]
    pub log_file: Option<PathBuf>,
    /// Serve metrics
    #[arg(long, num_args = 0..=1, require_equals = true, default_value = "true", default_missing_value = "true", action = ArgAction::Set)]
    pub enable_metrics: bool,
    /// Port of the metrics
    #[arg(long, default_value_t = 9090)]
    pub metrics_port: u16,
    /// Address of the metrics
    #[arg(long, default_value = "0.0.0.0")]
    pub metrics_listen_address: String,
}

/// Reads the command line; long flags may have one dash, as Go's flags do.
///
/// # Errors
/// A flag is unknown, lacks its value, or has a value of the wrong type.
pub fn parse_flags(arguments: impl IntoIterator<Item = OsString>) -> Result<Flags, clap::Error> {
    Flags::try_parse_from(arguments.into_iter().map(dapr_kit::arguments::with_two_dashes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spellings_of_go_are_accepted() {
        let line =
            "sentry -port=1 --jwt-enabled -oidc-allowed-hosts a,b --oidc-server-tls-enabled=false -mode kubernetes";
        let flags = parse_flags(line.split(' ').map(OsString::from)).unwrap();
        assert_eq!((flags.port, flags.jwt_enabled, flags.oidc_server_tls_enabled), (1, true, false));
        assert_eq!(
            (flags.oidc_allowed_hosts, flags.mode.as_str()),
            (vec!["a".to_owned(), "b".to_owned()], "kubernetes")
        );
    }

    #[test]
    fn of_a_flag_given_twice_the_last_one_wins_and_lists_grow() {
        let line = "sentry -port=1 -jwt-enabled -port=2 -jwt-enabled=false -oidc-allowed-hosts a -oidc-allowed-hosts b";
        let flags = parse_flags(line.split(' ').map(OsString::from)).unwrap();
        assert_eq!((flags.port, flags.jwt_enabled, flags.oidc_allowed_hosts.len()), (2, false, 2));
    }

    #[test]
    fn an_unknown_flag_is_an_error_with_code_2() {
        assert_eq!(parse_flags(["sentry", "--nonsense"].map(OsString::from)).unwrap_err().exit_code(), 2);
    }
}
