//! Kind `Component`, and the rules of a component that need no running process.

pub mod component_type;
pub mod deny_list;
pub mod env_ref;
pub mod secrets;
pub mod template;

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use component_type::{Category, ComponentType};
pub use deny_list::DenyList;

use crate::{Auth, NameValuePair, ObjectMeta, Value};

/// How long a component may take to start when `initTimeout` says nothing usable.
pub const DEFAULT_INIT_TIMEOUT: Duration = Duration::from_secs(5);

/// A building block's backend.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Component {
    pub metadata: ObjectMeta,
    pub spec: ComponentSpec,
    pub auth: Auth,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct ComponentSpec {
    /// `state.redis`, as written; [`Component::parsed_type`] reads it.
    #[serde(rename = "type")]
    pub component_type: String,
    pub version: String,
    /// Whether a failed start is only logged, instead of ending daprd.
    pub ignore_errors: bool,
    pub metadata: Vec<NameValuePair>,
    /// A Go duration, as written; [`ComponentSpec::init_timeout`] reads it.
    pub init_timeout: String,
}

impl ComponentSpec {
    /// `initTimeout`; 5 s when it is absent, not a duration, or not above zero.
    pub fn init_timeout(&self) -> Duration {
        dapr_kit::duration::parse(&self.init_timeout).ok().filter(|d| !d.is_zero()).unwrap_or(DEFAULT_INIT_TIMEOUT)
    }

    /// The first metadata item with this name, whatever its case.
    pub fn item(&self, name: &str) -> Option<&NameValuePair> {
        self.metadata.iter().find(|item| item.name.eq_ignore_ascii_case(name))
    }

    /// Sets an item, whatever the case of its name; adds it when there is none.
    pub fn set_item(&mut self, name: &str, value: &str) {
        match self.metadata.iter_mut().find(|item| item.name.eq_ignore_ascii_case(name)) {
            Some(item) => item.value = Value::from(value.to_owned()),
            None => self.metadata.push(NameValuePair::new(name, value)),
        }
    }
}

impl Component {
    /// Category and name of the type.
    ///
    /// # Errors
    /// `incorrect type X` when the category is none of Dapr's.
    pub fn parsed_type(&self) -> Result<ComponentType, component_type::IncorrectType> {
        ComponentType::parse(&self.spec.component_type)
    }

    /// Makes a WASM component strict, as `spec.wasm.strictSandbox` of a Configuration asks.
    /// The caller knows which types are WASM.
    pub fn force_strict_sandbox(&mut self) {
        self.spec.set_item("strictSandbox", "true");
    }

    /// Whether a metadata value holds `{namespace}`, which prefixes a pub/sub's topics.
    pub fn is_namespace_scoped(&self) -> bool {
        self.spec.metadata.iter().any(|item| item.value.text().contains("{namespace}"))
    }
}

#[cfg(test)]
mod tests;
