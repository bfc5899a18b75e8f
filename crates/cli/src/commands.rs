//! The commands, one file each.

mod annotate;
mod build_info;
mod completion;
mod components;
mod configurations;
mod dashboard;
mod deadletter;
mod init;
mod invoke;
mod list;
mod logs;
mod mcpservers;
mod mtls;
mod publish;
mod run;
mod scheduler;
mod status;
mod stop;
mod subscriptions;
mod uninstall;
mod upgrade;
pub(crate) mod version;
mod workflow;

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;

use crate::cli::Context;

/// The name decides the word on the command line; the first line of help is the doc comment.
#[derive(Debug, Subcommand)]
pub(crate) enum Commands {
    /// Set up Dapr on this machine: default components and binaries, without Docker or network
    Init(init::Args),
    /// Remove Dapr from this machine
    Uninstall(uninstall::Args),
    /// Run a sidecar and, side by side, your application
    #[command(after_help = run::EXAMPLES)]
    Run(run::Args),
    /// Stop sidecars and their applications
    Stop(stop::Args),
    /// List the sidecars that run on this machine
    List(list::Args),
    /// Show the control-plane processes of this machine
    Status(status::Args),
    /// List the loaded components with their state, or check component files
    #[command(args_conflicts_with_subcommands = true)]
    Components(components::Args),
    /// Call a method of a running application
    #[command(after_help = invoke::EXAMPLES)]
    Invoke(invoke::Args),
    /// Publish an event through a running sidecar
    Publish(publish::Args),
    /// List what running sidecars are subscribed to
    Subscriptions(subscriptions::Args),
    /// Look at dead letters, and publish them once more
    #[command(after_help = deadletter::EXAMPLES)]
    Deadletter(deadletter::Args),
    /// Print the versions of the CLI and of the runtime
    Version(version::Args),
    /// Print how the CLI and the runtime were built
    BuildInfo,
    /// Print a completion script for a shell
    Completion(completion::Args),
    /// List Configurations (Kubernetes)
    Configurations(configurations::Args),
    /// List MCP servers
    Mcpservers(mcpservers::Args),
    /// Show the logs of a sidecar (Kubernetes)
    Logs(logs::Args),
    /// Upgrade or downgrade Dapr (Kubernetes)
    Upgrade(upgrade::Args),
    /// Inspect and renew the certificates of the control plane
    Mtls(mtls::Args),
    /// Add Dapr annotations to Kubernetes resources
    Annotate(annotate::Args),
    /// Manage scheduled jobs and reminders
    #[command(visible_alias = "sched")]
    Scheduler(scheduler::Args),
    /// Manage workflow instances
    #[command(visible_alias = "wf")]
    Workflow(workflow::Args),
    /// Open the dashboard
    Dashboard(dashboard::Args),
}

impl Commands {
    pub(crate) async fn execute(self, context: &Context) -> Result<ExitCode> {
        match self {
            Self::Init(args) => init::execute(&args, context),
            Self::Uninstall(args) => uninstall::execute(&args, context),
            Self::Run(args) => run::execute(args, context).await,
            Self::Stop(args) => stop::execute(args, context).await,
            Self::List(args) => list::execute(&args, context).await,
            Self::Status(args) => status::execute(&args, context).await,
            Self::Components(args) => components::execute(args, context).await,
            Self::Invoke(args) => invoke::execute(&args, context).await,
            Self::Publish(args) => publish::execute(&args, context).await,
            Self::Subscriptions(args) => subscriptions::execute(&args, context).await,
            Self::Deadletter(args) => deadletter::execute(args, context).await,
            Self::Version(args) => version::print(context, args.is_json()).await,
            Self::BuildInfo => build_info::execute(context).await,
            Self::Completion(args) => completion::execute(&args),
            Self::Configurations(_) => waits_for(context, "dapr configurations", KUBERNETES),
            Self::Mcpservers(args) => mcpservers::execute(&args, context),
            Self::Logs(_) => waits_for(context, "dapr logs", KUBERNETES),
            Self::Upgrade(_) => waits_for(context, "dapr upgrade", KUBERNETES),
            Self::Mtls(args) => mtls::execute(&args, context),
            Self::Annotate(_) => waits_for(context, "dapr annotate", KUBERNETES),
            Self::Scheduler(_) => waits_for(context, "dapr scheduler", "the scheduler service"),
            Self::Workflow(_) => waits_for(context, "dapr workflow", "the workflow engine"),
            Self::Dashboard(_) => waits_for(context, "dapr dashboard", "the built-in dashboard"),
        }
    }
}

/// What the commands of the cluster wait for.
pub(crate) const KUBERNETES: &str = "Kubernetes support";

/// One clear sentence for a command that parses but cannot act yet; exit code 1.
pub(crate) fn waits_for(context: &Context, command: &str, missing: &str) -> Result<ExitCode> {
    context
        .say
        .failure(&format!("`{command}` waits for {missing}, which this build does not have yet; nothing was done."));
    Ok(ExitCode::FAILURE)
}
