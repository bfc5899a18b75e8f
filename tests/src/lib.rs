//! dapr-tests
