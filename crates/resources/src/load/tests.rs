//! Directories and documents: what is loaded, in which order, and what is said about the rest.

use std::fs;

use super::*;
use crate::Resource;

fn doc(kind: &str, name: &str, rest: &str) -> String {
    format!("apiVersion: dapr.io/v1alpha1\nkind: {kind}\nmetadata:\n  name: {name}\n{rest}\n")
}

fn names<R: Resource>(resources: &[R]) -> Vec<&str> {
    resources.iter().map(|resource| resource.metadata().name.as_str()).collect()
}

fn told(loaded: &Loaded) -> Vec<String> {
    loaded.problems.iter().map(ToString::to_string).collect()
}

#[test]
fn order_is_directory_file_document() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fs::write(one.path().join("b.YML"), doc("Component", "b", "")).unwrap();
    fs::write(one.path().join("a.yaml"), [doc("Component", "a2", ""), doc("Component", "a1", "")].join("---\n"))
        .unwrap();
    fs::write(one.path().join("note.txt"), "hello").unwrap();
    fs::create_dir(one.path().join("sub.yaml")).unwrap();
    fs::write(two.path().join("0.yaml"), doc("Component", "z", "")).unwrap();
    let loaded = Loader::default().directories(&[one.path(), two.path()]).unwrap();
    assert_eq!(names(&loaded.components), ["a2", "a1", "b", "z"]);
    let told = told(&loaded);
    assert!(
        told.len() == 1 && told[0].ends_with("note.txt is not loaded, because its name does not end in .yaml or .yml"),
        "{told:?}"
    );
    let missing = one.path().join("missing");
    let error = Loader::default().directories(&[&missing]).unwrap_err();
    assert!(error.to_string().starts_with("failed to read resource directory "), "{error}");
}

#[test]
fn every_kind_is_read() {
    let v2 = "apiVersion: dapr.io/v2alpha1\nkind: Subscription\nmetadata: {name: s2}\nspec: {pubsubname: p, topic: t, routes: {rules: [{match: 'event.type == \"x\"', path: /x}], default: /d}}\n".to_owned();
    let text = [
        doc("Resiliency", "r", "spec: {policies: {timeouts: {a: 5s, b: 500}, retries: {r: {maxRetries: -1, matching: {gRPCStatusCodes: 1-3}}}}, targets: {apps: {x: {timeout: a}}}}"),
        doc("Component", "c", "spec: {type: state.redis, version: v1}"),
        doc("Configuration", "cfg", "spec: {tracing: {samplingRate: 1}}"),
        doc("Subscription", "s1", "spec: {pubsubname: p, topic: t, route: /r, metadata: {n: 1}, bulkSubscribe: {enabled: yes, maxMessagesCount: 3}}\nscopes: [other]"),
        v2,
        doc("HTTPEndpoint", "h", "spec: {baseUrl: 'https://x', clientTLS: {rootCA: {value: pem}, privateKey: {secretKeyRef: {name: s}}}}"),
        doc("MCPServer", "m", "spec: {endpoint: {streamableHTTP: {url: 'http://m', timeout: 5s, headers: [{name: a, value: b}], auth: {secretStore: v}}}, middleware: {beforeCallTool: [{workflow: {workflowName: w}, mutate: true}]}}"),
        doc("WorkflowAccessPolicy", "w", "spec: {rules: [{callers: [{appID: a}], workflows: [{name: '*', operations: [schedule], requires: [{eventType: event.raised, name: n, appID: x}]}]}]}"),
    ]
    .join("---\n");
    let loaded = Loader { app_id: Some("app"), namespace: None }.text("all.yaml", &text).unwrap();
    assert_eq!(told(&loaded), [""; 0]);
    assert_eq!(names(&loaded.subscriptions), ["s1", "s2"], "scopes of subscriptions are looked at later");
    let old = &loaded.subscriptions[0].spec;
    assert_eq!(
        (old.routes.default.as_str(), old.metadata["n"].as_str(), old.bulk_subscribe.max_messages_count),
        ("/r", "1", 3)
    );
    assert_eq!(loaded.subscriptions[1].spec.routes.rules[0].path, "/x");
    assert_eq!(loaded.resiliencies[0].spec.policies.timeouts["b"], "500");
    assert_eq!(loaded.mcp_servers[0].log_name(), "m (http://m)");
    assert_eq!(loaded.mcp_servers[0].secret_store(), "v");
    assert_eq!(loaded.http_endpoints[0].log_name(), "h (https://x)");
    assert_eq!(loaded.configurations[0].spec.tracing.sampling_rate, "1");
    assert_eq!(loaded.workflow_access_policies[0].spec.rules[0].workflows[0].requires.len(), 1);
    assert_eq!(names(&loaded.components), ["c"]);
}

#[test]
fn a_broken_document_leaves_the_others() {
    let text = [
        doc("Component", "a", ""),
        "kind: [\n".into(),
        doc("Component", "b", "spec: {ignoreErrors: maybe}"),
        doc("Component", "c", ""),
    ]
    .join("---\n");
    let loaded = Loader::default().text("f.yaml", &text).unwrap();
    assert_eq!(names(&loaded.components), ["a", "c"]);
    let told = told(&loaded);
    assert!(told[0].starts_with("f.yaml:7:7: this is not YAML: "), "{told:?}");
    assert_eq!(told[1], "f.yaml:13:22: spec.ignoreErrors: expected true or false, found `maybe`");
    assert!(loaded.problems.iter().all(|problem| problem.severity == crate::Severity::Error));
    assert_eq!(loaded.broken, [std::sync::Arc::from(Path::new("f.yaml"))]);
    assert!(loaded.may_hide(&loaded.components[0]));
    assert!(!Loader::default().text("f.yaml", &doc("Component", "a", "")).unwrap().may_hide(&loaded.components[0]));
}

#[test]
fn foreign_documents_are_skipped_and_slips_are_told() {
    let text = "apiVersion: v1\nkind: ConfigMap\n---\napiVersion: dapr.io/v1alpha1\nkind: Componet\n---\napiVersion: dapr.io/v1\nkind: Component\n---\n- a\n---\njust text\n";
    let loaded = Loader::default().text("f.yaml", text).unwrap();
    assert_eq!(
        told(&loaded),
        [
            "f.yaml:5:7: kind: Dapr has no resource kind `Componet`; the document is not loaded; did you mean `Component`?",
            "f.yaml:7:13: apiVersion: a Component has apiVersion dapr.io/v1alpha1, found `dapr.io/v1`; the document is not loaded",
        ]
    );
    assert_eq!(Loaded { problems: Vec::new(), ..loaded }, Loaded::default());
}

#[test]
fn misspelt_fields_are_told_with_their_place() {
    let text =
        doc("Component", "a", "spec:\n  type: state.redis\n  metdata: []\n  metadata:\n  - name: x\n    vlaue: y");
    let loaded = Loader::default().text("statestore.yaml", &text).unwrap();
    assert_eq!(
        told(&loaded),
        [
            "statestore.yaml:7:3: spec.metdata: no such field; it has no effect; did you mean `metadata`?",
            "statestore.yaml:10:5: spec.metadata[0].vlaue: no such field; it has no effect; did you mean `value`?",
        ]
    );
    assert_eq!(loaded.components.len(), 1);
}

#[test]
fn metadata_copied_from_a_cluster_is_no_surprise() {
    let text = "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {name: a, creationTimestamp: null, uid: x, resourceVersion: '5', generation: 3, managedFields: [{a: b}]}\nstatus: {}\n";
    let loaded = Loader::default().text("f.yaml", text).unwrap();
    assert_eq!((told(&loaded).len(), loaded.components[0].metadata.generation), (0, 3));
}

#[test]
fn namespaces_filter_only_when_one_is_set() {
    let text = ["a", "b", ""]
        .map(|ns| {
            format!("apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {{name: c{ns}, namespace: '{ns}'}}\n")
        })
        .join("---\n");
    let load =
        |namespace| names(&Loader { app_id: None, namespace }.text("f.yaml", &text).unwrap().components).join(" ");
    assert_eq!(load(Some("a")), "ca c");
    assert_eq!((load(None), load(Some(""))), ("ca cb c".into(), "ca cb c".into()));
}

#[test]
fn scopes_filter_by_app() {
    let text = [
        doc("Component", "a", "scopes: [x]"),
        doc("Component", "b", "scopes: [y, z]"),
        doc("Resiliency", "r", "scopes: [y]"),
    ]
    .join("---\n");
    let load = |app_id| Loader { app_id, namespace: None }.text("f.yaml", &text).unwrap();
    assert_eq!(names(&load(Some("z")).components), ["b"]);
    assert_eq!(names(&load(None).components), ["a", "b"]);
}

#[test]
fn resiliencies_are_one_per_file_and_told_by_kind() {
    let text = format!("kind: Resiliency\nmetadata: {{name: a}}\n---\n{}", doc("Resiliency", "b", ""));
    let loaded = Loader::default().text("f.yaml", &text).unwrap();
    assert_eq!(names(&loaded.resiliencies), ["a"]);
    assert_eq!(told(&loaded), ["f.yaml:4:1: a Resiliency must be the first document of its file"]);
}

#[test]
fn duplicates_stop_the_start() {
    let spec = "spec: {type: state.redis, version: v1}";
    let twice = [doc("Component", "A", spec), doc("Component", "A", spec)].join("---\n");
    let error = Loader::default().text("f.yaml", &twice).unwrap_err();
    assert_eq!(
        error.to_string(),
        "duplicate definition of Component name A (state.redis/v1) with existing A (state.redis/v1)\n(f.yaml:10:9 repeats f.yaml:4:9)"
    );
    let app = Loader { app_id: Some("me"), namespace: None };
    let foreign = doc("Component", "A", "scopes: [other]");
    assert!(app.text("f.yaml", &[foreign.clone(), doc("Component", "A", "")].join("---\n")).is_ok());
    assert!(app.text("f.yaml", &[doc("Component", "A", ""), foreign].join("---\n")).is_err());
    // One name in two kinds, and in kinds that are not checked, is fine.
    let fine = [
        doc("Component", "A", ""),
        doc("HTTPEndpoint", "A", ""),
        doc("Subscription", "A", ""),
        doc("Subscription", "A", ""),
    ]
    .join("---\n");
    assert_eq!(Loader::default().text("f.yaml", &fine).unwrap().subscriptions.len(), 2);
}

#[test]
fn names_must_be_path_segments() {
    let loaded = Loader::default().text("f.yaml", &doc("Component", "a/b", "")).unwrap();
    assert_eq!(
        told(&loaded),
        ["f.yaml:4:9: metadata.name: invalid name `a/b`: a name may not be `.` or `..` and may not contain `/` or `%`"]
    );
}

/// The files of the published quickstarts and of the benchmark.
#[test]
fn files_of_the_field_load() {
    let quickstart = "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: statestore\nspec:\n  type: state.redis\n  version: v1\n  metadata:\n  - name: redisHost\n    value: localhost:6379\n  - name: redisPassword\n    value: \"\"\n  - name: actorStateStore\n    value: \"true\"\n";
    let flow = "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {name: statestore}\nspec: {type: state.in-memory, version: v1, metadata: [{name: actorStateStore, value: \"true\"}]}\n---\napiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {name: pubsub}\nspec: {type: pubsub.in-memory, version: v1}\n";
    let loaded = Loader::default().text("statestore.yaml", quickstart).unwrap();
    assert_eq!(told(&loaded), [""; 0]);
    let items = &loaded.components[0].spec.metadata;
    assert_eq!(items[1].origin.0.as_ref().unwrap().to_string(), "statestore.yaml:12:12");
    assert!(!items[1].value.is_absent(), "an empty text is a value");
    let loaded = Loader::default().text("c.yaml", flow).unwrap();
    assert_eq!((names(&loaded.components), told(&loaded).len()), (vec!["statestore", "pubsub"], 0));
}
