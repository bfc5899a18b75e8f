//! HTTP/1.1 and HTTP/2 connections and the bodies that stream over them. Not one Dapr word.

pub mod body;

pub use body::{Body, BoxError};
