//! Sidecars and servers that are killed: this test program starts itself as a sidecar, and kills it.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use dapr_spi::pubsub::PubSub;
use dapr_testkit::pubsub::{Act, Collector, Seen, message, subscription};

use crate::servers::{open_group, start, url};

const URL: &str = "DAPR_TEST_NATS_URL";
const ROLE: &str = "DAPR_TEST_NATS_ROLE";
const ACKNOWLEDGED: &str = "DAPR_TEST_NATS_ACKNOWLEDGED";
const TOPIC: &str = "suite.crash";
const FIELDS: &[(&str, &str)] = &[("ackWait", "2s")];
/// Length of a line in the file of acknowledged messages.
const LINE: usize = 15;

/// What a killed sidecar does; it is a test so that this program can be started with it.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "started by other tests"]
async fn worker() {
    let Ok(url) = std::env::var(URL) else { return };
    let broker = open_group(&url, "group", FIELDS).await;
    match std::env::var(ROLE).expect("a role").strip_prefix("publisher-") {
        Some(name) => publish(&*broker, name).await,
        None => {
            let _kept = Collector::start(&broker, subscription(TOPIC), 16, |_| Act::Keep).await;
            std::future::pending::<()>().await;
        }
    }
}

async fn publish(broker: &dyn PubSub, name: &str) {
    use std::io::Write;
    let path = std::env::var(ACKNOWLEDGED).expect("a path");
    let mut notes = std::fs::OpenOptions::new().append(true).create(true).open(path).expect("a file");
    for number in 0.. {
        let text = format!("{name:0>6} {number:08}");
        // One that was not acknowledged may be lost.
        if broker.publish(message(TOPIC, text.clone())).await.is_ok() {
            writeln!(notes, "{text}").expect("note");
        }
    }
}

fn worker_process(role: &str, url: &str, acknowledged: &Path) -> Child {
    let program = std::env::current_exe().expect("this program");
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig=KILL", "--"]).arg(program).args(["--ignored", "--exact", "crash::worker"]);
    command.env(URL, url).env(ROLE, role).env(ACKNOWLEDGED, acknowledged);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("a child")
}

fn kill(mut child: Child) {
    child.kill().expect("kill");
    child.wait().expect("wait");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_when_publishers_subscribers_and_the_server_are_killed() {
    let mut server = start().await;
    let dir = tempfile::tempdir().expect("a directory");
    let notes = dir.path().join("acknowledged");
    let broker = open_group(&url(&server), "group", FIELDS).await;
    let collector = Collector::start(&broker, subscription(TOPIC), 64, |_| Act::Done).await;
    for round in 0..3 {
        let publisher = worker_process(&format!("publisher-{round}"), &url(&server), &notes);
        let subscriber = worker_process("subscriber", &url(&server), &notes);
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        match round {
            0 => {
                kill(subscriber);
                kill(publisher);
            }
            _ => {
                server.kill();
                server.resume().await.expect("another start");
                tokio::time::sleep(Duration::from_millis(1_000)).await;
                kill(publisher);
                kill(subscriber);
            }
        }
    }
    let acknowledged = std::fs::read_to_string(&notes).expect("publishers were acknowledged something");
    let acknowledged: BTreeSet<String> =
        acknowledged.lines().filter(|line| line.len() == LINE).map(str::to_owned).collect();
    assert!(acknowledged.len() > 100, "publishers get on, found {}", acknowledged.len());
    let complete = |seen: &[Seen]| {
        let came: BTreeSet<String> = seen.iter().map(Seen::text).collect();
        acknowledged.is_subset(&came)
    };
    collector.wait_until("every acknowledged message", Duration::from_secs(60), complete).await;
    collector.close().await;
    broker.close().await;
}
