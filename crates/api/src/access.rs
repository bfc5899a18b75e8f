//! Which APIs a Configuration allows or denies (`spec.api`).
//!
//! A rule names a group and a version (`state`, `v1`); HTTP also takes the older
//! form with a path prefix (`state/store`, `v1.0`). Denials are looked at first;
//! when anything is allowed, the rest is denied.

use dapr_resources::configuration::{Api, ApiRule};

/// The rules of both protocols.
#[derive(Clone, Debug, Default)]
pub struct AccessRules {
    http: Rules,
    grpc: Rules,
}

#[derive(Clone, Debug, Default)]
struct Rules {
    allowed: Vec<(String, String)>,
    denied: Vec<(String, String)>,
}

impl AccessRules {
    /// Reads `spec.api` of a Configuration.
    pub fn new(api: &Api) -> Self {
        let rules = |protocol: &str| Rules {
            allowed: of_protocol(&api.allowed, protocol),
            denied: of_protocol(&api.denied, protocol),
        };
        Self { http: rules("http"), grpc: rules("grpc") }
    }

    /// Whether an HTTP endpoint is served. `version` is that of the group (`v1`), `path` the route without leading slash.
    pub fn allows_http(&self, group: &str, version: &str, path: &str) -> bool {
        let hit = |(rule_version, name): &(String, String)| {
            (name == group && rule_version == version)
                || (rule_version.contains('.') && is_prefix(rule_version, name, path))
        };
        self.http.allows(hit)
    }

    /// Whether gRPC methods of a group are served.
    pub fn allows_grpc(&self, group: &str, version: &str) -> bool {
        self.grpc.allows(|(rule_version, name)| name == group && rule_version == version)
    }
}

impl Rules {
    fn allows(&self, hit: impl Fn(&(String, String)) -> bool) -> bool {
        !self.denied.iter().any(&hit) && (self.allowed.is_empty() || self.allowed.iter().any(&hit))
    }
}

fn of_protocol(rules: &[ApiRule], protocol: &str) -> Vec<(String, String)> {
    let fits = |rule: &&ApiRule| rule.protocol.is_empty() || rule.protocol.eq_ignore_ascii_case(protocol);
    rules.iter().filter(fits).map(|rule| (rule.version.clone(), rule.name.clone())).collect()
}

fn is_prefix(version: &str, name: &str, path: &str) -> bool {
    path.strip_prefix(version).and_then(|rest| rest.strip_prefix('/')).is_some_and(|rest| rest.starts_with(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(name: &str, version: &str, protocol: &str) -> ApiRule {
        ApiRule { name: name.into(), version: version.into(), protocol: protocol.into() }
    }

    #[test]
    fn what_is_not_named_is_allowed_until_something_is() {
        let none = AccessRules::default();
        assert!(none.allows_http("state", "v1", "v1.0/state/{store}"));
        let only_state = AccessRules::new(&Api { allowed: vec![rule("state", "v1", "http")], denied: vec![] });
        assert!(only_state.allows_http("state", "v1", "v1.0/state/{store}"));
        assert!(!only_state.allows_http("secrets", "v1", "v1.0/secrets/{store}/bulk"));
        assert!(only_state.allows_grpc("secrets", "v1"), "a rule for http does not bind grpc");
    }

    #[test]
    fn a_denial_beats_an_allowance() {
        let both = vec![rule("state", "v1", "grpc")];
        let rules = AccessRules::new(&Api { allowed: both.clone(), denied: both });
        assert!(!rules.allows_grpc("state", "v1"));
    }

    #[test]
    fn the_older_form_names_a_path() {
        let rules = AccessRules::new(&Api { allowed: vec![], denied: vec![rule("state", "v1.0", "http")] });
        assert!(!rules.allows_http("state", "v1", "v1.0/state/{store}"));
        assert!(rules.allows_http("metadata", "v1", "v1.0/metadata"));
    }
}
