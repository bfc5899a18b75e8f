//! dapr-cli
