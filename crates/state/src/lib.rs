//! dapr-state
