//! `dapr logs`: parsed; waits for Kubernetes.

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[arg(short, long)]
    kubernetes: bool,
    #[arg(short, long)]
    app_id: String,
    #[arg(short, long)]
    pod_name: Option<String>,
    #[arg(short, long, default_value = "default")]
    namespace: String,
}
