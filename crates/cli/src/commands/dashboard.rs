//! `dapr dashboard`: parsed; waits for the built-in dashboard.

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[arg(short, long)]
    kubernetes: bool,
    #[arg(short, long)]
    namespace: Option<String>,
    #[arg(short, long, default_value_t = 8080)]
    port: u16,
    #[arg(short, long)]
    address: Option<String>,
    #[arg(short, long)]
    version: bool,
}
