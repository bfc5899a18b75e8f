//! One block of a run file, `common` or an app: its fields, and how they become settings.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::paths;
use super::problem::Problem;
use crate::home::Home;
use crate::run::settings::{HealthChecks, RestartPolicy, Settings};

/// Where the lines of a process go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Destination {
    File,
    Console,
    FileAndConsole,
}

impl Destination {
    fn named(name: &str) -> Option<Self> {
        match name {
            "file" => Some(Self::File),
            "console" => Some(Self::Console),
            "fileAndConsole" => Some(Self::FileAndConsole),
            _ => None,
        }
    }

    pub(crate) fn to_file(self) -> bool {
        self != Self::Console
    }

    pub(crate) fn to_console(self) -> bool {
        self != Self::File
    }
}

/// A field that may be left out (or left empty), with the place where it stands.
type Field<T> = Option<Spanned<T>>;

macro_rules! entry {
    ($($key:literal $field:ident: $kind:ty,)+) => {
        /// The fields of `common` and of an app in one: what only an app may have is ignored
        /// in `common`.
        #[derive(Clone, Debug, Default, Deserialize)]
        #[serde(default)]
        pub(super) struct Entry {
            $(#[serde(rename = $key)] pub(super) $field: Field<$kind>,)+
        }

        /// Every key of a block.
        pub(super) const KEYS: &[&str] = &[$($key),+];
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
    "env" env: BTreeMap<String, Option<String>>,
    "configFilePath" config_file_path: String,
    "resourcesPath" resources_path: String,
    "resourcesPaths" resources_paths: Vec<Spanned<String>>,
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
    "daprdLogDestination" daprd_log_destination: String,
    "appLogDestination" app_log_destination: String,
    "restartPolicy" restart_policy: String,
    "containerImage" container_image: String,
    "containerImagePullPolicy" container_image_pull_policy: String,
    "createService" create_service: bool,
}

macro_rules! fill {
    ($to:ident from $from:ident: $($field:ident)+) => {
        $(if $to.$field.is_none() { $to.$field = $from.$field.clone(); })+
    };
}

/// A field whose text must be one of a few words.
struct Choice<'a> {
    key: &'static str,
    field: &'a Field<String>,
    words: &'static [&'static str],
}

impl Entry {
    /// Makes the block's paths absolute; they are relative to `base` and must exist. `block` is
    /// its name in the file.
    pub(super) fn resolve(&mut self, base: &Path, block: &str, problems: &mut Vec<Problem>) {
        let single = [
            ("configFilePath", &mut self.config_file_path),
            ("resourcesPath", &mut self.resources_path),
            ("runtimePath", &mut self.runtime_path),
        ];
        let single = single.into_iter().filter_map(|(key, field)| Some((key.to_owned(), field.as_mut()?)));
        let many = self.resources_paths.iter_mut().flat_map(|paths| &mut paths.value);
        let many = many.enumerate().map(|(index, path)| (format!("resourcesPaths[{index}]"), path));
        for (key, path) in single.chain(many).filter(|(_, path)| !path.value.is_empty()) {
            match paths::resolve(base, &path.value) {
                Ok(found) => path.value = found.to_string_lossy().into_owned(),
                Err(why) => problems.push(Problem::at(path, format!("{block}.{key}"), format!("{why:#}"))),
            }
        }
    }

    /// Checks every value that can be judged by itself.
    pub(super) fn check(&self, block: &str, problems: &mut Vec<Problem>) {
        for (key, port) in self.ports() {
            if let Some(port) = port.as_ref().filter(|port| port.value > i32::from(u16::MAX)) {
                let message = format!("port {} is above 65535", port.value);
                problems.push(Problem::at(port, format!("{block}.{key}"), message));
            }
        }
        for choice in self.choices() {
            problems.extend(choice.problem(block));
        }
    }

    fn ports(&self) -> [(&'static str, &Field<i32>); 6] {
        [
            ("appPort", &self.app_port),
            ("daprHTTPPort", &self.http_port),
            ("daprGRPCPort", &self.grpc_port),
            ("daprInternalGRPCPort", &self.internal_grpc_port),
            ("metricsPort", &self.metrics_port),
            ("profilePort", &self.profile_port),
        ]
    }

    fn choices(&self) -> [Choice<'_>; 5] {
        const DESTINATIONS: &[&str] = &["file", "console", "fileAndConsole"];
        [
            Choice { key: "appProtocol", field: &self.app_protocol, words: &["http", "https", "h2c", "grpc", "grpcs"] },
            Choice { key: "daprdLogDestination", field: &self.daprd_log_destination, words: DESTINATIONS },
            Choice { key: "appLogDestination", field: &self.app_log_destination, words: DESTINATIONS },
            Choice { key: "restartPolicy", field: &self.restart_policy, words: RestartPolicy::WORDS },
            Choice {
                key: "containerImagePullPolicy",
                field: &self.container_image_pull_policy,
                words: &["Always", "Never", "IfNotPresent"],
            },
        ]
    }

    /// Takes from `common` what the app leaves out.
    pub(super) fn inherit(&mut self, common: &Self) {
        let app = self;
        fill!(app from common: app_protocol app_ssl app_max_concurrency runtime_path enable_profiling listen_addresses
            log_level enable_api_logging max_body_size read_buffer_size enable_app_health_check app_health_check_path
            app_health_probe_interval app_health_probe_timeout app_health_threshold placement scheduler
            daprd_log_destination app_log_destination restart_policy);
        match (&mut app.env, &common.env) {
            (Some(own), Some(shared)) => {
                for (key, value) in &shared.value {
                    own.value.entry(key.clone()).or_insert_with(|| value.clone());
                }
            }
            (own @ None, shared) => own.clone_from(shared),
            (Some(_), None) => {}
        }
    }

    pub(super) fn daprd_log(&self) -> Destination {
        let word = self.daprd_log_destination.as_ref();
        word.and_then(|word| Destination::named(&word.value)).unwrap_or(Destination::File)
    }

    pub(super) fn app_log(&self) -> Destination {
        let word = self.app_log_destination.as_ref();
        word.and_then(|word| Destination::named(&word.value)).unwrap_or(Destination::FileAndConsole)
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
        let many = self.resources_paths.iter().flat_map(|paths| &paths.value);
        many.chain(&self.resources_path)
            .filter(|path| !path.value.is_empty())
            .map(|path| (&path.value).into())
            .collect()
    }

    /// As [`Entry::resources`], for the Configuration.
    pub(super) fn config(&self, common: &Self, directory: &Path, home: &Home) -> Option<PathBuf> {
        let named = |entry: &Self| text(entry.config_file_path.clone()).map(PathBuf::from);
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
        let env = plain(self.env).unwrap_or_default();
        Settings {
            app_id: text(self.app_id).or(folder).unwrap_or_default(),
            app_port: plain(self.app_port).unwrap_or(default.app_port),
            app_protocol: text(self.app_protocol).unwrap_or(default.app_protocol),
            app_ssl: plain(self.app_ssl).unwrap_or_default(),
            app_channel_address: text(self.app_channel_address).unwrap_or(default.app_channel_address),
            app_max_concurrency: plain(self.app_max_concurrency).filter(|limit| *limit > 0).unwrap_or(-1),
            command: plain(self.command).unwrap_or_default(),
            directory: Some(directory.to_path_buf()),
            env: env.into_iter().map(|(key, value)| (key, value.unwrap_or_default())).collect(),
            config,
            resources_paths,
            runtime_path: text(self.runtime_path).map(PathBuf::from),
            http_port: plain(self.http_port).unwrap_or(-1),
            grpc_port: plain(self.grpc_port).unwrap_or(-1),
            internal_grpc_port: plain(self.internal_grpc_port).unwrap_or(-1),
            metrics_port: plain(self.metrics_port).unwrap_or(-1),
            profile_port: plain(self.profile_port).unwrap_or(-1),
            enable_profiling: plain(self.enable_profiling).unwrap_or_default(),
            listen_addresses: plain(self.listen_addresses).unwrap_or_default(),
            unix_domain_socket: plain(self.unix_domain_socket).filter(|path| !path.as_os_str().is_empty()),
            log_level: text(self.log_level).unwrap_or(default.log_level),
            enable_api_logging: plain(self.enable_api_logging).unwrap_or_default(),
            max_body_size: text(self.max_body_size).unwrap_or(default.max_body_size),
            read_buffer_size: text(self.read_buffer_size).unwrap_or(default.read_buffer_size),
            health: HealthChecks {
                enabled: plain(self.enable_app_health_check).unwrap_or_default(),
                path: plain(self.app_health_check_path).unwrap_or_default(),
                interval: plain(self.app_health_probe_interval).unwrap_or_default(),
                timeout: plain(self.app_health_probe_timeout).unwrap_or_default(),
                threshold: plain(self.app_health_threshold).unwrap_or_default(),
            },
            placement: plain(self.placement),
            scheduler: plain(self.scheduler),
            restart: text(self.restart_policy).and_then(|word| RestartPolicy::named(&word)).unwrap_or_default(),
            // Several apps cannot share one keyboard or one pipe.
            takes_stdin: false,
        }
    }
}

impl Choice<'_> {
    fn problem(&self, block: &str) -> Option<Problem> {
        let given = self.field.as_ref().filter(|field| !field.value.is_empty())?;
        // The sidecar takes the protocol in any case.
        let known = |word: &&str| {
            *word == given.value || (self.key == "appProtocol" && word.eq_ignore_ascii_case(&given.value))
        };
        if self.words.iter().any(known) {
            return None;
        }
        let message = format!("invalid {}: {}, allowed values: {}", self.key, given.value, self.words.join(", "));
        Some(Problem::at(given, format!("{block}.{}", self.key), message))
    }
}

fn plain<T>(field: Field<T>) -> Option<T> {
    field.map(|field| field.value)
}

/// A text; an empty one counts as left out.
pub(super) fn text(field: Field<String>) -> Option<String> {
    plain(field).filter(|text| !text.is_empty())
}
