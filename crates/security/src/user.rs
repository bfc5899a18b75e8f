//! No root in a pod.

use crate::settings::Mode;

/// The environment variable that lifts the refusal when it is `true`.
pub const SKIP_VARIABLE: &str = "DAPR_UNSAFE_SKIP_CONTAINER_UID_GID_CHECK";

/// The program runs as root in Kubernetes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "current user UID(0) is root. Dapr must be run as a non-root user in Kubernetes environments. \
     To override this check, set the environment variable 'DAPR_UNSAFE_SKIP_CONTAINER_UID_GID_CHECK=true'"
)]
pub struct RootRefused;

/// Refuses to run as root in Kubernetes; `skip` is whether [`SKIP_VARIABLE`] is `true`. To be called before anything
/// else is started.
///
/// # Errors
/// The effective user is root, in Kubernetes mode, without `skip`.
pub fn check_user(mode: Mode, skip: bool) -> Result<(), RootRefused> {
    if mode != Mode::Kubernetes {
        return Ok(());
    }
    if skip {
        tracing::warn!(target: crate::LOG, "Skipping container UID/GID check due to env override.");
        return Ok(());
    }
    #[cfg(unix)]
    {
        let user = rustix::process::geteuid();
        check(user.is_root())?;
        tracing::info!(target: crate::LOG, "Running in Kubernetes environment as user {}", user.as_raw());
    }
    Ok(())
}

#[cfg(unix)]
fn check(is_root: bool) -> Result<(), RootRefused> {
    if is_root { Err(RootRefused) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_is_refused_in_kubernetes_only() {
        assert_eq!(check_user(Mode::Standalone, false), Ok(()));
        assert_eq!(check_user(Mode::Kubernetes, true), Ok(()));
        assert_eq!((check(true), check(false)), (Err(RootRefused), Ok(())));
        assert_eq!(check_user(Mode::Kubernetes, false), check(rustix::process::geteuid().is_root()));
    }
}
