//! From flags and environment to checked settings.

use std::path::PathBuf;
use std::time::Duration;

use dapr_kit::{duration, quantity};
use dapr_telemetry::log::{InvalidLevel, Level};

use crate::{Environment, Flags};

/// Where a sidecar takes its resources from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Files.
    Standalone,
    /// The operator.
    Kubernetes,
}

const DEFAULT_BODY: usize = 4 << 20;
const DEFAULT_HEADERS: usize = 4 << 10;
const DEFAULT_SHUTDOWN: Duration = Duration::from_secs(5);

/// Checked settings of one sidecar.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where resources come from.
    pub mode: Mode,
    /// The app.
    pub app_id: String,
    /// `NAMESPACE`, empty when unset.
    pub namespace: String,
    /// How the app is reached.
    pub app: App,
    /// Where the APIs listen.
    pub http_port: u16,
    /// Where the gRPC API listens.
    pub grpc_port: u16,
    /// Zero to choose one.
    pub internal_grpc_port: u16,
    /// Address for calls between sidecars.
    pub internal_grpc_address: String,
    /// Health and metadata only.
    pub public: Option<(String, u16)>,
    /// Addresses of both APIs.
    pub addresses: Vec<String>,
    /// Directory of Unix sockets instead of TCP.
    pub unix_domain_socket: Option<PathBuf>,
    /// Profiling server.
    pub profile_port: Option<u16>,
    /// Metrics server.
    pub metrics: Option<(String, u16)>,
    /// Configuration files, the later ones over the earlier ones; in Kubernetes names of Configurations, of which the
    /// first counts.
    pub configurations: Vec<String>,
    /// Resource directories.
    pub resource_paths: Vec<PathBuf>,
    /// `None` for no limit.
    pub max_body_size: Option<usize>,
    /// Largest header block.
    pub read_buffer_size: usize,
    /// CORS.
    pub allowed_origins: String,
    /// Overrides the Configuration.
    pub api_logging: Option<bool>,
    /// `None` for no limit.
    pub shutdown_timeout: Option<Duration>,
    /// Keep the APIs up this long on a stop.
    pub block_shutdown: Option<Duration>,
    /// Do not read `/dapr/config`.
    pub skip_app_config: bool,
    /// Do not read `/dapr/subscribe`.
    pub skip_app_subscribe: bool,
    /// Who the sidecar is, and who says so.
    pub identity: Identity,
    /// `host:port` of the operator.
    pub control_plane_address: String,
    /// Time between two looks at all resources, in case that a change of one was not noticed.
    pub reconcile_interval: Duration,
    /// The environment, with what the sidecar adds.
    pub environment: Environment,
}

/// Who the sidecar is, and who says so.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Encrypt and authenticate calls between sidecars.
    pub mtls: bool,
    /// `host:port` of Sentry.
    pub sentry_address: String,
    /// Trust domain of the control plane.
    pub control_plane_trust_domain: String,
    /// Namespace of the control plane.
    pub control_plane_namespace: String,
    /// For whom tokens are asked for besides the certificate.
    pub jwt_audiences: Vec<String>,
}

/// How the app is reached.
#[derive(Clone, Debug)]
pub struct App {
    /// Zero when there is none.
    pub port: u16,
    /// Lower case, `app-ssl` applied.
    pub protocol: String,
    /// Host.
    pub address: String,
    /// Zero or less for no limit.
    pub max_concurrency: i32,
    /// Probes, when switched on.
    pub health: Option<AppHealth>,
    /// How long it may take to say whether it wants the events of an input binding.
    pub binding_options_timeout: Duration,
}

/// Health probes of the app.
#[derive(Clone, Debug)]
pub struct AppHealth {
    /// Path that is asked.
    pub path: String,
    /// Time between probes.
    pub interval: Duration,
    /// Time a probe may take.
    pub timeout: Duration,
    /// Failures in a row.
    pub threshold: i32,
}

/// A flag has a value that means nothing.
#[derive(Debug, thiserror::Error)]
pub enum InvalidConfig {
    /// One flag.
    #[error("{flag}: {message}")]
    Flag {
        /// Its name.
        flag: &'static str,
        /// What is wrong.
        message: String,
    },
    /// `--log-level`.
    #[error(transparent)]
    Level(#[from] InvalidLevel),
}

fn wrong(flag: &'static str, message: impl Into<String>) -> InvalidConfig {
    InvalidConfig::Flag { flag, message: message.into() }
}

impl Config {
    /// The namespace that this sidecar's app is called by: `default` when `NAMESPACE` says nothing.
    pub fn namespace_or_default(&self) -> &str {
        if self.namespace.is_empty() { "default" } else { &self.namespace }
    }

    /// Checks the flags.
    ///
    /// # Errors
    /// Which flag is wrong and what was expected.
    pub fn new(flags: &Flags, environment: Environment) -> Result<Self, InvalidConfig> {
        let mode = mode(&flags.mode)?;
        check_app_id(&flags.app_id, mode)?;
        let app = app(flags)?;
        check_ports(flags, app.port)?;
        let mut config = Self {
            mode,
            app_id: flags.app_id.clone(),
            namespace: environment.text("NAMESPACE").to_owned(),
            app,
            http_port: flags.dapr_http_port,
            grpc_port: flags.dapr_grpc_port,
            internal_grpc_port: port("--dapr-internal-grpc-port", &flags.dapr_internal_grpc_port)?,
            internal_grpc_address: flags.dapr_internal_grpc_listen_address.clone(),
            public: public(flags)?,
            addresses: flags.dapr_listen_addresses.split(',').map(|address| address.trim().to_owned()).collect(),
            unix_domain_socket: Some(&flags.unix_domain_socket).filter(|path| !path.is_empty()).map(PathBuf::from),
            profile_port: flags.enable_profiling.then_some(flags.profile_port),
            metrics: flags.enable_metrics.then(|| (flags.metrics_listen_address.clone(), flags.metrics_port)),
            configurations: flags.config.iter().filter(|name| !name.is_empty()).cloned().collect(),
            resource_paths: resource_paths(flags),
            max_body_size: max_body_size(flags)?,
            read_buffer_size: read_buffer_size(flags)?,
            allowed_origins: flags.allowed_origins.clone(),
            api_logging: flags.enable_api_logging,
            shutdown_timeout: shutdown_timeout(flags.dapr_graceful_shutdown_seconds),
            block_shutdown: block_shutdown(flags.dapr_block_shutdown_duration.as_deref())?,
            skip_app_config: skips(flags, "config"),
            skip_app_subscribe: skips(flags, "subscribe"),
            identity: identity(flags, &environment),
            control_plane_address: flags.control_plane_address.clone(),
            reconcile_interval: reconcile_interval(&flags.hot_reload_reconcile_interval)?,
            environment,
        };
        check_endpoints(flags)?;
        check_durations(flags)?;
        config.export();
        Ok(config)
    }

    /// Adds the variables that configuration files and `envRef` may use (interface/flags-env.md 3.3).
    fn export(&mut self) {
        let port = |port: u16| port.to_string();
        let app_port = if self.app.port == 0 { String::new() } else { port(self.app.port) };
        let metrics = self.metrics.as_ref().map_or_else(String::new, |(_, number)| port(*number));
        let added = [
            ("APP_ID", self.app_id.clone()),
            ("APP_PORT", app_port),
            ("HOST_ADDRESS", crate::host::address(&self.environment)),
            ("DAPR_HTTP_PORT", port(self.http_port)),
            ("DAPR_GRPC_PORT", port(self.grpc_port)),
            ("DAPR_METRICS_PORT", metrics),
            ("DAPR_PROFILE_PORT", self.profile_port.map_or_else(String::new, port)),
        ];
        for (name, value) in added {
            self.environment.set(name, value);
        }
    }

    /// The level of the log.
    ///
    /// # Errors
    /// There is no such level.
    pub fn log_level(flags: &Flags) -> Result<Level, InvalidConfig> {
        Ok(flags.log_level.parse()?)
    }
}

fn identity(flags: &Flags, environment: &Environment) -> Identity {
    let or = |flag: &Option<String>, variable: &str, default: &str| {
        let variable = Some(environment.text(variable)).filter(|text| !text.is_empty()).map(str::to_owned);
        flag.clone().or(variable).unwrap_or_else(|| default.to_owned())
    };
    Identity {
        mtls: flags.enable_mtls,
        sentry_address: flags.sentry_address.clone(),
        control_plane_trust_domain: or(
            &flags.control_plane_trust_domain,
            "DAPR_CONTROLPLANE_TRUST_DOMAIN",
            "localhost",
        ),
        control_plane_namespace: or(&flags.control_plane_namespace, "DAPR_CONTROLPLANE_NAMESPACE", "default"),
        jwt_audiences: flags.sentry_request_jwt_audiences.clone(),
    }
}

fn mode(text: &str) -> Result<Mode, InvalidConfig> {
    match text.to_ascii_lowercase().as_str() {
        "standalone" => Ok(Mode::Standalone),
        "kubernetes" => Ok(Mode::Kubernetes),
        other => Err(wrong("--mode", format!("invalid mode: expected `standalone` or `kubernetes`, found `{other}`"))),
    }
}

fn check_app_id(app_id: &str, mode: Mode) -> Result<(), InvalidConfig> {
    if mode == Mode::Standalone && app_id.is_empty() {
        return Err(wrong("--app-id", "app-id parameter cannot be empty; name the application"));
    }
    if app_id.contains('.') {
        return Err(wrong("--app-id", format!("parameter app-id cannot contain dots, found `{app_id}`")));
    }
    Ok(())
}

fn port(flag: &'static str, text: &str) -> Result<u16, InvalidConfig> {
    if text.is_empty() {
        return Ok(0);
    }
    text.parse().map_err(|_| wrong(flag, format!("expected a port from 0 to 65535, found `{text}`")))
}

fn app(flags: &Flags) -> Result<App, InvalidConfig> {
    let mut protocol = flags.app_protocol.to_ascii_lowercase();
    if flags.app_ssl && ["http", "grpc"].contains(&protocol.as_str()) {
        protocol.push('s');
    }
    if !["http", "https", "h2c", "grpc", "grpcs"].contains(&protocol.as_str()) {
        let message = format!("expected http, https, h2c, grpc or grpcs, found `{}`", flags.app_protocol);
        return Err(wrong("--app-protocol", message));
    }
    Ok(App {
        port: port("--app-port", &flags.app_port)?,
        address: flags.app_channel_address.clone(),
        max_concurrency: flags.app_max_concurrency.max(0),
        health: app_health(flags)?,
        binding_options_timeout: binding_options_timeout(&flags.app_binding_options_timeout)?,
        protocol,
    })
}

/// Zero and less mean the default.
fn reconcile_interval(text: &str) -> Result<Duration, InvalidConfig> {
    const DEFAULT: Duration = Duration::from_secs(60);
    let given = duration::parse_signed(text).map_err(|message| wrong("--hot-reload-reconcile-interval", message))?;
    Ok(if given.negative || given.magnitude.is_zero() { DEFAULT } else { given.magnitude })
}

/// Zero and less mean the default.
fn binding_options_timeout(text: &str) -> Result<Duration, InvalidConfig> {
    const DEFAULT: Duration = Duration::from_secs(3);
    let given = duration::parse_signed(text).map_err(|message| wrong("--app-binding-options-timeout", message))?;
    Ok(if given.negative || given.magnitude.is_zero() { DEFAULT } else { given.magnitude })
}

fn app_health(flags: &Flags) -> Result<Option<AppHealth>, InvalidConfig> {
    if !flags.enable_app_health_check {
        return Ok(None);
    }
    let positive = |value: i32, default: u64| u64::try_from(value).ok().filter(|value| *value > 0).unwrap_or(default);
    let interval = Duration::from_secs(positive(flags.app_health_probe_interval, 5));
    let timeout = Duration::from_millis(positive(flags.app_health_probe_timeout, 500));
    if timeout > interval {
        return Err(wrong("--app-health-probe-timeout", "must not be longer than --app-health-probe-interval"));
    }
    let threshold = if flags.app_health_threshold > 0 { flags.app_health_threshold } else { 3 };
    let path = if flags.app_protocol.to_ascii_lowercase().starts_with("grpc") {
        String::new()
    } else {
        flags.app_health_check_path.clone()
    };
    Ok(Some(AppHealth { path, interval, timeout, threshold }))
}

fn check_ports(flags: &Flags, app_port: u16) -> Result<(), InvalidConfig> {
    for (name, number) in [("dapr-http-port", flags.dapr_http_port), ("dapr-grpc-port", flags.dapr_grpc_port)] {
        if app_port != 0 && app_port == number {
            let message = format!("the '{name}' argument value {number} conflicts with 'app-port'");
            return Err(wrong("--app-port", message));
        }
    }
    Ok(())
}

fn public(flags: &Flags) -> Result<Option<(String, u16)>, InvalidConfig> {
    if flags.dapr_public_port.is_empty() {
        return Ok(None);
    }
    let number = port("--dapr-public-port", &flags.dapr_public_port)?;
    Ok(Some((flags.dapr_public_listen_address.clone(), number)))
}

fn resource_paths(flags: &Flags) -> Vec<PathBuf> {
    let given: Vec<PathBuf> = flags.resources_path.iter().filter(|path| !path.is_empty()).map(PathBuf::from).collect();
    if given.is_empty() && !flags.components_path.is_empty() { vec![(&flags.components_path).into()] } else { given }
}

fn max_body_size(flags: &Flags) -> Result<Option<usize>, InvalidConfig> {
    let bytes = match flags.dapr_http_max_request_size {
        Some(megabytes) if megabytes > 0 => megabytes.saturating_mul(1 << 20),
        Some(other) => other,
        None => quantity::parse_bytes(&flags.max_body_size).map_err(|message| wrong("--max-body-size", message))?,
    };
    Ok(match bytes {
        0 => None,
        bytes => Some(usize::try_from(bytes).unwrap_or(DEFAULT_BODY)),
    })
}

fn read_buffer_size(flags: &Flags) -> Result<usize, InvalidConfig> {
    let bytes = match flags.dapr_http_read_buffer_size {
        Some(kilobytes) => kilobytes.saturating_mul(1 << 10),
        None => {
            quantity::parse_bytes(&flags.read_buffer_size).map_err(|message| wrong("--read-buffer-size", message))?
        }
    };
    Ok(usize::try_from(bytes).ok().filter(|bytes| *bytes > 0).unwrap_or(DEFAULT_HEADERS))
}

fn shutdown_timeout(seconds: i64) -> Option<Duration> {
    match seconds {
        0 => None,
        seconds => Some(u64::try_from(seconds).map_or(DEFAULT_SHUTDOWN, Duration::from_secs)),
    }
}

fn block_shutdown(text: Option<&str>) -> Result<Option<Duration>, InvalidConfig> {
    let read = |text| duration::parse(text).map_err(|message| wrong("--dapr-block-shutdown-duration", message));
    text.map(read).transpose()
}

fn skips(flags: &Flags, endpoint: &str) -> bool {
    flags.disable_init_endpoints.iter().any(|name| name == endpoint)
}

fn check_endpoints(flags: &Flags) -> Result<(), InvalidConfig> {
    let unknown =
        flags.disable_init_endpoints.iter().find(|name| !["config", "subscribe", ""].contains(&name.as_str()));
    match unknown {
        Some(name) => {
            Err(wrong("--disable-init-endpoints", format!("expected `config` or `subscribe`, found `{name}`")))
        }
        None => Ok(()),
    }
}

fn check_durations(flags: &Flags) -> Result<(), InvalidConfig> {
    let check = |flag, text: &str| duration::parse_signed(text).map_err(|message| wrong(flag, message));
    let timeout = check("--actors-disseminate-timeout", &flags.actors_disseminate_timeout)?;
    if timeout.negative || timeout.magnitude.is_zero() {
        return Err(wrong("--actors-disseminate-timeout", "must be above zero"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse_flags;

    fn config(line: &str) -> Result<Config, String> {
        let flags = parse_flags(line.split(' ').map(Into::into)).unwrap();
        Config::new(&flags, Environment::default()).map_err(|error| error.to_string())
    }

    #[test]
    fn sizes_have_their_special_values() {
        assert_eq!(config("daprd --app-id a").unwrap().max_body_size, Some(4 << 20));
        assert_eq!(config("daprd --app-id a --max-body-size -1").unwrap().max_body_size, Some(4 << 20));
        assert_eq!(config("daprd --app-id a --max-body-size 0").unwrap().max_body_size, None);
        assert_eq!(config("daprd --app-id a --max-body-size 1Ki").unwrap().max_body_size, Some(1024));
        assert_eq!(config("daprd --app-id a --dapr-http-max-request-size 2").unwrap().max_body_size, Some(2 << 20));
    }

    #[test]
    fn what_contradicts_is_named_by_its_flag() {
        for (line, flag) in [
            ("daprd", "--app-id"),
            ("daprd --app-id a.b", "--app-id"),
            ("daprd --app-id a --mode cloud", "--mode"),
            ("daprd --app-id a --app-port 3500", "--app-port"),
            ("daprd --app-id a --app-port x", "--app-port"),
            ("daprd --app-id a --app-protocol ftp", "--app-protocol"),
            ("daprd --app-id a --max-body-size big", "--max-body-size"),
            ("daprd --app-id a --disable-init-endpoints x", "--disable-init-endpoints"),
            (
                "daprd --app-id a --enable-app-health-check --app-health-probe-timeout 6000",
                "--app-health-probe-timeout",
            ),
        ] {
            let error = config(line).unwrap_err();
            assert!(error.starts_with(flag), "{line}: {error}");
        }
    }

    #[test]
    fn the_graceful_time_has_its_special_values() {
        assert_eq!(shutdown_timeout(-1), Some(DEFAULT_SHUTDOWN));
        assert_eq!(shutdown_timeout(0), None);
        assert_eq!(shutdown_timeout(7), Some(Duration::from_secs(7)));
    }
}
