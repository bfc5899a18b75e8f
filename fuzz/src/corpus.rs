//! Inputs to begin with, from `corpus/<target>/`, and those that a run found worth keeping.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use crate::Signature;

pub(crate) struct Corpus {
    inputs: Vec<Vec<u8>>,
    seen: HashSet<Signature>,
}

impl Corpus {
    /// The files of a target, by name.
    ///
    /// # Panics
    /// There are none: a fuzzer that begins with nothing finds nothing.
    pub(crate) fn read(target: &str) -> Self {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
        let entries = fs::read_dir(&directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
        let mut paths: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        paths.sort();
        let inputs: Vec<Vec<u8>> = paths.iter().filter_map(|path| fs::read(path).ok()).collect();
        assert!(!inputs.is_empty(), "{} is empty", directory.display());
        Self { inputs, seen: HashSet::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.inputs.len()
    }

    pub(crate) fn get(&self, index: usize) -> &[u8] {
        &self.inputs[index]
    }

    pub(crate) fn add(&mut self, input: Vec<u8>) {
        self.inputs.push(input);
    }

    /// Whether this answer is new.
    pub(crate) fn saw(&mut self, signature: Signature) -> bool {
        self.seen.insert(signature)
    }

    /// How many different answers there were.
    pub(crate) fn seen(&self) -> usize {
        self.seen.len()
    }
}
