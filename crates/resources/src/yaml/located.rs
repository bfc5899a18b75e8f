//! A value together with where it was written, through serde.

use std::fmt;
use std::marker::PhantomData;
use std::path::Path;
use std::sync::Arc;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::{Origin, Position};

/// The newtype name by which [`super::de`] knows that a position is asked for.
pub(super) const NAME: &str = "$dapr::Located";

/// A value and its position. Formats that have no positions give none.
#[derive(Default)]
pub(crate) struct Located<T> {
    pub(crate) inner: T,
    pub(crate) origin: Origin,
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Located<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(NAME, LocatedVisitor(PhantomData))
    }
}

struct LocatedVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for LocatedVisitor<T> {
    type Value = Located<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Located<T>, D::Error> {
        Ok(Located { inner: T::deserialize(deserializer)?, origin: Origin::default() })
    }

    /// From a mapping that was already opened by someone else.
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Located<T>, A::Error> {
        Ok(Located { inner: T::deserialize(MapAccessDeserializer::new(map))?, origin: Origin::default() })
    }

    /// From [`super::de`]: file, line, column, value.
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Located<T>, A::Error> {
        let missing = || A::Error::custom("a position has four parts");
        let file: String = seq.next_element()?.ok_or_else(missing)?;
        let line = seq.next_element()?.ok_or_else(missing)?;
        let column = seq.next_element()?.ok_or_else(missing)?;
        let inner = seq.next_element()?.ok_or_else(missing)?;
        let position = Position { file: Arc::from(Path::new(&file)), line, column };
        Ok(Located { inner, origin: position.into() })
    }
}
