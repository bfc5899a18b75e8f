//! `dapr mtls renew-certificate`: a new root and issuer, or those that the user brings; the old root stays trusted.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use dapr_sentry::ca::{self, Bundle, Directory, PrivateKey};
use jiff::Timestamp;

use crate::cli::Context;

/// How far clocks may differ.
const SKEW: Duration = ca::authority::DEFAULT_SKEW;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Key of the new root; the same key as before lets sidecars go on that know the old root only
    #[arg(long, value_name = "FILE")]
    private_key: Option<PathBuf>,
    /// Your own root certificate; needs the two flags below
    #[arg(long, value_name = "FILE")]
    ca_root_certificate: Option<PathBuf>,
    /// Key of your own issuer certificate
    #[arg(long, value_name = "FILE")]
    issuer_private_key: Option<PathBuf>,
    /// Your own issuer certificate
    #[arg(long, value_name = "FILE")]
    issuer_public_certificate: Option<PathBuf>,
    /// Days that generated certificates are valid
    #[arg(long, default_value_t = 365)]
    valid_until: u32,
    /// Restart the control plane afterwards (Kubernetes; on one machine Sentry takes the change over by itself)
    #[arg(long)]
    restart: bool,
    /// Seconds that a restart may take (Kubernetes)
    #[arg(long, default_value_t = 300)]
    timeout: u32,
    /// Image variant of the control plane (Kubernetes)
    #[arg(long)]
    image_variant: Option<String>,
    /// Trust domain of a new root; that of the old one when absent
    #[arg(long)]
    trust_domain: Option<String>,
}

pub(super) fn execute(args: &Args, path: &Path, context: &Context, now: Timestamp) -> Result<ExitCode> {
    for (flag, given) in [("--restart", args.restart), ("--image-variant", args.image_variant.is_some())] {
        if given {
            context.say.info(&format!("{flag} is for Kubernetes and has no effect here"));
        }
    }
    let files = Directory::new(path);
    let old = old_bundle(&files, now)?;
    let mut bundle = match own_certificates(args, now)? {
        Some(bundle) => {
            context.say.info("Using the given certificates");
            bundle
        }
        None => {
            context.say.info("Generating fresh certificates");
            generate(args, old.as_ref(), now)?
        }
    };
    let kept = bundle.anchors.len();
    bundle.keep_anchors(old.as_ref().map_or(&[], |old| &old.anchors), now);
    files.store(&bundle, now)?;
    let expires = bundle.not_after();
    context.say.success(&format!("Certificates in {} renewed; they are valid until {expires}", path.display()));
    if bundle.anchors.len() > kept {
        context.say.info(
            "The old root stays trusted until it expires. Sidecars get the new root from Sentry or from \
             DAPR_TRUST_ANCHORS when they start: restart those that run before their certificates end",
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// What is there now. That it has expired, or does not fit together, is a reason to renew; that a part of it is missing
/// may be a wrong directory.
fn old_bundle(files: &Directory, now: Timestamp) -> Result<Option<Bundle>> {
    match files.load(now) {
        Ok(bundle) => Ok(bundle),
        Err(ca::CredentialsError::Invalid { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn own_certificates(args: &Args, now: Timestamp) -> Result<Option<Bundle>> {
    let given = [&args.ca_root_certificate, &args.issuer_public_certificate, &args.issuer_private_key];
    let [Some(root), Some(issuer), Some(key)] = given else {
        if given.iter().any(|file| file.is_some()) {
            bail!(
                "--ca-root-certificate, --issuer-private-key and --issuer-public-certificate belong together: give all three"
            );
        }
        return Ok(None);
    };
    if args.private_key.is_some() {
        bail!("--private-key makes a new root, --ca-root-certificate brings one: give one of them");
    }
    let read = |path: &Path| -> Result<Vec<u8>> {
        ca::directory::read(path)?.with_context(|| format!("{} does not exist", path.display()))
    };
    let bundle = Bundle::read(&read(root)?, &read(issuer)?, &read(key)?, now);
    Ok(Some(bundle.context("the given certificates cannot be used")?))
}

fn generate(args: &Args, old: Option<&Bundle>, now: Timestamp) -> Result<Bundle> {
    if args.valid_until == 0 {
        bail!("--valid-until takes 1 day or more");
    }
    let life = Duration::from_secs(u64::from(args.valid_until) * 24 * 60 * 60);
    let key = match &args.private_key {
        None => None,
        Some(path) => {
            let text = ca::directory::read(path)?.with_context(|| format!("{} does not exist", path.display()))?;
            Some(PrivateKey::from_pem(&text).with_context(|| format!("--private-key {}", path.display()))?)
        }
    };
    let known = old.and_then(|old| old.chain[0].name.strip_prefix("O=")?.parse::<dapr_security::SpiffeId>().ok());
    let namespace = known.as_ref().map_or("default", |id| id.namespace());
    let trust_domain = match (&args.trust_domain, &known) {
        (Some(given), _) => given.as_str(),
        (None, Some(id)) => id.trust_domain(),
        (None, None) => "localhost",
    };
    Ok(ca::generate(&ca::sentry_id(trust_domain, namespace)?, life, SKEW, now, key)?)
}
