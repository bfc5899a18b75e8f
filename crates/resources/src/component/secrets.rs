//! `secretKeyRef`: which secrets a resource needs, from which store, and putting them in.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::{Resource, Value};

/// The secret store that is always there in Kubernetes mode.
pub const KUBERNETES_STORE: &str = "kubernetes";

/// One value that a resource needs from a secret store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretReference {
    /// Name of the secret store component; empty in self-hosted mode when none is named, which
    /// no store answers to.
    pub store: String,
    pub secret: String,
    /// The key inside the secret.
    pub key: String,
    /// Which item of [`Resource::pairs`] wants it.
    pub item: usize,
}

/// The store that a resource's secrets come from: the one it names, else `kubernetes` in
/// Kubernetes mode, else none (the empty text).
pub fn store_or_default(named: &str, kubernetes: bool) -> &str {
    match (named, kubernetes) {
        ("", true) => KUBERNETES_STORE,
        _ => named,
    }
}

/// The secrets that a resource needs, in item order. An item with an `envRef` and no value
/// needs none; one with a value does, since the secret replaces it when it is found.
pub fn references<R: Resource>(resource: &R, kubernetes: bool) -> Vec<SecretReference> {
    let store = store_or_default(resource.secret_store(), kubernetes);
    let wanted = |(item, pair): (usize, &crate::NameValuePair)| {
        let by_env = pair.value.is_absent() && !pair.env_ref.is_empty();
        (!pair.secret_key_ref.is_absent() && !by_env).then(|| SecretReference {
            store: store.to_owned(),
            secret: pair.secret_key_ref.name.clone(),
            key: pair.secret_key_ref.key().to_owned(),
            item,
        })
    };
    resource.pairs().iter().enumerate().filter_map(wanted).collect()
}

/// Puts resolved secrets in. `None` and empty texts leave an item as it is.
pub fn apply<R: Resource>(
    resource: &mut R,
    references: &[SecretReference],
    resolve: impl Fn(&SecretReference) -> Option<String>,
) {
    for reference in references {
        let text = resolve(reference).filter(|text| !text.is_empty());
        if let (Some(text), Some(item)) = (text, resource.pairs_mut().get_mut(reference.item)) {
            item.value = Value::from(text);
        }
    }
}

/// Decodes the secrets that the operator has put in: in Kubernetes mode, values of items with a
/// `secretKeyRef` into the store `kubernetes` arrive as base64. Returns the names of the items
/// whose value is not base64 of a text; they stay as they are.
pub fn decode_inlined<R: Resource>(resource: &mut R) -> Vec<String> {
    let mut failed = Vec::new();
    for item in resource.pairs_mut().iter_mut().filter(|item| !item.secret_key_ref.is_absent()) {
        match decode(&item.value) {
            Some(value) => item.value = value,
            None => failed.push(item.name.clone()),
        }
    }
    failed
}

/// What a value of base64 stands for. `None` when it is not base64 of a text.
pub fn decode(value: &Value) -> Option<Value> {
    let bytes = STANDARD.decode(value.json().as_str()?).ok()?;
    String::from_utf8(bytes).ok().map(Value::from)
}
