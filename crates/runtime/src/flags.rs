//! The command line of `daprd` (interface/flags-env.md 3.1).

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgAction, Parser};

/// Flags of `daprd`. Flags whose feature comes later parse, and are named once in the log at debug level.
#[derive(Clone, Debug, Parser)]
#[command(
    name = "daprd",
    about = "Dapr sidecar: building blocks for an application over HTTP and gRPC",
    disable_version_flag = true,
    args_override_self = true
)]
pub struct Flags {
    /// `standalone` or `kubernetes`
    #[arg(long, default_value = "standalone")]
    pub mode: String,
    /// Id of the application, unique in its namespace
    #[arg(long, default_value = "")]
    pub app_id: String,
    /// Port the application listens on
    #[arg(long, default_value = "")]
    pub app_port: String,
    /// Protocol the application speaks: http, https, h2c, grpc or grpcs
    #[arg(long, default_value = "http")]
    pub app_protocol: String,
    /// Address the application listens on
    #[arg(long, default_value = "127.0.0.1")]
    pub app_channel_address: String,
    /// Calls to the application at once; 0 or less for no limit
    #[arg(long, default_value = "-1", allow_hyphen_values = true)]
    pub app_max_concurrency: i32,
    /// Deprecated: use an app protocol that ends in `s`
    #[arg(long, num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", action = ArgAction::Set)]
    pub app_ssl: bool,
    /// Port of the HTTP API
    #[arg(long, default_value_t = 3500)]
    pub dapr_http_port: u16,
    /// Port of the gRPC API
    #[arg(long, default_value_t = 50001)]
    pub dapr_grpc_port: u16,
    /// Port for calls between sidecars; chosen from the app id when empty or 0
    #[arg(long, default_value = "")]
    pub dapr_internal_grpc_port: String,
    /// Address for calls between sidecars
    #[arg(long, default_value = "")]
    pub dapr_internal_grpc_listen_address: String,
    /// Port that serves only health and metadata
    #[arg(long, default_value = "")]
    pub dapr_public_port: String,
    /// Address of the public port
    #[arg(long, default_value = "")]
    pub dapr_public_listen_address: String,
    /// Addresses of the HTTP and gRPC APIs; empty for every interface
    #[arg(long, default_value = "")]
    pub dapr_listen_addresses: String,
    /// Port of the profiling server
    #[arg(long, default_value_t = 7777)]
    pub profile_port: u16,
    /// Serve CPU and heap profiles
    #[arg(long, num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", action = ArgAction::Set)]
    pub enable_profiling: bool,
    /// Configuration file, repeatable; later files win field by field
    #[arg(long, value_delimiter = ',')]
    pub config: Vec<String>,
    /// Directory of resource files, repeatable
    #[arg(long, value_delimiter = ',')]
    pub resources_path: Vec<String>,
    /// Deprecated: use --resources-path
    #[arg(long, default_value = "")]
    pub components_path: String,
    /// Address of the operator
    #[arg(long, default_value = "")]
    pub control_plane_address: String,
    /// Address of Sentry
    #[arg(long, default_value = "")]
    pub sentry_address: String,
    /// Trust domain of the control plane
    #[arg(long)]
    pub control_plane_trust_domain: Option<String>,
    /// Namespace of the control plane
    #[arg(long)]
    pub control_plane_namespace: Option<String>,
    /// Audiences of the JWT to ask Sentry for
    #[arg(long, value_delimiter = ',')]
    pub sentry_request_jwt_audiences: Vec<String>,
    /// Encrypt and authenticate calls between sidecars
    #[arg(long, num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", action = ArgAction::Set)]
    pub enable_mtls: bool,
    /// Addresses of placement
    #[arg(long, default_value = "")]
    pub placement_host_address: String,
    /// Addresses of the scheduler
    #[arg(long, value_delimiter = ',')]
    pub scheduler_host_address: Vec<String>,
    /// Streams to each scheduler
    #[arg(long, default_value_t = 3)]
    pub scheduler_job_streams: u32,
    /// Longest time a placement round may take
    #[arg(long, default_value = "30s")]
    pub actors_disseminate_timeout: String,
    /// Time between full reconciliations of resources; 0 for one minute
    #[arg(long, default_value = "0s")]
    pub hot_reload_reconcile_interval: String,
    /// How long the application may take to answer whether it wants a binding
    #[arg(long, default_value = "3s", allow_hyphen_values = true)]
    pub app_binding_options_timeout: String,
    /// Origins that may call from a browser: `*` or a list
    #[arg(long, default_value = "")]
    pub allowed_origins: String,
    /// Largest request body, such as 4Mi; -1 for the default, 0 for no limit
    #[arg(long, default_value = "4Mi", allow_hyphen_values = true)]
    pub max_body_size: String,
    /// Deprecated: use --max-body-size; in MB
    #[arg(long, allow_hyphen_values = true)]
    pub dapr_http_max_request_size: Option<i64>,
    /// Largest header block, such as 4Ki
    #[arg(long, default_value = "4Ki", allow_hyphen_values = true)]
    pub read_buffer_size: String,
    /// Deprecated: use --read-buffer-size; in KB
    #[arg(long, allow_hyphen_values = true)]
    pub dapr_http_read_buffer_size: Option<i64>,
    /// Directory for Unix sockets, instead of TCP, for the HTTP and gRPC APIs
    #[arg(long, default_value = "")]
    pub unix_domain_socket: String,
    /// Longest time a graceful stop may take; negative for 5, 0 for no limit
    #[arg(long, default_value = "5", allow_hyphen_values = true)]
    pub dapr_graceful_shutdown_seconds: i64,
    /// On a stop, keep the APIs up this long, or until the application is unhealthy
    #[arg(long)]
    pub dapr_block_shutdown_duration: Option<String>,
    /// Log every API call
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", action = ArgAction::Set)]
    pub enable_api_logging: Option<bool>,
    /// Leave out the secret store `kubernetes`
    #[arg(long, num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", action = ArgAction::Set)]
    pub disable_builtin_k8s_secret_store: bool,
    /// Probe the application's health
    #[arg(long, num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", action = ArgAction::Set)]
    pub enable_app_health_check: bool,
    /// Path of the health probe
    #[arg(long, default_value = "/healthz")]
    pub app_health_check_path: String,
    /// Seconds between probes
    #[arg(long, default_value_t = 5)]
    pub app_health_probe_interval: i32,
    /// Milliseconds a probe may take
    #[arg(long, default_value_t = 500)]
    pub app_health_probe_timeout: i32,
    /// Failures in a row that make the application unhealthy
    #[arg(long, default_value_t = 3)]
    pub app_health_threshold: i32,
    /// Endpoints of the application not to call at start: config, subscribe
    #[arg(long, value_delimiter = ',')]
    pub disable_init_endpoints: Vec<String>,
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
    /// Print the version and exit
    #[arg(long, num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", action = ArgAction::Set)]
    pub version: bool,
    /// Print how this binary was built and exit
    #[arg(long, num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", action = ArgAction::Set)]
    pub build_info: bool,
    /// Wait until the sidecar on this machine is ready for outbound calls, at most a minute, and exit
    #[arg(long, num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", action = ArgAction::Set)]
    pub wait: bool,
    /// Check resource files or directories and exit: 0 when they are fine, 1 when not
    #[arg(long)]
    pub validate: Vec<PathBuf>,
    /// Deprecated: use --placement-host-address
    #[arg(long, hide = true)]
    pub actors_service: Option<String>,
    /// Deprecated, without effect
    #[arg(long, hide = true)]
    pub reminders_service: Option<String>,
}

impl Flags {
    /// Flags that were given whose feature this build does not have yet, by name.
    pub fn waiting(&self) -> Vec<&'static str> {
        let given = [
            ("--placement-host-address", !self.placement_host_address.is_empty()),
            ("--actors-service", self.actors_service.is_some()),
            ("--reminders-service", self.reminders_service.is_some()),
            ("--scheduler-host-address", !self.scheduler_host_address.is_empty()),
            ("--app-max-concurrency", self.app_max_concurrency > 0),
            ("--disable-builtin-k8s-secret-store", self.disable_builtin_k8s_secret_store),
        ];
        given.into_iter().filter(|(_, given)| *given).map(|(name, _)| name).collect()
    }
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

    fn parse(line: &str) -> Flags {
        parse_flags(line.split(' ').map(OsString::from)).unwrap()
    }

    #[test]
    fn the_spellings_of_go_are_accepted() {
        let flags =
            parse("daprd -app-id a --dapr-http-port=1 --enable-mtls=false --app-max-concurrency -1 -enable-profiling");
        assert_eq!((flags.app_id.as_str(), flags.dapr_http_port, flags.enable_mtls), ("a", 1, false));
        assert_eq!((flags.app_max_concurrency, flags.enable_profiling), (-1, true));
        assert_eq!(parse("daprd --config a,b --config c").config, ["a", "b", "c"]);
        assert_eq!(parse("daprd --enable-api-logging").enable_api_logging, Some(true));
        assert_eq!(parse("daprd").enable_api_logging, None);
    }

    #[test]
    fn an_unknown_flag_is_an_error_with_code_2() {
        let error = parse_flags(["daprd", "--nonsense"].map(OsString::from)).unwrap_err();
        assert_eq!(error.exit_code(), 2);
    }
}
