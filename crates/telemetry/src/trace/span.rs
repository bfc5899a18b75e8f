//! One span: free when it is not recorded.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime};

use http::header::{HeaderMap, HeaderName};

use super::context::{Context, GRPC_TRACE_BIN, TRACEPARENT};
use super::export::Sinks;
use crate::otlp::Weigh;

/// More attributes of one span are left out.
const MAX_ATTRIBUTES: usize = 128;
/// Longer text is cut, so that a queue of spans has a bound in bytes.
const MAX_TEXT: usize = 4096;

/// What a span is to its parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A call that another process makes to this one: sidecar to sidecar.
    Server,
    /// A call that this process makes for the application, and a callback of the application.
    Client,
    /// One event of a bulk publish.
    Producer,
}

/// The value of an attribute.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Text.
    Text(Cow<'static, str>),
    /// A number.
    Integer(i64),
    /// Yes or no.
    Bool(bool),
}

impl From<&'static str> for Value {
    fn from(text: &'static str) -> Self {
        Value::Text(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::Text(text.into())
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Value::Integer(number)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Value::Bool(value)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Text(text) => f.write_str(text),
            Value::Integer(number) => write!(f, "{number}"),
            Value::Bool(value) => write!(f, "{value}"),
        }
    }
}

/// A span that has begun. Clones are the same span; it ends when one of them is told to, and at the latest,
/// without a status, when the last one is dropped.
#[derive(Clone, Default)]
pub struct Span(State);

#[derive(Clone, Default)]
enum State {
    #[default]
    Off,
    Context(Context),
    Recording(Arc<Recording>),
}

struct Recording {
    context: Context,
    parent: [u8; 8],
    kind: Kind,
    started: SystemTime,
    clock: Instant,
    /// The status code of the answer becomes an attribute, too.
    records_http_status: bool,
    sinks: Arc<Sinks>,
    open: Mutex<Option<Open>>,
}

/// What may change until the span ends.
struct Open {
    name: String,
    attributes: Vec<(Cow<'static, str>, Value)>,
}

/// How a recorded span begins.
pub(super) struct Begin<'a> {
    pub(super) context: Context,
    pub(super) parent: [u8; 8],
    pub(super) kind: Kind,
    pub(super) name: &'a str,
    pub(super) records_http_status: bool,
}

/// A span that has ended, on its way to the exporters.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Finished {
    pub(super) context: Context,
    /// All zero for the first span of a trace.
    pub(super) parent: [u8; 8],
    pub(super) kind: Kind,
    pub(super) name: String,
    pub(super) started: SystemTime,
    pub(super) ended: SystemTime,
    pub(super) attributes: Vec<(Cow<'static, str>, Value)>,
    /// The description of an error; `None` when the status is unset.
    pub(super) error: Option<String>,
}

impl Weigh for Finished {
    fn bytes(&self) -> usize {
        let text = |value: &Value| if let Value::Text(text) = value { text.len() } else { 0 };
        let attributes = self.attributes.iter().map(|(key, value)| key.len() + text(value) + 64);
        attributes.sum::<usize>() + self.name.len() + self.error.as_ref().map_or(0, String::len) + 256
    }
}

impl Span {
    /// Tracing is off: no context, nothing recorded.
    pub const OFF: Span = Span(State::Off);

    pub(super) fn unsampled(context: Context) -> Self {
        Span(State::Context(context))
    }

    #[cold]
    pub(super) fn recording(begin: Begin<'_>, sinks: Arc<Sinks>) -> Self {
        Span(State::Recording(Arc::new(Recording {
            context: begin.context,
            parent: begin.parent,
            kind: begin.kind,
            started: SystemTime::now(),
            clock: Instant::now(),
            records_http_status: begin.records_http_status,
            sinks,
            open: Mutex::new(Some(Open { name: cut(begin.name).to_owned(), attributes: Vec::with_capacity(12) })),
        })))
    }

    /// What calls made on behalf of this span carry; `None` when tracing is off. It is all zero, and not valid,
    /// when nobody asked for traces and the caller named none.
    pub fn context(&self) -> Option<&Context> {
        match &self.0 {
            State::Off => None,
            State::Context(context) => Some(context),
            State::Recording(recording) => Some(&recording.context),
        }
    }

    /// Whether attributes and names of this span reach anybody.
    pub fn is_recording(&self) -> bool {
        matches!(self.0, State::Recording(_))
    }

    /// Sets an attribute in place of an earlier one with the same key. Empty text is not set, as the
    /// incumbent has it.
    pub fn set(&self, key: impl Into<Cow<'static, str>>, value: impl Into<Value>) {
        let Some(recording) = self.recorded() else { return };
        let value = match value.into() {
            Value::Text(text) if text.is_empty() => return,
            Value::Text(text) if text.len() > MAX_TEXT => Value::Text(cut(&text).to_owned().into()),
            value => value,
        };
        if let Some(open) = &mut *recording.open() {
            let key = key.into();
            if let Some((_, known)) = open.attributes.iter_mut().find(|(known, _)| *known == key) {
                *known = value;
            } else if open.attributes.len() < MAX_ATTRIBUTES {
                open.attributes.push((key, value));
            }
        }
    }

    /// Replaces the name that the span began with.
    pub fn rename(&self, name: &str) {
        let Some(recording) = self.recorded() else { return };
        if let Some(open) = &mut *recording.open() {
            cut(name).clone_into(&mut open.name);
        }
    }

    /// Sets `traceparent` and `tracestate` of an HTTP response that has no `traceparent`, if there is a trace.
    pub fn write_http_response(&self, headers: &mut HeaderMap) {
        let context = self.context().filter(|context| context.is_valid());
        if let Some(context) = context.filter(|_| !headers.contains_key(TRACEPARENT)) {
            context.write_http(headers);
        }
    }

    /// Sets `grpc-trace-bin` of a gRPC response, if there is a trace. Not to be called for `InvokeService` and
    /// proxied calls.
    pub fn write_grpc_response(&self, headers: &mut HeaderMap) {
        if let Some(context) = self.context().filter(|context| context.is_valid()) {
            headers.insert(GRPC_TRACE_BIN, context.grpc_trace_bin());
        }
    }

    /// Ends the span with the status of an HTTP answer: an error from 400 up.
    pub fn end_http(self, status: u16) {
        let Some(recording) = self.recorded() else { return };
        if recording.records_http_status {
            self.set("dapr.status_code", status.to_string());
        }
        let error = (status >= 400).then(|| {
            let reason = http::StatusCode::from_u16(status).ok().and_then(|code| code.canonical_reason());
            format!("Code({status}): {}", reason.unwrap_or("Unknown"))
        });
        recording.end(error);
    }

    /// Ends the span with the status of a gRPC call: an error unless `code` is 0.
    pub fn end_grpc(self, code: i32, message: &str) {
        if let Some(recording) = self.recorded() {
            recording.end((code != 0).then(|| cut(message).to_owned()));
        }
    }

    /// Ends the span without a status.
    pub fn end(self) {
        if let Some(recording) = self.recorded() {
            recording.end(None);
        }
    }

    fn recorded(&self) -> Option<&Recording> {
        if let State::Recording(recording) = &self.0 { Some(recording) } else { None }
    }

    /// Copies the headers that users mark with `dapr-`, the token aside. gRPC metadata takes the first value
    /// of several and leaves binary keys out, HTTP the last.
    pub(super) fn copy_headers(&self, headers: &HeaderMap, grpc: bool) {
        let is_copied = |name: &&HeaderName| {
            let name = name.as_str();
            name.len() > "dapr-".len()
                && name.starts_with("dapr-")
                && name != "dapr-api-token"
                && !(grpc && name.ends_with("-bin"))
        };
        for name in headers.keys().filter(is_copied) {
            let mut values = headers.get_all(name).iter();
            let value = if grpc { values.next() } else { values.next_back() };
            if let Some(value) = value {
                self.set(name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned());
            }
        }
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            State::Off => f.write_str("Off"),
            State::Context(context) => write!(f, "Context({context:?})"),
            State::Recording(recording) => write!(f, "Recording({:?})", recording.context),
        }
    }
}

impl Recording {
    fn open(&self) -> MutexGuard<'_, Option<Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self, error: Option<String>) {
        let Some(open) = self.open().take() else { return };
        self.sinks.send(Finished {
            context: self.context.clone(),
            parent: self.parent,
            kind: self.kind,
            name: open.name,
            started: self.started,
            // The clock of the day may be set back meanwhile.
            ended: self.started + self.clock.elapsed(),
            attributes: open.attributes,
            error,
        });
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        self.end(None);
    }
}

/// The start of `text`, within the limit and at a character's edge.
fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_TEXT)]
}
