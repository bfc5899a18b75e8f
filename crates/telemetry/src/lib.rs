//! dapr-telemetry
