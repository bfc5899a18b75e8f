//! dapr-component-sqlite
