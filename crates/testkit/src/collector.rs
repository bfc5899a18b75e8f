//! A real OpenTelemetry collector that prints what it is sent: receivers for OTLP over gRPC and HTTP, both with and
//! without TLS, and for Zipkin.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;
use tokio::time::sleep;

use crate::process::{Ready, Server, Spec, free_port};

/// A running collector.
pub struct Collector {
    server: Server,
    ports: Ports,
    files: TempDir,
}

#[derive(Clone, Copy)]
struct Ports {
    grpc: u16,
    http: u16,
    tls_grpc: u16,
    tls_http: u16,
    zipkin: u16,
}

/// One span, as the collector prints it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// In hexadecimal.
    pub trace_id: String,
    /// In hexadecimal, empty for the first span of a trace.
    pub parent_id: String,
    /// In hexadecimal.
    pub id: String,
    /// Its name.
    pub name: String,
    /// `Server`, `Client` or `Producer`.
    pub kind: String,
    /// `Unset` or `Error`.
    pub status: String,
    /// What is said of an error.
    pub status_message: String,
    /// Without their types.
    pub attributes: BTreeMap<String, String>,
    /// The attributes of who sent it.
    pub resource: BTreeMap<String, String>,
}

impl Collector {
    /// Builds the collector when it is not there yet, and starts it.
    ///
    /// # Errors
    /// It cannot be built or does not start.
    pub async fn start() -> Result<Self> {
        let program = program()?;
        let files = tempfile::Builder::new().prefix("dapr-collector-").tempdir()?;
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()])?;
        std::fs::write(files.path().join("certificate.pem"), made.cert.pem())?;
        std::fs::write(files.path().join("key.pem"), made.signing_key.serialize_pem())?;
        let [grpc, http, tls_grpc, tls_http, zipkin] = std::array::from_fn(|_| free_port());
        let ports = Ports { grpc, http, tls_grpc, tls_http, zipkin };
        let path = files.path().join("collector.yaml");
        std::fs::write(&path, configuration(ports, files.path()))?;
        let spec = Spec::new(&program.to_string_lossy(), ["--config", &path.to_string_lossy()]);
        let server = Server::start(spec.ready(Ready::LogLine("Everything is ready".to_owned()))).await?;
        Ok(Self { server, ports, files })
    }

    /// Where it takes OTLP over gRPC: `host:port`.
    pub fn grpc(&self) -> String {
        format!("127.0.0.1:{}", self.ports.grpc)
    }

    /// Where it takes OTLP over HTTP: `host:port`.
    pub fn http(&self) -> String {
        format!("127.0.0.1:{}", self.ports.http)
    }

    /// Where it takes OTLP over gRPC with TLS: `host:port`.
    pub fn tls_grpc(&self) -> String {
        format!("127.0.0.1:{}", self.ports.tls_grpc)
    }

    /// Where it takes OTLP over HTTP with TLS: `host:port`.
    pub fn tls_http(&self) -> String {
        format!("127.0.0.1:{}", self.ports.tls_http)
    }

    /// Where it takes spans in Zipkin's format.
    pub fn zipkin(&self) -> String {
        format!("http://127.0.0.1:{}/api/v2/spans", self.ports.zipkin)
    }

    /// The certificate that its TLS ports present, in a PEM file.
    pub fn certificate(&self) -> PathBuf {
        self.files.path().join("certificate.pem")
    }

    /// All that it printed: what it received stands there in words.
    pub fn log(&self) -> String {
        self.server.log()
    }

    /// The spans that it has received so far.
    pub fn spans(&self) -> Vec<Span> {
        spans_of(&self.log())
    }

    /// Waits until `found` sees what it wants in the spans.
    ///
    /// # Errors
    /// It did not within 20 seconds; with the spans there are.
    pub async fn wait_for<T>(&self, found: impl Fn(&[Span]) -> Option<T>) -> Result<T> {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let spans = self.spans();
            if let Some(result) = found(&spans) {
                return Ok(result);
            }
            ensure!(Instant::now() < deadline, "the collector has only these spans: {spans:#?}");
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until all of `texts` are in the log.
    ///
    /// # Errors
    /// They were not within 20 seconds; with the log.
    pub async fn wait_for_text(&self, texts: &[&str]) -> Result<()> {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let log = self.log();
            let Some(missing) = texts.iter().find(|text| !log.contains(*text)) else { return Ok(()) };
            ensure!(Instant::now() < deadline, "no {missing:?} in\n{log}");
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// The server, to freeze, stop and start it again.
    pub fn server(&mut self) -> &mut Server {
        &mut self.server
    }
}

fn program() -> Result<PathBuf> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/collector/build");
    let made = Command::new(&script).output().context("run tests/collector/build")?;
    ensure!(made.status.success(), "tests/collector/build: {}", String::from_utf8_lossy(&made.stderr));
    Ok(String::from_utf8(made.stdout)?.trim().into())
}

fn configuration(ports: Ports, files: &Path) -> String {
    let Ports { grpc, http, tls_grpc, tls_http, zipkin } = ports;
    let files = files.display();
    let tls = format!("tls: {{ cert_file: '{files}/certificate.pem', key_file: '{files}/key.pem' }}");
    format!(
        "receivers:
  otlp:
    protocols:
      grpc: {{ endpoint: '127.0.0.1:{grpc}' }}
      http: {{ endpoint: '127.0.0.1:{http}' }}
  otlp/tls:
    protocols:
      grpc: {{ endpoint: '127.0.0.1:{tls_grpc}', {tls} }}
      http: {{ endpoint: '127.0.0.1:{tls_http}', {tls} }}
  zipkin: {{ endpoint: '127.0.0.1:{zipkin}' }}
exporters:
  debug: {{ verbosity: detailed }}
service:
  telemetry: {{ metrics: {{ level: none }} }}
  pipelines:
    traces: {{ receivers: [otlp, otlp/tls, zipkin], exporters: [debug] }}
    metrics: {{ receivers: [otlp, otlp/tls], exporters: [debug] }}
    logs: {{ receivers: [otlp, otlp/tls], exporters: [debug] }}
"
    )
}

/// Reads what the collector's `debug` exporter prints of spans.
fn spans_of(log: &str) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    let mut resource = BTreeMap::new();
    let mut in_resource = false;
    for line in log.lines() {
        let text = line.trim();
        if text.contains("ResourceSpans #") {
            resource = BTreeMap::new();
            in_resource = true;
        } else if text.starts_with("Span #") {
            spans.push(Span { resource: resource.clone(), ..Span::default() });
            in_resource = false;
        } else if let Some((key, value)) = text.strip_prefix("-> ").and_then(attribute) {
            match spans.last_mut() {
                _ if in_resource => drop(resource.insert(key, value)),
                Some(span) => drop(span.attributes.insert(key, value)),
                None => {}
            }
        } else if let (Some(span), Some((key, value))) = (spans.last_mut(), text.split_once(':')) {
            let field = match key.trim() {
                "Trace ID" => &mut span.trace_id,
                "Parent ID" => &mut span.parent_id,
                "ID" => &mut span.id,
                "Name" => &mut span.name,
                "Kind" => &mut span.kind,
                "Status code" => &mut span.status,
                "Status message" => &mut span.status_message,
                _ => continue,
            };
            value.trim().clone_into(field);
        }
    }
    spans
}

/// `key: Str(value)`
fn attribute(text: &str) -> Option<(String, String)> {
    let (key, value) = text.split_once(": ")?;
    let value = value.split_once('(')?.1.strip_suffix(')')?;
    Some((key.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printed_spans_are_read() {
        let log = "2026-11-22T02:21:06.680Z\tinfo\tResourceSpans #0
Resource attributes:
     -> service.name: Str(x)
ScopeSpans #0
Span #0
    Trace ID       : 5b8e
    Parent ID      : eee1
    ID             : eee2
    Name           : n m
    Kind           : Server
    Status code    : Error
    Status message : Code(404): Not Found
Attributes:
     -> k: Str(some (value))
\t{\"resource\": {}}
";
        let pair = |key: &str, value: &str| BTreeMap::from([(key.to_owned(), value.to_owned())]);
        let expected = Span {
            trace_id: "5b8e".into(),
            parent_id: "eee1".into(),
            id: "eee2".into(),
            name: "n m".into(),
            kind: "Server".into(),
            status: "Error".into(),
            status_message: "Code(404): Not Found".into(),
            attributes: pair("k", "some (value)"),
            resource: pair("service.name", "x"),
        };
        assert_eq!(spans_of(log), [expected]);
    }
}
