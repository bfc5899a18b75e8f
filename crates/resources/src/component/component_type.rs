//! A component's type text, `state.redis`, as category and name.

use std::fmt;

/// A building block that components implement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Category {
    Bindings,
    Configuration,
    Conversation,
    Crypto,
    Lock,
    Middleware,
    NameResolution,
    PubSub,
    SecretStores,
    State,
    Workflow,
    WorkflowBackend,
}

impl Category {
    /// Every category, by its text.
    pub const ALL: [Self; 12] = [
        Self::Bindings,
        Self::Configuration,
        Self::Conversation,
        Self::Crypto,
        Self::Lock,
        Self::Middleware,
        Self::NameResolution,
        Self::PubSub,
        Self::SecretStores,
        Self::State,
        Self::Workflow,
        Self::WorkflowBackend,
    ];

    /// The text before the first dot of a type.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bindings => "bindings",
            Self::Configuration => "configuration",
            Self::Conversation => "conversation",
            Self::Crypto => "crypto",
            Self::Lock => "lock",
            Self::Middleware => "middleware",
            Self::NameResolution => "nameresolution",
            Self::PubSub => "pubsub",
            Self::SecretStores => "secretstores",
            Self::State => "state",
            Self::Workflow => "workflow",
            Self::WorkflowBackend => "workflowbackend",
        }
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The category of a type and the name after it, in lower case: types are matched so.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ComponentType {
    pub category: Category,
    /// `redis`; may hold dots (`azure.blobstorage`, `http.wasm`).
    pub name: String,
}

/// A type whose category is none of Dapr's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("incorrect type {written}")]
pub struct IncorrectType {
    /// The type as written.
    pub written: String,
    /// The category that was probably meant.
    pub suggestion: Option<&'static str>,
}

impl ComponentType {
    /// Splits `state.redis`.
    ///
    /// # Errors
    /// When there is no dot, or what stands before it is no category.
    pub fn parse(written: &str) -> Result<Self, IncorrectType> {
        let lower = written.to_ascii_lowercase();
        let (prefix, name) = lower.split_once('.').unwrap_or((&lower, ""));
        let category = Category::ALL.into_iter().find(|category| category.as_str() == prefix);
        match category {
            Some(category) if !name.is_empty() => Ok(Self { category, name: name.to_owned() }),
            _ => Err(IncorrectType {
                written: written.to_owned(),
                suggestion: dapr_kit::suggest::nearest(prefix, Category::ALL.map(Category::as_str)),
            }),
        }
    }
}

impl fmt::Display for ComponentType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.category, self.name)
    }
}

/// Whether a version means a component's first one; for others the text must match.
pub fn is_initial_version(version: &str) -> bool {
    version.is_empty() || version.eq_ignore_ascii_case("v0") || version.eq_ignore_ascii_case("v1")
}
