//! From Resiliency resources to policies by name and the names that targets use. Later resources win.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use dapr_resources::Resiliency;
use dapr_resources::resiliency as yaml;

use crate::breaker::{DEFAULT_TIMEOUT, Settings};
use crate::codes::Matching;
use crate::kinds::BuiltIn;
use crate::retry::{Delay, MAX_ELAPSED, Retry};
use crate::trip::Trip;

#[cfg(test)]
mod tests;

/// Fewest retries that an override of a built-in policy gets.
const MIN_BUILT_IN_RETRIES: u64 = 3;
const DEFAULT_DURATION: Duration = Duration::from_secs(5);
const DEFAULT_MAX_INTERVAL: Duration = Duration::from_mins(1);
const APP_BREAKERS: NonZeroUsize = NonZeroUsize::new(100).expect("it is not zero");
const ACTOR_BREAKERS: NonZeroUsize = NonZeroUsize::new(5_000).expect("it is not zero");

/// A value of a Resiliency resource that was left out. The rest of the resource is used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Could not read resiliency policy {resource}: {field}: {reason}")]
pub struct Problem {
    /// The resource's name.
    pub resource: String,
    /// The path of the field, from `spec`.
    pub field: String,
    /// What is wrong with it, and what to do.
    pub reason: String,
}

/// All resources as one.
#[derive(Default)]
pub(crate) struct Spec {
    /// Name and namespace of the last resource, which metrics carry.
    pub(crate) name: String,
    pub(crate) namespace: String,
    pub(crate) timeouts: HashMap<String, Duration>,
    pub(crate) retries: HashMap<String, Arc<Retry>>,
    pub(crate) breakers: HashMap<String, Arc<Settings>>,
    pub(crate) apps: HashMap<String, AppNames>,
    pub(crate) actors: HashMap<String, ActorNames>,
    pub(crate) components: HashMap<String, ComponentNames>,
}

/// The policies that a target names; empty for none.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Names {
    pub(crate) timeout: String,
    pub(crate) retry: String,
    pub(crate) breaker: String,
}

pub(crate) struct AppNames {
    pub(crate) names: Names,
    pub(crate) breakers: NonZeroUsize,
}

pub(crate) struct ActorNames {
    pub(crate) names: Names,
    /// Whether each actor has a breaker of its own, instead of one for its type.
    pub(crate) breaker_by_id: bool,
    pub(crate) breakers: NonZeroUsize,
}

pub(crate) struct ComponentNames {
    pub(crate) inbound: Names,
    pub(crate) outbound: Names,
}

impl Spec {
    pub(crate) fn read(resources: &[Resiliency]) -> (Self, Vec<Problem>) {
        let mut spec = Spec { retries: built_in(), ..Spec::default() };
        let mut problems = Vec::new();
        for resource in resources {
            spec.name.clone_from(&resource.metadata.name);
            spec.namespace.clone_from(&resource.metadata.namespace);
            let mut reader = Reader { resource: &resource.metadata.name, problems: &mut problems };
            spec.read_policies(&mut reader, &resource.spec.policies);
            spec.read_targets(&mut reader, &resource.spec.targets);
        }
        // Only now: a target may name a policy of a later resource.
        for resource in resources {
            let mut reader = Reader { resource: &resource.metadata.name, problems: &mut problems };
            spec.find_missing(&mut reader, &resource.spec.targets);
        }
        (spec, problems)
    }

    fn read_policies(&mut self, reader: &mut Reader<'_>, policies: &yaml::Policies) {
        for (name, text) in &policies.timeouts {
            let field = format!("spec.policies.timeouts.{name}");
            if let Some(limit) = reader.duration(field, text, Duration::ZERO) {
                self.timeouts.insert(name.clone(), limit);
            }
        }
        for (name, retry) in &policies.retries {
            let built_in = BuiltIn::of_name(name);
            if built_in == Some(BuiltIn::ActorNotFoundRetries) {
                reader.problem(
                    format!("spec.policies.retries.{name}"),
                    "this policy cannot be changed; leave it out".into(),
                );
                continue;
            }
            let Some(mut retry) = reader.retry(name, retry) else { continue };
            if built_in.is_some() && retry.max_retries.is_none_or(|count| count < MIN_BUILT_IN_RETRIES) {
                tracing::warn!(
                    "the retry policy {name} must retry at least {MIN_BUILT_IN_RETRIES} times, and does now"
                );
                retry.max_retries = Some(MIN_BUILT_IN_RETRIES);
            }
            self.retries.insert(name.clone(), Arc::new(retry));
        }
        for (name, breaker) in &policies.circuit_breakers {
            if let Some(settings) = reader.breaker(name, breaker) {
                self.breakers.insert(name.clone(), Arc::new(settings));
            }
        }
    }

    fn read_targets(&mut self, reader: &mut Reader<'_>, targets: &yaml::Targets) {
        for (name, app) in &targets.apps {
            let field = format!("spec.targets.apps.{name}.circuitBreakerCacheSize");
            let breakers = reader.cache_size(field, app.circuit_breaker_cache_size, APP_BREAKERS);
            let names = names(&app.timeout, &app.retry, &app.circuit_breaker);
            self.apps.insert(name.clone(), AppNames { names, breakers });
        }
        for (name, actor) in &targets.actors {
            let field = |field: &str| format!("spec.targets.actors.{name}.{field}");
            let mut names = names(&actor.timeout, &actor.retry, &actor.circuit_breaker);
            let scope = if names.breaker.is_empty() { "type" } else { actor.circuit_breaker_scope.as_str() };
            let breaker_by_id = match scope {
                "type" => false,
                "id" | "both" => true,
                other => {
                    let reason =
                        format!("expected `type`, `id` or `both`, found `{other}`; no circuit breaker is used");
                    reader.problem(field("circuitBreakerScope"), reason);
                    names.breaker.clear();
                    false
                }
            };
            let size = actor.circuit_breaker_cache_size;
            let breakers = reader.cache_size(field("circuitBreakerCacheSize"), size, ACTOR_BREAKERS);
            self.actors.insert(name.clone(), ActorNames { names, breaker_by_id, breakers });
        }
        for (name, component) in &targets.components {
            let of = |given: &yaml::PolicyNames| names(&given.timeout, &given.retry, &given.circuit_breaker);
            let names = ComponentNames { inbound: of(&component.inbound), outbound: of(&component.outbound) };
            self.components.insert(name.clone(), names);
        }
    }

    fn find_missing(&self, reader: &mut Reader<'_>, targets: &yaml::Targets) {
        let mut check = |target: &str, timeout: &str, retry: &str, breaker: &str| {
            let fields = [
                ("timeout", timeout, "timeouts", self.timeouts.contains_key(timeout)),
                ("retry", retry, "retries", self.retries.contains_key(retry)),
                ("circuitBreaker", breaker, "circuitBreakers", self.breakers.contains_key(breaker)),
            ];
            for (field, name, list, found) in fields {
                if !name.is_empty() && !found {
                    let reason = format!("there is no `{name}` in spec.policies.{list} of any resource");
                    reader.problem(format!("spec.targets.{target}.{field}"), reason);
                }
            }
        };
        for (name, app) in &targets.apps {
            check(&format!("apps.{name}"), &app.timeout, &app.retry, &app.circuit_breaker);
        }
        for (name, actor) in &targets.actors {
            check(&format!("actors.{name}"), &actor.timeout, &actor.retry, &actor.circuit_breaker);
        }
        for (name, component) in &targets.components {
            for (direction, names) in [("inbound", &component.inbound), ("outbound", &component.outbound)] {
                let target = format!("components.{name}.{direction}");
                check(&target, &names.timeout, &names.retry, &names.circuit_breaker);
            }
        }
    }
}

fn names(timeout: &str, retry: &str, breaker: &str) -> Names {
    Names { timeout: timeout.to_owned(), retry: retry.to_owned(), breaker: breaker.to_owned() }
}

fn built_in() -> HashMap<String, Arc<Retry>> {
    let second = Duration::from_secs(1);
    let policy = |built_in| match built_in {
        BuiltIn::ServiceRetries | BuiltIn::ActorRetries => Retry::constant(second, 3),
        BuiltIn::ActorReminderRetries => Retry::exponential(60 * second, MAX_ELAPSED, None),
        BuiltIn::InitializationRetries => Retry::exponential(second, 10 * second, Some(3)),
        BuiltIn::ActorNotFoundRetries => Retry::constant(second, 5),
    };
    BuiltIn::ALL.into_iter().map(|built_in| (built_in.name().to_owned(), Arc::new(policy(built_in)))).collect()
}

/// Reads the values of one resource and writes down what is wrong with them.
struct Reader<'a> {
    resource: &'a str,
    problems: &'a mut Vec<Problem>,
}

impl Reader<'_> {
    fn problem(&mut self, field: String, reason: String) {
        self.problems.push(Problem { resource: self.resource.to_owned(), field, reason });
    }

    /// A duration in Go's notation or in whole milliseconds. `None` is one that was wrong and is reported.
    fn duration(&mut self, field: String, text: &str, default: Duration) -> Option<Duration> {
        if text.is_empty() {
            return Some(default);
        }
        let read = match text.parse() {
            Ok(milliseconds) => Ok(Duration::from_millis(milliseconds)),
            Err(_) => dapr_kit::duration::parse(text),
        };
        read.map_err(|reason| self.problem(field, reason)).ok()
    }

    fn retry(&mut self, name: &str, given: &yaml::Retry) -> Option<Retry> {
        let field = |field: &str| format!("spec.policies.retries.{name}.{field}");
        let constant = self.duration(field("duration"), &given.duration, DEFAULT_DURATION);
        let max_interval = self.duration(field("maxInterval"), &given.max_interval, DEFAULT_MAX_INTERVAL);
        let exponential = match given.policy.to_ascii_lowercase().as_str() {
            "" | "constant" => Some(false),
            "exponential" => Some(true),
            _ => {
                let reason = format!("expected `constant` or `exponential`, found `{}`", given.policy);
                self.problem(field("policy"), reason);
                None
            }
        };
        let given_codes = given.matching.as_ref();
        let codes = given_codes.map(|codes| (codes.http_status_codes.as_str(), codes.grpc_status_codes.as_str()));
        let (http, grpc) = codes.unwrap_or_default();
        let matching = Matching::parse(http, grpc)
            .map_err(|(list, reason)| self.problem(field(&format!("matching.{list}")), reason))
            .ok();
        let delay = match exponential? {
            true => Delay::Exponential { max_interval: max_interval?, max_elapsed: MAX_ELAPSED },
            false => Delay::Constant(constant?),
        };
        // Any negative number is for ever.
        let max_retries = given.max_retries.and_then(|count| u64::try_from(count).ok());
        Some(Retry { delay, max_retries, matching: matching? })
    }

    fn breaker(&mut self, name: &str, given: &yaml::CircuitBreaker) -> Option<Settings> {
        let field = |field: &str| format!("spec.policies.circuitBreakers.{name}.{field}");
        let interval = self.duration(field("interval"), &given.interval, Duration::ZERO);
        let timeout = self.duration(field("timeout"), &given.timeout, DEFAULT_TIMEOUT);
        let max_requests = match u32::try_from(given.max_requests) {
            Ok(count) => Some(count.max(1)),
            Err(_) => {
                let reason = format!("expected a number from 0 to {}, found {}", u32::MAX, given.max_requests);
                self.problem(field("maxRequests"), reason);
                None
            }
        };
        let trip = match given.trip.as_str() {
            "" => Some(None),
            text => Trip::compile(text).map_err(|reason| self.problem(field("trip"), reason)).ok().map(Some),
        };
        let timeout = timeout.map(|timeout| if timeout.is_zero() { DEFAULT_TIMEOUT } else { timeout });
        Some(Settings { max_requests: max_requests?, interval: interval?, timeout: timeout?, trip: trip? })
    }

    fn cache_size(&mut self, field: String, given: i64, default: NonZeroUsize) -> NonZeroUsize {
        if given == 0 {
            return default;
        }
        usize::try_from(given).ok().and_then(NonZeroUsize::new).unwrap_or_else(|| {
            self.problem(field, format!("expected a number above 0, found {given}; {default} is used"));
            default
        })
    }
}
