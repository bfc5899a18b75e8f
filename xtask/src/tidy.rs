//! `cargo xtask tidy`: the rules of this repository that a compiler does not check.
//!
//! One file per rule. A rule looks at the tree and returns one sentence per violation, which says
//! where it is and what to do. `cargo test -p xtask` runs each as a test of its own.

mod bans;
mod dependencies;
mod files;
mod functions;
mod layers;
mod map;
mod places;
mod tree;

use std::path::Path;

use anyhow::{Result, bail};

use tree::Tree;

/// A rule's name, and the check itself.
type Rule = (&'static str, fn(&Tree) -> Result<Vec<String>>);

const RULES: &[Rule] = &[
    ("layers", layers::check),
    ("files", files::check),
    ("functions", functions::check),
    ("places", places::check),
    ("dependencies", dependencies::check),
    ("bans", bans::check),
    ("map", map::check),
];

/// Runs every rule and prints what they found.
pub(crate) fn run(root: &Path) -> Result<()> {
    let tree = Tree::read(root)?;
    let mut count = 0;
    for (name, rule) in RULES {
        for violation in rule(&tree)? {
            eprintln!("{name}: {violation}");
            count += 1;
        }
    }
    match count {
        0 => Ok(()),
        _ => bail!("{count} violation(s); each line says what to do"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str) {
        let tree = Tree::read(&crate::root()).unwrap();
        let (_, rule) = RULES.iter().find(|(known, _)| *known == name).unwrap();
        let violations = rule(&tree).unwrap();
        assert!(violations.is_empty(), "\n{}\n", violations.join("\n"));
    }

    #[test]
    fn packages_keep_to_their_layer() {
        check("layers");
    }

    #[test]
    fn files_have_a_header_and_are_short() {
        check("files");
    }

    #[test]
    fn functions_are_short() {
        check("functions");
    }

    #[test]
    fn nothing_names_a_machine() {
        check("places");
    }

    #[test]
    fn the_code_map_is_complete() {
        check("map");
    }

    #[test]
    fn nothing_banned_is_linked() {
        check("bans");
    }

    #[test]
    fn every_dependency_is_used() {
        check("dependencies");
    }
}
