//! The serde side: a tree of nodes as a deserializer that knows its place.
//!
//! Null stands for "not given": a field keeps its default, a list item or mapping value is the
//! type's zero value.

mod access;
mod fault;

use std::cell::RefCell;

use serde::de::{DeserializeOwned, Deserializer, Visitor};

use super::node::{Content, Mapping, Node, Scalar};
use super::scalar::{Meaning, as_text, meaning, yaml_1_1_bool};
use super::{Dialect, MAX_WARNINGS, located};
use crate::Problem;
use access::{Fields, Items, LocatedParts, MapEntries};
use fault::Fault;

/// Reads a tree as a type. Fields that the type does not have go to `problems` as warnings.
///
/// # Errors
/// The first value that does not fit.
pub fn from_node<T: DeserializeOwned>(
    node: &Node,
    dialect: Dialect,
    problems: &mut Vec<Problem>,
) -> Result<T, Problem> {
    let state = State { dialect, problems: RefCell::default() };
    let read = T::deserialize(Cursor { node, path: Path::Root, state: &state });
    problems.append(&mut state.problems.into_inner());
    read.map_err(Fault::into_problem)
}

/// What one reading shares.
struct State {
    dialect: Dialect,
    problems: RefCell<Vec<Problem>>,
}

/// The way from the root to a value, kept on the stack.
#[derive(Clone, Copy)]
enum Path<'p> {
    Root,
    Field(&'p Path<'p>, &'p str),
    Index(&'p Path<'p>, usize),
}

impl std::fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Field(Self::Root, name) => f.write_str(name),
            Self::Field(parent, name) => write!(f, "{parent}.{name}"),
            Self::Index(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

/// A value that is about to be read.
#[derive(Clone, Copy)]
struct Cursor<'c> {
    node: &'c Node,
    path: Path<'c>,
    state: &'c State,
}

impl<'c> Cursor<'c> {
    fn meaning(&self) -> Option<Meaning<'c>> {
        match &self.node.content {
            Content::Scalar(scalar) => Some(meaning(scalar, self.state.dialect)),
            _ => None,
        }
    }

    fn is_null(&self) -> bool {
        self.meaning() == Some(Meaning::Null)
    }

    fn expected(&self, what: &str) -> Fault {
        Fault::new(format!("expected {what}, found {}", self.found())).at(self.node, &self.path)
    }

    fn found(&self) -> String {
        match &self.node.content {
            Content::Sequence(_) => "a list".to_owned(),
            Content::Mapping(_) => "a mapping".to_owned(),
            Content::Scalar(Scalar { text, plain: true }) if text.is_empty() => "nothing".to_owned(),
            Content::Scalar(Scalar { text, plain: true }) => format!("`{}`", shortened(text)),
            Content::Scalar(Scalar { text, .. }) => format!("the text \"{}\"", shortened(text)),
        }
    }

    fn mapping(&self, what: &str) -> Result<Option<&'c Mapping>, Fault> {
        match &self.node.content {
            Content::Mapping(mapping) => Ok(Some(mapping)),
            _ if self.is_null() => Ok(None),
            _ => Err(self.expected(what)),
        }
    }

    fn warn(&self, problem: Problem) {
        let mut problems = self.state.problems.borrow_mut();
        if problems.len() < MAX_WARNINGS {
            problems.push(problem);
        }
    }

    fn warn_of_repeated(&self, mapping: &Mapping) {
        for (key, position) in &mapping.repeated {
            let path = Path::Field(&self.path, key).to_string();
            self.warn(Problem::warning(
                Some(position.clone()),
                path,
                format!("the key `{key}` is given more than once; the last one counts"),
            ));
        }
    }

    fn boolean(&self) -> Result<bool, Fault> {
        match (self.meaning(), self.state.dialect) {
            (Some(Meaning::Bool(value)), _) => Ok(value),
            (Some(Meaning::Null), _) => Ok(false),
            (Some(Meaning::Text(text)), Dialect::Configuration) => {
                yaml_1_1_bool(text).ok_or_else(|| self.expected("true or false"))
            }
            (Some(Meaning::Text("true" | "false")), Dialect::Resource) => {
                Err(self.expected("true or false without quotes"))
            }
            _ => Err(self.expected("true or false")),
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "whole floats in range convert exactly"
    )]
    fn integer(&self, least: i64, most: i64) -> Result<i64, Fault> {
        let number = match self.meaning() {
            Some(Meaning::Int(number)) => Some(number),
            Some(Meaning::Null) => Some(0),
            Some(Meaning::Float(number)) if number.fract() == 0.0 && number.abs() < i64::MAX as f64 => {
                Some(number as i64)
            }
            _ => None,
        };
        match number {
            Some(number) if (least..=most).contains(&number) => Ok(number),
            Some(_) => Err(self.expected(&format!("a whole number from {least} to {most}"))),
            None => Err(self.expected("a whole number")),
        }
    }

    fn any_scalar<'de, V: Visitor<'de>>(self, scalar: &'c Scalar, visitor: V) -> Result<V::Value, Fault> {
        let read = match meaning(scalar, self.state.dialect) {
            Meaning::Null => visitor.visit_unit(),
            Meaning::Bool(value) => visitor.visit_bool(value),
            Meaning::Int(number) => match u64::try_from(number) {
                Ok(number) => visitor.visit_u64(number),
                Err(_) => visitor.visit_i64(number),
            },
            Meaning::Uint(number) => visitor.visit_u64(number),
            Meaning::Float(number) if number.is_finite() => visitor.visit_f64(number),
            Meaning::Float(_) => Err(self.expected("a finite number")),
            Meaning::Text(text) => visitor.visit_str(text),
        };
        read.map_err(|fault: Fault| fault.at(self.node, &self.path))
    }
}

/// Long texts, and secrets with them, stay out of messages.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(32) {
        Some((end, _)) => format!("{}…", text[..end].escape_debug()),
        None => text.escape_debug().to_string(),
    }
}

impl<'de> Deserializer<'de> for Cursor<'_> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.node.content {
            Content::Scalar(scalar) => self.any_scalar(scalar, visitor),
            Content::Sequence(_) => self.deserialize_seq(visitor),
            Content::Mapping(mapping) => {
                self.warn_of_repeated(mapping);
                visitor.visit_map(MapEntries::new(self, mapping)).map_err(|fault| fault.at(self.node, &self.path))
            }
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_bool(self.boolean()?)
    }

    fn deserialize_i32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_i64(self.integer(i32::MIN.into(), i32::MAX.into())?)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_i64(self.integer(0, u32::MAX.into())?)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_i64(self.integer(i64::MIN, i64::MAX)?)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.node.content {
            Content::Scalar(scalar) => visitor
                .visit_string(as_text(scalar, self.state.dialect))
                .map_err(|fault: Fault| fault.at(self.node, &self.path)),
            _ => Err(self.expected("a text")),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if self.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Fault> {
        if name == located::NAME {
            visitor.visit_seq(LocatedParts::new(self))
        } else {
            visitor.visit_newtype_struct(self)
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let items: &[_] = match &self.node.content {
            Content::Sequence(items) => items,
            _ if self.is_null() => &[],
            _ => return Err(self.expected("a list")),
        };
        visitor.visit_seq(Items::new(self, items)).map_err(|fault| fault.at(self.node, &self.path))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let empty = Mapping::default();
        let mapping = self.mapping("a mapping")?.unwrap_or(&empty);
        self.warn_of_repeated(mapping);
        visitor.visit_map(MapEntries::new(self, mapping)).map_err(|fault| fault.at(self.node, &self.path))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let empty = Mapping::default();
        let mapping = self.mapping(&format!("a mapping with {}", listed(fields)))?.unwrap_or(&empty);
        self.warn_of_repeated(mapping);
        visitor.visit_map(Fields::new(self, mapping, name, fields)).map_err(|fault| fault.at(self.node, &self.path))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i128 u8 u16 u64 u128 f32 f64 char bytes byte_buf unit unit_struct tuple tuple_struct enum identifier
    }
}

/// The first few names of a list.
fn listed(fields: &[&str]) -> String {
    let shown: Vec<_> = fields.iter().take(4).map(|field| format!("`{field}`")).collect();
    let more = if fields.len() > shown.len() { ", …" } else { "" };
    format!("{}{more}", shown.join(", "))
}
