//! `dapr mtls`: looks at the certificates of the control plane, copies and renews them.
//!
//! On one machine they are files of a directory; those of a cluster wait for Kubernetes support.

mod renew;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use dapr_sentry::ca::{self, Bundle, Certificate, Directory};
use jiff::Timestamp;

use super::{KUBERNETES, waits_for};
use crate::cli::Context;

/// Certificates that expire earlier are worth a warning: 30 days.
const SOON: i64 = 30 * 24;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Option<Sub>,
    /// The certificates of the cluster instead of those of this machine
    #[arg(short, long, global = true)]
    kubernetes: bool,
    /// Directory of ca.crt, issuer.crt and issuer.key; by default `certs` in the Dapr directory, ~/.dapr/certs
    #[arg(long, global = true, value_name = "DIR")]
    issuer_credentials: Option<PathBuf>,
}

#[derive(Debug, clap::Subcommand)]
enum Sub {
    /// Check that the certificates and the key fit together and are valid
    Check,
    /// Write the certificates and the issuer's key to files
    Export {
        /// Directory to write to
        #[arg(short, long, default_value = ".")]
        out: PathBuf,
    },
    /// Show when the certificates expire
    Expiry,
    /// Renew root and issuer certificates
    #[command(visible_aliases = ["renew-cert", "rnc"])]
    RenewCertificate(renew::Args),
}

pub(crate) fn execute(args: &Args, context: &Context) -> Result<ExitCode> {
    if args.kubernetes {
        let command = match args.command {
            None => "dapr mtls -k",
            Some(Sub::Check) => "dapr mtls check -k",
            Some(Sub::Export { .. }) => "dapr mtls export -k",
            Some(Sub::Expiry) => "dapr mtls expiry -k",
            Some(Sub::RenewCertificate(_)) => "dapr mtls renew-certificate -k",
        };
        return waits_for(context, command, KUBERNETES);
    }
    let path = match &args.issuer_credentials {
        Some(path) => path.clone(),
        None => context.home.root().join("certs"),
    };
    let now = Timestamp::now();
    match &args.command {
        None | Some(Sub::Check) => check(&path, context, now),
        Some(Sub::Expiry) => expiry(&path, context, now),
        Some(Sub::Export { out }) => export(&path, out, context, now),
        Some(Sub::RenewCertificate(args)) => renew::execute(args, &path, context, now),
    }
}

/// The credentials in `path`, checked.
fn load(path: &Path, now: Timestamp) -> Result<Bundle> {
    let loaded = Directory::new(path).load(now)?;
    loaded.with_context(|| {
        format!(
            "there are no credentials in {}: Sentry makes them when it starts with --issuer-credentials; \
             if they are elsewhere, pass --issuer-credentials here, or -k for those of a cluster",
            path.display()
        )
    })
}

fn check(path: &Path, context: &Context, now: Timestamp) -> Result<ExitCode> {
    let bundle = load(path, now)?;
    let roots = bundle.anchors.iter().filter(|anchor| anchor.is_valid_at(now)).count();
    let roots = if roots == 1 { "one trusted root".to_owned() } else { format!("{roots} trusted roots") };
    context.say.success(&format!("The credentials in {} are valid: issuer, key, {roots}", path.display()));
    warn(&bundle, context, now);
    Ok(ExitCode::SUCCESS)
}

fn warn(bundle: &Bundle, context: &Context, now: Timestamp) {
    let hours = hours_left(bundle.not_after(), now);
    if hours < SOON {
        context.say.warning(&format!(
            "Certificates expire in {hours} hours, at {}; `dapr mtls renew-certificate` renews them",
            bundle.not_after()
        ));
    }
}

/// The incumbent's line for the root that the issuer is below, then one for the issuer.
fn expiry(path: &Path, context: &Context, now: Timestamp) -> Result<ExitCode> {
    // What has expired already is to be shown too.
    let bundle = match load(path, now) {
        Ok(bundle) => bundle,
        Err(error) => match expired(path)? {
            Some((name, certificate)) if now > certificate.not_after => {
                bail!("the {name} certificate expired at {}", certificate.not_after)
            }
            _ => return Err(error),
        },
    };
    let line = |name: &str, certificate: &Certificate| {
        let hours = hours_left(certificate.not_after, now);
        format!("{name} certificate expires in {hours} hours. Expiry date: {}", certificate.not_after)
    };
    for anchor in &bundle.anchors {
        context.say.success(&line("Root", anchor));
    }
    context.say.success(&line("Issuer", &bundle.chain[0]));
    warn(&bundle, context, now);
    Ok(ExitCode::SUCCESS)
}

/// The first certificate of the files that has expired, whatever else is wrong.
fn expired(path: &Path) -> Result<Option<(&'static str, Certificate)>> {
    let files = Directory::new(path);
    for (name, file) in [("root", &files.anchors), ("issuer", &files.chain)] {
        let Some(text) = ca::directory::read(file)? else { continue };
        let first = ca::pem::certificates(&text).ok().and_then(|ders| Certificate::from_der(ders.first()?).ok());
        if let Some(certificate) = first.filter(|certificate| certificate.not_after < Timestamp::now()) {
            return Ok(Some((name, certificate)));
        }
    }
    Ok(None)
}

fn hours_left(not_after: Timestamp, now: Timestamp) -> i64 {
    not_after.duration_since(now).as_hours().max(0)
}

fn export(path: &Path, out: &Path, context: &Context, now: Timestamp) -> Result<ExitCode> {
    let bundle = load(path, now)?;
    Directory::new(out).store(&bundle, now)?;
    let shown = std::path::absolute(out).unwrap_or_else(|_| out.to_owned());
    context.say.success(&format!("Trust certs successfully exported to {}", shown.display()));
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests;
