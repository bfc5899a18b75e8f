//! From `secretKeyRef` to values, for resources of every kind.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::LazyLock;

use dapr_resources::component::secrets::{SecretReference, apply, references, store_or_default};
use dapr_resources::http_endpoint::TlsDocument;
use dapr_resources::{HttpEndpoint, Resource, Value};

use super::Context;
use crate::Mode;

type Secrets = HashMap<(String, String), HashMap<String, String>>;

/// Tells secrets that have changed from those that have not, without holding any. Of one process only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fingerprint(u64);

/// What no secret value can be guessed without.
static KEYS: LazyLock<RandomState> = LazyLock::new(RandomState::new);

impl Fingerprint {
    fn of(references: &[SecretReference], found: &Secrets) -> Option<Self> {
        let values: Vec<Option<&str>> = references.iter().map(|reference| value(found, reference)).collect();
        (!values.is_empty()).then(|| Self(KEYS.hash_one(values)))
    }
}

fn value<'a>(found: &'a Secrets, reference: &SecretReference) -> Option<&'a str> {
    let secret = found.get(&(reference.store.clone(), reference.secret.clone()))?;
    secret.get(&reference.key).map(String::as_str)
}

/// Of the secrets that a resource would take now; `None` when it takes none, or one cannot be had.
pub(super) async fn fingerprint<R: Resource>(context: &Context, resource: &R) -> Option<Fingerprint> {
    let references = references(resource, context.mode == Mode::Kubernetes);
    let mut found = Secrets::new();
    for reference in &references {
        let store = context.secrets.component(&reference.store)?;
        let secret = store.get(&reference.secret, &HashMap::new()).await.ok()?;
        found.insert((reference.store.clone(), reference.secret.clone()), secret);
    }
    Fingerprint::of(&references, &found)
}

/// Whether all secrets that a resource takes can be had now.
pub(super) async fn are_there<R: Resource>(context: &Context, resource: &R) -> bool {
    references(resource, context.mode == Mode::Kubernetes).is_empty() || fingerprint(context, resource).await.is_some()
}

/// Puts the secrets of a resource in; a secret that its store does not have is reported and left empty.
///
/// # Errors
/// The name of a store that is not there.
pub(super) async fn resolve<R: Resource>(
    context: &Context,
    resource: &mut R,
    label: &str,
) -> Result<Option<Fingerprint>, String> {
    let references = references(resource, context.mode == Mode::Kubernetes);
    let mut found = Secrets::new();
    for reference in &references {
        fetch(context, &mut found, &reference.store, &reference.secret, label).await?;
    }
    apply(resource, &references, |reference| value(&found, reference).map(str::to_owned));
    Ok(Fingerprint::of(&references, &found))
}

async fn fetch(context: &Context, found: &mut Secrets, store: &str, secret: &str, label: &str) -> Result<(), String> {
    let place = (store.to_owned(), secret.to_owned());
    if found.contains_key(&place) {
        return Ok(());
    }
    let Some(component) = context.secrets.component(store) else { return Err(store.to_owned()) };
    let values = component.get(secret, &HashMap::new()).await.unwrap_or_else(|error| {
        tracing::error!(target: "dapr.runtime.processor", "{label}: secret `{secret}` of store `{store}`: {error}");
        HashMap::new()
    });
    found.insert(place, values);
    Ok(())
}

/// Puts the secrets of headers and of TLS documents in.
pub(super) async fn resolve_endpoint(context: &Context, endpoint: &mut HttpEndpoint) {
    let label = format!("HTTPEndpoint {}", endpoint.metadata.name);
    if let Err(store) = resolve(context, endpoint, &label).await {
        tracing::error!(target: "dapr.runtime.processor", "{label}: no secret store `{store}` is ready");
    }
    let store = store_or_default(&endpoint.auth.secret_store, context.mode == Mode::Kubernetes).to_owned();
    let Some(tls) = &mut endpoint.spec.client_tls else { return };
    let documents = [&mut tls.root_ca, &mut tls.certificate, &mut tls.private_key];
    for document in documents.into_iter().flatten() {
        resolve_document(context, document, &store, &label).await;
    }
}

async fn resolve_document(context: &Context, document: &mut TlsDocument, store: &str, label: &str) {
    let Some(reference) = document.secret_key_ref.as_ref().filter(|_| document.value.is_absent()) else { return };
    let mut found = Secrets::new();
    if let Err(store) = fetch(context, &mut found, store, &reference.name, label).await {
        tracing::error!(target: "dapr.runtime.processor", "{label}: no secret store `{store}` is ready");
    }
    let secret = found.into_values().next().unwrap_or_default();
    if let Some(text) = secret.get(reference.key()) {
        document.value = Value::from(text.clone());
    }
}
