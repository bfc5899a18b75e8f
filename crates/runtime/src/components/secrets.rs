//! From `secretKeyRef` to values, for resources of every kind.

use std::collections::HashMap;

use dapr_resources::component::secrets::{apply, references, store_or_default};
use dapr_resources::http_endpoint::TlsDocument;
use dapr_resources::{HttpEndpoint, Resource, Value};

use super::Context;
use crate::Mode;

type Secrets = HashMap<(String, String), HashMap<String, String>>;

/// Puts the secrets of a resource in; a secret that its store does not have is reported and left empty.
///
/// # Errors
/// The name of a store that is not there.
pub(super) async fn resolve<R: Resource>(context: &Context, resource: &mut R, label: &str) -> Result<(), String> {
    let references = references(resource, context.mode == Mode::Kubernetes);
    let mut found = Secrets::new();
    for reference in &references {
        fetch(context, &mut found, &reference.store, &reference.secret, label).await?;
    }
    apply(resource, &references, |reference| {
        let secret = found.get(&(reference.store.clone(), reference.secret.clone()))?;
        secret.get(&reference.key).cloned()
    });
    Ok(())
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
