//! dapr-app-channel
