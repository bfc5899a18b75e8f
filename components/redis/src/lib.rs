//! dapr-component-redis
