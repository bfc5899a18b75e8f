//! dapr-fuzz
