//! Name resolution by Consul.
