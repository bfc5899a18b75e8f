//! Resources that change while the sidecar runs.

use std::path::Path;
use std::time::Duration;

use dapr_kit::task;
use http::Method;

use crate::client::Ask;
use crate::daprd::{Daprd, STORE, Setup, component};
use crate::lifecycle::HalfSent;
use crate::process::{PATIENCE, until};

fn sqlite(directory: &Path, file: &str, extra: &[(&str, &str)]) -> String {
    let path = directory.join(file).to_string_lossy().into_owned();
    let fields: Vec<(&str, &str)> = [("connectionString", path.as_str())].iter().chain(extra).copied().collect();
    component(STORE, "state.sqlite", "v1", "", &fields)
}

/// Writes as editors do: the file is there whole or not at all.
fn replace(daprd: &Daprd, name: &str, text: &str) {
    let path = daprd.resource(name);
    let draft = path.with_extension("draft");
    std::fs::write(&draft, text).expect("write a draft");
    std::fs::rename(&draft, &path).expect("put the draft in place");
}

/// How often the log has a line with this text.
fn told(daprd: &Daprd, text: &str) -> usize {
    daprd.process.output().lines().filter(|line| line.contains(text)).count()
}

async fn reads(daprd: &Daprd, path: &str, status: u16) {
    until(&format!("{path} answers {status}"), async || (daprd.get(path).await.status == status).then_some(())).await;
}

#[tokio::test]
async fn reloads_of_a_store_under_load_drop_no_request() {
    let daprd =
        Setup::bare().component(STORE, "state.sqlite", "v1", &[("connectionString", "{dir}/a.db")]).start().await;
    let writers = (0..4).map(|writer| {
        let http = daprd.http();
        task::spawn("writer", async move {
            let mut calls = 0;
            loop {
                let key = format!("key-{writer}-{calls}");
                let body = serde_json::json!([{ "key": key, "value": calls }]).to_string();
                let path = format!("/v1.0/state/{STORE}");
                http.send(Ask::new(Method::POST, &path).json(&body)).await.expect("an answer").has(204);
                let read = http.send(Ask::get(&format!("{path}/{key}"))).await.expect("an answer");
                assert_eq!(read.has(200).text(), calls.to_string());
                calls += 1;
                if calls > 50_000 {
                    return calls;
                }
            }
        })
    });
    let writers: Vec<_> = writers.collect();
    for round in 1..=8_usize {
        let timeout = format!("{}s", 10 + round);
        replace(&daprd, STORE, &sqlite(daprd.dir(), "a.db", &[("timeout", &timeout)]));
        until("the store is another one", async || {
            (told(&daprd, "Component updated: statestore (state.sqlite/v1)") == round).then_some(())
        })
        .await;
        for writer in &writers {
            assert!(!writer.is_finished(), "a call was dropped:\n{}", daprd.process.output());
        }
    }
    for writer in writers {
        assert!(!writer.is_finished(), "a call was dropped");
        writer.abort();
    }
}

#[tokio::test]
async fn a_call_in_flight_ends_with_the_store_it_began_with() {
    let daprd =
        Setup::bare().component(STORE, "state.sqlite", "v1", &[("connectionString", "{dir}/a.db")]).start().await;
    let call = HalfSent::to(&daprd).await;
    replace(&daprd, STORE, &component(STORE, "state.in-memory", "v1", "", &[]));
    until("the store is another one", async || {
        (told(&daprd, "Component updated: statestore (state.in-memory/v1)") == 1).then_some(())
    })
    .await;
    daprd.saved("in-flight").await.has(204);
    let answer = call.finish().await;
    assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
    daprd.saved("in-flight").await.has(204);
    replace(&daprd, STORE, &sqlite(daprd.dir(), "a.db", &[]));
    reads(&daprd, &format!("/v1.0/state/{STORE}/in-flight"), 200).await;
}

#[tokio::test]
async fn a_file_that_is_broken_keeps_what_was_loaded() {
    let daprd = Setup::in_memory().start().await;
    daprd.save("key", "value").await.has(204);
    let text = component(STORE, "state.in-memory", "v1", "ignoreErrors: maybe", &[]);
    replace(&daprd, STORE, &text);
    let place = format!("{}:8:17: spec.ignoreErrors: expected true or false", daprd.resource(STORE).display());
    until("the place is told", async || (told(&daprd, &place) == 1).then_some(())).await;
    assert_eq!(daprd.saved("key").await.has(200).text(), "\"value\"");
    std::fs::remove_file(daprd.resource(STORE)).expect("remove the file");
    reads(&daprd, &format!("/v1.0/state/{STORE}/key"), 500).await;
}

#[tokio::test]
async fn a_secret_that_rotates_opens_anew_what_takes_it() {
    let store = "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: statestore\nspec:\n  type: state.sqlite\n  \
                 version: v1\n  metadata:\n  - name: connectionString\n    secretKeyRef: {name: database, key: database}\n\
                 auth:\n  secretStore: secrets\n";
    let daprd = Setup::bare()
        .file("statestore.yaml", store)
        .file("secrets.json", r#"{"database": "{dir}/a.db"}"#)
        .component("secrets", "secretstores.local.file", "v1", &[("secretsFile", "{dir}/resources/secrets.json")])
        .component("other", "state.in-memory", "v1", &[])
        .start()
        .await;
    let secrets = daprd.dir().join("resources/secrets.json");
    daprd.save("key", "old").await.has(204);
    daprd.post("/v1.0/state/other", r#"[{"key":"kept","value":1}]"#).await.has(204);
    let path = daprd.dir().join("b.db");
    let text = serde_json::json!({ "database": path.to_string_lossy() }).to_string();
    std::fs::write(&secrets, text).expect("write the secrets");
    reads(&daprd, &format!("/v1.0/state/{STORE}/key"), 204).await;
    daprd.get("/v1.0/state/other/kept").await.has(200);
    // What cannot be read changes nothing.
    std::fs::write(&secrets, "{").expect("write the secrets");
    until("the file is told of", async || (told(&daprd, "it keeps the secrets it has") == 1).then_some(())).await;
    daprd.save("key", "new").await.has(204);
}

#[tokio::test]
async fn a_component_that_waits_for_its_secret_store_starts_with_it() {
    let store = "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: statestore\nspec:\n  type: state.sqlite\n  \
                 version: v1\n  metadata:\n  - name: connectionString\n    secretKeyRef: {name: database, key: database}\n\
                 auth:\n  secretStore: secrets\n";
    let daprd = Setup::bare().file("statestore.yaml", store).start().await;
    assert_eq!(daprd.component(STORE).await.expect("it is listed").0, "failed");
    let text = serde_json::json!({ "database": daprd.dir().join("a.db").to_string_lossy() }).to_string();
    let secrets = daprd.dir().join("secrets.json");
    std::fs::write(&secrets, text).expect("write the secrets");
    let fields = [("secretsFile", &*secrets.to_string_lossy())];
    replace(&daprd, "secrets", &component("secrets", "secretstores.local.file", "v1", "", &fields));
    reads(&daprd, &format!("/v1.0/state/{STORE}/key"), 204).await;
}

#[tokio::test]
async fn a_version_that_fails_ends_the_sidecar_unless_it_may_fail() {
    let mut daprd = Setup::in_memory().start().await;
    let broken = |extra: &str| component(STORE, "state.sqlite", "v1", extra, &[]);
    replace(&daprd, STORE, &broken("ignoreErrors: true"));
    until("it has failed", async || daprd.component(STORE).await.filter(|(status, _)| status == "failed")).await;
    daprd.saved("key").await.has(503);
    replace(&daprd, STORE, &component(STORE, "state.in-memory", "v1", "", &[]));
    reads(&daprd, &format!("/v1.0/state/{STORE}/key"), 204).await;
    replace(&daprd, STORE, &broken(""));
    assert_eq!(daprd.process.exit_code(PATIENCE).await, 1, "{}", daprd.process.output());
    assert_eq!(told(&daprd, "Error processing component, daprd will exit gracefully"), 1);
}

#[tokio::test]
async fn endpoints_and_policies_are_exchanged_without_a_start() {
    let daprd = Setup::in_memory().start().await;
    daprd.save("key", "value").await.has(204);
    let endpoint = "apiVersion: dapr.io/v1alpha1\nkind: HTTPEndpoint\nmetadata:\n  name: partner\nspec:\n  baseUrl: http://localhost:9\n";
    replace(&daprd, "endpoint", endpoint);
    let policies = "apiVersion: dapr.io/v1alpha1\nkind: Resiliency\nmetadata:\n  name: patient\nspec:\n  policies: {}\n  targets: {}\n";
    replace(&daprd, "resiliency", policies);
    until("both are there", async || {
        let about = daprd.get("/v1.0/metadata").await.json();
        (about["httpEndpoints"][0]["name"] == "partner" && about["resiliencies"][0]["name"] == "patient").then_some(())
    })
    .await;
    for name in ["endpoint", "resiliency"] {
        std::fs::remove_file(daprd.resource(name)).expect("remove a resource");
    }
    until("both are gone", async || {
        let about = daprd.get("/v1.0/metadata").await.json();
        (about["httpEndpoints"].is_null() && about["resiliencies"].is_null()).then_some(())
    })
    .await;
    assert_eq!(daprd.saved("key").await.has(200).text(), "\"value\"", "the sidecar has not started over");
}

#[tokio::test]
async fn a_configuration_is_exchanged_or_starts_the_sidecar_over() {
    let daprd = Setup::in_memory()
        .component("secrets", "secretstores.local.env", "v1", &[])
        .env("TEST_SECRET", "quiet")
        .configuration("{tracing: {samplingRate: '0'}}")
        .start()
        .await;
    daprd.save("key", "value").await.has(204);
    daprd.get("/v1.0/secrets/secrets/TEST_SECRET").await.has(200);
    let configure = |spec: &str| {
        let head = "apiVersion: dapr.io/v1alpha1\nkind: Configuration\nmetadata:\n  name: test\nspec: ";
        std::fs::write(daprd.dir().join("config.yaml"), format!("{head}{spec}\n")).expect("write the configuration");
    };
    configure("{tracing: {samplingRate: '0'}, secrets: {scopes: [{storeName: secrets, defaultAccess: deny}]}}");
    reads(&daprd, "/v1.0/secrets/secrets/TEST_SECRET", 403).await;
    daprd.saved("key").await.has(200);
    configure("{tracing: {samplingRate: '1'}}");
    until("it starts over", async || (told(&daprd, "AlwaysOnSampler") == 1).then_some(())).await;
    let http = daprd.http();
    until("it serves again, and has forgotten what was in memory", async || {
        let answer =
            http.send_within(Duration::from_secs(2), Ask::get(&format!("/v1.0/state/{STORE}/key"))).await.ok()?;
        (answer.status == 204).then_some(())
    })
    .await;
}

#[tokio::test]
async fn two_resources_of_one_name_end_the_sidecar() {
    let mut daprd = Setup::in_memory().start().await;
    replace(&daprd, "twin", &component(STORE, "state.in-memory", "v1", "", &[]));
    assert_eq!(daprd.process.exit_code(PATIENCE).await, 1);
    let text = "failed to load resources from disk: duplicate definition of Component name statestore";
    assert_eq!(told(&daprd, text), 1, "{}", daprd.process.output());
}
