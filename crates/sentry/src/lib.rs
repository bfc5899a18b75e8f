//! The certificate authority.

pub mod ca;
pub mod jwt;
