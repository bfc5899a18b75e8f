//! `dapr scheduler` and its subcommands: parsed; wait for the scheduler service.

use std::path::PathBuf;

use clap::ValueEnum;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Sub,
    #[arg(short, long, global = true)]
    kubernetes: bool,
    /// Namespace of the app
    #[arg(short, long, global = true, default_value = "default")]
    namespace: String,
    /// Namespace of the scheduler (Kubernetes)
    #[arg(long, global = true, default_value = "dapr-system")]
    scheduler_namespace: String,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Output {
    Short,
    Wide,
    Yaml,
    Json,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Filter {
    All,
    App,
    Actor,
    Workflow,
    Activity,
}

#[derive(Debug, clap::Subcommand)]
enum Sub {
    /// List jobs and reminders
    List {
        #[arg(long, value_enum, default_value = "all")]
        filter: Filter,
        #[arg(short, long, value_enum, default_value = "short")]
        output: Output,
    },
    /// Show jobs and reminders by name
    #[command(visible_aliases = ["g", "ge"])]
    Get {
        #[arg(required = true)]
        names: Vec<String>,
        #[arg(short, long, value_enum, default_value = "short")]
        output: Output,
    },
    /// Delete jobs and reminders by name
    #[command(visible_aliases = ["d", "del"])]
    Delete {
        #[arg(required = true)]
        names: Vec<String>,
    },
    /// Delete all of a kind
    #[command(visible_aliases = ["da", "delall"])]
    DeleteAll { scope: String },
    /// Write all jobs and reminders to a file
    Export {
        #[arg(short, long)]
        output_file: PathBuf,
    },
    /// Read jobs and reminders from a file
    Import {
        #[arg(short = 'f', long)]
        input_file: PathBuf,
    },
}
