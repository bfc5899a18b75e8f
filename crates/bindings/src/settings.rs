//! What a Component says of a binding beside its own fields: direction and route.

use async_trait::async_trait;
use dapr_spi::binding::{Binding, InputBinding, OutputBinding};
use dapr_spi::metadata::Properties;
use std::sync::Arc;

const DIRECTION: &str = "direction";
const ROUTE: &str = "route";

/// How a binding is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Events are read.
    pub(crate) input: bool,
    /// The Component says that it is an input: the application need not be asked whether it wants the events.
    pub(crate) is_input_explicit: bool,
    /// Calls are made.
    pub(crate) output: bool,
    /// The path of an HTTP application, if it is not the binding's name.
    pub(crate) route: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { input: true, is_input_explicit: false, output: true, route: None }
    }
}

impl Settings {
    /// Reads `direction` (both when it is not there) and `route`. A word of `direction` that means nothing is
    /// reported in the log.
    pub fn read(name: &str, properties: &Properties) -> Self {
        let value = |field: &str| {
            let found = properties.0.iter().find(|property| property.name.eq_ignore_ascii_case(field));
            found.map(|property| property.value.trim().to_owned())
        };
        let route =
            value(ROUTE).map(|route| route.trim_start_matches('/').to_owned()).filter(|route| !route.is_empty());
        let Some(direction) = value(DIRECTION) else { return Self { route, ..Self::default() } };
        let (mut input, mut output) = (false, false);
        for word in direction.split(',').map(|word| word.trim().to_ascii_lowercase()) {
            match word.as_str() {
                "input" => input = true,
                "output" => output = true,
                other => tracing::warn!(
                    target: "dapr.runtime.processor.binding",
                    "component {name}: metadata field direction: `{other}` is no direction; use `input`, `output` or both, separated by a comma"
                ),
            }
        }
        Self { input, is_input_explicit: input, output, route }
    }
}

/// A binding in the directions that its Component wants; what it could do beyond is not seen.
pub struct Directed {
    binding: Arc<dyn Binding>,
    input: bool,
    output: bool,
}

impl Directed {
    /// Limits `binding` to what `settings` say.
    pub fn limit(binding: Arc<dyn Binding>, settings: &Settings) -> Arc<dyn Binding> {
        Arc::new(Self { binding, input: settings.input, output: settings.output })
    }
}

#[async_trait]
impl Binding for Directed {
    fn input(&self) -> Option<&dyn InputBinding> {
        self.binding.input().filter(|_| self.input)
    }

    fn output(&self) -> Option<&dyn OutputBinding> {
        self.binding.output().filter(|_| self.output)
    }

    async fn close(&self) {
        self.binding.close().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Settings {
        Settings::read("b", &Properties::from_pairs(pairs.iter().copied()))
    }

    #[test]
    fn no_direction_means_both_and_the_application_is_asked() {
        assert_eq!(read(&[]), Settings::default());
    }

    #[test]
    fn a_direction_is_a_list_without_regard_to_case() {
        let both = read(&[("Direction", "Input, OUTPUT")]);
        assert_eq!((both.input, both.is_input_explicit, both.output), (true, true, true));
        let output = read(&[("direction", "output")]);
        assert_eq!((output.input, output.is_input_explicit, output.output), (false, false, true));
        let neither = read(&[("direction", "sideways")]);
        assert_eq!((neither.input, neither.output), (false, false));
    }

    #[test]
    fn a_route_is_a_path_without_its_slash() {
        assert_eq!(read(&[("route", "/a/b")]).route.as_deref(), Some("a/b"));
        assert_eq!(read(&[("route", "")]).route, None);
    }
}
