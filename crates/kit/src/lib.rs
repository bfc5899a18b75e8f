//! dapr-kit
