//! Where metrics and logs are pushed to, from the variables of OpenTelemetry's specification. Off unless one of
//! them asks for it.

use std::time::Duration;

use super::address::{Endpoint, headers_of};
use super::client::{Client, Signal};
use super::tls::Files;

/// A variable of the environment that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("environment variable {name}: {reason}")]
pub struct VariableError {
    /// Which.
    pub name: String,
    /// What is wrong with its value. A header's value is not repeated.
    pub reason: String,
}

impl VariableError {
    pub(crate) fn new(name: impl Into<String>, reason: impl ToString) -> Self {
        VariableError { name: name.into(), reason: reason.to_string() }
    }
}

/// How OTLP travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    Grpc,
    /// Protobuf over HTTP/1.1.
    Http,
}

impl Protocol {
    fn port(self) -> u16 {
        match self {
            Protocol::Grpc => 4317,
            Protocol::Http => 4318,
        }
    }

    /// The address of a collector that listens on the protocol's port unless another one is given.
    pub(crate) fn endpoint(self, address: &str, tls: bool) -> Result<Endpoint, super::EndpointError> {
        Endpoint::parse(address, tls, self.port())
    }
}

/// Reads variables that exist for all signals and for one of them, which wins.
pub(crate) struct Variables<'a> {
    look_up: &'a dyn Fn(&str) -> Option<String>,
    /// `TRACES`, `METRICS` or `LOGS`
    signal: &'static str,
}

impl<'a> Variables<'a> {
    pub(crate) fn new(signal: &'static str, look_up: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Variables { look_up, signal }
    }

    /// The name and value of a variable that is set and not empty.
    fn get(&self, name: String) -> Option<(String, String)> {
        (self.look_up)(&name).filter(|value| !value.trim().is_empty()).map(|value| (name, value))
    }

    pub(crate) fn of_signal(&self, name: &str) -> Option<(String, String)> {
        self.get(format!("OTEL_EXPORTER_OTLP_{}_{name}", self.signal))
    }

    pub(crate) fn of_all(&self, name: &str) -> Option<(String, String)> {
        self.get(format!("OTEL_EXPORTER_OTLP_{name}"))
    }

    pub(crate) fn either(&self, name: &str) -> Option<(String, String)> {
        self.of_signal(name).or_else(|| self.of_all(name))
    }

    pub(crate) fn headers(&self) -> Result<Vec<(String, String)>, VariableError> {
        let Some((name, value)) = self.either("HEADERS") else { return Ok(Vec::new()) };
        headers_of(&value).map_err(|reason| VariableError::new(name, reason))
    }

    /// In milliseconds; 0 and less mean the default.
    pub(crate) fn timeout(&self) -> Result<Option<Duration>, VariableError> {
        let Some((name, value)) = self.either("TIMEOUT") else { return Ok(None) };
        let milliseconds: i64 = value.trim().parse().map_err(|_| {
            VariableError::new(name, format!("{value:?} is not a whole number of milliseconds, such as 10000"))
        })?;
        Ok(u64::try_from(milliseconds).ok().filter(|ms| *ms > 0).map(Duration::from_millis))
    }

    /// The files that TLS needs; read when the client is made.
    pub(crate) fn files(&self) -> Files {
        let value = |name| self.either(name).map(|(_, value)| value);
        Files { authorities: value("CERTIFICATE"), identity: value("CLIENT_CERTIFICATE").zip(value("CLIENT_KEY")) }
    }

    /// Makes the client of a signal that the environment asks for: by an endpoint of its own, or by its exporter
    /// (`OTEL_METRICS_EXPORTER=otlp`) with the endpoint of all signals. `none` there means no.
    pub(crate) fn client(&self, signal: Signal) -> Result<Option<Client>, VariableError> {
        let exporter_variable = format!("OTEL_{}_EXPORTER", self.signal);
        let exporter = self.get(exporter_variable.clone()).map(|(_, value)| value);
        if self.get("OTEL_SDK_DISABLED".to_owned()).is_some_and(|(_, value)| value.eq_ignore_ascii_case("true")) {
            return Ok(None);
        }
        let own = self.of_signal("ENDPOINT");
        let has_own = own.is_some();
        let (endpoint_variable, address) = match (exporter.as_deref(), own) {
            (Some("none"), _) | (None, None) => return Ok(None),
            (Some("otlp") | None, Some(own)) => own,
            (Some("otlp"), None) => {
                let general = self.of_all("ENDPOINT");
                general.unwrap_or_else(|| ("OTEL_EXPORTER_OTLP_ENDPOINT".to_owned(), self.local()))
            }
            (Some(other), _) => {
                return Err(VariableError::new(exporter_variable, format!("{other:?} is neither otlp nor none")));
            }
        };
        let protocol = self.protocol()?;
        let is_insecure = self.either("INSECURE").is_some_and(|(_, value)| value.eq_ignore_ascii_case("true"));
        let bad = |error: super::EndpointError| VariableError::new(endpoint_variable.clone(), error);
        let mut endpoint = protocol.endpoint(&address, !is_insecure).map_err(bad)?;
        if !has_own {
            endpoint.append(signal.http_path);
        }
        let client = Client::otlp(&endpoint, protocol, signal, &self.files()).map_err(bad)?;
        Ok(Some(client.with_headers(&self.headers()?).with_timeout(self.timeout()?)))
    }

    /// The collector of somebody who names none.
    fn local(&self) -> String {
        format!("http://localhost:{}", self.protocol().unwrap_or(Protocol::Grpc).port())
    }

    /// gRPC unless something else is said, as for traces.
    fn protocol(&self) -> Result<Protocol, VariableError> {
        match self.either("PROTOCOL") {
            None => Ok(Protocol::Grpc),
            Some((_, value)) if value == "grpc" => Ok(Protocol::Grpc),
            Some((_, value)) if value == "http/protobuf" || value == "http" => Ok(Protocol::Http),
            Some((name, value)) => {
                Err(VariableError::new(name, format!("{value:?} is not supported; write grpc or http/protobuf")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(pairs: &[(&str, &str)]) -> Result<Option<String>, String> {
        let found = |name: &str| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        let client = Variables::new("METRICS", &found).client(Signal::METRICS).map_err(|error| error.to_string())?;
        Ok(client.map(|client| client.target().to_owned()))
    }

    const ENDPOINT: (&str, &str) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318/base");
    const OWN: (&str, &str) = ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://m:1/x");
    const OTLP: (&str, &str) = ("OTEL_METRICS_EXPORTER", "otlp");
    const HTTP: (&str, &str) = ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf");

    #[test]
    fn what_asks_for_a_push() {
        for (pairs, url) in [
            (&[][..], None),
            (&[ENDPOINT], None),
            (&[OWN], Some("http://m:1/x")),
            (&[OWN, ("OTEL_METRICS_EXPORTER", "none")], None),
            (&[OWN, ("OTEL_SDK_DISABLED", "TRUE")], None),
            (&[OTLP, ENDPOINT, HTTP], Some("http://c:4318/base/v1/metrics")),
            (&[OTLP, ENDPOINT, OWN, HTTP], Some("http://m:1/x")),
            (&[OTLP], Some("http://localhost:4317/v1/metrics")),
            (&[OTLP, HTTP], Some("http://localhost:4318/v1/metrics")),
            (
                &[("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "m:1"), ("OTEL_EXPORTER_OTLP_INSECURE", "true")],
                Some("http://m:1"),
            ),
            (&[("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "m:1")], Some("https://m:1")),
        ] {
            assert_eq!(target(pairs), Ok(url.map(str::to_owned)), "{pairs:?}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (pair, message) in [
            (("OTEL_METRICS_EXPORTER", "prometheus"), "OTEL_METRICS_EXPORTER: \"prometheus\" is neither otlp nor none"),
            (
                ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"),
                "OTEL_EXPORTER_OTLP_PROTOCOL: \"http/json\" is not supported; write grpc or http/protobuf",
            ),
            (
                ("OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "10s"),
                "OTEL_EXPORTER_OTLP_METRICS_TIMEOUT: \"10s\" is not a whole number of milliseconds, such as 10000",
            ),
            (
                ("OTEL_EXPORTER_OTLP_HEADERS", "token"),
                "OTEL_EXPORTER_OTLP_HEADERS: a header has no `=`; write name=value,name=value",
            ),
        ] {
            assert_eq!(target(&[pair, OWN]), Err(format!("environment variable {message}")));
        }
        let error = target(&[("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "ftp://m")]).unwrap_err();
        assert!(error.starts_with("environment variable OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: "), "{error}");
        let error =
            target(&[("OTEL_EXPORTER_OTLP_CERTIFICATE", "/no/such.pem"), ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "m")]);
        assert!(error.clone().unwrap_err().contains("/no/such.pem"), "{error:?}");
    }
}
