//! Sidecars that are killed: this test program starts itself as one, and kills it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use dapr_testkit::pubsub::{Act, Collector, Seen, keyed, message, subscription};

use crate::common::open;

const FILE: &str = "DAPR_TEST_PUBSUB_FILE";
const ROLE: &str = "DAPR_TEST_PUBSUB_ROLE";
const ACKNOWLEDGED: &str = "DAPR_TEST_PUBSUB_ACKNOWLEDGED";

/// What a killed sidecar does; it is a test so that this program can be started with it.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "started by other tests"]
async fn worker() {
    let Ok(file) = std::env::var(FILE) else { return };
    let broker = open(PathBuf::from(file), "group".into()).await;
    if std::env::var(ROLE).is_ok_and(|role| role == "publisher") {
        use std::io::Write;
        let path = std::env::var(ACKNOWLEDGED).expect("a path");
        let mut notes = std::fs::OpenOptions::new().append(true).create(true).open(path).expect("a file");
        let run = uuid::Uuid::new_v4().simple().to_string();
        for number in 0.. {
            let text = format!("{run} {number:06}");
            broker.publish(keyed("crash", &run, text.clone())).await.expect("publish");
            writeln!(notes, "{text}").expect("note");
        }
    }
    let _kept = Collector::start(&broker, subscription("crash"), 16, |_| Act::Keep).await;
    std::future::pending::<()>().await;
}

fn start(role: &str, file: &Path, acknowledged: &Path) -> Child {
    let program = std::env::current_exe().expect("this program");
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig=KILL", "--"]).arg(program).args(["--ignored", "--exact", "crash::worker"]);
    command.env(FILE, file).env(ROLE, role).env(ACKNOWLEDGED, acknowledged);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("a child")
}

fn kill(mut child: Child) {
    child.kill().expect("kill");
    child.wait().expect("wait");
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_a_killed_subscriber_come_back() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("events.db");
    let broker = open(file.clone(), "group".into()).await;
    let first = Collector::start(&broker, subscription("crash"), 4, |_| Act::Done).await;
    first.close().await;
    for number in 0..10 {
        broker.publish(keyed("crash", "one key", format!("key {number:03}"))).await.expect("publish");
    }
    let child = start("subscriber", &file, dir.path());
    // The child has all of them when nobody else gets any: then they are leased, and the key is held.
    let mut idle = false;
    while !idle {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let connection = rusqlite::Connection::open(&file).expect("open");
        let held = "SELECT count(*) FROM pubsub_leases WHERE owner IS NOT NULL";
        idle = connection.query_row(held, [], |row| row.get::<_, u32>(0)).expect("count") == 10;
    }
    let second = Collector::start(&broker, subscription("crash"), 4, |_| Act::Done).await;
    second.nothing_more(0, "what another sidecar has is not delivered").await;
    kill(child);
    let seen = second.wait_within(10, Duration::from_secs(10)).await;
    let texts: Vec<String> = seen.iter().map(Seen::text).collect();
    assert!(texts.is_sorted(), "messages of a key come back in order, found {texts:?}");
    second.close().await;
    broker.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_when_publishers_and_subscribers_are_killed() {
    let dir = tempfile::tempdir().expect("a directory");
    let (file, notes) = (dir.path().join("events.db"), dir.path().join("acknowledged"));
    let broker = open(file.clone(), "group".into()).await;
    let collector = Collector::start(&broker, subscription("crash"), 64, |_| Act::Done).await;
    for _ in 0..3 {
        let (publisher, subscriber) = (start("publisher", &file, &notes), start("subscriber", &file, &notes));
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        kill(subscriber);
        kill(publisher);
    }
    broker.publish(message("crash", "the end")).await.expect("publish");
    let acknowledged = std::fs::read_to_string(&notes).expect("publishers were acknowledged something");
    let acknowledged: BTreeSet<String> =
        acknowledged.lines().filter(|line| line.len() == 39).map(str::to_owned).collect();
    assert!(acknowledged.len() > 30, "publishers get on, found {}", acknowledged.len());
    let complete = |seen: &[Seen]| {
        let came: BTreeSet<String> = seen.iter().map(Seen::text).collect();
        acknowledged.is_subset(&came)
    };
    collector.wait_until("every acknowledged message", Duration::from_secs(30), complete).await;
    collector.close().await;
    broker.close().await;
}
