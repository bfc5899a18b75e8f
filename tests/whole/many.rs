//! `dapr run -f`: many apps of one run file, what is shown of them, and how they end.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::cli::{LIMIT, Machine, all_gone, app_id, pid, processes};
use crate::machine;
use crate::process::{Process, lives, until, within};

/// A machine with a run file in the folder `apps`, beside one folder for each app.
struct Setup {
    machine: Machine,
}

impl Setup {
    fn new(run_file: &str, folders: &[&str]) -> Self {
        let machine = Machine::new();
        let setup = Self { machine };
        std::fs::create_dir(setup.folder()).expect("a folder for the apps");
        for folder in folders {
            std::fs::create_dir_all(setup.folder().join(folder)).expect("a folder for an app");
        }
        std::fs::write(setup.file(), run_file).expect("write the run file");
        setup
    }

    fn folder(&self) -> PathBuf {
        self.machine.home.path().join("apps")
    }

    fn file(&self) -> PathBuf {
        self.folder().join("dapr.yaml")
    }

    /// `dapr run -f` of the folder, with further flags.
    fn run(&self, flags: &[&str]) -> Process {
        let folder = self.folder();
        let arguments: Vec<&str> =
            ["run", "-f", folder.to_str().expect("a path of text")].into_iter().chain(flags.iter().copied()).collect();
        self.machine.start("run.log", &arguments)
    }

    /// The only log file of an app whose name begins so.
    fn log(&self, folder: &str, beginning: &str) -> (String, String) {
        let logs = self.folder().join(folder).join(".dapr/logs");
        let names = std::fs::read_dir(&logs).expect("a folder of logs").flatten();
        let mut names: Vec<String> = names.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.retain(|name| name.starts_with(beginning));
        let [name] = names.as_slice() else { panic!("{names:?} begin with {beginning}") };
        (name.clone(), std::fs::read_to_string(logs.join(name)).expect("a log"))
    }
}

async fn gone(entries: &[Value]) {
    for entry in entries {
        all_gone(processes(entry)).await;
    }
}

#[tokio::test]
async fn apps_of_a_run_file_are_listed_with_it_and_stopped_with_it() {
    let (one, two) = (app_id("many-one"), app_id("many-two"));
    let text = format!(
        "version: 1\nname: shop\ncommon: {{logLevel: warn}}\napps:\n\
         - {{appID: {one}, appDirPath: one, command: [sleep, '600']}}\n\
         - {{appID: {two}, appDirPath: two, command: [sleep, '600'], appLogDestination: console, daprdLogDestination: console}}\n"
    );
    let setup = Setup::new(&text, &["one", "two"]);
    let mut run = setup.run(&[]);
    run.prints(&format!("{one}: running")).await;
    run.prints(&format!("{two}: running")).await;
    let entries = [setup.machine.listed(&one).await, setup.machine.listed(&two).await];
    let file = setup.file().to_string_lossy().into_owned();
    for entry in &entries {
        assert_eq!((&entry["runTemplatePath"], &entry["runTemplateName"]), (&file.as_str().into(), &"shop".into()));
    }
    let (name, _) = setup.log("one", &format!("{one}_app_"));
    assert!(entries[0]["appLogPath"].as_str().expect("a path").ends_with(&name), "{}", entries[0]);
    assert!(!entries[0]["daprdLogPath"].as_str().expect("a path").is_empty());
    assert_eq!((&entries[1]["appLogPath"], &entries[1]["daprdLogPath"]), (&"".into(), &"".into()));

    let (code, output) = setup.machine.dapr(&["stop", "-a", &one]).await;
    assert_eq!(code, 0, "{output}");
    run.prints(&format!("{one}: stopped")).await;
    assert!(lives(pid(&entries[1], "appPid")), "the other app goes on");

    let (code, output) = setup.machine.dapr(&["stop", "-f", &setup.folder().to_string_lossy()]).await;
    assert_eq!(code, 0, "{output}");
    assert_eq!(run.exit_code(LIMIT).await, 0, "{}", run.output());
    gone(&entries).await;
}

#[tokio::test]
async fn settings_and_lines_go_where_the_run_file_says() {
    let (one, two) = (app_id("lines-one"), app_id("lines-two"));
    let text = format!(
        "version: 1\ncommon:\n  env: {{WHO: everybody, NUMBER: 7}}\n  appLogDestination: file\napps:\n\
         - {{appID: {one}, appDirPath: one, command: [sh, -c, 'echo $WHO $NUMBER $APP_ID in $(basename $PWD)'], env: {{WHO: one}}}}\n\
         - {{appID: {two}, appDirPath: two, command: [sh, -c, 'echo $WHO $NUMBER'], appLogDestination: fileAndConsole}}\n"
    );
    let setup = Setup::new(&text, &["one", "two"]);
    let mut run = setup.run(&[]);
    let output = run.succeeds(LIMIT).await;
    let (name, log) = setup.log("one", &format!("{one}_app_"));
    assert_eq!(log, format!("one 7 {one} in one\n"));
    let stamp = name.strip_prefix(&format!("{one}_app_")).and_then(|rest| rest.strip_suffix(".log")).expect("its name");
    assert!(stamp.len() == 14 && stamp.bytes().all(|byte| byte.is_ascii_digit()), "{name}");
    assert!(!output.contains(&format!("== APP - {one} ==")), "{output}");
    assert!(output.contains(&format!("== APP - {two} == everybody 7\n")), "{output}");
    assert_eq!(setup.log("two", &format!("{two}_app_")).1, "everybody 7\n");
    assert!(setup.log("two", &format!("{two}_daprd_")).1.contains("level=info"), "the sidecar's lines are in its file");
    assert!(!output.contains("== DAPR"), "{output}");
}

#[tokio::test]
async fn a_failure_is_explained_and_the_others_go_on() {
    let (bad, good) = (app_id("fails"), app_id("lives"));
    let text = format!(
        "version: 1\napps:\n- {{appID: {bad}, appDirPath: bad, command: [sh, -c, 'echo so far so good; echo no disk >&2; exit 3']}}\n\
         - {{appID: {good}, appDirPath: good, command: [sleep, '600']}}\n"
    );
    let setup = Setup::new(&text, &["bad", "good"]);
    let mut run = setup.run(&[]);
    run.prints(&format!("{good}: running")).await;
    run.prints(&format!("{bad}: failed (exit code 3)")).await;
    run.prints("The other app goes on").await;
    let output = run.output();
    let (name, _) = setup.log("bad", &format!("{bad}_app_"));
    assert!(output.contains(&format!("{bad}: The App process exited with error code: 3")), "{output}");
    assert!(output.contains("| no disk") && output.contains(&name), "{output}");
    let entry = setup.machine.listed(&good).await;
    run.signal(Signal::INT);
    assert_eq!(run.exit_code(LIMIT).await, 3, "the failure is not forgotten: {}", run.output());
    gone(&[entry]).await;
}

#[tokio::test]
async fn a_sidecar_that_cannot_start_is_explained_by_its_log() {
    let id = app_id("component");
    let text = format!(
        "version: 1\napps:\n- {{appID: {id}, appDirPath: app, resourcesPaths: [yaml], command: [sleep, '600']}}\n"
    );
    let setup = Setup::new(&text, &["app/yaml"]);
    let component = crate::daprd::component("orders", "state.no-such", "v1", "", &[]);
    std::fs::write(setup.folder().join("app/yaml/orders.yaml"), component).expect("write a component");
    let mut run = setup.run(&[]);
    assert_eq!(run.exit_code(LIMIT).await, 1, "{}", run.output());
    let output = run.output();
    assert!(output.contains(&format!("{id}: failed (sidecar, exit code 1)")), "{output}");
    assert!(output.contains("level=fatal") && output.contains("orders") && output.contains("_daprd_"), "{output}");
}

#[tokio::test]
async fn an_app_is_started_again_when_its_policy_says_so() {
    let id = app_id("again");
    let text = format!(
        "version: 1\napps:\n- appID: {id}\n  appDirPath: app\n  restartPolicy: OnFailure\n  \
         command: [sh, -c, 'if [ -e once ]; then echo second; exec sleep 600; fi; touch once; exit 1']\n"
    );
    let setup = Setup::new(&text, &["app"]);
    let mut run = setup.run(&[]);
    run.prints(&format!("{id}: running, restarts: 1")).await;
    run.prints(&format!("== APP - {id} == second")).await;
    let listed = until("the new process is listed", async || {
        Some(setup.machine.listed(&id).await).filter(|entry| lives(pid(entry, "appPid")))
    });
    let entry = listed.await;
    run.signal(Signal::TERM);
    assert_eq!(run.exit_code(LIMIT).await, 0, "{}", run.output());
    gone(&[entry]).await;
}

#[tokio::test]
async fn nothing_starts_from_a_run_file_with_mistakes() {
    let id = app_id("mistakes");
    let text = format!(
        "version: 1\napps:\n- appID: {id}\n  appDirPath: app\n  appPotr: 3000\n  command: [sleep, '600']\n- appDirPath: gone\n  appPort: 70000\n"
    );
    let setup = Setup::new(&text, &["app"]);
    let file = setup.file().to_string_lossy().into_owned();
    let (code, output) = setup.machine.dapr(&["run", "-f", &file]).await;
    assert_eq!(code, 1, "{output}");
    assert!(
        output.contains(&format!("{file}:7: apps[1].appDirPath: ")) && output.contains("gone does not exist"),
        "{output}"
    );
    assert!(output.contains(&format!("{file}:8: apps[1].appPort: port 70000 is above 65535")), "{output}");

    let text =
        format!("version: 1\napps:\n- appID: {id}\n  appDirPath: app\n  appPotr: 3000\n  command: [no-such-program]\n");
    std::fs::write(setup.file(), text).expect("write");
    let (code, output) = setup.machine.dapr(&["run", "-f", &file]).await;
    assert_eq!(code, 1, "{output}");
    assert!(
        output.contains(&format!("{file}:5: apps[0].appPotr: ")) && output.contains("did you mean `appPort`?"),
        "{output}"
    );
    assert!(output.contains(&format!("{file}:3: Failed to find command no-such-program")), "{output}");
    assert!(!setup.folder().join("app/.dapr").exists(), "nothing was started");
}

#[tokio::test]
async fn machines_get_an_object_for_every_change() {
    let id = app_id("json");
    let text = format!("version: 1\napps: [{{appID: {id}, appDirPath: app, command: [sleep, '1.5']}}]\n");
    let setup = Setup::new(&text, &["app"]);
    let output = setup.run(&["--log-as-json"]).succeeds(LIMIT).await;
    let lines: Vec<Value> =
        output.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"))).collect();
    let changes: Vec<&Value> =
        lines.iter().map(|line| &line["app"]).filter(|app| app["appId"] == id.as_str()).collect();
    let states: Vec<&str> = changes.iter().filter_map(|app| app["state"].as_str()).collect();
    assert_eq!(states, ["ready", "running", "stopping", "stopped"]);
    assert!(changes[0]["httpPort"].as_u64() > Some(0) && changes[0]["restarts"] == 0, "{output}");
}

#[tokio::test]
async fn a_terminal_shows_one_table_below_the_log() {
    let id = app_id("table");
    let text =
        format!("version: 1\napps: [{{appID: {id}, appDirPath: app, command: [sh, -c, 'echo hello; sleep 1.5']}}]\n");
    let setup = Setup::new(&text, &["app"]);
    let log = setup.machine.home.path().join("screen.log");
    // `script` of util-linux gives the command a terminal.
    let mut run = Process::start(&log, "script", |command| {
        let inner = format!(
            "stty rows 40 cols 120; exec {} run -f {}",
            machine::binary("dapr").display(),
            setup.folder().display()
        );
        command.args(["--quiet", "--return", "--command", &inner, "/dev/null"]);
        command.env("HOME", setup.machine.home.path()).env("TERM", "xterm").env_remove("NO_COLOR");
    });
    assert_eq!(run.exit_code(LIMIT).await, 0, "{}", run.output());
    let screen = shown(&run.output());
    let table: Vec<&str> = screen.iter().map(String::as_str).skip_while(|line| !line.starts_with("APP ID")).collect();
    assert_eq!(table.iter().filter(|line| !line.is_empty()).count(), 2, "{screen:#?}");
    let cells: Vec<&str> = table[1].split_whitespace().collect();
    assert_eq!(&cells[..3], [id.as_str(), "stopped", "0"], "{screen:#?}");
    assert!(screen.iter().any(|line| line == &format!("== APP - {id} == hello")), "{screen:#?}");
    assert!(run.output().contains("\u{1b}[32m"), "a running app is green");
}

/// What stands on a terminal after `text` was written to it.
fn shown(text: &str) -> Vec<String> {
    let (mut screen, mut row) = (vec![String::new()], 0);
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (sequence, tail) = rest.split_at(first.len_utf8());
        rest = tail;
        match sequence {
            "\u{1b}" => {
                let end = rest.find(|c: char| c.is_ascii_alphabetic()).expect("the end of a sequence");
                let (parameters, command) = (&rest[1..end], &rest[end..=end]);
                rest = &rest[end + 1..];
                match command {
                    "F" => row -= parameters.parse::<usize>().expect("a number of lines"),
                    "J" => screen.splice(row.., [String::new()]).for_each(drop),
                    "m" => {}
                    other => panic!("sequence {other}"),
                }
            }
            "\r" => {}
            "\n" => {
                row += 1;
                if row == screen.len() {
                    screen.push(String::new());
                }
            }
            letter => screen[row] += letter,
        }
    }
    screen
}

#[tokio::test]
async fn a_run_file_may_come_from_standard_input() {
    let id = app_id("piped");
    let setup = Setup::new("", &["app"]);
    let text = format!("version: 1\napps: [{{appID: {id}, appDirPath: apps/app, command: [echo, hello]}}]\n");
    let piped = setup.machine.home.path().join("piped");
    std::fs::write(&piped, text).expect("write");
    let mut run = Process::start(&setup.machine.home.path().join("run.log"), machine::binary("dapr"), |command| {
        command.args(["run", "-f", "-"]).stdin(File::open(&piped).expect("open"));
        command.env("HOME", setup.machine.home.path()).current_dir(setup.machine.home.path());
    });
    let output = run.succeeds(LIMIT).await;
    assert!(output.contains(&format!("== APP - {id} == hello")), "{output}");
}

/// Two apps that do not end when asked, and the processes of both.
async fn stubborn() -> (Setup, Process, Vec<Value>) {
    let ids = [app_id("stubborn-one"), app_id("stubborn-two")];
    let command = "[sh, -c, 'trap \"\" TERM INT; while true; do sleep 600 & wait; done']";
    let app = |id: &String, folder| format!("- {{appID: {id}, appDirPath: {folder}, command: {command}}}\n");
    let setup =
        Setup::new(&format!("version: 1\napps:\n{}{}", app(&ids[0], "one"), app(&ids[1], "two")), &["one", "two"]);
    let mut run = setup.run(&[]);
    let mut entries = Vec::new();
    for id in &ids {
        run.prints(&format!("{id}: running")).await;
        entries.push(setup.machine.listed(id).await);
    }
    (setup, run, entries)
}

#[tokio::test]
async fn a_second_signal_does_not_wait() {
    let (_setup, mut run, entries) = stubborn().await;
    run.signal(Signal::INT);
    run.prints("Received signal to stop Dapr and app processes.").await;
    run.signal(Signal::INT);
    // Each of them would get ten seconds to end.
    run.exit_code(Duration::from_secs(9)).await;
    gone(&entries).await;
}

#[tokio::test]
async fn a_killed_run_of_many_leaves_nobody() {
    let (_setup, mut run, entries) = stubborn().await;
    run.signal(Signal::KILL);
    run.exit_code(LIMIT).await;
    gone(&entries).await;
}

#[tokio::test]
async fn the_cluster_is_not_pretended() {
    let setup = Setup::new("version: 1\napps: []\n", &[]);
    for arguments in [["run", "-f", "apps", "-k"], ["stop", "-f", "apps", "-k"]] {
        let (code, output) = setup.machine.dapr(&arguments).await;
        assert_eq!(code, 1, "{output}");
        assert!(output.contains("waits for Kubernetes support"), "{output}");
    }
    let (code, output) = setup.machine.dapr(&["run", "-f", "apps"]).await;
    assert_eq!(code, 1, "{output}");
    assert!(output.contains("No apps to run"), "{output}");
}

/// The Sentry that a `dapr run` of this home has started.
fn sentry_of(home: &Path) -> Option<i32> {
    let folder = home.join(".dapr/certs").to_string_lossy().into_owned();
    let entries = std::fs::read_dir("/proc").ok()?.flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).find(|pid: &i32| {
        let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        name.trim() == "sentry" && String::from_utf8_lossy(&line).split('\0').any(|word| word == folder)
    })
}

#[tokio::test]
async fn the_sentry_that_mtls_needs_is_started_and_shared() {
    machine::binary("sentry");
    let (one, two) = (app_id("mtls-one"), app_id("mtls-two"));
    let text = format!(
        "version: 1\ncommon: {{configFilePath: mtls.yaml}}\napps: [{{appID: {one}, appDirPath: one, command: [sleep, '600']}}]\n"
    );
    let setup = Setup::new(&text, &["one"]);
    let configuration = format!(
        "apiVersion: dapr.io/v1alpha1\nkind: Configuration\nmetadata: {{name: mtls}}\nspec: {{mtls: {{enabled: true, sentryAddress: 'localhost:{}'}}}}\n",
        machine::port()
    );
    std::fs::write(setup.folder().join("mtls.yaml"), configuration).expect("write");
    let home = setup.machine.home.path();
    let mut first = setup.run(&[]);
    first.prints(&format!("{one}: running")).await;
    let sentry = sentry_of(home).expect("a Sentry of this home");
    let root = std::fs::read_to_string(home.join(".dapr/certs/ca.crt")).expect("its root certificate");

    let mut second =
        setup.machine.start("second.log", &["run", "-a", &two, "-c", "apps/mtls.yaml", "--", "sleep", "600"]);
    second.prints("You're up and running!").await;
    assert!(!second.output().contains("Starting Sentry"), "{}", second.output());
    assert_eq!(sentry_of(home), Some(sentry), "one for both");

    first.signal(Signal::INT);
    assert_eq!(first.exit_code(LIMIT).await, 0, "{}", first.output());
    assert!(!lives(sentry), "it ends with the run that looks after it");
    second.prints("Starting Sentry").await;
    let heir = within(LIMIT, "the second run has a Sentry", async || sentry_of(home)).await;
    let again = std::fs::read_to_string(home.join(".dapr/certs/ca.crt")).expect("its root certificate");
    assert_eq!(again, root, "the certificates stay");

    // A Sentry that dies comes back.
    kill_process(Pid::from_raw(heir).expect("not zero"), Signal::KILL).expect("kill it");
    within(LIMIT, "a new Sentry", async || sentry_of(home).filter(|pid| *pid != heir)).await;
    second.signal(Signal::KILL);
    second.exit_code(LIMIT).await;
    within(LIMIT, "no Sentry is left", async || sentry_of(home).is_none().then_some(())).await;
}
