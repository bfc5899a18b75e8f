//! The rules as they are written: arrays in JSON, in the format of sentinel-golang.

use dapr_spi::{Error, Result};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Limits how often a resource is called.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct FlowRule {
    pub(crate) resource: String,
    /// 0: the threshold as it is; 1: less at first, while the resource warms up.
    pub(crate) token_calculate_strategy: i32,
    /// 0: what is too much is refused; 1: it waits.
    pub(crate) control_behavior: i32,
    /// Calls within the interval.
    pub(crate) threshold: f64,
    relation_strategy: i32,
    /// How long a call waits at most; only when `control_behavior` is 1.
    pub(crate) max_queueing_time_ms: u32,
    pub(crate) warm_up_period_sec: u32,
    pub(crate) warm_up_cold_factor: u32,
    /// 0 means a second.
    pub(crate) stat_interval_in_ms: u32,
}

/// Refuses calls for a while when too many were slow or failed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct BreakerRule {
    pub(crate) resource: String,
    /// 0: the ratio of slow calls; 1: the ratio of failed calls; 2: their number.
    pub(crate) strategy: u32,
    pub(crate) retry_timeout_ms: u32,
    pub(crate) min_request_amount: u64,
    pub(crate) stat_interval_ms: u32,
    stat_sliding_window_bucket_count: u32,
    /// A call that takes longer is slow.
    pub(crate) max_allowed_rt_ms: u64,
    pub(crate) threshold: f64,
    /// Calls that must go well before all pass again; 0 means one.
    pub(crate) probe_num: u64,
}

impl BreakerRule {
    pub(crate) fn buckets(&self) -> u32 {
        match self.stat_sliding_window_bucket_count {
            0 => 1,
            count if self.stat_interval_ms.is_multiple_of(count) => count,
            _ => 1,
        }
    }
}

/// Limits how many calls of a resource are under way.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct IsolationRule {
    pub(crate) resource: String,
    metric_type: i32,
    pub(crate) threshold: u32,
}

/// Limits calls by one of their parameters.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct HotSpotRule {
    resource: String,
    metric_type: i32,
    control_behavior: i32,
    threshold: i64,
    duration_in_sec: i64,
}

/// Limits all calls together.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct SystemRule {
    /// 0: load of the machine over a minute; 1: average milliseconds of a call; 2: calls under way; 3: calls in a second;
    /// 4: use of the processors, from 0 to 1.
    pub(crate) metric_type: u32,
    pub(crate) trigger_count: f64,
    /// 1: calls beyond the trigger still pass while there are few; anything else: they do not.
    pub(crate) strategy: i32,
}

impl Default for SystemRule {
    fn default() -> Self {
        Self { metric_type: 0, trigger_count: 0.0, strategy: 0 }
    }
}

/// All rules, checked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rules {
    pub(crate) flow: Vec<FlowRule>,
    pub(crate) breakers: Vec<BreakerRule>,
    pub(crate) isolation: Vec<IsolationRule>,
    pub(crate) system: Vec<SystemRule>,
    /// How many rules there are that no call of HTTP can meet.
    pub(crate) hot_spots: usize,
}

impl Rules {
    /// Reads the fields with rules; an empty field has none.
    pub(crate) fn read(flow: &str, breakers: &str, isolation: &str, system: &str, hot_spots: &str) -> Result<Self> {
        Ok(Self {
            flow: list("flowRules", flow, flow_error)?,
            breakers: list("circuitBreakerRules", breakers, breaker_error)?,
            isolation: list("isolationRules", isolation, isolation_error)?,
            system: list("systemRules", system, system_error)?,
            hot_spots: list("hotSpotParamRules", hot_spots, hot_spot_error)?.len(),
        })
    }
}

fn list<T: DeserializeOwned>(field: &str, text: &str, wrong: fn(&T) -> Option<String>) -> Result<Vec<T>> {
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    let rules: Vec<T> = serde_json::from_str(text)
        .map_err(|error| Error::invalid(format!("field `{field}` is not a list of rules in JSON: {error}")))?;
    for (number, rule) in rules.iter().enumerate() {
        if let Some(error) = wrong(rule) {
            return Err(Error::invalid(format!("field `{field}`: rule {} {error}", number + 1)));
        }
    }
    Ok(rules)
}

fn no_resource(resource: &str) -> Option<String> {
    resource.is_empty().then(|| "names no `resource`, such as `GET:/v1.0/invoke/app/method/orders`".into())
}

fn not_number(name: &str, number: f64) -> Option<String> {
    (!number.is_finite() || number < 0.0).then(|| format!("has a `{name}` that is less than 0"))
}

/// A value of an enumeration that is not one of those supported.
fn unsupported(name: &str, value: i64, known: &[i64]) -> Option<String> {
    (!known.contains(&value)).then(|| format!("has `{name}` {value}, which is not supported; it is one of {known:?}"))
}

fn flow_error(rule: &FlowRule) -> Option<String> {
    let is_warm_up = rule.token_calculate_strategy == 1;
    no_resource(&rule.resource)
        .or_else(|| not_number("threshold", rule.threshold))
        .or_else(|| unsupported("tokenCalculateStrategy", rule.token_calculate_strategy.into(), &[0, 1]))
        .or_else(|| unsupported("controlBehavior", rule.control_behavior.into(), &[0, 1]))
        .or_else(|| unsupported("relationStrategy", rule.relation_strategy.into(), &[0]))
        .or_else(|| (is_warm_up && rule.warm_up_period_sec == 0).then(|| "needs a `warmUpPeriodSec` above 0".into()))
        .or_else(|| (is_warm_up && rule.warm_up_cold_factor == 1).then(|| "needs a `warmUpColdFactor` above 1".into()))
}

fn breaker_error(rule: &BreakerRule) -> Option<String> {
    no_resource(&rule.resource)
        .or_else(|| unsupported("strategy", rule.strategy.into(), &[0, 1, 2]))
        .or_else(|| (rule.stat_interval_ms == 0).then(|| "needs a `statIntervalMs` above 0".into()))
        .or_else(|| (rule.retry_timeout_ms == 0).then(|| "needs a `retryTimeoutMs` above 0".into()))
        .or_else(|| not_number("threshold", rule.threshold))
        .or_else(|| {
            (rule.strategy < 2 && rule.threshold > 1.0).then(|| "has a ratio as `threshold` that is above 1".into())
        })
        .or_else(|| (rule.buckets() > 1_000).then(|| "has more than 1000 `statSlidingWindowBucketCount`".into()))
}

fn isolation_error(rule: &IsolationRule) -> Option<String> {
    no_resource(&rule.resource)
        .or_else(|| unsupported("metricType", rule.metric_type.into(), &[0]))
        .or_else(|| (rule.threshold == 0).then(|| "needs a `threshold` above 0".into()))
}

fn hot_spot_error(rule: &HotSpotRule) -> Option<String> {
    no_resource(&rule.resource)
        .or_else(|| unsupported("metricType", rule.metric_type.into(), &[0, 1]))
        .or_else(|| unsupported("controlBehavior", rule.control_behavior.into(), &[0, 1]))
        .or_else(|| (rule.threshold < 0).then(|| "has a `threshold` that is less than 0".into()))
        .or_else(|| {
            (rule.metric_type == 1 && rule.duration_in_sec <= 0).then(|| "needs a `durationInSec` above 0".into())
        })
}

fn system_error(rule: &SystemRule) -> Option<String> {
    unsupported("metricType", rule.metric_type.into(), &[0, 1, 2, 3, 4])
        .or_else(|| not_number("triggerCount", rule.trigger_count))
        .or_else(|| {
            let is_wrong = rule.metric_type == 4 && rule.trigger_count > 1.0;
            is_wrong.then(|| "is about the processors, so its `triggerCount` is from 0 to 1".into())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_rules_are_named() {
        let flow = |text| Rules::read(text, "", "", "", "").unwrap_err().to_string();
        assert!(flow("{}").contains("field `flowRules`"));
        assert!(flow(r#"[{"resource": "a", "statIntervalInMs": -1}]"#).contains("flowRules"));
        assert!(flow(r#"[{"resource": "a"}, {}]"#).contains("rule 2 names no `resource`"));
        assert!(flow(r#"[{"resource": "a", "tokenCalculateStrategy": 2}]"#).contains("not supported"));
        assert!(flow(r#"[{"resource": "a", "relationStrategy": 1}]"#).contains("not supported"));
        assert!(flow(r#"[{"resource": "a", "threshold": -1}]"#).contains("threshold"));
        let breaker = |text| Rules::read("", text, "", "", "").unwrap_err().to_string();
        assert!(breaker(r#"[{"resource": "a", "strategy": 3}]"#).contains("strategy"));
        assert!(
            breaker(r#"[{"resource": "a", "statIntervalMs": 1, "retryTimeoutMs": 1, "threshold": 2}]"#)
                .contains("ratio")
        );
        assert!(Rules::read("", "", r#"[{"resource": "a"}]"#, "", "").is_err());
        assert!(Rules::read("", "", "", r#"[{"metricType": 5}]"#, "").is_err());
        assert!(Rules::read("", "", "", "", r#"[{"resource": "a", "metricType": 1}]"#).is_err());
        let hot = r#"[{"resource":"abc","metricType":1,"controlBehavior":0,"paramIndex":1,"threshold":50,"durationInSec":1}]"#;
        assert_eq!(Rules::read("", "", "", "[{}]", hot).unwrap().hot_spots, 1);
    }
}
