//! `dapr upgrade`: parsed; waits for Kubernetes.

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[arg(short, long)]
    kubernetes: bool,
    #[arg(long)]
    runtime_version: String,
    #[arg(long, default_value_t = 300)]
    timeout: u32,
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    #[arg(long, env = "DAPR_IMAGE_REGISTRY")]
    image_registry: Option<String>,
    #[arg(long)]
    image_variant: Option<String>,
}
