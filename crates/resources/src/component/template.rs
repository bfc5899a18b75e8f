//! Placeholders in metadata values, replaced after secrets are in.

use crate::NameValuePair;

/// What placeholders stand for.
#[derive(Clone, Debug, Default)]
pub struct TemplateContext<'a> {
    pub app_id: &'a str,
    pub namespace: &'a str,
    /// `POD_NAME`; `None` or empty makes `{podName}` an error.
    pub pod_name: Option<&'a str>,
}

/// A placeholder that has no value here.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("property {property} refers to {{podName}} but podName is not set")]
pub struct PodNameNotSet {
    /// The metadata item's name.
    pub property: String,
}

impl TemplateContext<'_> {
    /// The text that a component gets for an item: `{uuid}` (each one new), `{podName}`,
    /// `{namespace}` (which stands for `<namespace>.<app id>`) and `{appID}` replaced, in that order.
    ///
    /// # Errors
    /// When `{podName}` is used and there is no pod name.
    pub fn expand(&self, item: &NameValuePair) -> Result<String, PodNameNotSet> {
        let text = fresh_uuids(&item.value.text());
        let text = match self.pod_name.filter(|name| !name.is_empty()) {
            Some(name) => text.replace("{podName}", name),
            None if text.contains("{podName}") => return Err(PodNameNotSet { property: item.name.clone() }),
            None => text,
        };
        let namespace = format!("{}.{}", self.namespace, self.app_id);
        Ok(text.replace("{namespace}", &namespace).replace("{appID}", self.app_id))
    }
}

fn fresh_uuids(text: &str) -> String {
    let mut parts = text.split("{uuid}");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str(&uuid::Uuid::new_v4().to_string());
        out.push_str(part);
    }
    out
}
