//! `dapr run`: a sidecar and its app side by side, or all apps of a run file.

mod many;
mod single;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use tokio::sync::watch;

use super::{KUBERNETES, waits_for};
use crate::cli::Context;
use crate::guard;
use crate::run::settings::{DEFAULT_CHANNEL, HealthChecks, Settings};
use crate::stop_signals::{StopSignals, Urgency};

pub(super) const EXAMPLES: &str = "Examples:
  dapr run --app-id shop --app-port 3000 -- node app.js    an app that listens on port 3000
  dapr run --app-id shop -- python app.py                  an app that only calls Dapr
  dapr run --app-id shop                                   a sidecar alone
  dapr run -f dapr.yaml                                    all apps of a run file

Nothing needs to be set up first: on a new machine `run` writes the default components.";

/// What may stand beside `--run-file`, apart from the flags of every command.
const BESIDE_RUN_FILE: [&str; 2] = ["run_file", "kubernetes"];

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The port your application listens on
    #[arg(short = 'p', long, default_value_t = -1)]
    app_port: i32,
    /// The id of your application, by which others call it; a random name when left out
    #[arg(short, long, default_value = "")]
    app_id: String,
    /// A Configuration file
    #[arg(short, long)]
    config: Option<PathBuf>,
    /// The sidecar's HTTP port
    #[arg(short = 'H', long, default_value_t = -1)]
    dapr_http_port: i32,
    /// The sidecar's gRPC port
    #[arg(short = 'G', long, default_value_t = -1)]
    dapr_grpc_port: i32,
    /// The sidecar's port for other sidecars
    #[arg(short = 'I', long, default_value_t = -1)]
    dapr_internal_grpc_port: i32,
    /// Serve profiles of the sidecar over HTTP
    #[arg(long)]
    enable_profiling: bool,
    /// The port for profiles
    #[arg(long, default_value_t = -1)]
    profile_port: i32,
    /// debug, info, warn, error, fatal or panic
    #[arg(long, default_value = "info")]
    log_level: String,
    /// At most so many calls to the application at a time
    #[arg(long, default_value_t = -1)]
    app_max_concurrency: i32,
    /// How the sidecar speaks to your application: http, https, h2c, grpc, grpcs
    #[arg(short = 'P', long, default_value = "http")]
    app_protocol: String,
    #[arg(short = 'd', long, hide = true)]
    components_path: Option<PathBuf>,
    /// A directory of components and other resources; may be given more than once
    #[arg(long, value_delimiter = ',')]
    resources_path: Vec<PathBuf>,
    /// HOST[:PORT] of placement; empty switches it off. Left out, localhost:50005 is used if something listens there
    #[arg(long, env = "DAPR_PLACEMENT_HOST_ADDRESS")]
    placement_host_address: Option<String>,
    /// HOST[:PORT] of the scheduler; empty switches it off. Left out, localhost:50006 is used if something listens there
    #[arg(long)]
    scheduler_host_address: Option<String>,
    #[arg(long, hide = true)]
    app_ssl: bool,
    /// The sidecar's port for metrics
    #[arg(short = 'M', long, default_value_t = -1)]
    metrics_port: i32,
    /// The largest request body
    #[arg(long, default_value = "4Mi")]
    max_body_size: String,
    /// The largest request header
    #[arg(long, default_value = "4Ki")]
    read_buffer_size: String,
    /// Serve the APIs on Unix sockets in this directory instead of ports
    #[arg(short, long, value_name = "DIR")]
    unix_domain_socket: Option<PathBuf>,
    /// Probe the health of your application
    #[arg(long)]
    enable_app_health_check: bool,
    /// The path to probe (HTTP)
    #[arg(long, default_value = "")]
    app_health_check_path: String,
    /// Seconds between two probes
    #[arg(long, default_value_t = 0)]
    app_health_probe_interval: i32,
    /// Milliseconds a probe may take
    #[arg(long, default_value_t = 0)]
    app_health_probe_timeout: i32,
    /// So many failures in a row make the application unhealthy
    #[arg(long, default_value_t = 0)]
    app_health_threshold: i32,
    /// Log every call of the sidecar's API
    #[arg(long)]
    enable_api_logging: bool,
    /// Run the run file's apps in Kubernetes
    #[arg(short, long)]
    kubernetes: bool,
    /// The addresses on which the sidecar serves its APIs, comma separated
    #[arg(long, default_value = "")]
    dapr_listen_addresses: String,
    /// A run file with several apps, a directory that holds dapr.yaml, or - for standard input
    #[arg(short = 'f', long)]
    run_file: Option<PathBuf>,
    /// The address your application listens on
    #[arg(long, default_value = DEFAULT_CHANNEL)]
    app_channel_address: String,
    /// The command that starts your application
    command: Vec<String>,
}

pub(crate) async fn execute(args: Args, context: &Context) -> Result<ExitCode> {
    if args.kubernetes {
        return waits_for(context, "dapr run -k", KUBERNETES);
    }
    guard::become_reaper();
    let (sender, urgency) = watch::channel(Urgency::None);
    let signals = StopSignals::new()?;
    let work = async {
        match &args.run_file {
            Some(run_file) => {
                warn_about_other_flags(context);
                many::run(run_file, context, urgency).await
            }
            None => single::run(args.settings(), context, urgency).await,
        }
    };
    tokio::select! {
        code = work => code.map(ExitCode::from),
        () = signals.raise(&sender) => Ok(ExitCode::FAILURE),
    }
}

fn warn_about_other_flags(context: &Context) {
    let others: Vec<String> = context
        .given_flags
        .iter()
        .filter(|flag| !BESIDE_RUN_FILE.contains(&flag.as_str()))
        .map(|flag| flag.replace('_', "-"))
        .collect();
    if !others.is_empty() {
        let message =
            "The following flags are ignored when using --run-file and should be configured in the run file instead: ";
        context.say.warning(&(message.to_owned() + &others.join(", ")));
    }
}

impl Args {
    fn settings(&self) -> Settings {
        let mut resources_paths = self.resources_path.clone();
        if resources_paths.is_empty() {
            resources_paths.extend(self.components_path.clone());
        }
        Settings {
            app_id: self.app_id.clone(),
            app_port: self.app_port,
            app_protocol: self.app_protocol.clone(),
            app_ssl: self.app_ssl,
            app_channel_address: self.app_channel_address.clone(),
            app_max_concurrency: if self.app_max_concurrency < 1 { -1 } else { self.app_max_concurrency },
            command: self.command.clone(),
            config: self.config.clone(),
            resources_paths,
            http_port: self.dapr_http_port,
            grpc_port: self.dapr_grpc_port,
            internal_grpc_port: self.dapr_internal_grpc_port,
            metrics_port: self.metrics_port,
            profile_port: self.profile_port,
            enable_profiling: self.enable_profiling,
            listen_addresses: self.dapr_listen_addresses.clone(),
            unix_domain_socket: self.unix_domain_socket.clone().filter(|path| !path.as_os_str().is_empty()),
            log_level: self.log_level.clone(),
            enable_api_logging: self.enable_api_logging,
            max_body_size: self.max_body_size.clone(),
            read_buffer_size: self.read_buffer_size.clone(),
            health: self.health(),
            placement: self.placement_host_address.clone(),
            scheduler: self.scheduler_host_address.clone(),
            ..Settings::default()
        }
    }

    fn health(&self) -> HealthChecks {
        HealthChecks {
            enabled: self.enable_app_health_check,
            path: self.app_health_check_path.clone(),
            interval: self.app_health_probe_interval,
            timeout: self.app_health_probe_timeout,
            threshold: self.app_health_threshold,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::FromArgMatches;

    fn settings(line: &str) -> Settings {
        let matches = crate::cli::command().try_get_matches_from(line.split(' ')).unwrap();
        Args::from_arg_matches(matches.subcommand_matches("run").unwrap()).unwrap().settings()
    }

    #[test]
    fn no_flags_are_the_defaults() {
        assert_eq!(settings("dapr run"), Settings::default());
    }

    #[test]
    fn flags_are_read_in_the_spellings_of_the_incumbent() {
        let settings = settings(
            "dapr run -a shop -p 3000 -H=3500 --dapr-grpc-port -1 --enable-api-logging=false --resources-path a,b --resources-path c \
             -P grpc --placement-host-address= --app-port 4000 -- node app.js --app-id x",
        );
        assert_eq!(
            (settings.app_id.as_str(), settings.app_port, settings.http_port, settings.grpc_port),
            ("shop", 4000, 3500, -1)
        );
        assert!(!settings.enable_api_logging);
        assert_eq!(settings.resources_paths, [PathBuf::from("a"), "b".into(), "c".into()]);
        assert_eq!(settings.placement.as_deref(), Some(""));
        assert_eq!(settings.command, ["node", "app.js", "--app-id", "x"]);
    }

    #[test]
    fn the_old_name_of_resources_path_still_works() {
        assert_eq!(settings("dapr run -d old").resources_paths, [PathBuf::from("old")]);
        assert_eq!(settings("dapr run -d old --resources-path new").resources_paths, [PathBuf::from("new")]);
    }
}
