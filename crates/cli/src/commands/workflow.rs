//! `dapr workflow` and its subcommands: parsed; wait for the workflow engine.

use super::scheduler::Output;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Sub,
    #[arg(short, long, global = true)]
    kubernetes: bool,
    #[arg(short, long, global = true, default_value = "default")]
    namespace: String,
    /// The app that owns the instances; may be left out when one sidecar runs
    #[arg(short, long, global = true)]
    app_id: Option<String>,
}

/// Only runtimes before 1.17 need them; accepted and unused.
#[derive(Debug, clap::Args)]
struct Store {
    #[arg(short, long)]
    connection_string: Option<String>,
    #[arg(short, long)]
    table_name: Option<String>,
}

#[derive(Debug, clap::Subcommand)]
enum Sub {
    /// List instances
    #[command(visible_alias = "ls")]
    List {
        #[arg(short = 'w', long)]
        filter_name: Option<String>,
        #[arg(short = 's', long)]
        filter_status: Option<String>,
        #[arg(short = 'm', long)]
        filter_max_age: Option<String>,
        #[arg(short, long, value_enum, default_value = "short")]
        output: Output,
        #[command(flatten)]
        store: Store,
    },
    /// Show the history of an instance
    History {
        instance: String,
        #[arg(short, long, value_enum, default_value = "short")]
        output: Output,
    },
    /// Start a workflow
    Run {
        name: String,
        #[arg(short, long)]
        instance_id: Option<String>,
        #[arg(short = 'x', long)]
        input: Option<String>,
        #[arg(short, long)]
        start_time: Option<String>,
    },
    /// Suspend an instance
    Suspend {
        instance: String,
        #[arg(short, long)]
        reason: Option<String>,
    },
    /// Resume an instance
    Resume {
        instance: String,
        #[arg(short, long)]
        reason: Option<String>,
    },
    /// Terminate an instance
    Terminate {
        instance: String,
        #[arg(short, long)]
        output: Option<String>,
    },
    /// Raise an event: INSTANCE/EVENT
    RaiseEvent {
        target: String,
        #[arg(short = 'x', long)]
        input: Option<String>,
    },
    /// Run an instance again from one of its events
    Rerun {
        instance: String,
        #[arg(short, long, default_value_t = 0)]
        event_id: u32,
        #[arg(long)]
        new_instance_id: Option<String>,
        #[arg(short = 'x', long)]
        input: Option<String>,
    },
    /// Delete instances that ended
    Purge {
        instances: Vec<String>,
        #[arg(long)]
        all: bool,
        #[arg(long)]
        all_older_than: Option<String>,
        #[arg(long)]
        all_filter_status: Option<String>,
        #[arg(long)]
        force: bool,
        #[arg(long, default_value = "dapr-system")]
        scheduler_namespace: String,
        #[command(flatten)]
        store: Store,
    },
}
