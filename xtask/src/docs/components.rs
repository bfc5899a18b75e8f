//! `docs/components.md`: every component type with its metadata fields, and the types that are missing.

use std::collections::BTreeMap;

use dapr_spi::metadata::Field;
use dapr_spi::registry::Registry;

use super::{cell, code_list};

const INTRODUCTION: &str =
    "<!-- Written by `cargo xtask docs` from the components themselves: edit the doc comments there. -->

# Components

What `spec.type` and `spec.metadata` of a Component may say, in a build with every feature. `dapr components validate`
checks a file against the same declarations.

- Names of types and fields are read without regard to case.
- A **duration** is written as `5s`, `1m30s` or `500ms`; a bare number is seconds.
- A **secret** field is never printed; take it from a secret store with `secretKeyRef` ([secrets.md](secrets.md)).
- Every state store also takes `keyPrefix`, `primaryEncryptionKey`, `secondaryEncryptionKey` and `actorStateStore`
  ([state.md](state.md)).
- What is a `nameresolution` here is set in a Configuration, its fields in `spec.nameResolution.configuration`
  ([name-resolution.md](name-resolution.md)).
";

/// Types that are one component: the same versions with the same declarations.
struct Group<'a> {
    names: Vec<&'a str>,
    versions: Vec<Version<'a>>,
}

struct Version<'a> {
    name: &'static str,
    fields: Option<&'a [Field]>,
}

pub(super) fn render(registry: &Registry) -> String {
    let mut page = INTRODUCTION.to_owned();
    let mut block = "";
    let groups = groups(registry);
    for group in &groups {
        let (of, _) = group.names[0].split_once('.').unwrap_or_default();
        if of != block {
            page.push_str(&format!("\n## {of}\n"));
            block = of;
        }
        page.push_str(&section(registry, group));
    }
    page.push_str(&absent(registry));
    page
}

fn groups(registry: &Registry) -> Vec<Group<'_>> {
    let mut types: BTreeMap<&str, Vec<Version<'_>>> = BTreeMap::new();
    for (name, version, entry) in registry.entries() {
        types.entry(name).or_default().push(Version { name: version, fields: entry.fields });
    }
    let mut groups: Vec<Group<'_>> = Vec::new();
    for (name, versions) in types {
        match groups.iter_mut().find(|group| is_same(&group.versions, &versions) && is_sibling(group.names[0], name)) {
            Some(group) => group.names.push(name),
            None => groups.push(Group { names: vec![name], versions }),
        }
    }
    groups
}

fn is_same(one: &[Version<'_>], other: &[Version<'_>]) -> bool {
    let same = |(one, other): (&Version<'_>, &Version<'_>)| {
        one.name == other.name
            && matches!((one.fields, other.fields), (Some(one), Some(other)) if !one.is_empty() && one == other)
    };
    one.len() == other.len() && one.iter().zip(other).all(same)
}

fn is_sibling(one: &str, other: &str) -> bool {
    one.split('.').next() == other.split('.').next()
}

fn section(registry: &Registry, group: &Group<'_>) -> String {
    let mut text = format!("\n### {}\n", code_list(group.names.iter().copied()));
    let has_versions = registry.find(group.names[0], "v0").is_err();
    for version in &group.versions {
        if has_versions {
            let is_default = registry.find(group.names[0], "").ok().and_then(|entry| entry.fields) == version.fields;
            let default = if is_default { ", also when none is given" } else { "" };
            text.push_str(&format!("\n**Version `{}`**{default}\n", version.name));
        }
        text.push_str(&fields(version.fields.unwrap_or_default()));
    }
    text
}

fn fields(fields: &[Field]) -> String {
    if fields.is_empty() {
        return "\nNo fields of its own.\n".to_owned();
    }
    let mut text = "\n| Field | Type | Default | Meaning |\n|---|---|---|---|\n".to_owned();
    for field in fields {
        text.push_str(&line(field));
    }
    text
}

fn line(field: &Field) -> String {
    let mut name = format!("`{}`", field.name);
    if !field.aliases.is_empty() {
        name.push_str(&format!(" (or {})", code_list(field.aliases.iter().copied())));
    }
    let marks: Vec<&str> = [(field.required, "required"), (field.secret, "secret"), (field.ignored, "no effect")]
        .into_iter()
        .filter_map(|(is_set, mark)| is_set.then_some(mark))
        .collect();
    let kind =
        if marks.is_empty() { field.kind.to_owned() } else { format!("{}, **{}**", field.kind, marks.join(", ")) };
    let default = if field.default.is_empty() { String::new() } else { format!("`{}`", cell(field.default)) };
    format!("| {name} | {kind} | {default} | {} |\n", cell(field.description))
}

fn absent(registry: &Registry) -> String {
    let mut by_reason: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, why) in registry.absent_types() {
        by_reason.entry(why).or_default().push(name);
    }
    let mut text =
        "\n## Known, and not here yet\n\nTypes of release 1.18 that this version names in its answer when a \
                    file asks for one, so that a missing type is told from a misspelt one.\n"
            .to_owned();
    for names in by_reason.values() {
        text.push_str(&format!("\n{}\n", code_list(names.iter().copied())));
    }
    text
}
