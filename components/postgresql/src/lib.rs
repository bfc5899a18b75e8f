//! dapr-component-postgresql
