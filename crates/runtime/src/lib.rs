//! dapr-runtime
