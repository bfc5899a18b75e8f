//! Calls between apps: the published SDKs at both ends, and gRPC proxying from a plain client in Python.

use std::process::Command;

use crate::daprd::Daprd;
use crate::machine;
use crate::mesh::{LIMIT, Mesh};
use crate::process::Process;

/// A program of `tests/sdk` beside a sidecar; its application port, if it has one, is `port`.
fn program(daprd: &Daprd, program: &[&str], port: u16) -> Process {
    let environment = |command: &mut Command| {
        let (http, grpc) = (daprd.ports.http.to_string(), daprd.ports.grpc.to_string());
        command.env("DAPR_HTTP_PORT", http).env("DAPR_GRPC_PORT", grpc).env("APP_PORT", port.to_string());
    };
    let log = daprd.dir().join(format!("{}.log", program.join("-")));
    if program[0].ends_with(".py") {
        return Process::start(&log, machine::python(), |command| {
            command.args(program).current_dir(machine::repository().join("tests/sdk/python"));
            environment(command);
        });
    }
    Process::start(&log, "node", |command| {
        command.args(program).current_dir(machine::node_project("tests/sdk/node"));
        environment(command);
    })
}

/// An app with its sidecar.
struct Beside {
    daprd: Daprd,
    _app: Process,
}

async fn beside(mesh: &Mesh, app_id: &str, protocol: &str, app: &[&str]) -> Beside {
    let port = machine::port();
    let mut daprd = mesh.beside(app_id, port, protocol).flags(&["--max-body-size", "32Mi"]).launch();
    let app = program(&daprd, app, port);
    daprd.wait_ready().await;
    Beside { daprd, _app: app }
}

async fn sdks(mtls: bool) {
    let mesh = Mesh::new(mtls).await;
    let (caller, _node_http, _node_grpc, _python) = tokio::join!(
        mesh.sidecar("caller").flags(&["--max-body-size", "32Mi"]).start(),
        beside(&mesh, "node-http", "http", &["app.mjs", "http"]),
        beside(&mesh, "node-grpc", "grpc", &["app.mjs", "grpc"]),
        beside(&mesh, "python-grpc", "grpc", &["words_app.py"]),
    );
    for arguments in [["invoke.py", "http"], ["invoke.py", "grpc"], ["invoke.mjs", "http"], ["invoke.mjs", "grpc"]] {
        program(&caller, &arguments, 0).succeeds(LIMIT).await;
    }
}

#[tokio::test]
async fn python_and_node_call_each_other() {
    sdks(false).await;
}

#[tokio::test]
async fn python_and_node_call_each_other_with_mtls() {
    sdks(true).await;
}

async fn proxied(mtls: bool) {
    let mesh = Mesh::new(mtls).await;
    let (caller, words) = tokio::join!(
        mesh.sidecar("caller").flags(&["--max-body-size", "32Mi"]).start(),
        beside(&mesh, "words", "grpc", &["words_app.py"]),
    );
    program(&caller, &["proxy.py", "words"], 0).succeeds(LIMIT).await;
    assert!(words.daprd.process.output().contains("level=info"));
}

#[tokio::test]
async fn a_plain_grpc_client_reaches_an_app() {
    proxied(false).await;
}

#[tokio::test]
async fn a_plain_grpc_client_reaches_an_app_with_mtls() {
    proxied(true).await;
}
