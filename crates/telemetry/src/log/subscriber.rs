//! The `tracing` subscriber: filters by level and target, renders, writes.

use std::cell::RefCell;
use std::time::SystemTime;

use jiff::tz::TimeZone;
use serde_json::Value;
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Subscriber};

use super::fields::Fields;
use super::line::Line;
use super::{Level, LogConfig, Output};
use crate::otlp;

/// Targets of other libraries are let through from this level up.
const FOREIGN: LevelFilter = LevelFilter::WARN;

/// Lines longer than this give their buffer back, so that one huge line does not stay in memory.
const KEEP_BUFFER: usize = 4096;

thread_local! {
    static BUFFER: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Prints events to an [`Output`]. [`super::init`] installs one for the process; tests use their own
/// with `tracing::subscriber::with_default`.
#[derive(Debug)]
pub struct LogSubscriber {
    level: Level,
    json: bool,
    output: Output,
    zone: TimeZone,
    /// Same on each line: app_id, instance, type, ver.
    fixed: Vec<(&'static str, Value)>,
}

impl LogSubscriber {
    /// `config.file` is not looked at: `output` decides.
    pub fn new(config: LogConfig, output: Output) -> Self {
        let mut fixed = Vec::with_capacity(4);
        fixed.extend(config.app_id.filter(|id| !id.is_empty()).map(|id| ("app_id", id.into())));
        fixed.push(("instance", host_name().into()));
        fixed.push(("type", "log".into()));
        fixed.push(("ver", config.version.into()));
        LogSubscriber { level: config.level, json: config.json, output, zone: TimeZone::system(), fixed }
    }

    fn allows(&self, metadata: &Metadata<'_>) -> bool {
        if !metadata.is_event() {
            return false;
        }
        let ours = metadata.target().starts_with("dapr");
        let filter = if ours { self.level.filter() } else { self.level.filter().min(FOREIGN) };
        *metadata.level() <= filter
    }

    fn render(&self, event: &Event<'_>, level: Level, fields: &Fields, out: &mut String) {
        let time = rfc3339_nano(&self.zone);
        let scope = Value::from(event.metadata().target());
        let overridden = |key: &str| fields.extra.iter().any(|(extra, _)| *extra == key);
        let mut keys: Vec<(&str, &Value)> = Vec::with_capacity(self.fixed.len() + 1 + fields.extra.len());
        keys.extend(self.fixed.iter().filter(|(key, _)| !overridden(key)).map(|(key, value)| (*key, value)));
        keys.push(("scope", &scope));
        keys.extend(fields.extra.iter().map(|(key, value)| (*key, value)));
        keys.sort_by_key(|(key, _)| *key);
        let line = Line { time: &time, level: level.as_str(), message: &fields.message, keys };
        if self.json { line.json(out) } else { line.text(out) }
    }
}

impl Subscriber for LogSubscriber {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.allows(metadata) { Interest::always() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.allows(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.level.filter())
    }

    fn event(&self, event: &Event<'_>) {
        let fields = Fields::of(event);
        let level = if fields.fatal { Level::Fatal } else { Level::from(event.metadata().level()) };
        if level < self.level {
            return;
        }
        BUFFER.with_borrow_mut(|line| {
            line.clear();
            self.render(event, level, &fields, line);
            self.output.write_line(line.as_bytes());
            line.shrink_to(KEEP_BUFFER);
        });
        if otlp::is_tapped() {
            let Fields { message, extra, .. } = fields;
            let scope = event.metadata().target();
            otlp::tap(otlp::Record { time: SystemTime::now(), level, scope, message, fields: extra });
        }
    }

    // Spans are never enabled; what follows is only there to complete the trait.
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// Local time with up to nine decimals, trailing zeros cut; `Z` when the offset is zero.
fn rfc3339_nano(zone: &TimeZone) -> String {
    let now = jiff::Timestamp::now();
    let offset = zone.to_offset(now);
    if offset.is_zero() { now.to_string() } else { now.display_with_offset(offset).to_string() }
}

fn host_name() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname")
        .ok()
        .map(|name| name.trim().to_owned())
        .or_else(|| std::env::var("HOSTNAME").ok())
        .or_else(|| std::env::var("COMPUTERNAME").ok())
        .unwrap_or_default()
}
