//! The `dapr` binary.

fn main() {}
