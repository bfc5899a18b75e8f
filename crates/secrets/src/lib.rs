//! dapr-secrets
