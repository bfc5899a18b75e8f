//! dapr-api
