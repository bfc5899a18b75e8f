//! The rules of a component, one test each.

use super::env_ref::is_allowed;
use super::template::{PodNameNotSet, TemplateContext};
use super::*;
use crate::component::component_type::is_initial_version;
use crate::{Loader, Resource};

fn component(yaml: &str) -> Component {
    let text = format!("apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {{name: store}}\n{yaml}");
    let loaded = Loader::default().text("c.yaml", &text).unwrap();
    assert_eq!(loaded.problems, []);
    loaded.components.into_iter().next().unwrap()
}

#[test]
fn types_have_a_category_and_a_name() {
    let parsed = ComponentType::parse("Bindings.Azure.BlobStorage").unwrap();
    assert_eq!((parsed.category, parsed.name.as_str()), (Category::Bindings, "azure.blobstorage"));
    assert_eq!(parsed.to_string(), "bindings.azure.blobstorage");
    for category in Category::ALL {
        assert_eq!(ComponentType::parse(&format!("{category}.x")).unwrap().category, category);
    }
    let error = ComponentType::parse("stat.redis").unwrap_err();
    assert_eq!((error.to_string().as_str(), error.suggestion), ("incorrect type stat.redis", Some("state")));
    assert!(ComponentType::parse("state").is_err());
    assert!(ComponentType::parse("").is_err());
    assert!(["", "v0", "V1"].into_iter().all(is_initial_version) && !is_initial_version("v2"));
}

#[test]
fn init_timeout_falls_back_to_five_seconds() {
    let timeout = |text: &str| ComponentSpec { init_timeout: text.into(), ..Default::default() }.init_timeout();
    assert_eq!(timeout("1m30s"), Duration::from_secs(90));
    for text in ["", "5", "abc", "0s", "-1s"] {
        assert_eq!(timeout(text), DEFAULT_INIT_TIMEOUT, "{text}");
    }
}

#[test]
fn values_of_any_shape_become_text() {
    let component = component(
        "spec:\n  metadata:\n  - {name: a, value: on}\n  - {name: b, value: 5.0}\n  - {name: c, value: {z: 1, y: [x]}}\n  - {name: d, value: \"a\\nb\"}\n  - {name: e}\n  - name: f\n    value: |\n      x\n      y\n",
    );
    let texts: Vec<_> = component.spec.metadata.iter().map(|item| item.value.text().into_owned()).collect();
    assert_eq!(texts, ["true", "5", r#"{"y":["x"],"z":1}"#, "a\nb", "", "x\ny\n"]);
    assert!(component.spec.metadata[4].value.is_absent());
}

#[test]
fn items_know_where_their_value_is() {
    let component = component(
        "spec:\n  metadata:\n  - name: redisHost\n    value: localhost:6379\n  - name: p\n    secretKeyRef: {name: s}\n  - value: {a: 1}\n    name: q\n",
    );
    let places: Vec<_> = component.spec.metadata.iter().map(|item| format!("{:?}", item.origin)).collect();
    assert_eq!(places, ["c.yaml:7:12", "c.yaml:8:5", "c.yaml:10:12"]);
    assert_eq!(format!("{:?}", component.metadata.origin), "c.yaml:3:18");
    assert!(!format!("{component:?}").contains("localhost"), "values stay out of logs");
}

#[test]
fn deny_list_compares_exactly() {
    let make = |kind: &str, version: &str| {
        let mut component = Component::default();
        component.spec.component_type = kind.into();
        component.spec.version = version.into();
        component
    };
    let list = DenyList::new(&["state.redis", "pubsub.kafka/v1", "", "a/b/c", "lock.redis/"]);
    for (kind, version, allowed) in [
        ("state.redis", "v1", false),
        ("State.redis", "v1", true),
        ("pubsub.kafka", "v1", false),
        ("pubsub.kafka", "v2", true),
        ("pubsub.kafka", "V1", true),
        ("a", "b", true),
        ("lock.redis", "v1", false),
        ("state.sqlite", "", false),
        ("", "v1", false),
    ] {
        assert_eq!(list.allows(&make(kind, version)), allowed, "{kind}/{version}");
    }
    assert!(DenyList::default().allows(&make("state.sqlite", "")));
    assert!(!DenyList::new(&[""]).allows(&make("state.sqlite", "")), "a list of nothing is still a list");
}

#[test]
fn environment_variables_that_may_be_read() {
    for (name, allowed) in [("HOME", true), ("", false), ("app_api_token", false), ("Dapr_X", false), ("A B", false)] {
        assert_eq!(is_allowed(name, None), allowed, "{name}");
        assert_eq!(is_allowed(name, Some("")), allowed, "{name}");
    }
    assert!(is_allowed("foo", Some("FOOBAR FOO")) && !is_allowed("BAR", Some("FOOBAR FOO")));
}

#[test]
fn env_refs_fill_items_without_a_value() {
    let mut component = component(
        "spec:\n  metadata:\n  - {name: a, envRef: FOO}\n  - {name: b, value: kept, envRef: FOO}\n  - {name: c, envRef: DAPR_API_TOKEN}\n  - {name: d, envRef: UNSET}\n",
    );
    let env = |name: &str| (name == "FOO").then(|| "foo".to_owned());
    let problems = env_ref::resolve(&mut component, env, None);
    let texts: Vec<_> = component.spec.metadata.iter().map(|item| item.value.text().into_owned()).collect();
    assert_eq!(texts, ["foo", "kept", "", ""]);
    assert_eq!(
        problems.iter().map(ToString::to_string).collect::<Vec<_>>(),
        [
            "c.yaml:8:5: spec.metadata[2].envRef: Component store references an env variable that isn't allowed: DAPR_API_TOKEN"
        ]
    );
}

#[test]
fn templates_are_expanded() {
    let context = TemplateContext { app_id: "app", namespace: "ns", pod_name: Some("pod-1") };
    let expand = |value: &str| context.expand(&NameValuePair::new("p", value)).unwrap();
    assert_eq!(expand("{appID}/{namespace}/{podName}"), "app/ns.app/pod-1");
    let uuids = expand("{uuid} {uuid}");
    let (first, second) = uuids.split_once(' ').unwrap();
    assert!(first.len() == 36 && second.len() == 36 && first != second);
    let context = TemplateContext { pod_name: Some(""), ..context };
    let error = context.expand(&NameValuePair::new("p", "{podName}")).unwrap_err();
    assert_eq!(error, PodNameNotSet { property: "p".into() });
    assert_eq!(error.to_string(), "property p refers to {podName} but podName is not set");
    assert!(component("spec: {metadata: [{name: consumerID, value: '{namespace}-x'}]}").is_namespace_scoped());
}

#[test]
fn secrets_are_collected_and_applied() {
    let mut component = component(
        "spec:\n  metadata:\n  - {name: a, secretKeyRef: {name: s, key: k}}\n  - {name: b, secretKeyRef: {name: s}}\n  - {name: c, value: x}\n  - {name: d, envRef: E, secretKeyRef: {name: s}}\nauth: {secretStore: vault}\n",
    );
    let references = secrets::references(&component, true);
    let seen: Vec<_> =
        references.iter().map(|r| (r.store.as_str(), r.secret.as_str(), r.key.as_str(), r.item)).collect();
    assert_eq!(seen, [("vault", "s", "k", 0), ("vault", "s", "s", 1)]);
    secrets::apply(&mut component, &references, |r| (r.key == "k").then(|| "v".to_owned()));
    assert_eq!(component.spec.metadata[0].value.text(), "v");
    assert!(component.spec.metadata[1].value.is_absent());
    assert_eq!(secrets::store_or_default("", true), "kubernetes");
    assert_eq!(secrets::store_or_default("", false), "");
}

#[test]
fn secrets_from_the_operator_are_base64() {
    let mut component = component(
        "spec:\n  metadata:\n  - {name: a, value: c2VjcmV0, secretKeyRef: {name: s}}\n  - {name: b, value: c2VjcmV0}\n  - {name: c, secretKeyRef: {name: s}}\n",
    );
    assert_eq!(secrets::decode_inlined(&mut component), ["c"]);
    let texts: Vec<_> = component.spec.metadata.iter().map(|item| item.value.text().into_owned()).collect();
    assert_eq!(texts, ["secret", "c2VjcmV0", ""]);
}

#[test]
fn equality_is_about_what_needs_a_restart() {
    let one = component("spec: {type: state.redis, metadata: [{name: a, value: b}]}");
    let mut same = component("\n\n\nscopes: []\nspec:\n  type: state.redis\n  metadata: [{name: a, value: b}]");
    same.metadata.labels.insert("x".into(), "y".into());
    same.metadata.namespace = "other".into();
    assert_eq!(one, same);
    let mut other = one.clone();
    other.spec.set_item("A", "c");
    assert_ne!(one, other);
    other.metadata.name = "other".into();
    assert_eq!(other.spec.metadata.len(), 1);
    assert_eq!(one.log_name(), "store (state.redis)");
}

#[test]
fn reads_and_writes_the_operators_json() {
    let json = r#"{"kind":"Component","metadata":{"name":"s","creationTimestamp":null},"spec":{"type":"state.redis","version":"v1","ignoreErrors":false,"metadata":[{"name":"a","value":5,"secretKeyRef":{"name":"","key":""}},{"name":"b"}],"initTimeout":""},"auth":{"secretStore":""}}"#;
    let component: Component = serde_json::from_str(json).unwrap();
    assert_eq!(component.spec.metadata[0].value.text(), "5");
    let written = serde_json::to_value(&component).unwrap();
    assert_eq!(written["spec"]["metadata"], serde_json::json!([{"name": "a", "value": 5}, {"name": "b"}]));
    let schema = serde_json::to_value(schemars::schema_for!(Component)).unwrap();
    assert!(schema["properties"]["spec"].is_object());
}

#[test]
fn strict_sandbox_can_be_forced() {
    let mut component = component("spec: {metadata: [{name: StrictSandbox, value: 'false'}]}");
    component.force_strict_sandbox();
    assert_eq!(component.spec.item("strictsandbox").unwrap().value.text(), "true");
}
