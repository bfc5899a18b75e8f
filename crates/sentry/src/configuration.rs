//! `spec.mtls` of the Configuration: how long certificates live, and who is believed.

use std::path::Path;
use std::time::Duration;

use dapr_resources::configuration::{Mtls, TokenValidator};

use crate::Mode;
use crate::ca::authority::{DEFAULT_SKEW, DEFAULT_TTL};
use crate::settings::Settings;

/// Rules for issuing.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Policy {
    /// `workloadCertTTL`
    pub(crate) ttl: Duration,
    /// `allowedClockSkew`
    pub(crate) skew: Duration,
    /// The options of the validator `jwks`, where it is configured.
    pub(crate) jwks: Option<serde_json::Map<String, serde_json::Value>>,
}

/// Why there is no policy.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// The Configuration cannot be read.
    #[error("failed to load Configuration {name:?}: {why}")]
    Load {
        /// File or name.
        name: String,
        /// Why not.
        why: String,
    },
    /// A field cannot be followed.
    #[error("error parsing {field} duration: {why}")]
    Duration {
        /// Which field of `spec.mtls`.
        field: &'static str,
        /// What is wrong.
        why: String,
    },
    /// `tokenValidators` names one that is always there, or not.
    #[error(
        "invalid token validator: the built-in 'kubernetes' and 'insecure' validators cannot be configured manually"
    )]
    BuiltIn,
    /// `tokenValidators` names one that does not exist.
    #[error("invalid token validator name: '{0}'; supported values: 'jwks'")]
    UnknownValidator(String),
}

impl Policy {
    /// Reads the rules out of `spec.mtls`.
    ///
    /// # Errors
    /// A duration is malformed, or a validator is none that can be configured.
    pub(crate) fn new(mtls: &Mtls) -> Result<Self, PolicyError> {
        let mut jwks = None;
        for TokenValidator { name, options } in &mtls.token_validators {
            match name.to_ascii_lowercase().as_str() {
                "jwks" => jwks = Some(options.clone()),
                "kubernetes" | "insecure" => return Err(PolicyError::BuiltIn),
                _ => return Err(PolicyError::UnknownValidator(name.clone())),
            }
        }
        Ok(Self {
            ttl: duration("WorkloadCertTTL", &mtls.workload_cert_ttl, DEFAULT_TTL)?,
            skew: duration("AllowedClockSkew", &mtls.allowed_clock_skew, DEFAULT_SKEW)?,
            jwks,
        })
    }

    /// Reads the Configuration file of a Sentry that is not in Kubernetes. The default name may be missing: then the
    /// defaults hold.
    ///
    /// # Errors
    /// The file is missing or wrong.
    pub(crate) fn of_file(settings: &Settings) -> Result<Self, PolicyError> {
        debug_assert_eq!(settings.mode, Mode::Standalone);
        let path = Path::new(&settings.config);
        if settings.config == crate::DEFAULT_CONFIGURATION && !path.exists() {
            return Self::new(&Mtls::default());
        }
        let variable = |name: &str| settings.environment.get(name).map(str::to_owned);
        match dapr_resources::configuration::load_files(&[path], variable) {
            Ok(loaded) => {
                for problem in &loaded.problems {
                    tracing::warn!(target: "dapr.sentry", "{problem}");
                }
                Self::new(&loaded.configuration.spec.mtls)
            }
            Err(error) => Err(PolicyError::Load { name: settings.config.clone(), why: error.to_string() }),
        }
    }
}

fn duration(field: &'static str, text: &str, default: Duration) -> Result<Duration, PolicyError> {
    if text.is_empty() {
        return Ok(default);
    }
    let parsed = dapr_kit::duration::parse(text).map_err(|why| PolicyError::Duration { field, why })?;
    if field == "WorkloadCertTTL" && parsed.is_zero() {
        return Err(PolicyError::Duration { field, why: "certificates must live longer than 0s".into() });
    }
    Ok(parsed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn validators(names: &[&str]) -> Mtls {
        let validator = |name: &&str| TokenValidator { name: (*name).to_owned(), ..TokenValidator::default() };
        Mtls { token_validators: names.iter().map(validator).collect(), ..Mtls::default() }
    }

    #[test]
    fn what_is_not_said_has_defaults() {
        let policy = Policy::new(&Mtls::default()).unwrap();
        assert_eq!((policy.ttl.as_secs(), policy.skew.as_secs(), policy.jwks), (86_400, 900, None));
        let mtls = Mtls { workload_cert_ttl: "1h".into(), allowed_clock_skew: "20s".into(), ..validators(&["JWKS"]) };
        let policy = Policy::new(&mtls).unwrap();
        assert_eq!((policy.ttl.as_secs(), policy.skew.as_secs(), policy.jwks.is_some()), (3600, 20, true));
    }

    #[test]
    fn only_jwks_can_be_configured() {
        assert!(matches!(Policy::new(&validators(&["kubernetes"])), Err(PolicyError::BuiltIn)));
        assert!(matches!(Policy::new(&validators(&["jwks", "insecure"])), Err(PolicyError::BuiltIn)));
        let error = Policy::new(&validators(&["spiffe"])).unwrap_err().to_string();
        assert_eq!(error, "invalid token validator name: 'spiffe'; supported values: 'jwks'");
    }

    #[test]
    fn durations_are_checked() {
        let error = Policy::new(&Mtls { allowed_clock_skew: "soon".into(), ..Mtls::default() }).unwrap_err();
        assert!(error.to_string().starts_with("error parsing AllowedClockSkew duration: "), "{error}");
        assert!(Policy::new(&Mtls { workload_cert_ttl: "0s".into(), ..Mtls::default() }).is_err());
    }
}
