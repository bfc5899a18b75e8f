//! Who exports: the attributes of OpenTelemetry's resource.

use percent_encoding::percent_decode_str;

use super::messages;

/// The version of the semantic conventions that the incumbent follows.
pub(crate) const SCHEMA_URL: &str = "https://opentelemetry.io/schemas/1.25.0";

/// `service.name` and what the environment adds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Resource {
    attributes: Vec<(String, String)>,
}

impl Resource {
    /// `service` is the name unless `OTEL_RESOURCE_ATTRIBUTES` gives one, which `OTEL_SERVICE_NAME` beats. What
    /// is not `key=value` there is left out, with a remark.
    pub(crate) fn of(service: &str, variable: &dyn Fn(&str) -> Option<String>) -> Self {
        let mut resource = Resource { attributes: vec![("service.name".to_owned(), service.to_owned())] };
        for part in variable("OTEL_RESOURCE_ATTRIBUTES").unwrap_or_default().split(',') {
            match part.split_once('=') {
                _ if part.trim().is_empty() => {}
                Some((key, value)) if !key.trim().is_empty() => {
                    let value = percent_decode_str(value.trim()).decode_utf8_lossy().into_owned();
                    resource.set(key.trim(), value);
                }
                _ => tracing::warn!(
                    target: "dapr.runtime.trace",
                    "OTEL_RESOURCE_ATTRIBUTES: {part:?} is left out; write key=value,key=value"
                ),
            }
        }
        if let Some(name) = variable("OTEL_SERVICE_NAME").filter(|name| !name.is_empty()) {
            resource.set("service.name", name);
        }
        resource
    }

    fn set(&mut self, key: &str, value: String) {
        match self.attributes.iter_mut().find(|(known, _)| known == key) {
            Some((_, known)) => *known = value,
            None => self.attributes.push((key.to_owned(), value)),
        }
    }

    pub(crate) fn service(&self) -> &str {
        self.attributes.iter().find(|(key, _)| key == "service.name").map_or("", |(_, value)| value)
    }

    pub(crate) fn attributes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.attributes.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    pub(crate) fn message(&self) -> messages::Resource {
        messages::Resource {
            attributes: self.attributes().map(|(key, value)| messages::KeyValue::text(key, value)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(attributes: &str, name: &str) -> Vec<(String, String)> {
        let variable = |variable: &str| match variable {
            "OTEL_RESOURCE_ATTRIBUTES" => Some(attributes.to_owned()),
            "OTEL_SERVICE_NAME" => Some(name.to_owned()),
            _ => None,
        };
        Resource::of("app", &variable).attributes
    }

    #[test]
    fn the_environment_adds_and_replaces() {
        let pairs = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
        };
        assert_eq!(of("", ""), pairs(&[("service.name", "app")]));
        assert_eq!(
            of("service.namespace=production, k8s.pod.name=pod%2D1,nonsense,=x", ""),
            pairs(&[("service.name", "app"), ("service.namespace", "production"), ("k8s.pod.name", "pod-1")])
        );
        assert_eq!(of("service.name=a", ""), pairs(&[("service.name", "a")]));
        assert_eq!(of("service.name=a", "b"), pairs(&[("service.name", "b")]));
    }
}
