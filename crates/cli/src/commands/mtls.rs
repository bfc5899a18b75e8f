//! `dapr mtls` and its subcommands: parsed; wait for Kubernetes.

use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Option<Sub>,
    #[arg(short, long, global = true)]
    kubernetes: bool,
}

#[derive(Debug, clap::Subcommand)]
enum Sub {
    /// Write the certificates to files
    Export {
        #[arg(short, long, default_value = ".")]
        out: PathBuf,
    },
    /// Show when the root certificate expires
    Expiry,
    /// Renew root and issuer certificates
    #[command(visible_aliases = ["renew-cert", "rnc"])]
    RenewCertificate {
        #[arg(long)]
        private_key: Option<PathBuf>,
        #[arg(long)]
        ca_root_certificate: Option<PathBuf>,
        #[arg(long)]
        issuer_private_key: Option<PathBuf>,
        #[arg(long)]
        issuer_public_certificate: Option<PathBuf>,
        #[arg(long, default_value_t = 365)]
        valid_until: u32,
        #[arg(long)]
        restart: bool,
        #[arg(long, default_value_t = 300)]
        timeout: u32,
        #[arg(long)]
        image_variant: Option<String>,
    },
}
