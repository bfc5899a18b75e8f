//! `bindings.*` of a pluggable component: a source, a target, or both.

mod input;
mod output;

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use dapr_spi::binding::{Binding, InputBinding, OutputBinding};
use dapr_spi::metadata::Properties;
use dapr_spi::registry::{Component, Entry, Prepared};
use dapr_spi::{Context, Result};

use crate::discovery::Discovered;
use input::Input;
use output::Output;

const INPUT: &str = "InputBinding";
const OUTPUT: &str = "OutputBinding";

/// Type and entry of a component that is a binding.
pub(crate) fn entry(component: &Discovered) -> Option<(String, Entry)> {
    (component.serves(INPUT) || component.serves(OUTPUT)).then(|| {
        let component = Arc::new(component.clone());
        let name = format!("bindings.{}", component.name);
        let prepare = move |properties: &Properties| {
            let properties: HashMap<String, String> =
                properties.0.iter().map(|property| (property.name.clone(), property.value.clone())).collect();
            let component = component.clone();
            Ok(Prepared::new(move |context| open(component.clone(), properties.clone(), context)))
        };
        (name, Entry::dynamic(prepare))
    })
}

/// Opens the directions that the component has and that its resource wants; no other is told its settings.
async fn open(component: Arc<Discovered>, properties: HashMap<String, String>, context: Context) -> Result<Component> {
    let mut plugged = Plugged { input: None, output: None };
    if component.serves(INPUT) && wants(&properties, "input") {
        plugged.input = Some(Input::open(&component, properties.clone(), &context.name).await?);
    }
    if component.serves(OUTPUT) && wants(&properties, "output") {
        plugged.output = Some(Output::open(&component, properties, &context.name).await?);
    }
    Ok(Component::Binding(Arc::new(plugged)))
}

/// Whether `direction` names this one, or is not there.
fn wants(properties: &HashMap<String, String>, direction: &str) -> bool {
    let given = properties.iter().find(|(name, _)| name.eq_ignore_ascii_case("direction"));
    given.is_none_or(|(_, list)| list.split(',').any(|word| word.trim().eq_ignore_ascii_case(direction)))
}

struct Plugged {
    input: Option<Input>,
    output: Option<Output>,
}

#[async_trait]
impl Binding for Plugged {
    fn input(&self) -> Option<&dyn InputBinding> {
        self.input.as_ref().map(|input| input as &dyn InputBinding)
    }

    fn output(&self) -> Option<&dyn OutputBinding> {
        self.output.as_ref().map(|output| output as &dyn OutputBinding)
    }

    async fn close(&self) {
        if let Some(input) = &self.input {
            input.close();
        }
        if let Some(output) = &self.output {
            output.close();
        }
    }
}
