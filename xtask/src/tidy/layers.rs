//! Which package may depend on which: the table of docs/architecture.md.
//!
//! Only normal dependencies count; a test may use anything.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use cargo_metadata::{Dependency, DependencyKind, Package};

use super::tree::Tree;

/// A crate may use the layers above its row, and crates named before it in its own row.
const LAYERS: &[&[&str]] = &[
    &["kit", "net"],
    &["errors", "proto", "resources", "spi-derive", "spi"],
    &["security", "telemetry", "resiliency"],
    &["hash-ring", "control-plane"],
    ENGINES,
    &["app-channel", "api"],
    &["runtime", "placement", "scheduler", "sentry", "operator", "injector", "cli", "dashboard"],
];

/// One building block each. They meet through the traits of `spi`, save for [`ENGINE_PAIRS`].
const ENGINES: &[&str] = &[
    "state",
    "secrets",
    "configuration",
    "lock",
    "crypto",
    "bindings",
    "invocation",
    "pubsub",
    "jobs",
    "actors",
    "workflow",
    "conversation",
];

/// The engines that use another one, and which.
const ENGINE_PAIRS: &[(&str, &str)] = &[("workflow", "actors"), ("actors", "jobs"), ("pubsub", "state")];

/// What a component may use, and the harness of tests with it.
const OF_COMPONENTS: &[&str] = &["kit", "net", "errors", "spi", "proto"];

/// Packages without components in them, however far down.
const WITHOUT_COMPONENTS: &[&str] = &["dapr-cli", "dapr"];

pub(super) fn check(tree: &Tree) -> Result<Vec<String>> {
    let packages = tree.packages();
    let places: BTreeMap<String, Place> =
        packages.iter().map(|(directory, package)| (package.name.to_string(), Place::of(directory))).collect();
    let mut found = Vec::new();
    for (directory, package) in &packages {
        found.extend(wrong_name(directory, package));
        found.extend(wrong_uses(package, &places));
        found.extend(wrong_features(directory, package));
    }
    found.extend(components_inside(&packages));
    Ok(found)
}

/// Where a package lives; the layer follows from it.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    /// `crates/…`
    Crate(String),
    Testkit,
    /// `components/…`
    Component,
    Registry,
    /// `bin/…`
    Binary,
    /// Chores, fuzzing, whole-system tests: they may use anything, and nothing uses them.
    Tool,
}

impl Place {
    fn of(directory: &str) -> Self {
        match directory.split_once('/') {
            Some(("crates", "testkit")) => Self::Testkit,
            Some(("crates", name)) => Self::Crate(name.to_owned()),
            Some(("components", "registry")) => Self::Registry,
            Some(("components", _)) => Self::Component,
            Some(("bin", _)) => Self::Binary,
            _ => Self::Tool,
        }
    }

    /// Whether this package may use that one.
    fn may_use(&self, used: &Self) -> bool {
        match (self, used) {
            (Self::Tool, Self::Tool) => false,
            (Self::Tool, _) => true,
            (_, Self::Tool | Self::Testkit | Self::Binary) => false,
            (Self::Crate(user), Self::Crate(used)) => is_above(user, used),
            (Self::Component | Self::Testkit, Self::Crate(used)) => OF_COMPONENTS.contains(&used.as_str()),
            (Self::Registry, Self::Crate(used)) => OF_COMPONENTS.contains(&used.as_str()),
            (Self::Registry, Self::Component) => true,
            (Self::Binary, Self::Crate(_) | Self::Registry) => true,
            _ => false,
        }
    }
}

fn row_of(name: &str) -> Option<(usize, usize)> {
    LAYERS.iter().enumerate().find_map(|(row, names)| Some((row, names.iter().position(|known| *known == name)?)))
}

fn is_above(user: &str, used: &str) -> bool {
    let (Some((row, at)), Some((used_row, used_at))) = (row_of(user), row_of(used)) else { return false };
    if row != used_row {
        return used_row < row;
    }
    if ENGINES.contains(&user) { ENGINE_PAIRS.contains(&(user, used)) } else { used_at < at }
}

fn wrong_name(directory: &str, package: &Package) -> Option<String> {
    let expected = match (Place::of(directory), directory.rsplit('/').next().unwrap_or_default()) {
        (Place::Crate(name), _) => match row_of(&name) {
            Some(_) => format!("dapr-{name}"),
            None => return Some(format!("{directory} has no layer: give it one in xtask/src/tidy/layers.rs")),
        },
        (Place::Component, folder) => format!("dapr-component-{folder}"),
        (Place::Registry | Place::Testkit, folder) => format!("dapr-{folder}"),
        (Place::Binary, folder) => folder.to_owned(),
        (Place::Tool, _) => return None,
    };
    (package.name.as_str() != expected).then(|| format!("{directory}: its package must be called `{expected}`"))
}

fn normal(package: &Package) -> impl Iterator<Item = &Dependency> {
    package.dependencies.iter().filter(|dependency| dependency.kind == DependencyKind::Normal)
}

fn wrong_uses(package: &Package, places: &BTreeMap<String, Place>) -> Vec<String> {
    let user = &places[package.name.as_str()];
    let mut found = Vec::new();
    for dependency in normal(package) {
        let Some(used) = places.get(&dependency.name) else { continue };
        if !user.may_use(used) {
            found.push(format!(
                "{} must not use {}: see \"Layers\" in docs/architecture.md; meet through a trait of dapr-spi, or move the code",
                package.name, dependency.name
            ));
        }
        if matches!(used, Place::Component | Place::Registry)
            && !dependency.features.is_empty()
            && !matches!(user, Place::Registry | Place::Binary | Place::Tool)
        {
            found.push(format!("{} picks features of {}: only the registry and bin do", package.name, dependency.name));
        }
    }
    found
}

/// Only the registry and the binaries know cargo features: everywhere else a build is a build.
fn wrong_features(directory: &str, package: &Package) -> Option<String> {
    let may = matches!(Place::of(directory), Place::Registry | Place::Binary | Place::Tool);
    let names: Vec<&str> = package.features.keys().map(String::as_str).collect();
    (!may && !names.is_empty()).then(|| {
        format!("{directory}: features {names:?}: only components/registry and bin have some; move the choice there")
    })
}

/// The command line stays small: what it needs of components it asks `daprd`.
fn components_inside(packages: &[(String, &Package)]) -> Vec<String> {
    let by_name: BTreeMap<&str, &Package> =
        packages.iter().map(|(_, package)| (package.name.as_str(), *package)).collect();
    let mut found = Vec::new();
    for start in WITHOUT_COMPONENTS {
        let mut seen = BTreeSet::new();
        let mut pending = vec![*start];
        while let Some(name) = pending.pop() {
            let Some(package) = by_name.get(name).filter(|_| seen.insert(name.to_owned())) else { continue };
            pending.extend(normal(package).map(|dependency| dependency.name.as_str()));
        }
        let components = seen.iter().filter(|name| name.starts_with("dapr-component-") || *name == "dapr-registry");
        found.extend(components.map(|name| format!("{start} links {name}: ask daprd instead")));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn may(user: &str, used: &str) -> bool {
        Place::of(user).may_use(&Place::of(used))
    }

    #[test]
    fn the_table_decides() {
        for (user, used) in [
            ("crates/api", "crates/state"),
            ("crates/spi", "crates/spi-derive"),
            ("crates/workflow", "crates/actors"),
            ("components/redis", "crates/spi"),
            ("components/registry", "components/redis"),
            ("bin/daprd", "components/registry"),
            ("crates/testkit", "crates/spi"),
            ("xtask", "components/registry"),
        ] {
            assert!(may(user, used), "{user} → {used}");
        }
        for (user, used) in [
            ("crates/state", "crates/api"),
            ("crates/secrets", "crates/state"),
            ("crates/actors", "crates/workflow"),
            ("crates/state", "components/redis"),
            ("crates/runtime", "components/registry"),
            ("components/redis", "components/sqlite"),
            ("components/redis", "crates/resources"),
            ("bin/daprd", "components/redis"),
            ("crates/state", "crates/testkit"),
            ("crates/unknown", "crates/kit"),
        ] {
            assert!(!may(user, used), "{user} → {used}");
        }
    }
}
