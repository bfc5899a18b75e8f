//! `runtime/acl/*`: what access control policies decided about calls from other applications.

use std::sync::Arc;

use super::family::Family;
use super::registry::{Builder, Fixed, Handles};
use super::value::Counter;

/// Decisions of access control. The labels, `app_id` included, are the caller's.
pub struct AccessControl {
    app: [Decisions; 2],
    global: [Decisions; 2],
}

struct Decisions {
    count: Arc<Family<Counter, 3>>,
    handles: Handles<Arc<Counter>, 3>,
}

impl AccessControl {
    pub(super) fn new(builder: &mut Builder<'_>) -> Self {
        let mut decisions = |stat, help| Decisions {
            count: builder.counter(stat, help, Fixed::None, ["app_id", "trustDomain", "namespace"]),
            handles: builder.handles(),
        };
        AccessControl {
            app: [
                decisions("runtime/acl/app_policy_action_blocked_total", "Calls blocked by the caller's own policy."),
                decisions("runtime/acl/app_policy_action_allowed_total", "Calls allowed by the caller's own policy."),
            ],
            global: [
                decisions("runtime/acl/global_policy_action_blocked_total", "Calls blocked by the default action."),
                decisions("runtime/acl/global_policy_action_allowed_total", "Calls allowed by the default action."),
            ],
        }
    }

    /// A policy for the caller's application decided.
    pub fn by_app_policy(&self, allowed: bool, app_id: &str, trust_domain: &str, namespace: &str) {
        self.app[usize::from(allowed)].record([app_id, trust_domain, namespace]);
    }

    /// No policy is for the caller's application; the default action decided.
    pub fn by_global_policy(&self, allowed: bool, app_id: &str, trust_domain: &str, namespace: &str) {
        self.global[usize::from(allowed)].record([app_id, trust_domain, namespace]);
    }
}

impl Decisions {
    fn record(&self, labels: [&str; 3]) {
        self.handles.record(labels, || self.count.resolve(labels), |count| count.increment());
    }
}
