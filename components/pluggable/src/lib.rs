//! dapr-component-pluggable
