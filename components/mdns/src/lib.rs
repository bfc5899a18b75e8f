//! Name resolution by multicast DNS.
