//! `dapr invoke`: a call through the sidecar of a real app, and what is said when it fails.

use std::fs::File;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::cli::{LIMIT, Machine, app_id};
use crate::machine;
use crate::process::Process;

/// An app that answers with what it was asked; under `/broken` with 503.
const ECHO: &str = r#"
import http.server, json, os
class Echo(http.server.BaseHTTPRequestHandler):
    def do(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
        seen = {"verb": self.command, "path": self.path, "type": self.headers.get("content-type"),
                "mark": self.headers.get("x-mark"), "body": body}
        answer = json.dumps(seen).encode() if not self.path.startswith("/broken") else b"out of tea"
        self.send_response(503 if self.path.startswith("/broken") else 200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)
    do_GET = do_POST = do_PUT = do_DELETE = do
    def log_message(self, *_): pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["APP_PORT"])), Echo).serve_forever()
"#;

/// An echo app with its sidecar.
struct Echo {
    machine: Machine,
    id: String,
    run: Process,
}

impl Echo {
    async fn start(name: &str, flags: &[&str]) -> Self {
        let (machine, id, port) = (Machine::new(), app_id(name), machine::port().to_string());
        let mut arguments = vec!["run", "--app-id", &id, "--app-port", &port];
        arguments.extend(flags);
        arguments.extend(["--", "python3", "-c", ECHO]);
        let mut run = machine.start("run.log", &arguments);
        run.prints("You're up and running!").await;
        let echo = Self { machine, id, run };
        // The sidecar answers before its app listens.
        crate::process::until("the app can be called", async || {
            (echo.invoke(&[&["--method", "up"], &flags[..flags.len().min(2)]].concat()).await.0 == 0).then_some(())
        })
        .await;
        echo
    }

    async fn invoke(&self, arguments: &[&str]) -> (i32, String) {
        self.machine.dapr(&[&["invoke", "--app-id", &self.id], arguments].concat()).await
    }

    /// What the app saw of a call that works.
    async fn seen(&self, arguments: &[&str]) -> Value {
        let (code, output) = self.invoke(arguments).await;
        assert_eq!(code, 0, "{output}");
        assert!(output.contains("✅  App invoked successfully"), "{output}");
        let answer = output.lines().find(|line| line.starts_with('{')).expect("the answer of the app");
        serde_json::from_str(answer).expect("JSON")
    }

    async fn stop(mut self) {
        self.run.signal(Signal::INT);
        self.run.exit_code(LIMIT).await;
    }
}

#[tokio::test]
async fn a_call_carries_verb_path_headers_and_data() {
    let echo = Echo::start("echo", &[]).await;
    assert_eq!(
        echo.seen(&["--method", "order?size=2", "--data", r#"{"item":"tea"}"#]).await,
        json!({"verb": "POST", "path": "/order?size=2", "type": "application/json", "mark": null, "body": r#"{"item":"tea"}"#})
    );
    let seen = echo.seen(&["--method", "/a/b", "--verb", "get"]).await;
    assert_eq!((&seen["verb"], &seen["path"], &seen["body"]), (&"GET".into(), &"/a/b".into(), &"".into()));
    let seen = echo
        .seen(&[
            "-m",
            "price",
            "-v",
            "PUT",
            "-d",
            "tea",
            "--header",
            "content-type: text/plain",
            "--header",
            "x-mark: 7",
        ])
        .await;
    assert_eq!((&seen["type"], &seen["mark"], &seen["body"]), (&"text/plain".into(), &"7".into(), &"tea".into()));

    let file = echo.machine.home.path().join("order.json");
    std::fs::write(&file, "[1,2]").expect("write");
    let seen = echo.seen(&["-m", "order", "-f", &file.to_string_lossy()]).await;
    assert_eq!(seen["body"], "[1,2]");
    let mut piped = Process::start(&echo.machine.home.path().join("piped.log"), machine::binary("dapr"), |command| {
        command.args(["invoke", "-a", &echo.id, "-m", "order", "-f", "-"]).env("HOME", echo.machine.home.path());
        command.stdin(File::open(&file).expect("open"));
    });
    assert!(piped.succeeds(LIMIT).await.contains(r#""body": "[1,2]""#), "{}", piped.output());
    echo.stop().await;
}

#[tokio::test]
async fn a_call_that_fails_says_why() {
    let echo = Echo::start("refuse", &[]).await;
    let (code, output) = echo.invoke(&["--method", "broken"]).await;
    assert_eq!(code, 1, "{output}");
    let expected = format!("❌  error invoking app {}: 503 Service Unavailable: out of tea", echo.id);
    assert!(output.contains(&expected), "{output}");

    let (code, output) = echo.machine.dapr(&["invoke", "-a", "no-such-app", "-m", "x"]).await;
    assert_eq!(code, 1, "{output}");
    assert!(output.contains("app ID no-such-app not found") && output.contains(&echo.id), "{output}");
    for (arguments, message) in [
        (&["-m", "x", "-d", "1", "-f", "file"][..], "Only one of --data and --data-file allowed"),
        (&["-m", "x", "-f", "no-such-file"], "Error reading payload from 'no-such-file'"),
        (&["-m", "x", "--header", "nonsense"], "`nonsense` is no header"),
    ] {
        let (code, output) = echo.invoke(arguments).await;
        assert!(code == 1 && output.contains(message), "{code} {output}");
    }
    let (code, output) = echo.machine.dapr(&["invoke", "-a", "x"]).await;
    assert_eq!(code, 255, "{output}");
    echo.stop().await;
}

#[tokio::test]
async fn a_sidecar_on_sockets_can_be_called() {
    let sockets = tempfile::tempdir().expect("a directory");
    let folder = sockets.path().to_string_lossy().into_owned();
    let echo = Echo::start("socket", &["--unix-domain-socket", &folder]).await;
    assert_eq!(echo.seen(&["-m", "order", "-u", &folder]).await["path"], "/order");
    assert_eq!(echo.seen(&["-m", "order"]).await["path"], "/order", "the sidecar's flags tell where it listens");
    echo.stop().await;
}
