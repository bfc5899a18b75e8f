//! `dapr configurations`: parsed; waits for Kubernetes.

use crate::table::Format;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[arg(short, long)]
    kubernetes: bool,
    #[arg(short = 'A', long)]
    all_namespaces: bool,
    #[arg(short, long)]
    name: Option<String>,
    #[arg(long)]
    namespace: Option<String>,
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}
