//! A statement with its parameters.

use std::error::Error;

use bytes::BytesMut;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use uuid::Uuid;

/// How many statements a lane can keep prepared; slots are below this.
pub(crate) const SLOTS: usize = 16;

/// A parameterised statement; its text never holds a value that came from a request.
#[derive(Debug)]
pub(crate) struct Statement {
    /// Where a lane keeps the prepared form; `None` for a statement that is not worth preparing.
    pub(crate) slot: Option<usize>,
    pub(crate) text: String,
    pub(crate) types: Vec<Type>,
}

impl Statement {
    /// A statement that every lane prepares at its first use.
    pub(crate) fn prepared(slot: usize, text: String, types: &[Type]) -> Self {
        debug_assert!(slot < SLOTS, "a lane has {SLOTS} slots");
        Self { slot: Some(slot), text, types: types.to_vec() }
    }

    /// A statement that is used once.
    pub(crate) fn once(text: String, types: Vec<Type>) -> Self {
        Self { slot: None, text, types }
    }
}

/// A statement and what goes into it.
#[derive(Debug)]
pub(crate) struct Command<'a> {
    pub(crate) statement: &'a Statement,
    pub(crate) params: Vec<Param<'a>>,
}

impl Command<'_> {
    /// The parameters with their types, for a statement that is not prepared.
    pub(crate) fn typed(&self) -> impl Iterator<Item = (&Param<'_>, Type)> {
        self.params.iter().zip(self.statement.types.iter().cloned())
    }
}

/// One parameter.
#[derive(Debug)]
pub(crate) enum Param<'a> {
    Text(&'a str),
    OwnedText(String),
    Texts(Vec<&'a str>),
    OwnedTexts(Vec<String>),
    /// JSON text for a `jsonb` column.
    Json(&'a [u8]),
    OwnedJson(Vec<u8>),
    Bytes(&'a [u8]),
    Bool(bool),
    Long(i64),
    /// Seconds from now, or no expiry.
    Seconds(Option<f64>),
    Uuid(Uuid),
}

impl ToSql for Param<'_> {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Self::Text(text) => text.to_sql(kind, out),
            Self::OwnedText(text) => text.to_sql(kind, out),
            Self::Texts(texts) => texts.to_sql(kind, out),
            Self::OwnedTexts(texts) => texts.to_sql(kind, out),
            Self::Json(text) => Ok(jsonb(text, out)),
            Self::OwnedJson(text) => Ok(jsonb(text, out)),
            Self::Bytes(bytes) => bytes.to_sql(kind, out),
            Self::Bool(value) => value.to_sql(kind, out),
            Self::Long(value) => value.to_sql(kind, out),
            Self::Seconds(seconds) => seconds.to_sql(kind, out),
            Self::Uuid(uuid) => uuid.to_sql(kind, out),
        }
    }

    /// The types are written beside each statement of this crate.
    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// The binary form of `jsonb`: a version byte and the text.
fn jsonb(text: &[u8], out: &mut BytesMut) -> IsNull {
    out.extend_from_slice(&[1]);
    out.extend_from_slice(text);
    IsNull::No
}
