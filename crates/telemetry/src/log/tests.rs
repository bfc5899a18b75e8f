//! Lines of the log in both formats.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use super::*;

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn capture(config: LogConfig, log: impl FnOnce()) -> String {
    let captured = Captured::default();
    let subscriber = LogSubscriber::new(config, Output::writer(captured.clone()));
    tracing::subscriber::with_default(subscriber, log);
    String::from_utf8(captured.0.lock().unwrap().clone()).unwrap()
}

fn config(level: Level) -> LogConfig {
    LogConfig { level, app_id: Some("my-app".into()), version: "1.18.0".into(), ..LogConfig::default() }
}

/// Blanks what differs from run to run.
fn stable(line: &str) -> String {
    let rest = line.split_once("\" level=").expect("a time first").1;
    let (head, tail) = rest.split_once(" instance=").expect("an instance");
    format!("level={head} instance=H {}", tail.split_once(' ').expect("a scope").1)
}

#[test]
fn text_line() {
    let out = capture(config(Level::Info), || {
        tracing::info!(target: "dapr.runtime", "app id: {}", "x");
    });
    assert_eq!(
        stable(&out),
        "level=info msg=\"app id: x\" app_id=my-app instance=H scope=dapr.runtime type=log ver=1.18.0\n"
    );
    let time = &out["time=\"".len()..out.find("\" level").unwrap()];
    assert!(time.parse::<jiff::Timestamp>().is_ok(), "{time}");
}

#[test]
fn extra_fields_are_sorted_in_and_quoted() {
    let out = capture(config(Level::Info), || {
        tracing::warn!(target: "dapr.runtime.http-info", method = "GET /a b", code = 200, "tab\t\"q\" \x01 é");
    });
    assert_eq!(
        stable(&out),
        "level=warning msg=\"tab\\t\\\"q\\\" \\x01 é\" app_id=my-app code=200 instance=H method=\"GET /a b\" \
         scope=dapr.runtime.http-info type=log ver=1.18.0\n"
    );
}

#[test]
fn json_line() {
    let out = capture(LogConfig { json: true, ..config(Level::Debug) }, || {
        tracing::debug!(target: "dapr.runtime", size = 3_u64, time = "now", "line\n2");
    });
    let line: serde_json::Value = serde_json::from_str(&out).unwrap();
    let keys: Vec<&str> = line.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["app_id", "fields.time", "instance", "level", "msg", "scope", "size", "time", "type", "ver"]);
    assert_eq!((&line["msg"], &line["level"], &line["size"]), (&"line\n2".into(), &"debug".into(), &3.into()));
    assert!(out.ends_with("}\n"));
}

#[test]
fn fatal_is_a_level_of_its_own() {
    let log = || {
        tracing::error!(target: "dapr.runtime", "only an error");
        crate::fatal!(target: "dapr.runtime", "Fatal error from runtime: {}", 1);
    };
    let out = capture(config(Level::Fatal), log);
    assert!(out.contains("level=fatal msg=\"Fatal error from runtime: 1\" app_id"), "{out}");
    assert_eq!(out.lines().count(), 1);
}

#[test]
fn other_libraries_are_silent_below_warning() {
    let out = capture(config(Level::Debug), || {
        tracing::info!(target: "h2::codec", "frame");
        tracing::warn!(target: "rustls", "odd");
        tracing::trace!(target: "dapr.runtime", "never");
    });
    assert_eq!(out.lines().count(), 1);
    assert!(out.contains("scope=rustls"));
}

#[test]
fn no_app_id_in_the_control_plane() {
    let out = capture(LogConfig { app_id: None, ..config(Level::Info) }, || {
        tracing::info!(target: "dapr.sentry", "up");
    });
    assert!(out.contains("msg=up instance="), "{out}");
}

#[test]
fn level_names() {
    assert_eq!("warn".parse(), Ok(Level::Warning));
    assert_eq!("Debug".parse(), Ok(Level::Debug));
    assert_eq!("loud".parse::<Level>().unwrap_err().to_string(), "invalid value for --log-level: loud");
    assert_eq!(Level::Warning.to_string(), "warning");
}

#[test]
fn appends_to_a_file() {
    let path = std::env::temp_dir().join(format!("dapr-telemetry-log-{}", std::process::id()));
    for _ in 0..2 {
        let subscriber = LogSubscriber::new(config(Level::Info), Output::append(&path).unwrap());
        tracing::subscriber::with_default(subscriber, || tracing::info!(target: "dapr.runtime", "hi"));
    }
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    assert_eq!(text.lines().count(), 2);
}
