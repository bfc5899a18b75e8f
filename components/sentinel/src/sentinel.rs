//! `middleware.http.sentinel`: refuses calls that a rule does not let through.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use dapr_spi::http_middleware::{HttpMiddleware, Next, Request, Response, answer_status};
use dapr_spi::{Context, Factory, Metadata, Result};
use http::StatusCode;
use percent_encoding::percent_decode_str;
use tokio::time::{Instant, sleep};

use crate::breaker::Breaker;
use crate::flow::{Flow, Verdict};
use crate::rules::Rules;
use crate::system::System;

/// Fields of `middleware.http.sentinel`.
#[derive(Clone, Debug, Metadata)]
pub struct SentinelMetadata {
    /// Name of the application.
    #[metadata(required, ignored)]
    pub app_name: String,
    /// Folder of sentinel's own logs; there are none here.
    #[metadata(ignored)]
    pub log_dir: Option<String>,
    /// Rules about how often a resource is called: a list in JSON. A resource is a method and a path: `GET:/v1.0/…`.
    #[metadata(default = "")]
    pub flow_rules: String,
    /// Rules about slow or failed calls, after which a resource is left in peace for a while.
    #[metadata(default = "")]
    pub circuit_breaker_rules: String,
    /// Rules about parameters of calls. They are read, but requests of HTTP have no such parameters.
    #[metadata(default = "")]
    pub hot_spot_param_rules: String,
    /// Rules about how many calls of a resource are under way.
    #[metadata(default = "")]
    pub isolation_rules: String,
    /// Rules about all calls together and about the machine.
    #[metadata(default = "")]
    pub system_rules: String,
}

/// Makes `middleware.http.sentinel`.
pub struct Sentinel;

/// Checked settings.
#[derive(Clone)]
pub struct Valid(Rules);

#[async_trait]
impl Factory for Sentinel {
    type Metadata = SentinelMetadata;
    type Valid = Valid;
    type Component = dyn HttpMiddleware;

    fn validate(metadata: SentinelMetadata) -> Result<Valid> {
        Rules::read(
            &metadata.flow_rules,
            &metadata.circuit_breaker_rules,
            &metadata.isolation_rules,
            &metadata.system_rules,
            &metadata.hot_spot_param_rules,
        )
        .map(Valid)
    }

    async fn init(Valid(rules): Valid, context: Context) -> Result<Arc<dyn HttpMiddleware>> {
        if rules.hot_spots > 0 {
            tracing::warn!(component = context.name, "hotSpotParamRules have no effect on requests of HTTP");
        }
        Ok(Arc::new(Guard::new(rules)))
    }
}

/// The rules of one resource and what they have counted.
#[derive(Default)]
struct Resource {
    flows: Vec<Flow>,
    breakers: Vec<Breaker>,
    /// The least that an isolation rule lets be under way.
    most: Option<u64>,
    under_way: u64,
}

/// Resources without rules are not counted one by one: only as many as rules name take memory.
struct Guard {
    resources: HashMap<String, Mutex<Resource>>,
    system: Mutex<System>,
}

impl Guard {
    fn new(rules: Rules) -> Self {
        let mut resources: HashMap<String, Resource> = HashMap::new();
        for rule in rules.flow {
            resources.entry(rule.resource.clone()).or_default().flows.push(Flow::new(rule));
        }
        for rule in rules.breakers {
            resources.entry(rule.resource.clone()).or_default().breakers.push(Breaker::new(rule));
        }
        for rule in rules.isolation {
            let most = &mut resources.entry(rule.resource).or_default().most;
            *most = Some(most.map_or(rule.threshold.into(), |least| least.min(rule.threshold.into())));
        }
        let resources = resources.into_iter().map(|(name, resource)| (name, Mutex::new(resource))).collect();
        Self { resources, system: Mutex::new(System::new(rules.system)) }
    }

    fn resource(&self, request: &Request) -> Option<&Mutex<Resource>> {
        let path = percent_decode_str(request.uri().path()).decode_utf8_lossy();
        self.resources.get(&format!("{}:{path}", request.method()))
    }

    /// Asks the rules, in sentinel's order; one that lets a call wait makes it wait before the next is asked.
    async fn admit<'a>(&'a self, resource: Option<&'a Mutex<Resource>>) -> Option<Call<'a>> {
        if !lock(&self.system).passes(Instant::now()) {
            return None;
        }
        let wait = match resource {
            None => Duration::ZERO,
            Some(resource) => lock(resource).flow_verdict(Instant::now())?,
        };
        if !wait.is_zero() {
            sleep(wait).await;
        }
        let now = Instant::now();
        if let Some(resource) = resource
            && !lock(resource).enter(now)
        {
            return None;
        }
        lock(&self.system).began(now);
        Some(Call { guard: self, resource, began: now, failed: None })
    }
}

impl Resource {
    /// How long a call waits; none when it is refused.
    fn flow_verdict(&mut self, now: Instant) -> Option<Duration> {
        let mut longest = Duration::ZERO;
        for flow in &mut self.flows {
            match flow.check(now) {
                Verdict::Pass => {}
                Verdict::Wait(wait) => longest = longest.max(wait),
                Verdict::Block => return None,
            }
        }
        Some(longest)
    }

    fn enter(&mut self, now: Instant) -> bool {
        if self.most.is_some_and(|most| self.under_way >= most) {
            return false;
        }
        for at in 0..self.breakers.len() {
            if !self.breakers[at].passes(now) {
                for breaker in &mut self.breakers[..at] {
                    breaker.give_up(now);
                }
                return false;
            }
        }
        self.under_way += 1;
        true
    }
}

/// A call under way; dropping it counts its end, also when its client went away.
struct Call<'a> {
    guard: &'a Guard,
    resource: Option<&'a Mutex<Resource>>,
    began: Instant,
    /// None when there was no answer: the client went away.
    failed: Option<bool>,
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        let now = Instant::now();
        let took = now - self.began;
        lock(&self.guard.system).ended(took, now);
        if let Some(resource) = self.resource {
            let mut resource = lock(resource);
            resource.under_way -= 1;
            for breaker in &mut resource.breakers {
                match self.failed {
                    Some(failed) => breaker.ended(took, failed, now),
                    None => breaker.give_up(now),
                }
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[async_trait]
impl HttpMiddleware for Guard {
    async fn handle(&self, request: Request, next: Next<'_>) -> Response {
        let resource = self.resource(&request);
        let Some(mut call) = self.admit(resource).await else {
            return answer_status(StatusCode::TOO_MANY_REQUESTS);
        };
        let response = next.run(request).await;
        call.failed = Some(response.status().is_server_error());
        response
    }
}

#[cfg(test)]
mod tests;
