//! dapr-resources
