//! dapr-component-memory
