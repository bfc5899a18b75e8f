//! From the operator's JSON to resources.

use dapr_resources::SecretKeyRef;
use dapr_resources::component::secrets::{KUBERNETES_STORE, decode_inlined, store_or_default};
use serde_json::Value;

use super::{Error, LOG, Watched};

/// Reads one resource, and decodes the secrets in it.
pub(super) fn resource<R: Watched>(document: &[u8]) -> Result<R, Error> {
    let malformed = |name, source| Error::Malformed { kind: R::KIND, name, source };
    let json = parse(document).map_err(|source| malformed(String::new(), source))?;
    let name = json.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut resource: R = serde_json::from_value(json).map_err(|source| malformed(name, source))?;
    if store_or_default(resource.secret_store(), true) == KUBERNETES_STORE {
        let failed = decode_inlined(&mut resource);
        for pair in resource.pairs_mut().iter_mut().filter(|pair| !failed.contains(&pair.name)) {
            // It is resolved: nobody shall look for it again.
            pair.secret_key_ref = SecretKeyRef::default();
        }
        let failed = failed.into_iter().chain(resource.decode_more_secrets());
        for item in failed {
            let name = &resource.metadata().name;
            let kind = R::KIND.name();
            tracing::error!(target: LOG, "The secret for {item} of {kind} {name} did not come, or is not base64 of a text");
        }
    }
    Ok(resource)
}

/// The same JSON without `null`s.
pub(super) fn json_without_nulls(document: &[u8]) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(&parse(document)?)
}

fn parse(document: &[u8]) -> Result<Value, serde_json::Error> {
    let mut json = serde_json::from_slice(document)?;
    drop_nulls(&mut json);
    Ok(json)
}

/// Go writes `null` for a list without items, which is the same as none. What users write freely stays as it is.
fn drop_nulls(json: &mut Value) {
    match json {
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null());
            for (name, member) in members {
                if !matches!(name.as_str(), "value" | "configuration" | "options") {
                    drop_nulls(member);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use dapr_resources::{Component, HttpEndpoint, McpServer, Resiliency, Resource, Subscription};

    use super::*;

    fn read<R: Watched>(json: &str) -> R {
        resource(json.as_bytes()).unwrap()
    }

    #[test]
    fn secrets_of_kubernetes_are_decoded_and_others_are_left_alone() {
        let component = r#"{"kind":"Component","apiVersion":"dapr.io/v1alpha1",
            "metadata":{"name":"store","namespace":"default","creationTimestamp":null},
            "spec":{"type":"state.redis","version":"v1","ignoreErrors":false,"initTimeout":"","metadata":[
                {"name":"redisHost","value":"localhost:6379","secretKeyRef":{"name":"","key":""}},
                {"name":"redisPassword","value":"c2VjcmV0","secretKeyRef":{"name":"redis","key":"password"}},
                {"name":"broken","value":"!","secretKeyRef":{"name":"redis","key":"other"}}]},
            "auth":{"secretStore":"STORE"},"scopes":null}"#;
        let ours: Component = read(&component.replace("STORE", ""));
        let texts: Vec<_> = ours.pairs().iter().map(|pair| pair.value.text().into_owned()).collect();
        assert_eq!(texts, ["localhost:6379", "secret", "!"]);
        let open: Vec<_> = ours.pairs().iter().map(|pair| !pair.secret_key_ref.is_absent()).collect();
        assert_eq!(open, [false, false, true], "what could not be decoded is still to be resolved");
        let named: Component = read(&component.replace("STORE", "kubernetes"));
        assert_eq!(named.pairs()[1].value.text(), "secret");
        let other: Component = read(&component.replace("STORE", "vault"));
        assert_eq!(other.pairs()[1].value.text(), "c2VjcmV0");
        assert!(!other.pairs()[1].secret_key_ref.is_absent());
    }

    #[test]
    fn secrets_beside_the_headers_are_decoded_too() {
        let endpoint: HttpEndpoint = read(
            r#"{"metadata":{"name":"e"},"spec":{"baseUrl":"https://x","headers":null,"clientTLS":{
                "rootCA":{"value":"cm9vdA==","secretKeyRef":{"name":"tls","key":"ca"}},
                "certificate":{"value":"plain"},
                "privateKey":{"value":"a2V5","secretKeyRef":{"name":"tls","key":"key"}}}},"auth":{}}"#,
        );
        let tls = endpoint.spec.client_tls.unwrap();
        let text = |document: Option<dapr_resources::http_endpoint::TlsDocument>| {
            let document = document.unwrap();
            assert!(document.secret_key_ref.is_none());
            document.value.text().into_owned()
        };
        assert_eq!([text(tls.root_ca), text(tls.certificate), text(tls.private_key)], ["root", "plain", "key"]);
        let server: McpServer = read(
            r#"{"metadata":{"name":"m"},"spec":{"endpoint":{"stdio":{"command":"x","env":[
                {"name":"TOKEN","value":"c2VjcmV0","secretKeyRef":{"name":"mcp","key":"token"}}]}}}}"#,
        );
        let env = &server.spec.endpoint.stdio.unwrap().env[0];
        assert_eq!(env.value.text(), "secret");
        assert!(env.secret_key_ref.is_absent());
    }

    #[test]
    fn nulls_are_dropped_but_not_in_what_users_write() {
        let component: Component = read(
            r#"{"metadata":{"name":"c"},"spec":{"type":"a.b","version":"v1","metadata":[
                {"name":"x","value":{"a":null}}]},"scopes":["app"]}"#,
        );
        assert_eq!(component.pairs()[0].value.text(), r#"{"a":null}"#);
        let none: Component = read(r#"{"metadata":{"name":"c"},"spec":{"type":"a.b","version":"v1","metadata":null}}"#);
        assert!(none.pairs().is_empty());
        let resiliency: Resiliency = read(r#"{"metadata":{"name":"r"},"spec":{"policies":{"timeouts":null}}}"#);
        assert_eq!(resiliency.metadata().name, "r");
        let subscription: Subscription = read(
            r#"{"metadata":{"name":"s"},"spec":{"pubsubname":"p","topic":"t","routes":{"rules":null,"default":"/x"}}}"#,
        );
        assert_eq!(subscription.spec.routes.default, "/x");
    }

    #[test]
    fn what_is_no_such_resource_is_an_error() {
        for document in ["", "null", "[1]", "{", r#"{"spec":5}"#] {
            let error = resource::<Component>(document.as_bytes()).unwrap_err().to_string();
            assert!(error.starts_with("error deserializing Component \"\": "), "{document}: {error}");
        }
        let named = br#"{"metadata":{"name":"store"},"spec":5}"#;
        let error = resource::<Component>(named).unwrap_err().to_string();
        assert!(error.starts_with("error deserializing Component \"store\": "), "{error}");
    }
}
