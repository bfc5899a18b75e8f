//! dapr-testkit
