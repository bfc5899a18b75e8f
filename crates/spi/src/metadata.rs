//! How a component declares its metadata fields, and how they are read.
//!
//! `#[derive(Metadata)]` on a struct gives the parser, the "did you mean" hint,
//! `docs/components.md` and `dapr components validate` from one declaration.

use std::time::Duration;

use crate::{Error, Result};

/// One entry of `spec.metadata`, after secrets and templates are resolved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Property {
    /// Name as written in the resource.
    pub name: String,
    /// Value as text.
    pub value: String,
    /// Where the value stands: `file:line:column`, or empty when it came over the network.
    pub position: String,
    /// Where the name stands, likewise.
    pub name_position: String,
    /// Index in `spec.metadata`, for the field path.
    pub index: usize,
}

/// All entries of `spec.metadata`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Properties(pub Vec<Property>);

impl Properties {
    /// Builds properties from pairs; for tests and for settings made in code.
    pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let property = |(index, (name, value)): (usize, (&str, &str))| Property {
            name: name.to_owned(),
            value: value.to_owned(),
            position: String::new(),
            name_position: String::new(),
            index,
        };
        Self(pairs.into_iter().enumerate().map(property).collect())
    }

    /// The last entry of that name; names are compared without regard to case.
    pub fn find(&self, name: &str) -> Option<&Property> {
        self.0.iter().rev().find(|property| property.name.eq_ignore_ascii_case(name))
    }

    /// The value of the last entry of that name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.find(name).map(|property| property.value.as_str())
    }
}

/// Declaration of one field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Canonical name.
    pub name: &'static str,
    /// Other names that are accepted.
    pub aliases: &'static [&'static str],
    /// What it means, from the doc comment.
    pub description: &'static str,
    /// Type, for people: `string`, `bool`, `number`, `duration`, `size`.
    pub kind: &'static str,
    /// Default, as text; empty when there is none.
    pub default: &'static str,
    /// Must be given.
    pub required: bool,
    /// Never shown.
    pub secret: bool,
    /// Accepted and without effect, for a reason that the description gives.
    pub ignored: bool,
}

impl Field {
    /// Whether `name` means this field.
    pub fn is_named(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name) || self.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(name))
    }
}

/// A struct whose fields are the metadata of a component. Derive it.
pub trait Metadata: Sized {
    /// The declared fields.
    const FIELDS: &'static [Field];

    /// Reads the fields.
    ///
    /// # Errors
    /// All that is wrong, each with position and field path.
    fn parse(properties: &Properties) -> Result<Self, Vec<Problem>>;
}

/// Something wrong with one entry of `spec.metadata`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// `file:line:column`, or empty.
    pub position: String,
    /// `spec.metadata[2].value`, or `spec.metadata`; empty when the message names the place.
    pub path: String,
    /// What is wrong and what was expected.
    pub message: String,
    /// Only a remark: the component works without it.
    pub warning: bool,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if !self.position.is_empty() {
            write!(f, "{}: ", self.position)?;
        }
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

/// Fields every component may carry: the runtime reads them, the component does not
/// (interface/crds-config.md 4.1).
pub const COMMON_FIELDS: &[&str] = &[
    "keyPrefix",
    "actorStateStore",
    "primaryEncryptionKey",
    "secondaryEncryptionKey",
    "outboxPublishPubsub",
    "outboxPublishTopic",
    "outboxPubsub",
    "outboxDiscardWhenMissingState",
    "allowedTopics",
    "publishingScopes",
    "subscriptionScopes",
    "protectedTopics",
    "direction",
    "route",
    "consumerID",
    "concurrency",
    "maxConcurrentHandlers",
    "strictSandbox",
];

/// Remarks on entries that no field declares, with the nearest name.
pub fn unknown_fields(fields: &[Field], properties: &Properties) -> Vec<Problem> {
    let unknown = |property: &&Property| {
        !fields.iter().any(|field| field.is_named(&property.name))
            && !COMMON_FIELDS.iter().any(|name| name.eq_ignore_ascii_case(&property.name))
    };
    properties.0.iter().filter(unknown).map(|property| unknown_field(fields, property)).collect()
}

fn unknown_field(fields: &[Field], property: &Property) -> Problem {
    let names = fields.iter().map(|field| field.name).chain(COMMON_FIELDS.iter().copied());
    let hint = dapr_kit::suggest::nearest(&property.name, names)
        .map(|name| format!(", did you mean `{name}`?"))
        .unwrap_or_default();
    Problem {
        position: property.name_position.clone(),
        path: format!("spec.metadata[{}].name", property.index),
        message: format!("unknown metadata field `{}`{hint}", property.name),
        warning: true,
    }
}

/// Reads one field; called by derived code.
#[doc(hidden)]
pub fn read<T: FieldValue>(field: &Field, properties: &Properties, problems: &mut Vec<Problem>) -> Option<T> {
    let given = properties.0.iter().rev().find(|property| field.is_named(&property.name));
    match given {
        Some(property) if !property.value.is_empty() || T::KEEPS_EMPTY => match T::read(&property.value) {
            Ok(value) => return Some(value),
            Err(expected) => problems.push(Problem {
                position: property.position.clone(),
                path: format!("spec.metadata[{}].value", property.index),
                message: wrong_value(field, &expected),
                warning: false,
            }),
        },
        _ if field.required && given.is_none() => problems.push(missing(field, properties)),
        _ => {}
    }
    None
}

fn wrong_value(field: &Field, expected: &str) -> String {
    if field.secret {
        return format!("field `{}` has a wrong value: expected a {}", field.name, field.kind);
    }
    format!("field `{}`: {expected}", field.name)
}

/// In the words that tools look for: `missing connection string`. Then where the field belongs.
fn missing(field: &Field, properties: &Properties) -> Problem {
    let hint = dapr_kit::suggest::nearest(field.name, properties.0.iter().map(|property| property.name.as_str()))
        .map(|name| format!("; `{name}` was given, is it meant to be `{}`?", field.name))
        .unwrap_or_default();
    Problem {
        position: properties.0.first().map(|property| property.position.clone()).unwrap_or_default(),
        path: String::new(),
        message: format!("missing {}: spec.metadata needs the field `{}`{hint}", words(field.name), field.name),
        warning: false,
    }
}

/// `connectionString` as people say it.
fn words(name: &str) -> String {
    let mut words = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && words.ends_with(|before: char| before.is_ascii_lowercase()) {
            words.push(' ');
        }
        words.push(letter.to_ascii_lowercase());
    }
    words
}

/// A type that a field can have.
pub trait FieldValue: Sized {
    /// Name of the type, for people.
    const KIND: &'static str;
    /// Whether an empty text is a value, or as good as absent.
    const KEEPS_EMPTY: bool = false;

    /// Reads the text of a field.
    ///
    /// # Errors
    /// What was expected, and what was found.
    fn read(text: &str) -> Result<Self, String>;
}

impl FieldValue for String {
    const KIND: &'static str = "string";
    const KEEPS_EMPTY: bool = true;

    fn read(text: &str) -> Result<Self, String> {
        Ok(text.to_owned())
    }
}

impl FieldValue for bool {
    const KIND: &'static str = "bool";

    fn read(text: &str) -> Result<Self, String> {
        parse_bool(text).ok_or_else(|| format!("expected `true` or `false`, found `{text}`"))
    }
}

/// The spellings of a boolean that resources use; an application's `"1"`, `"yes"` and `"on"` are true.
pub fn parse_bool(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "1" | "t" | "true" | "y" | "yes" | "on" => Some(true),
        "0" | "f" | "false" | "n" | "no" | "off" => Some(false),
        _ => None,
    }
}

impl FieldValue for Duration {
    const KIND: &'static str = "duration";

    /// A bare number is seconds, as in the incumbent's metadata decoder.
    fn read(text: &str) -> Result<Self, String> {
        match text.trim().parse::<u64>() {
            Ok(seconds) => Ok(Duration::from_secs(seconds)),
            Err(_) => dapr_kit::duration::parse(text.trim()),
        }
    }
}

macro_rules! numbers {
    ($($number:ty),*) => {
        $(impl FieldValue for $number {
            const KIND: &'static str = "number";

            fn read(text: &str) -> Result<Self, String> {
                text.trim().parse().map_err(|_| {
                    format!("expected a whole number from {} to {}, found `{text}`", <$number>::MIN, <$number>::MAX)
                })
            }
        })*
    };
}

numbers!(i32, i64, u16, u32, u64, usize);

impl<T: FieldValue> FieldValue for Option<T> {
    const KIND: &'static str = T::KIND;
    const KEEPS_EMPTY: bool = false;

    fn read(text: &str) -> Result<Self, String> {
        T::read(text).map(Some)
    }
}

/// One error out of many problems.
pub fn error_of(problems: &[Problem]) -> Error {
    let texts: Vec<String> = problems.iter().map(ToString::to_string).collect();
    Error::invalid(texts.join("; "))
}
