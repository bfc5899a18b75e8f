//! From wishes to a plan: defaults written on a new machine, paths checked, ports chosen.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use tokio::net::TcpStream;

use super::control_plane::Service;
use super::mtls::Mtls;
use super::names::random_app_id;
use super::settings::Settings;
use crate::defaults;
use crate::home::{self, Home};
use crate::http_client::Target;
use crate::instances::Instance;
use crate::ports::Ports;

/// A sidecar (and its app) ready to start.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) settings: Settings,
    pub(crate) daprd: PathBuf,
    pub(crate) http_port: u16,
    pub(crate) grpc_port: u16,
    pub(crate) internal_grpc_port: u16,
    pub(crate) metrics_port: u16,
    /// `None` without `--enable-profiling`.
    pub(crate) profile_port: Option<u16>,
    pub(crate) placement: Option<String>,
    pub(crate) scheduler: Option<String>,
    /// The sidecar shall speak mTLS, since its Configuration says so.
    pub(crate) mtls: Option<Mtls>,
    /// The root certificates that it shall trust; `None` leaves them to its environment.
    pub(crate) trust_anchors: Option<String>,
    /// Where Dapr lives for this app.
    pub(crate) home: Home,
    pub(crate) log_as_json: bool,
}

/// Makes plans for one invocation: app ids and ports differ between them and from what runs.
#[derive(Debug)]
pub(crate) struct Planner {
    ports: Ports,
    ids: Vec<String>,
    log_as_json: bool,
}

impl Planner {
    pub(crate) fn new(running: &[Instance], log_as_json: bool) -> Self {
        let taken = running.iter().flat_map(|i| [i.flags.app_port, i.flags.http_port, i.flags.grpc_port]);
        Self { ports: Ports::new(taken), ids: running.iter().map(|i| i.flags.app_id.clone()).collect(), log_as_json }
    }

    /// Keeps the ports that apps name from being chosen for others. Call it before the first plan
    /// of a run file: the last app may name the port that the first one would be given.
    pub(crate) fn reserve<'a>(&mut self, apps: impl IntoIterator<Item = &'a Settings>) {
        self.ports.reserve(apps.into_iter().flat_map(Settings::ports));
    }

    /// Plans one app.
    ///
    /// # Errors
    /// Something that was asked for cannot be had; nothing was started.
    pub(crate) fn plan(&mut self, mut settings: Settings, home: &Home) -> Result<Plan> {
        let home = match &settings.runtime_path {
            Some(path) => &Home::under(path)?,
            None => home,
        };
        let daprd = home.daprd()?;
        fill_from_home(&mut settings, home)?;
        check(&settings)?;
        if settings.app_id.is_empty() {
            settings.app_id = random_app_id(|name| self.ids.iter().any(|id| id == name));
        }
        self.ids.push(settings.app_id.clone());
        self.ports.reserve(settings.ports());
        let profile_port = if settings.enable_profiling {
            Some(self.ports.choose("ProfilePort", settings.profile_port)?)
        } else {
            None
        };
        Ok(Plan {
            daprd,
            http_port: self.ports.choose("HTTPPort", settings.http_port)?,
            grpc_port: self.ports.choose("GRPCPort", settings.grpc_port)?,
            metrics_port: self.ports.choose("MetricsPort", settings.metrics_port)?,
            internal_grpc_port: self.ports.choose("InternalGRPCPort", settings.internal_grpc_port)?,
            profile_port,
            placement: Service::Placement.address(settings.placement.as_deref()),
            scheduler: Service::Scheduler.address(settings.scheduler.as_deref()),
            mtls: settings.config.as_deref().and_then(Mtls::of),
            trust_anchors: None,
            home: home.clone(),
            log_as_json: self.log_as_json,
            settings,
        })
    }
}

impl Plan {
    /// Where the HTTP API of the sidecar will listen.
    pub(crate) fn http_target(&self) -> Target {
        match &self.settings.unix_domain_socket {
            Some(directory) => Target::socket_in(directory, &self.settings.app_id),
            None => Target::Port(self.http_port),
        }
    }

    /// Whether something listens on the app's port; true for an app without one.
    pub(crate) async fn app_listens(&self) -> bool {
        let Some(port) = u16::try_from(self.settings.app_port).ok().filter(|port| *port > 0) else { return true };
        TcpStream::connect((self.settings.app_channel_address.as_str(), port)).await.is_ok()
    }

    /// Where its gRPC API will listen.
    pub(crate) fn grpc_target(&self) -> Target {
        match &self.settings.unix_domain_socket {
            Some(directory) => Target::Socket(directory.join(format!("dapr-{}-grpc.socket", self.settings.app_id))),
            None => Target::Port(self.grpc_port),
        }
    }
}

/// Uses the home's components and Configuration where none were named, and writes the default
/// set when this machine never saw `dapr init`.
fn fill_from_home(settings: &mut Settings, home: &Home) -> Result<()> {
    if settings.resources_paths.is_empty() {
        if !home.components().exists() {
            defaults::write_missing(home)
                .with_context(|| format!("cannot write the default components to {}", home.root().display()))?;
        }
        settings.resources_paths.push(home.components());
    }
    if settings.config.is_none() && home.config_file().exists() {
        settings.config = Some(home.config_file());
    }
    Ok(())
}

/// What can be known to be wrong before anything starts.
fn check(settings: &Settings) -> Result<()> {
    if let Some(missing) = settings.resources_paths.iter().find(|path| !path.exists()) {
        bail!("error validating resources path {}: it does not exist", missing.display());
    }
    if let Some(config) = settings.config.as_ref().filter(|path| !path.exists()) {
        bail!("the configuration file {} does not exist", config.display());
    }
    for (name, size) in
        [("max request body", &settings.max_body_size), ("http read buffer", &settings.read_buffer_size)]
    {
        if let Err(why) = dapr_kit::quantity::parse_bytes(size) {
            bail!("invalid {name} size: {why}");
        }
    }
    match settings.command.first() {
        Some(program) if !can_be_run(program, settings) => {
            bail!("Failed to find command {program}: it is no executable file and not on PATH")
        }
        _ => Ok(()),
    }
}

fn can_be_run(program: &str, settings: &Settings) -> bool {
    if program.contains('/') {
        let base = settings.directory.clone().unwrap_or_default();
        return home::is_executable(&base.join(program));
    }
    home::search_path().iter().any(|place| home::is_executable(&place.join(program)))
}

#[cfg(test)]
mod tests;
