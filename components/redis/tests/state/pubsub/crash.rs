//! Sidecars that are killed: this test program starts itself as one, and kills it.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use dapr_testkit::process::Server;
use dapr_testkit::pubsub::{Act, Collector, Seen, keyed, message, subscription};

use super::open;
use crate::servers::{raw, server};

const HOST: &str = "DAPR_TEST_PUBSUB_HOST";
const NOTES: &str = "DAPR_TEST_PUBSUB_NOTES";

/// What a killed sidecar does; it is a test so that this program can be started with it. With a file for notes it
/// publishes, and notes what was acknowledged; without it holds what it gets.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "started by other tests"]
async fn worker() {
    let Ok(host) = std::env::var(HOST) else { return };
    let broker = open(&host, "group", &[]).await;
    if let Ok(path) = std::env::var(NOTES) {
        let mut notes = std::fs::OpenOptions::new().append(true).create(true).open(path).expect("a file");
        let run = format!("{:016x}", fastrand::u64(..));
        for number in 0.. {
            let text = format!("{run} {number:06}");
            broker.publish(keyed("crash", &run, text.clone())).await.expect("publish");
            writeln!(notes, "{text}").expect("note");
        }
    }
    let _kept = Collector::start(&broker, subscription("crash"), 16, |_| Act::Keep).await;
    std::future::pending::<()>().await;
}

fn start(server: &Server, notes: Option<&Path>) -> Child {
    let program = std::env::current_exe().expect("this program");
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig=KILL", "--"]).arg(program).args(["--ignored", "--exact", "pubsub::crash::worker"]);
    command.env(HOST, server.address().to_string()).stdout(Stdio::null()).stderr(Stdio::null());
    if let Some(notes) = notes {
        command.env(NOTES, notes);
    }
    command.spawn().expect("a child")
}

fn kill(mut child: Child) {
    child.kill().expect("kill");
    child.wait().expect("wait");
}

/// How many messages somebody has.
async fn pending(server: &Server) -> u64 {
    let mut raw = raw(server).await;
    let mut ask = redis::cmd("XPENDING");
    ask.arg("crash").arg("group");
    let reply: (u64, redis::Value, redis::Value, redis::Value) = ask.query_async(&mut raw).await.expect("XPENDING");
    reply.0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_of_a_killed_subscriber_come_back() {
    let server = server(&[]).await;
    let broker = open(&server.address().to_string(), "group", &[]).await;
    let first = Collector::start(&broker, subscription("crash"), 4, |_| Act::Done).await;
    first.close().await;
    for number in 0..10 {
        broker.publish(message("crash", format!("{number:03}"))).await.expect("publish");
    }
    let child = start(&server, None);
    while pending(&server).await < 10 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let second = Collector::start(&broker, subscription("crash"), 16, |_| Act::Done).await;
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    second.nothing_more(0, "what a living sidecar has is left to it, however long it takes").await;
    kill(child);
    let seen = second.wait_within(10, Duration::from_secs(10)).await;
    let texts: Vec<String> = seen.iter().map(Seen::text).collect();
    assert!(texts.is_sorted(), "they come back in order, found {texts:?}");
    second.close().await;
    broker.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_publishers_and_subscribers_are_killed() {
    let server = server(&[]).await;
    let notes = server.dir().join("acknowledged");
    let broker = open(&server.address().to_string(), "group", &[]).await;
    let collector = Collector::start(&broker, subscription("crash"), 64, |_| Act::Done).await;
    for _ in 0..3 {
        let (publisher, subscriber) = (start(&server, Some(&notes)), start(&server, None));
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        kill(subscriber);
        kill(publisher);
    }
    let acknowledged = std::fs::read_to_string(&notes).expect("publishers were acknowledged something");
    let acknowledged: BTreeSet<String> =
        acknowledged.lines().filter(|line| line.len() == 23).map(str::to_owned).collect();
    assert!(acknowledged.len() > 30, "publishers get on, found {}", acknowledged.len());
    let complete = |seen: &[Seen]| {
        let came: BTreeSet<String> = seen.iter().map(Seen::text).collect();
        acknowledged.is_subset(&came)
    };
    collector.wait_until("every acknowledged message", Duration::from_secs(30), complete).await;
    collector.close().await;
    broker.close().await;
}
