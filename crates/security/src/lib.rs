//! Identity of a workload: SPIFFE ids, certificates and their renewal, TLS settings.

pub mod spiffe;

pub use spiffe::SpiffeId;
