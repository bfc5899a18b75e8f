//! Access control: which callers may call which methods of this sidecar's application.
//!
//! The policies are those of `spec.accessControl` of the Configuration. The caller is known by its SPIFFE id; a caller
//! without one falls under the global default action. For HTTP applications a call is allowed only if every reading of
//! its path is, see [`readings`]: an application may resolve what the path still holds.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use dapr_resources::configuration;
use dapr_security::SpiffeId;
use dapr_telemetry::metrics::Metrics;
use percent_encoding::percent_decode_str;

use crate::MethodPath;

use operations::{Found, Operations};
use readings::Reading;

mod operations;
mod readings;
#[cfg(test)]
mod tests;

/// Policies for all callers.
#[derive(Debug)]
pub struct AccessControl {
    allow_by_default: bool,
    /// By app id, then by namespace.
    apps: HashMap<Box<str>, HashMap<Box<str>, AppPolicy>>,
}

#[derive(Debug)]
struct AppPolicy {
    trust_domain: Box<str>,
    /// `None` falls back to the global default action.
    allow_by_default: Option<bool>,
    /// Names in lower case, as HTTP paths are compared.
    http: Operations,
    grpc: Operations,
}

/// What the application speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol<'a> {
    /// HTTP, with or without TLS.
    Http {
        /// In upper case. Empty or `NONE` if the caller gave none.
        verb: &'a str,
    },
    /// gRPC, called by InvokeService or by a proxied call.
    Grpc,
}

/// Whose default action, or operation, decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecidedBy {
    /// The policy of the caller's app.
    App,
    /// The global default action.
    Global,
}

/// Whether a call may pass.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Decision<'a> {
    /// Whether it may.
    pub allowed: bool,
    /// Who said so, as metrics name it.
    pub decided_by: DecidedBy,
    caller: Option<&'a SpiffeId>,
    path: &'a MethodPath,
    protocol: Protocol<'a>,
}

/// Policies that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "invalid access control spec. missing trustdomain for apps: [{}], missing namespace for apps: [{}], missing app \
     name on at least one of the app policies: {without_app_id}; set appId, trustDomain and namespace in each of \
     spec.accessControl.policies",
    without_trust_domain.join(" "),
    without_namespace.join(" ")
)]
pub struct InvalidAccessControl {
    /// Apps whose policy names no trust domain.
    pub without_trust_domain: Vec<String>,
    /// Apps whose policy names no namespace.
    pub without_namespace: Vec<String>,
    /// Whether a policy names no app.
    pub without_app_id: bool,
}

impl AccessControl {
    /// Reads the policies. `None` if nothing at all is specified, which allows everything.
    ///
    /// # Errors
    /// A policy does not say which app it is for. The sidecar must not start then.
    pub fn new(spec: &configuration::AccessControl) -> Result<Option<Self>, InvalidAccessControl> {
        if spec.default_action.is_empty() && spec.trust_domain.is_empty() && spec.policies.is_empty() {
            return Ok(None);
        }
        check(&spec.policies)?;
        let allow_by_default = match spec.default_action.as_str() {
            "" if spec.policies.is_empty() => true,
            "" => {
                tracing::warn!("spec.accessControl has policies and no defaultAction: calls that fit none are denied");
                false
            }
            action => allows(action),
        };
        let mut apps: HashMap<Box<str>, HashMap<Box<str>, AppPolicy>> = HashMap::new();
        for policy in &spec.policies {
            let namespaces = apps.entry(policy.app_id.as_str().into()).or_default();
            namespaces.insert(policy.namespace.as_str().into(), AppPolicy::new(policy));
        }
        Ok(Some(AccessControl { allow_by_default, apps }))
    }

    /// Decides about a call. `caller` is who the connection's certificate says it is.
    pub fn check<'a>(
        &self,
        caller: Option<&'a SpiffeId>,
        path: &'a MethodPath,
        protocol: Protocol<'a>,
    ) -> Decision<'a> {
        let decision = |allowed, decided_by| Decision { allowed, decided_by, caller, path, protocol };
        let Some(policy) = caller.and_then(|caller| self.policy(caller)) else {
            return decision(self.allow_by_default, DecidedBy::Global);
        };
        let decided_by = if policy.allow_by_default.is_some() { DecidedBy::App } else { DecidedBy::Global };
        let default = policy.allow_by_default.unwrap_or(self.allow_by_default);
        let allowed = match protocol {
            Protocol::Grpc => policy.grpc.find(path.decision()).map_or(default, |found| found.operation.allowed),
            Protocol::Http { verb } => policy.allows_http(path.decision(), verb, default),
        };
        decision(allowed, decided_by)
    }

    fn policy(&self, caller: &SpiffeId) -> Option<&AppPolicy> {
        let policy = self.apps.get(caller.app_id())?.get(caller.namespace())?;
        (*policy.trust_domain == *caller.trust_domain()).then_some(policy)
    }
}

impl AppPolicy {
    fn new(policy: &configuration::AppPolicy) -> Self {
        let (mut http, mut grpc) = (Operations::default(), Operations::default());
        for operation in &policy.operations {
            let allowed = allows(&operation.action);
            // Paths from HTTP come without their escapes.
            if let Ok(Cow::Owned(decoded)) = percent_decode_str(&operation.name).decode_utf8() {
                http.add(&decoded.to_lowercase(), &operation.http_verb, allowed);
            }
            http.add(&operation.name.to_lowercase(), &operation.http_verb, allowed);
            grpc.add(&operation.name, &operation.http_verb, allowed);
        }
        AppPolicy {
            trust_domain: policy.trust_domain.as_str().into(),
            allow_by_default: Some(allows(&policy.default_action)).filter(|_| !policy.default_action.is_empty()),
            http,
            grpc,
        }
    }

    /// Whether every reading of a path is allowed. What the operator spelled out letter for letter is not denied only
    /// because another reading of it fits no operation.
    fn allows_http(&self, path: &str, verb: &str, default: bool) -> bool {
        let lower = lower_case(path);
        let first = self.http.find(&lower);
        if !self.allows_found(first, verb, default) {
            return false;
        }
        if self.http.is_empty() || !readings::is_ambiguous(&lower) {
            return true;
        }
        let spelled_out = first.is_some_and(|found| found.is_exact);
        readings::all(&lower, |reading| match reading {
            Reading::Path(path) => {
                let found = self.http.find(&lower_case(path));
                self.allows_found(found, verb, default) || (found.is_none() && spelled_out)
            }
            Reading::TooMany => false,
        })
    }

    fn allows_found(&self, found: Option<Found<'_>>, verb: &str, default: bool) -> bool {
        match found {
            None => default,
            // Without a verb only the app's own default action counts, and without one the call is denied.
            Some(_) if matches!(verb, "" | "NONE") => self.allow_by_default == Some(true),
            Some(found) if found.operation.is_for(verb) => found.operation.allowed,
            Some(_) => default,
        }
    }
}

impl Decision<'_> {
    /// What a caller is told whose call is denied.
    pub fn message(&self) -> String {
        format!(
            "access control policy has denied access to id: {} operation: {} verb: {}",
            self.caller.map_or("", SpiffeId::as_str),
            self.path.wire(),
            match self.protocol {
                Protocol::Http { verb } if !verb.is_empty() => verb,
                _ => "NONE",
            }
        )
    }

    /// Counts the decision.
    pub fn record(&self, metrics: &Metrics) {
        let [app_id, trust_domain, namespace] =
            self.caller.map_or([""; 3], |caller| [caller.app_id(), caller.trust_domain(), caller.namespace()]);
        match self.decided_by {
            DecidedBy::App => metrics.access_control.by_app_policy(self.allowed, app_id, trust_domain, namespace),
            DecidedBy::Global => metrics.access_control.by_global_policy(self.allowed, app_id, trust_domain, namespace),
        }
    }
}

impl fmt::Display for DecidedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DecidedBy::App => "app",
            DecidedBy::Global => "global",
        })
    }
}

fn check(policies: &[configuration::AppPolicy]) -> Result<(), InvalidAccessControl> {
    let without = |missing: fn(&configuration::AppPolicy) -> bool| {
        policies.iter().filter(|policy| missing(policy)).map(|policy| policy.app_id.clone()).collect::<Vec<_>>()
    };
    let error = InvalidAccessControl {
        without_trust_domain: without(|policy| policy.trust_domain.is_empty()),
        without_namespace: without(|policy| policy.namespace.is_empty()),
        without_app_id: policies.iter().any(|policy| policy.app_id.is_empty()),
    };
    let valid = error.without_trust_domain.is_empty() && error.without_namespace.is_empty() && !error.without_app_id;
    if valid { Ok(()) } else { Err(error) }
}

/// Whatever is not `allow` denies.
fn allows(action: &str) -> bool {
    action.eq_ignore_ascii_case("allow")
}

fn lower_case(path: &str) -> Cow<'_, str> {
    match path.bytes().any(|byte| byte.is_ascii_uppercase() || !byte.is_ascii()) {
        true => path.to_lowercase().into(),
        false => path.into(),
    }
}
