//! What one app and its sidecar were asked to be, before ports are chosen: the same whether it
//! came from flags or from a run file.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::guard::Exit;

/// The app listens here unless told otherwise; passed to the sidecar only when it differs.
pub(crate) const DEFAULT_CHANNEL: &str = "127.0.0.1";

/// The wishes for one app. Numbers keep the incumbent's convention: zero or less is "unset".
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) app_id: String,
    pub(crate) app_port: i32,
    pub(crate) app_protocol: String,
    pub(crate) app_ssl: bool,
    pub(crate) app_channel_address: String,
    pub(crate) app_max_concurrency: i32,
    pub(crate) command: Vec<String>,
    /// Working directory of app and sidecar; `None` is that of the CLI.
    pub(crate) directory: Option<PathBuf>,
    pub(crate) env: BTreeMap<String, String>,
    pub(crate) config: Option<PathBuf>,
    pub(crate) resources_paths: Vec<PathBuf>,
    pub(crate) runtime_path: Option<PathBuf>,
    pub(crate) http_port: i32,
    pub(crate) grpc_port: i32,
    pub(crate) internal_grpc_port: i32,
    pub(crate) metrics_port: i32,
    pub(crate) profile_port: i32,
    pub(crate) enable_profiling: bool,
    pub(crate) listen_addresses: String,
    pub(crate) unix_domain_socket: Option<PathBuf>,
    pub(crate) log_level: String,
    pub(crate) enable_api_logging: bool,
    pub(crate) max_body_size: String,
    pub(crate) read_buffer_size: String,
    pub(crate) health: HealthChecks,
    /// `None`: not said; empty: switched off.
    pub(crate) placement: Option<String>,
    /// `None`: not said; empty: switched off.
    pub(crate) scheduler: Option<String>,
    pub(crate) restart: RestartPolicy,
    /// The app reads the standard input of the CLI.
    pub(crate) takes_stdin: bool,
}

/// What happens when an app ends by itself. Ours: the incumbent never starts one again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum RestartPolicy {
    /// Its sidecar ends too.
    #[default]
    Never,
    /// It is started again unless it ended with 0.
    OnFailure,
    /// It is started again.
    Always,
}

impl RestartPolicy {
    /// As they are written in a run file; Kubernetes uses the same words.
    pub(crate) const WORDS: &[&str] = &["Never", "OnFailure", "Always"];

    pub(crate) fn named(word: &str) -> Option<Self> {
        match word {
            "Never" => Some(Self::Never),
            "OnFailure" => Some(Self::OnFailure),
            "Always" => Some(Self::Always),
            _ => None,
        }
    }

    /// Whether an app that ended so is started again.
    pub(crate) fn applies_to(self, exit: Exit) -> bool {
        match self {
            Self::Never => false,
            Self::OnFailure => !exit.is_success(),
            Self::Always => true,
        }
    }
}

/// Health checks of the app; zeros and empty leave the choice to the sidecar.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct HealthChecks {
    pub(crate) enabled: bool,
    pub(crate) path: String,
    pub(crate) interval: i32,
    pub(crate) timeout: i32,
    pub(crate) threshold: i32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            app_id: String::new(),
            app_port: -1,
            app_protocol: "http".to_owned(),
            app_ssl: false,
            app_channel_address: DEFAULT_CHANNEL.to_owned(),
            app_max_concurrency: -1,
            command: Vec::new(),
            directory: None,
            env: BTreeMap::new(),
            config: None,
            resources_paths: Vec::new(),
            runtime_path: None,
            http_port: -1,
            grpc_port: -1,
            internal_grpc_port: -1,
            metrics_port: -1,
            profile_port: -1,
            enable_profiling: false,
            listen_addresses: String::new(),
            unix_domain_socket: None,
            log_level: "info".to_owned(),
            enable_api_logging: false,
            max_body_size: "4Mi".to_owned(),
            read_buffer_size: "4Ki".to_owned(),
            health: HealthChecks::default(),
            placement: None,
            scheduler: None,
            restart: RestartPolicy::Never,
            takes_stdin: true,
        }
    }
}

impl Settings {
    /// Every port that was named, of the app and of its sidecar.
    pub(crate) fn ports(&self) -> impl Iterator<Item = i32> {
        [self.app_port, self.http_port, self.grpc_port, self.internal_grpc_port, self.metrics_port, self.profile_port]
            .into_iter()
            .filter(|port| *port > 0)
    }

    /// The protocol as the app is told it: `--app-ssl` is the old spelling of `https`/`grpcs`.
    pub(crate) fn effective_protocol(&self) -> Option<&'static str> {
        match (self.app_protocol.to_ascii_lowercase().as_str(), self.app_ssl) {
            ("http", true) | ("https", _) => Some("https"),
            ("http" | "", false) => Some("http"),
            ("grpc", true) | ("grpcs", _) => Some("grpcs"),
            ("grpc", false) => Some("grpc"),
            ("h2c", _) => Some("h2c"),
            _ => None,
        }
    }
}
