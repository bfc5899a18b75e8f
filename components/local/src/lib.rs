//! dapr-component-local
