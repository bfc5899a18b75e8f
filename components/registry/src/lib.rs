//! dapr-registry
