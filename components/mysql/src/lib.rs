//! dapr-component-mysql
