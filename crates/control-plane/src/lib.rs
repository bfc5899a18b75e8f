//! Clients of the control plane: Sentry, operator.
