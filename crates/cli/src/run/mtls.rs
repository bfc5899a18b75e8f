//! Whether a Configuration asks for mTLS, and which Sentry it means.

use std::path::{Path, PathBuf};

use serde::Deserialize;

/// Where Sentry listens on a developer's machine.
const LOCAL_SENTRY: &str = "localhost:50001";
const SENTRY_PORT: u16 = 50001;

/// The mTLS that a sidecar is started with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mtls {
    /// `HOST:PORT`.
    pub(crate) sentry: String,
    /// The Configuration that asked for it, as an absolute path.
    pub(crate) config: PathBuf,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ConfigFile {
    spec: Option<ConfigSpec>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ConfigSpec {
    mtls: Option<Section>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Section {
    enabled: Option<bool>,
    #[serde(rename = "sentryAddress")]
    sentry_address: Option<String>,
}

impl Mtls {
    /// Reads a Configuration file. One that cannot be read is the sidecar's to report.
    pub(crate) fn of(config: &Path) -> Option<Self> {
        let text = std::fs::read_to_string(config).ok()?;
        let section = serde_saphyr::from_str::<ConfigFile>(&text).ok()?.spec?.mtls?;
        let config = std::path::absolute(config).ok()?;
        section.enabled?.then(|| Self { sentry: address(section.sentry_address), config })
    }
}

/// The incumbent always takes the local address; ours follows the Configuration, unless the
/// address is one of a cluster, which is not reached from here.
fn address(given: Option<String>) -> String {
    match given.as_deref().map(str::trim) {
        None | Some("") => LOCAL_SENTRY.to_owned(),
        Some(address) if address.contains(".svc") => LOCAL_SENTRY.to_owned(),
        Some(address) if address.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok()) => {
            address.to_owned()
        }
        Some(host) => format!("{host}:{SENTRY_PORT}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(spec: &str) -> Option<String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("c.yaml");
        std::fs::write(&file, format!("kind: Configuration\nspec: {spec}\n")).unwrap();
        Mtls::of(&file).map(|mtls| mtls.sentry)
    }

    #[test]
    fn it_is_on_only_when_the_configuration_says_so() {
        assert_eq!(of("{mtls: {enabled: true}, tracing: {samplingRate: \"1\"}}").as_deref(), Some(LOCAL_SENTRY));
        for off in ["{}", "", "{mtls: }", "{mtls: {enabled: false}}", "{mtls: {allowedClockSkew: 15m}}", "["] {
            assert_eq!(of(off), None, "{off}");
        }
        assert_eq!(Mtls::of(Path::new("/no/such")), None);
    }

    #[test]
    fn the_address_is_that_of_the_configuration_unless_it_lies_in_a_cluster() {
        let address = |text: &str| of(&format!("{{mtls: {{enabled: true, sentryAddress: '{text}'}}}}")).unwrap();
        assert_eq!(address("localhost:50011"), "localhost:50011");
        assert_eq!(address("ca.example.com"), "ca.example.com:50001");
        assert_eq!(address("dapr-sentry.dapr-system.svc.cluster.local:443"), LOCAL_SENTRY);
        assert_eq!(address(" "), LOCAL_SENTRY);
    }
}
