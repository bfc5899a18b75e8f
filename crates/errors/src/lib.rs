//! dapr-errors
