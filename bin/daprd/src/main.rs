//! The `daprd` binary.

fn main() {}
