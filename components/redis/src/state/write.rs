//! Writes, deletes and transactions.

use std::time::Duration;

use bytes::Bytes;
use dapr_spi::state::{
    Concurrency, Consistency, DeleteRequest, Map, Operation, SetRequest, TransactionRequest, Ttl, Value, ttl_of,
};
use dapr_spi::{Error, Result};
use redis::Cmd;

use super::{Store, json};
use crate::client::Order;
use crate::link::Effect;
use crate::scripts::{DELETE, SET, Script, TRANSACT};

/// How long a strongly consistent write waits for the replicas; those that are later are not an error.
const REPLICATION: Duration = Duration::from_secs(1);
/// What stands for "no ETag was given"; versions begin at 1.
const NO_ETAG: &str = "0";

/// The scripts with their hashes.
pub(super) struct Scripts {
    set: Script,
    delete: Script,
    transact: Script,
}

impl Default for Scripts {
    fn default() -> Self {
        Self { set: Script::new(SET), delete: Script::new(DELETE), transact: Script::new(TRANSACT) }
    }
}

/// One step for the server.
struct Step {
    key: String,
    action: &'static str,
    etag: String,
    first: &'static str,
    ttl: String,
    data: Bytes,
}

impl Step {
    /// Whether a second execution could be refused though the first one was not.
    fn checks(&self) -> bool {
        self.etag != NO_ETAG || !self.first.is_empty()
    }

    fn effect(&self) -> Effect {
        if self.checks() { Effect::Once } else { Effect::Repeatable }
    }
}

impl Store {
    pub(super) async fn write(&self, request: SetRequest) -> Result<()> {
        let consistency = request.options.consistency;
        let step = self.set_step(request, "mark", false)?;
        if step.action != "set" {
            return self.run_steps(&[step], consistency).await;
        }
        let fill = |command: &mut Cmd| {
            let first = if step.first.is_empty() { "" } else { "1" };
            command.arg(&step.key).arg(&step.etag).arg(&step.data[..]).arg(first).arg(&step.ttl);
        };
        let (order, wait) = self.order(&step.key, step.effect(), consistency).await?;
        let done = self.scripts.set.run(&self.client, &step.key, 1, fill, order, wait.as_ref()).await?;
        match done {
            redis::Value::Int(1) => Ok(()),
            redis::Value::Int(0) => Err(Error::etag_mismatch()),
            other => Err(self.client.strange("a write", &other)),
        }
    }

    /// A delete that checks nothing is a plain DEL.
    pub(super) async fn remove(&self, request: DeleteRequest) -> Result<()> {
        let consistency = request.options.consistency;
        let step = self.delete_step(request, false);
        if step.action != "delete" {
            return self.run_steps(&[step], consistency).await;
        }
        let (order, wait) = self.order(&step.key, step.effect(), consistency).await?;
        if !step.checks() {
            let mut delete = redis::cmd("DEL");
            delete.arg(&step.key);
            let reply = self.client.send_with(&step.key, delete, order, wait.as_ref()).await?;
            return self.client.accepted(reply).map(|_| ());
        }
        let fill = |command: &mut Cmd| {
            command.arg(&step.key).arg(&step.etag);
        };
        let done = self.scripts.delete.run(&self.client, &step.key, 1, fill, order, wait.as_ref()).await?;
        match done {
            redis::Value::Int(1) => Ok(()),
            redis::Value::Int(0) => Err(Error::etag_mismatch()),
            other => Err(self.client.strange("a delete", &other)),
        }
    }

    /// All steps in one script, so that nothing is done when one ETag does not match.
    pub(super) async fn run_transaction(&self, request: TransactionRequest) -> Result<()> {
        let json = self.is_json(&request.metadata);
        let mut strong = false;
        let mut steps = Vec::with_capacity(request.operations.len());
        for operation in request.operations {
            steps.push(match operation {
                Operation::Upsert(set) => {
                    strong |= set.options.consistency == Consistency::Strong;
                    self.set_step(set, "check", json)?
                }
                Operation::Delete(delete) => {
                    strong |= delete.options.consistency == Consistency::Strong;
                    self.delete_step(delete, json)
                }
            });
        }
        self.run_steps(&steps, if strong { Consistency::Strong } else { Consistency::Unspecified }).await
    }

    async fn run_steps(&self, steps: &[Step], consistency: Consistency) -> Result<()> {
        let Some(first) = steps.first() else { return Ok(()) };
        if let Some((one, other)) = self.client.split_keys(steps.iter().map(|step| step.key.as_str())) {
            return Err(Error::invalid(format!(
                "a redis cluster can change several keys at once only if they are in one hash slot, and `{one}` and \
                 `{other}` are not; give them the same {{tag}}, or use a single server"
            )));
        }
        let fill = |command: &mut Cmd| {
            for step in steps {
                command.arg(&step.key);
            }
            for step in steps {
                command.arg(step.action).arg(&step.etag).arg(step.first).arg(&step.ttl).arg(&step.data[..]);
            }
        };
        let effect = if steps.iter().any(Step::checks) { Effect::Once } else { Effect::Repeatable };
        let (order, wait) = self.order(&first.key, effect, consistency).await?;
        let script = &self.scripts.transact;
        match script.run(&self.client, &first.key, steps.len(), fill, order, wait.as_ref()).await? {
            redis::Value::Int(0) => Ok(()),
            redis::Value::Int(number) => Err(mismatch(steps, number)),
            other => Err(self.client.strange("a transaction", &other)),
        }
    }

    /// How to send a write, and the WAIT behind it when replicas are to be waited for.
    async fn order(&self, key: &str, effect: Effect, consistency: Consistency) -> Result<(Order, Option<Cmd>)> {
        if consistency != Consistency::Strong {
            return Ok((self.client.writing(effect), None));
        }
        match self.client.replicas(key).await? {
            0 => Ok((self.client.writing(effect), None)),
            replicas => {
                let mut wait = redis::cmd("WAIT");
                wait.arg(replicas).arg(REPLICATION.as_millis());
                Ok((self.client.waiting(effect, REPLICATION), Some(wait)))
            }
        }
    }

    fn set_step(&self, request: SetRequest, first: &'static str, json: bool) -> Result<Step> {
        let json = json || self.is_json(&request.metadata);
        let first = if request.options.concurrency == Concurrency::FirstWrite { first } else { "" };
        Ok(Step {
            etag: set_etag(&request)?,
            ttl: self.ttl(&request.metadata)?,
            action: if json { "json-set" } else { "set" },
            first,
            data: if json { json::document_data(&request.value) } else { bytes_of(request.value) },
            key: request.key,
        })
    }

    fn delete_step(&self, request: DeleteRequest, json: bool) -> Step {
        let json = json || self.is_json(&request.metadata);
        let etag = request.etag.filter(|etag| !etag.is_empty()).unwrap_or_else(|| NO_ETAG.to_owned());
        let action = if json { "json-delete" } else { "delete" };
        Step { key: request.key, action, etag, first: "", ttl: String::new(), data: Bytes::new() }
    }

    /// The TTL as the scripts take it: nothing leaves an expiry alone, "0" removes it.
    fn ttl(&self, metadata: &Map) -> Result<String> {
        Ok(match (ttl_of(metadata)?, self.default_ttl) {
            (Ttl::Unspecified, None) => String::new(),
            (Ttl::Unspecified, Some(seconds)) => seconds.max(0).to_string(),
            (Ttl::Never, _) => "0".to_owned(),
            (Ttl::Seconds(seconds), _) => seconds.to_string(),
        })
    }
}

/// Versions are numbers; with last-write, an ETag is not looked at.
fn set_etag(request: &SetRequest) -> Result<String> {
    match request.etag.as_deref() {
        None | Some("") => Ok(NO_ETAG.to_owned()),
        Some(_) if request.options.concurrency == Concurrency::LastWrite => Ok(NO_ETAG.to_owned()),
        Some(etag) => match etag.parse::<i64>() {
            Ok(number) => Ok(number.to_string()),
            Err(_) => Err(Error::etag_invalid(format!("expected a whole number, found `{etag}`"))),
        },
    }
}

fn bytes_of(value: Value) -> Bytes {
    match value {
        Value::Json(bytes) | Value::Binary(bytes) => bytes,
    }
}

fn mismatch(steps: &[Step], number: i64) -> Error {
    let step = usize::try_from(number).ok().and_then(|number| steps.get(number.checked_sub(1)?));
    match step {
        Some(step) if steps.len() > 1 => Error::etag_mismatch().context(&format!("key `{}`", step.key)),
        _ => Error::etag_mismatch(),
    }
}
