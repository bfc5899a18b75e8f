//! dapr-spi
