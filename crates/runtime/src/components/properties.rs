//! From the metadata of a Component resource to what a factory reads.

use dapr_resources::component::template::{PodNameNotSet, TemplateContext};
use dapr_resources::{Component, Origin};
use dapr_spi::metadata::{Properties, Property};

/// The entries of `spec.metadata`, placeholders replaced, each with its place in the file.
///
/// # Errors
/// A placeholder has no value here.
pub(crate) fn of(component: &Component, template: &TemplateContext<'_>) -> Result<Properties, PodNameNotSet> {
    let place = |origin: &Origin| origin.0.as_ref().map(ToString::to_string).unwrap_or_default();
    let property = |(index, item): (usize, &dapr_resources::NameValuePair)| {
        Ok(Property {
            name: item.name.clone(),
            value: template.expand(item)?,
            position: place(&item.origin),
            name_position: place(&item.name_origin),
            index,
        })
    };
    component.spec.metadata.iter().enumerate().map(property).collect::<Result<_, _>>().map(Properties)
}
