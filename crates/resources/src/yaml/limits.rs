//! How much YAML is read at most, so that no file can exhaust memory, stack or time.

/// Of one file. Kubernetes stores no object above 1.5 MiB, so nothing real comes near.
pub const MAX_FILE_BYTES: u64 = 4 << 20;

/// Of one file; what follows is not read.
pub const MAX_DOCUMENTS: usize = 10_000;

/// Of warnings about one document; further ones are not kept.
pub const MAX_WARNINGS: usize = 100;

/// Of lists and mappings inside one another.
pub const MAX_DEPTH: usize = 100;

/// Of scalars, lists and mappings in one document, counting what an alias stands for each time
/// it is used.
pub const MAX_NODES: usize = 200_000;
