//! What this program proves itself to Sentry with.

use std::io;
use std::path::{Path, PathBuf};

use dapr_proto::sentry::v1::sign_certificate_request::TokenValidator;
use dapr_security::Mode;
use tokio::io::AsyncReadExt;

/// Where Kubernetes projects the token for Sentry.
const KUBERNETES_TOKEN: &str = "/var/run/secrets/dapr.io/sentrytoken/token";

/// The token of the service account, which Sentry takes as well.
const LEGACY_TOKEN: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/// Most bytes of a token.
const MAX_TOKEN: u64 = 1 << 20;

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TokenError {
    #[error("environmental variable DAPR_SENTRY_TOKEN_FILE is set with an empty value")]
    EmptyVariable,
    #[error("failed to read token at path '{}': {source}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("token at path '{}' is empty", .0.display())]
    Empty(PathBuf),
}

/// The token, and who shall validate it. `file` is `DAPR_SENTRY_TOKEN_FILE`. It is read anew each time, since tokens
/// expire and are replaced.
pub(crate) async fn find(mode: Mode, file: Option<&Path>) -> Result<(String, TokenValidator), TokenError> {
    let kubernetes = mode == Mode::Kubernetes;
    if let Some(path) = file {
        if path.as_os_str().is_empty() {
            return Err(TokenError::EmptyVariable);
        }
        let token = read(path).await.map_err(|source| TokenError::Read { path: path.to_owned(), source })?;
        if token.is_empty() {
            return Err(TokenError::Empty(path.to_owned()));
        }
        let validator = if kubernetes { TokenValidator::Kubernetes } else { TokenValidator::Jwks };
        return Ok((token, validator));
    }
    if kubernetes && let Some(token) = of_pod(Path::new(KUBERNETES_TOKEN), Path::new(LEGACY_TOKEN)).await {
        return Ok((token, TokenValidator::Kubernetes));
    }
    Ok((String::new(), TokenValidator::Unknown))
}

async fn of_pod(projected: &Path, legacy: &Path) -> Option<String> {
    let token = match read(projected).await {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let token = read(legacy).await.ok()?;
            tracing::warn!(
                target: "dapr.security.token",
                "The token of the service account is shown to Sentry, which gives it access to Kubernetes; \
                 let the injector of this version mount a token for Sentry alone"
            );
            token
        }
        token => token.ok()?,
    };
    (!token.is_empty()).then_some(token)
}

async fn read(path: &Path) -> io::Result<String> {
    let mut token = String::new();
    tokio::fs::File::open(path).await?.take(MAX_TOKEN).read_to_string(&mut token).await?;
    Ok(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_named_file_must_hold_a_token() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("token");
        let error = find(Mode::Standalone, Some(&file)).await.unwrap_err().to_string();
        assert!(error.starts_with("failed to read token at path '"), "{error}");
        std::fs::write(&file, "").unwrap();
        let error = find(Mode::Standalone, Some(&file)).await.unwrap_err().to_string();
        assert!(error.ends_with("' is empty"), "{error}");
        std::fs::write(&file, "abc").unwrap();
        let found = find(Mode::Standalone, Some(&file)).await.unwrap();
        assert_eq!(found, ("abc".to_owned(), TokenValidator::Jwks));
        let found = find(Mode::Kubernetes, Some(&file)).await.unwrap();
        assert_eq!(found, ("abc".to_owned(), TokenValidator::Kubernetes));
        let error = find(Mode::Standalone, Some(Path::new(""))).await.unwrap_err().to_string();
        assert_eq!(error, "environmental variable DAPR_SENTRY_TOKEN_FILE is set with an empty value");
        let found = find(Mode::Standalone, None).await.unwrap();
        assert_eq!(found, (String::new(), TokenValidator::Unknown));
    }

    #[tokio::test]
    async fn a_pod_prefers_the_token_for_sentry() {
        let directory = tempfile::tempdir().unwrap();
        let (projected, legacy) = (directory.path().join("projected"), directory.path().join("legacy"));
        assert_eq!(of_pod(&projected, &legacy).await, None);
        std::fs::write(&legacy, "old").unwrap();
        assert_eq!(of_pod(&projected, &legacy).await.as_deref(), Some("old"));
        std::fs::write(&projected, "new").unwrap();
        assert_eq!(of_pod(&projected, &legacy).await.as_deref(), Some("new"));
    }
}
