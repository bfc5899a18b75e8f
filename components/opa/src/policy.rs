//! A policy, compiled once, and what it says of a request.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use regorus::Engine;
use regorus::utils::limits::ExecutionTimerConfig;
use serde_json::Value;

use crate::builtins;

/// The rule that decides.
const RULE: &str = "data.http.allow";
/// How long one decision may take; longer is a policy that does not end.
const TIME: ExecutionTimerConfig = ExecutionTimerConfig {
    limit: Duration::from_secs(1),
    check_interval: NonZeroU32::new(256).expect("it is not zero"),
};
/// Engines kept for later requests. One serves one request at a time.
const KEPT: usize = 16;

/// A policy.
pub(crate) struct Policy {
    compiled: Engine,
    free: Mutex<Vec<Engine>>,
}

/// What a policy says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// The request passes, with more headers.
    Allow(BTreeMap<String, String>),
    /// It does not; the answer has this status, else the default one, and more headers.
    Deny(Option<u16>, BTreeMap<String, String>),
}

impl Policy {
    /// Compiles a module, in the older form of the language (without `if`) or, after `import rego.v1`, in the newer.
    ///
    /// # Errors
    /// What is wrong, with line and column.
    pub(crate) fn compile(rego: &str) -> Result<Self, String> {
        let mut engine = Engine::new();
        engine.set_rego_v0(true);
        engine.set_gather_prints(true);
        engine.set_execution_timer_config(TIME);
        builtins::add(&mut engine)?;
        engine.add_policy("rego".into(), rego.into()).map_err(|error| error.to_string())?;
        let policy = Self { compiled: engine, free: Mutex::default() };
        // Functions that do not exist are only found when a rule is evaluated.
        match policy.evaluate(&serde_json::json!({"request": {}})) {
            Err(error) if error.contains("could not find function") => Err(error),
            _ => Ok(policy),
        }
    }

    /// # Errors
    /// The policy does not say anything, or nothing that can be understood.
    pub(crate) fn decide(&self, input: &Value) -> Result<Decision, String> {
        decision_of(self.evaluate(input)?)
    }

    fn evaluate(&self, input: &Value) -> Result<Value, String> {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut engine = free.unwrap_or_else(|| self.compiled.clone());
        engine.set_input(regorus::Value::from(input.clone()));
        let result = engine.eval_rule(RULE.into());
        for line in engine.take_prints().unwrap_or_default().into_iter().take(100) {
            tracing::debug!(%line, "a policy printed");
        }
        let result = result.map_err(|error| error.to_string())?;
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        if free.len() < KEPT {
            free.push(engine);
        }
        if result == regorus::Value::Undefined {
            return Err("the policy has no result; does it set `allow` in `package http`?".into());
        }
        serde_json::to_value(result).map_err(|error| error.to_string())
    }
}

fn decision_of(result: Value) -> Result<Decision, String> {
    let object = match result {
        Value::Bool(true) => return Ok(Decision::Allow(BTreeMap::new())),
        Value::Bool(false) => return Ok(Decision::Deny(None, BTreeMap::new())),
        Value::Object(object) => object,
        _ => return Err("`allow` is neither true or false nor an object".into()),
    };
    let wrong = |field: &str| Err(format!("field `{field}` of `allow` has a wrong type"));
    let headers = match object.get("additional_headers") {
        None | Some(Value::Null) => BTreeMap::new(),
        Some(Value::Object(headers)) => {
            let pair = |(name, value): (&String, &Value)| Some((name.clone(), value.as_str()?.to_owned()));
            match headers.iter().map(pair).collect() {
                Some(headers) => headers,
                None => return wrong("additional_headers"),
            }
        }
        Some(_) => return wrong("additional_headers"),
    };
    let status = match object.get("status_code") {
        None | Some(Value::Null) => None,
        Some(status) => match status.as_u64().map(u16::try_from) {
            Some(Ok(0)) => None,
            Some(Ok(status)) => Some(status),
            _ => return wrong("status_code"),
        },
    };
    match object.get("allow") {
        Some(Value::Bool(true)) => Ok(Decision::Allow(headers)),
        None | Some(Value::Bool(false) | Value::Null) => Ok(Decision::Deny(status, headers)),
        Some(_) => wrong("allow"),
    }
}
