//! The `dapr` command on a machine of its own: what it prints, how it exits, what it leaves behind.

use std::path::PathBuf;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use crate::client::{Ask, Target};
use crate::machine;
use crate::process::{Process, lives, until};

pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// A home directory; runs of `dapr` in it know nothing of the machine's own.
pub(crate) struct Machine {
    pub(crate) home: TempDir,
}

impl Machine {
    pub(crate) fn new() -> Self {
        Self { home: tempfile::Builder::new().prefix("dapr-cli-").tempdir().expect("a directory") }
    }

    pub(crate) fn dapr_dir(&self) -> PathBuf {
        self.home.path().join(".dapr")
    }

    pub(crate) fn start(&self, log: &str, arguments: &[&str]) -> Process {
        Process::start(&self.home.path().join(log), machine::binary("dapr"), |command| {
            command.args(arguments).env("HOME", self.home.path()).env_remove("DAPR_RUNTIME_PATH");
            command.current_dir(self.home.path());
        })
    }

    /// Runs a command to its end.
    pub(crate) async fn dapr(&self, arguments: &[&str]) -> (i32, String) {
        let log = format!("{}.log", machine::port());
        let mut process = self.start(&log, arguments);
        let code = process.exit_code(LIMIT).await;
        (code, process.output())
    }

    /// The entry of `dapr list` for an app, once it names every process.
    pub(crate) async fn listed(&self, app_id: &str) -> Value {
        let what = format!("`dapr list` shows {app_id}");
        until(&what, async || {
            let (code, output) = self.dapr(&["list", "-o", "json"]).await;
            assert_eq!(code, 0, "{output}");
            let list: Vec<Value> = serde_json::from_str(&output).expect("a list");
            list.into_iter()
                .find(|entry| entry["appId"] == app_id && pid(entry, "appPid") > 0 && pid(entry, "cliPid") > 0)
        })
        .await
    }
}

pub(crate) fn pid(entry: &Value, key: &str) -> i32 {
    i32::try_from(entry[key].as_i64().unwrap_or_default()).expect("a process number")
}

pub(crate) fn processes(entry: &Value) -> [i32; 3] {
    ["cliPid", "daprdPid", "appPid"].map(|key| pid(entry, key))
}

/// An id that no other test and no other run of this test has.
pub(crate) fn app_id(name: &str) -> String {
    format!("{name}-{}", std::process::id())
}

pub(crate) async fn all_gone(pids: [i32; 3]) {
    until("every process of the run is gone", async || pids.iter().all(|pid| !lives(*pid)).then_some(())).await;
}

#[tokio::test]
async fn from_init_to_uninstall() {
    let machine = Machine::new();
    let (code, output) = machine.dapr(&["init"]).await;
    assert_eq!(code, 0, "{output}");
    for file in ["bin/daprd", "bin/dapr", "components/statestore.yaml", "components/pubsub.yaml", "config.yaml"] {
        assert!(machine.dapr_dir().join(file).is_file(), "{file} after\n{output}");
    }
    std::fs::write(machine.dapr_dir().join("config.yaml"), "kind: Configuration\n").expect("write");
    let (code, output) = machine.dapr(&["init"]).await;
    assert_eq!(code, 0, "a second time: {output}");
    let kept = std::fs::read_to_string(machine.dapr_dir().join("config.yaml")).expect("read");
    assert_eq!(kept, "kind: Configuration\n", "files of the user stay");

    let (code, output) = machine.dapr(&["uninstall"]).await;
    assert_eq!(code, 0, "{output}");
    assert!(!machine.dapr_dir().join("bin").exists() && machine.dapr_dir().join("components").exists());
    let (code, output) = machine.dapr(&["uninstall", "--all"]).await;
    assert_eq!(code, 0, "{output}");
    assert!(!machine.dapr_dir().exists());
}

#[tokio::test]
async fn a_run_is_listed_asked_and_stopped() {
    let (machine, id) = (Machine::new(), app_id("listed"));
    let mut run = machine.start("run.log", &["run", "--app-id", &id, "--", "sleep", "600"]);
    run.prints("You're up and running!").await;
    let entry = machine.listed(&id).await;
    let port = u16::try_from(entry["httpPort"].as_u64().expect("a port")).expect("a port");
    let sidecar = Target::Port(port);
    until("its sidecar is ready", async || {
        let answer = sidecar.send(Ask::get("/v1.0/healthz/outbound")).await.expect("an answer");
        (answer.status == 204).then_some(())
    })
    .await;

    let (code, output) = machine.dapr(&["components", "--app-id", &id, "-o", "json"]).await;
    assert_eq!(code, 0, "{output}");
    let components: Vec<Value> = serde_json::from_str(&output).expect("a list");
    let store = components.iter().find(|one| one["name"] == "statestore").expect("the default store");
    assert_eq!((&store["type"], &store["status"]), (&"state.sqlite".into(), &"ready".into()), "{output}");

    let (code, output) = machine.dapr(&["stop", "--app-id", &id]).await;
    assert_eq!(code, 0, "{output}");
    all_gone(processes(&entry)).await;
    run.exit_code(LIMIT).await;
    let (code, output) = machine.dapr(&["stop", "--app-id", &id]).await;
    assert_eq!(code, 1, "it is not there any more: {output}");
}

#[tokio::test]
async fn an_interrupt_ends_the_app_and_the_sidecar() {
    let (machine, id) = (Machine::new(), app_id("interrupted"));
    let mut run = machine.start("run.log", &["run", "--app-id", &id, "--", "sleep", "600"]);
    let entry = machine.listed(&id).await;
    run.signal(Signal::INT);
    assert_eq!(run.exit_code(LIMIT).await, 0, "{}", run.output());
    all_gone(processes(&entry)).await;
}

#[tokio::test]
async fn nothing_survives_the_death_of_the_run() {
    let (machine, id) = (Machine::new(), app_id("killed"));
    // An app with a child of its own, that ignores polite requests.
    let app = "trap '' TERM INT HUP; sleep 600 & echo child $!; wait; wait";
    let mut run = machine.start("run.log", &["run", "--app-id", &id, "--", "sh", "-c", app]);
    run.prints("== APP == child ").await;
    let entry = machine.listed(&id).await;
    let output = run.output();
    let child = output.lines().find_map(|line| line.strip_prefix("== APP == child ")).expect("the child's number");
    let child: i32 = child.trim().parse().expect("a number");
    run.signal(Signal::KILL);
    run.exit_code(LIMIT).await;
    all_gone(processes(&entry)).await;
    until("the app's own child is gone", async || (!lives(child)).then_some(())).await;
}

#[tokio::test]
async fn the_death_of_the_sidecar_ends_the_run() {
    let (machine, id) = (Machine::new(), app_id("orphan"));
    let mut run = machine.start("run.log", &["run", "--app-id", &id, "--", "sleep", "600"]);
    let entry = machine.listed(&id).await;
    let daprd = Pid::from_raw(pid(&entry, "daprdPid")).expect("not zero");
    kill_process(daprd, Signal::KILL).expect("kill the sidecar");
    assert_ne!(run.exit_code(LIMIT).await, 0, "{}", run.output());
    all_gone(processes(&entry)).await;
}

#[tokio::test]
async fn exit_codes() {
    let machine = Machine::new();
    for (arguments, expected) in [
        (&["no-such-command"][..], 255),
        (&["run", "--no-such-flag"], 255),
        (&["list"], 0),
        (&["version"], 0),
        (&["stop", "--app-id", "no-such-app"], 1),
        (&["run", "--app-id", "ends", "--", "no-such-program"], 1),
        (&["run", "--app-id", "ends", "--", "sh", "-c", "exit 7"], 7),
        (&["run", "--app-id", "ends", "--", "true"], 0),
        (&["run", "--app-id", "ends", "--resources-path", "no-such-folder", "--", "true"], 1),
    ] {
        let (code, output) = machine.dapr(arguments).await;
        assert_eq!(code, expected, "{arguments:?}\n{output}");
    }
}

#[tokio::test]
async fn validation_names_file_line_and_field() {
    let machine = Machine::new();
    let file = machine.home.path().join("store.yaml");
    let validate = async |text: &str| {
        std::fs::write(&file, text).expect("write");
        machine.dapr(&["components", "validate", &file.to_string_lossy()]).await
    };
    let yaml = |fields: &str| {
        format!(
            "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: s\nspec:\n  type: state.redis\n  version: v1\n  metadata:\n{fields}"
        )
    };
    let (code, output) = validate(&yaml("  - name: redisHost\n    value: localhost:6379\n")).await;
    assert_eq!(code, 0, "{output}");
    let (code, output) = validate(&yaml("  - name: redisHots\n    value: localhost:6379\n")).await;
    assert_eq!(code, 1, "{output}");
    assert!(output.contains("store.yaml:") && output.contains("did you mean `redisHost`"), "{output}");
    let (code, output) = validate("kind: [").await;
    assert_eq!(code, 1, "{output}");
    assert!(output.contains("store.yaml"), "{output}");
    let examples = crate::machine::repository().join("examples/orders/resources-redis");
    let (code, output) = machine.dapr(&["components", "validate", &examples.to_string_lossy()]).await;
    assert_eq!(code, 0, "the examples' own files: {output}");
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let machine = Machine::new();
    let taken = std::net::TcpListener::bind(("0.0.0.0", machine::port())).expect("a port");
    let port = taken.local_addr().expect("its address").port().to_string();
    let (code, output) = machine.dapr(&["run", "--app-id", "taken", "--dapr-http-port", &port, "--", "true"]).await;
    assert_ne!(code, 0, "{output}");
    assert!(output.contains(&port), "{output}");
}
