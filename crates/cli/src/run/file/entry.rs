//! One block of a run file, `common` or an app: its fields, and how they become settings.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use serde::Deserialize;
use serde_json::Value;

use super::paths;
use crate::home::Home;
use crate::run::settings::{HealthChecks, Settings};

/// Where the lines of a process go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Destination {
    File,
    Console,
    FileAndConsole,
}

impl Destination {
    pub(crate) fn to_file(self) -> bool {
        self != Self::Console
    }

    pub(crate) fn to_console(self) -> bool {
        self != Self::File
    }
}

macro_rules! entry {
    ($($key:literal $field:ident: $kind:ty,)+) => {
        /// The fields of `common` and of an app in one: what only an app may have is ignored
        /// in `common`.
        #[derive(Clone, Debug, Default, Deserialize)]
        #[serde(default)]
        pub(super) struct Entry {
            $(#[serde(rename = $key)] pub(super) $field: Option<$kind>,)+
        }

        /// Every key of a block.
        const KEYS: &[&str] = &[$($key),+];
    };
}

entry! {
    "appDirPath" app_dir_path: String,
    "appID" app_id: String,
    "appChannelAddress" app_channel_address: String,
    "appPort" app_port: i32,
    "appProtocol" app_protocol: String,
    "appSSL" app_ssl: bool,
    "appMaxConcurrency" app_max_concurrency: i32,
    "command" command: Vec<String>,
    "env" env: BTreeMap<String, Value>,
    "configFilePath" config_file_path: String,
    "resourcesPath" resources_path: String,
    "resourcesPaths" resources_paths: Vec<String>,
    "runtimePath" runtime_path: String,
    "daprHTTPPort" http_port: i32,
    "daprGRPCPort" grpc_port: i32,
    "daprInternalGRPCPort" internal_grpc_port: i32,
    "metricsPort" metrics_port: i32,
    "profilePort" profile_port: i32,
    "enableProfiling" enable_profiling: bool,
    "apiListenAddresses" listen_addresses: String,
    "unixDomainSocket" unix_domain_socket: PathBuf,
    "logLevel" log_level: String,
    "enableApiLogging" enable_api_logging: bool,
    "maxBodySize" max_body_size: String,
    "readBufferSize" read_buffer_size: String,
    "enableAppHealthCheck" enable_app_health_check: bool,
    "appHealthCheckPath" app_health_check_path: String,
    "appHealthProbeInterval" app_health_probe_interval: i32,
    "appHealthProbeTimeout" app_health_probe_timeout: i32,
    "appHealthThreshold" app_health_threshold: i32,
    "placementHostAddress" placement: String,
    "schedulerHostAddress" scheduler: String,
    "daprdLogDestination" daprd_log_destination: Destination,
    "appLogDestination" app_log_destination: Destination,
    "containerImage" container_image: String,
    "containerImagePullPolicy" container_image_pull_policy: String,
    "createService" create_service: bool,
}

macro_rules! fill {
    ($to:ident from $from:ident: $($field:ident)+) => {
        $(if $to.$field.is_none() { $to.$field = $from.$field.clone(); })+
    };
}

impl Entry {
    /// Makes the block's paths absolute; they are relative to `base` and must exist.
    pub(super) fn resolve(&mut self, base: &Path) -> Result<()> {
        let single = [&mut self.config_file_path, &mut self.resources_path, &mut self.runtime_path];
        let many = self.resources_paths.iter_mut().flatten();
        for path in single.into_iter().flatten().chain(many).filter(|path| !path.is_empty()) {
            *path = paths::resolve(base, path)?.to_string_lossy().into_owned();
        }
        Ok(())
    }

    pub(super) fn check(&self) -> Result<()> {
        match self.container_image_pull_policy.as_deref() {
            None | Some("" | "Always" | "Never" | "IfNotPresent") => Ok(()),
            Some(other) => {
                bail!("invalid containerImagePullPolicy: {other}, allowed values: Always, Never, IfNotPresent")
            }
        }
    }

    /// Takes from `common` what the app leaves out.
    pub(super) fn inherit(&mut self, common: &Self) {
        let app = self;
        fill!(app from common: app_protocol app_ssl app_max_concurrency runtime_path enable_profiling listen_addresses
            log_level enable_api_logging max_body_size read_buffer_size enable_app_health_check app_health_check_path
            app_health_probe_interval app_health_probe_timeout app_health_threshold placement scheduler
            daprd_log_destination app_log_destination);
        let env = app.env.get_or_insert_default();
        for (key, value) in common.env.iter().flatten() {
            env.entry(key.clone()).or_insert_with(|| value.clone());
        }
    }

    /// The app's own paths, else `.dapr/resources` of the app, else the common ones, else the home's.
    pub(super) fn resources(&self, common: &Self, directory: &Path, home: &Home) -> Vec<PathBuf> {
        let beside = directory.join(".dapr").join("resources");
        match (self.all_resources(), common.all_resources()) {
            (own, _) if !own.is_empty() => own,
            _ if beside.exists() => vec![beside],
            (_, shared) if !shared.is_empty() => shared,
            // Left to the plan, which fills a new home first.
            _ if !home.components().exists() => Vec::new(),
            _ => vec![home.components()],
        }
    }

    fn all_resources(&self) -> Vec<PathBuf> {
        let old = self.resources_path.iter().filter(|path| !path.is_empty());
        self.resources_paths.iter().flatten().chain(old).map(PathBuf::from).collect()
    }

    /// As [`Entry::resources`], for the Configuration.
    pub(super) fn config(&self, common: &Self, directory: &Path, home: &Home) -> Option<PathBuf> {
        let named = |entry: &Self| entry.config_file_path.clone().filter(|path| !path.is_empty()).map(PathBuf::from);
        let existing = |path: PathBuf| path.exists().then_some(path);
        named(self)
            .or_else(|| existing(directory.join(".dapr").join("config.yaml")))
            .or_else(|| named(common))
            .or_else(|| existing(home.config_file()))
    }

    /// The app id of an app without one is the name of its directory.
    pub(super) fn settings(self, directory: &Path, resources_paths: Vec<PathBuf>, config: Option<PathBuf>) -> Settings {
        let default = Settings::default();
        let folder = directory.file_name().map(|name| name.to_string_lossy().into_owned());
        Settings {
            app_id: given(self.app_id).or(folder).unwrap_or_default(),
            app_port: self.app_port.unwrap_or(default.app_port),
            app_protocol: given(self.app_protocol).unwrap_or(default.app_protocol),
            app_ssl: self.app_ssl.unwrap_or_default(),
            app_channel_address: given(self.app_channel_address).unwrap_or(default.app_channel_address),
            app_max_concurrency: self.app_max_concurrency.filter(|limit| *limit > 0).unwrap_or(-1),
            command: self.command.unwrap_or_default(),
            directory: Some(directory.to_path_buf()),
            env: self.env.unwrap_or_default().into_iter().map(|(key, value)| (key, plain(value))).collect(),
            config,
            resources_paths,
            runtime_path: given(self.runtime_path).map(PathBuf::from),
            http_port: self.http_port.unwrap_or(-1),
            grpc_port: self.grpc_port.unwrap_or(-1),
            internal_grpc_port: self.internal_grpc_port.unwrap_or(-1),
            metrics_port: self.metrics_port.unwrap_or(-1),
            profile_port: self.profile_port.unwrap_or(-1),
            enable_profiling: self.enable_profiling.unwrap_or_default(),
            listen_addresses: self.listen_addresses.unwrap_or_default(),
            unix_domain_socket: self.unix_domain_socket.filter(|path| !path.as_os_str().is_empty()),
            log_level: given(self.log_level).unwrap_or(default.log_level),
            enable_api_logging: self.enable_api_logging.unwrap_or_default(),
            max_body_size: given(self.max_body_size).unwrap_or(default.max_body_size),
            read_buffer_size: given(self.read_buffer_size).unwrap_or(default.read_buffer_size),
            health: HealthChecks {
                enabled: self.enable_app_health_check.unwrap_or_default(),
                path: self.app_health_check_path.unwrap_or_default(),
                interval: self.app_health_probe_interval.unwrap_or_default(),
                timeout: self.app_health_probe_timeout.unwrap_or_default(),
                threshold: self.app_health_threshold.unwrap_or_default(),
            },
            placement: self.placement,
            scheduler: self.scheduler,
        }
    }
}

fn given(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

/// A variable written as a number or a boolean is a string all the same.
fn plain(value: Value) -> String {
    match value {
        Value::String(text) => text,
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// A sentence for every key that nothing reads.
pub(super) fn unknown_keys(text: &str) -> Vec<String> {
    let document: Value = serde_saphyr::from_str(text).unwrap_or_default();
    let apps = document["apps"].as_array().map(Vec::as_slice).unwrap_or_default();
    let blocks = std::iter::once(&document["common"]).chain(apps);
    blocks
        .filter_map(Value::as_object)
        .flat_map(|block| block.keys())
        .filter(|key| !KEYS.contains(&key.as_str()))
        .map(|key| doubt(key))
        .collect()
}

fn doubt(key: &str) -> String {
    match dapr_kit::suggest::nearest(key, KEYS.iter().copied()) {
        Some(near) => format!("the run file's field `{key}` is unknown and ignored; did you mean `{near}`?"),
        None => format!("the run file's field `{key}` is unknown and ignored"),
    }
}
