//! How serde walks lists, mappings, structs and positions.

use std::sync::Arc;

use serde::de::value::{StrDeserializer, StringDeserializer, U32Deserializer};
use serde::de::{DeserializeSeed, IntoDeserializer, MapAccess, SeqAccess};

use super::super::node::{Entry, Mapping, Node};
use super::{Cursor, Dialect, Fault, Path};
use crate::Problem;

/// Fields of Kubernetes object metadata that files copied out of a cluster have and Dapr ignores.
const KUBERNETES_METADATA: [&str; 8] = [
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "finalizers",
    "generateName",
    "managedFields",
    "ownerReferences",
    "selfLink",
];
/// Fields of a whole resource that are looked at elsewhere, or by nobody.
const TOP_LEVEL: [&str; 3] = ["apiVersion", "kind", "status"];

/// Longer keys are no misspelt fields, and comparing them would take long.
const LONGEST_SLIP: usize = 64;

pub(super) struct Items<'c> {
    list: Cursor<'c>,
    items: std::iter::Enumerate<std::slice::Iter<'c, Arc<Node>>>,
}

impl<'c> Items<'c> {
    pub(super) fn new(list: Cursor<'c>, items: &'c [Arc<Node>]) -> Self {
        Self { list, items: items.iter().enumerate() }
    }
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Fault> {
        let Some((index, node)) = self.items.next() else { return Ok(None) };
        seed.deserialize(Cursor { node, path: Path::Index(&self.list.path, index), state: self.list.state }).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

/// A mapping whose keys are data.
pub(super) struct MapEntries<'c> {
    map: Cursor<'c>,
    entries: std::slice::Iter<'c, Entry>,
    current: Option<&'c Entry>,
}

impl<'c> MapEntries<'c> {
    pub(super) fn new(map: Cursor<'c>, mapping: &'c Mapping) -> Self {
        Self { map, entries: mapping.entries.iter(), current: None }
    }
}

impl<'de> MapAccess<'de> for MapEntries<'_> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Fault> {
        self.current = self.entries.next();
        let Some(entry) = self.current else { return Ok(None) };
        let key: StrDeserializer<'_, Fault> = entry.key.as_str().into_deserializer();
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let entry = self.current.ok_or_else(|| Fault::new("a value was asked for before its key".to_owned()))?;
        seed.deserialize(Cursor {
            node: &entry.value,
            path: Path::Field(&self.map.path, &entry.key),
            state: self.map.state,
        })
    }
}

/// A mapping whose keys are the fields of a type. Null entries are passed over, so that the
/// field keeps its default.
pub(super) struct Fields<'c> {
    owner: Cursor<'c>,
    known: std::vec::IntoIter<(&'static str, &'c Entry)>,
    current: Option<&'c Entry>,
}

impl<'c> Fields<'c> {
    pub(super) fn new(owner: Cursor<'c>, mapping: &'c Mapping, name: &str, fields: &'static [&'static str]) -> Self {
        let mut known: Vec<(&'static str, &'c Entry)> = Vec::with_capacity(mapping.entries.len());
        for entry in &mapping.entries {
            let Some(field) = field(&entry.key, fields, owner.state.dialect) else {
                warn_of_unknown(&owner, entry, name, fields);
                continue;
            };
            match known.iter_mut().find(|(taken, _)| *taken == field) {
                Some(slot) if entry.key == field => slot.1 = entry,
                Some(_) => {}
                None => known.push((field, entry)),
            }
        }
        known.retain(|(_, entry)| !Cursor { node: &entry.value, ..owner }.is_null());
        Self { owner, known: known.into_iter(), current: None }
    }
}

/// The field that a key names.
fn field(key: &str, fields: &'static [&'static str], dialect: Dialect) -> Option<&'static str> {
    let exact = fields.iter().find(|field| **field == key);
    let folded = || fields.iter().find(|field| dialect == Dialect::Resource && field.eq_ignore_ascii_case(key));
    exact.or_else(folded).copied()
}

fn warn_of_unknown(owner: &Cursor<'_>, entry: &Entry, name: &str, fields: &'static [&'static str]) {
    let expected = match name {
        "ObjectMeta" => KUBERNETES_METADATA.as_slice(),
        _ if matches!(owner.path, Path::Root) => &TOP_LEVEL,
        _ => &[],
    };
    if expected.contains(&entry.key.as_str()) {
        return;
    }
    let path = Path::Field(&owner.path, &entry.key).to_string();
    let suggestion = (entry.key.len() <= LONGEST_SLIP)
        .then(|| dapr_kit::suggest::nearest(&entry.key, fields.iter().copied()))
        .flatten();
    owner.warn(
        Problem::warning(Some(entry.key_position.clone()), path, "no such field; it has no effect").suggest(suggestion),
    );
}

impl<'de> MapAccess<'de> for Fields<'_> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Fault> {
        let Some((field, entry)) = self.known.next() else { return Ok(None) };
        self.current = Some(entry);
        let key: StrDeserializer<'_, Fault> = field.into_deserializer();
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let entry = self.current.take().ok_or_else(|| Fault::new("a value was asked for before its key".to_owned()))?;
        let cursor =
            Cursor { node: &entry.value, path: Path::Field(&self.owner.path, &entry.key), state: self.owner.state };
        seed.deserialize(cursor).map_err(|fault| fault.at(&entry.value, &cursor.path))
    }
}

/// File, line, column, value: what [`super::super::Located`] reads.
pub(super) struct LocatedParts<'c> {
    value: Cursor<'c>,
    part: usize,
}

impl<'c> LocatedParts<'c> {
    pub(super) fn new(value: Cursor<'c>) -> Self {
        Self { value, part: 0 }
    }
}

impl<'de> SeqAccess<'de> for LocatedParts<'_> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Fault> {
        let position = &self.value.node.position;
        let number = |number: u32| -> U32Deserializer<Fault> { number.into_deserializer() };
        self.part += 1;
        let read = match self.part {
            1 => {
                let file: StringDeserializer<Fault> = position.file.to_string_lossy().into_owned().into_deserializer();
                seed.deserialize(file)
            }
            2 => seed.deserialize(number(position.line)),
            3 => seed.deserialize(number(position.column)),
            4 => seed.deserialize(self.value),
            _ => return Ok(None),
        };
        read.map(Some)
    }
}
