//! Pushes the lines of the log to a collector, besides where they are printed.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use prost::Message as _;

use super::client::{Client, Failure, Signal};
use super::messages::{AnyValue, KeyValue, LogRecord, LogsRequest, ResourceLogs, Scope, ScopeLogs, Value};
use super::queue::{Export, Limits, Queue, Weigh};
use super::resource::{Resource, SCHEMA_URL};
use super::settings::{VariableError, Variables};
use crate::log::Level;
use crate::unix_nanoseconds;

/// OpenTelemetry's default for log records.
const DELAY: Duration = Duration::from_secs(1);

/// The log writer is one for the process, and so is what listens to it.
static TAP: RwLock<Option<Arc<Queue<Record>>>> = RwLock::new(None);
static IS_TAPPED: AtomicBool = AtomicBool::new(false);

/// One line of the log.
pub(crate) struct Record {
    pub(crate) time: SystemTime,
    pub(crate) level: Level,
    pub(crate) scope: &'static str,
    pub(crate) message: String,
    pub(crate) fields: Vec<(&'static str, serde_json::Value)>,
}

impl Weigh for Record {
    fn bytes(&self) -> usize {
        let text = |value: &serde_json::Value| value.as_str().map_or(16, str::len);
        self.message.len() + self.fields.iter().map(|(_, value)| text(value) + 64).sum::<usize>() + 128
    }
}

/// Whether somebody wants lines.
pub(crate) fn is_tapped() -> bool {
    IS_TAPPED.load(Relaxed)
}

/// Hands on a line; it is dropped when the queue is full.
pub(crate) fn tap(record: Record) {
    let queue = TAP.read().unwrap_or_else(PoisonError::into_inner).clone();
    if let Some(queue) = queue {
        queue.push(record);
    }
}

/// Log lines on their way to a collector, until dropped or stopped. One at a time: a later one takes over.
pub struct LogPush(Arc<Queue<Record>>);

impl LogPush {
    /// Starts pushing if the environment asks for it: by `OTEL_EXPORTER_OTLP_LOGS_ENDPOINT`, or by
    /// `OTEL_LOGS_EXPORTER=otlp` with `OTEL_EXPORTER_OTLP_ENDPOINT`. Lines go as they are printed, from now on
    /// and with the same level. `service` and `variable` as of [`super::MetricPush::start`].
    ///
    /// # Errors
    /// A variable whose value cannot be meant.
    pub fn start(service: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<Option<Self>, VariableError> {
        let Some(client) = Variables::new("LOGS", variable).client(Signal::LOGS)? else { return Ok(None) };
        tracing::info!(target: "dapr.runtime", "logs are pushed to {}", client.target());
        let limits = Limits::of("OTEL_BLRP", DELAY, variable);
        let exporter = Exporter { client, resource: Resource::of(service, variable) };
        let queue = Arc::new(Queue::start("log lines", limits, exporter));
        *TAP.write().unwrap_or_else(PoisonError::into_inner) = Some(queue.clone());
        IS_TAPPED.store(true, Relaxed);
        Ok(Some(LogPush(queue)))
    }

    /// Pushes what waits and ends, within `deadline`.
    pub async fn stop(&self, deadline: Duration) {
        self.close();
        self.0.stop(deadline).await;
    }

    /// Lines that were not pushed.
    pub fn dropped(&self) -> u64 {
        self.0.dropped()
    }

    fn close(&self) {
        let mut tap = TAP.write().unwrap_or_else(PoisonError::into_inner);
        if tap.as_ref().is_some_and(|queue| Arc::ptr_eq(queue, &self.0)) {
            *tap = None;
            IS_TAPPED.store(false, Relaxed);
        }
    }
}

impl Drop for LogPush {
    fn drop(&mut self) {
        self.close();
    }
}

struct Exporter {
    client: Client,
    resource: Resource,
}

impl Export<Record> for Exporter {
    fn target(&self) -> &str {
        self.client.target()
    }

    async fn export(&mut self, batch: &[Record]) -> Result<u64, Failure> {
        let mut scopes: Vec<ScopeLogs> = Vec::new();
        for record in batch {
            let is_same = |logs: &ScopeLogs| logs.scope.as_ref().is_some_and(|scope| scope.name == record.scope);
            match scopes.iter_mut().find(|logs| is_same(logs)) {
                Some(logs) => logs.log_records.push(message(record)),
                None => scopes.push(ScopeLogs {
                    scope: Some(Scope { name: record.scope.to_owned() }),
                    log_records: vec![message(record)],
                }),
            }
        }
        let request = LogsRequest {
            resource_logs: vec![ResourceLogs {
                resource: Some(self.resource.message()),
                scope_logs: scopes,
                schema_url: SCHEMA_URL.to_owned(),
            }],
        };
        self.client.send(request.encode_to_vec().into()).await
    }
}

fn message(record: &Record) -> LogRecord {
    let severity_number = match record.level {
        Level::Debug => 5,
        Level::Info => 9,
        Level::Warning => 13,
        Level::Error => 17,
        Level::Fatal => 21,
    };
    let nanoseconds = unix_nanoseconds(record.time);
    LogRecord {
        time_unix_nano: nanoseconds,
        observed_time_unix_nano: nanoseconds,
        severity_number,
        severity_text: record.level.as_str().to_owned(),
        body: Some(AnyValue { value: Some(Value::Text(record.message.clone())) }),
        attributes: record.fields.iter().map(|(key, value)| attribute(key, value)).collect(),
    }
}

fn attribute(key: &str, value: &serde_json::Value) -> KeyValue {
    let value = match value {
        serde_json::Value::String(text) => Value::Text(text.clone()),
        serde_json::Value::Bool(value) => Value::Bool(*value),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(number) => Value::Integer(number),
            None => Value::Double(number.as_f64().unwrap_or_default()),
        },
        other => Value::Text(other.to_string()),
    };
    KeyValue::new(key, value)
}
