//! Preview features: the names that mean something, and which are on without being asked for.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Configuration;

pub const ACTOR_STATE_TTL: &str = "ActorStateTTL";
pub const HOT_RELOAD: &str = "HotReload";
/// Needs mTLS.
pub const WORKFLOW_HISTORY_SIGNING: &str = "WorkflowHistorySigning";
pub const WORKFLOWS_CLUSTERED_DEPLOYMENT: &str = "WorkflowsClusteredDeployment";
pub const WORKFLOWS_FAST_PATH: &str = "WorkflowsFastPath";
pub const WORKFLOWS_REMOTE_ACTIVITY_REMINDER: &str = "WorkflowsRemoteActivityReminder";

/// On unless switched off.
const ON_BY_DEFAULT: [&str; 2] = [HOT_RELOAD, WORKFLOWS_REMOTE_ACTIVITY_REMINDER];

/// An entry of `spec.features`. Any name may be listed; unknown ones have no effect.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct FeatureSpec {
    pub name: String,
    pub enabled: bool,
}

impl Configuration {
    /// Whether a feature is on: the last entry of that name decides, then the default.
    pub fn is_feature_enabled(&self, name: &str) -> bool {
        let listed = self.spec.features.iter().rev().find(|feature| feature.name == name);
        listed.map_or_else(|| ON_BY_DEFAULT.contains(&name), |feature| feature.enabled)
    }

    /// Every feature that is on, sorted by name, as the metadata API lists them.
    pub fn enabled_features(&self) -> Vec<&str> {
        let listed = self.spec.features.iter().map(|feature| feature.name.as_str());
        let names: BTreeSet<&str> = listed.chain(ON_BY_DEFAULT).filter(|name| !name.is_empty()).collect();
        names.into_iter().filter(|name| self.is_feature_enabled(name)).collect()
    }
}
