//! Stops, reloads, and what happens to calls meanwhile.

use std::time::{Duration, Instant};

use rustix::process::Signal;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::client::Ask;
use crate::daprd::{Daprd, STORE, Setup, component};
use crate::process::{PATIENCE, until};

/// A write of which only the first half of the body was sent: it is in flight for as long as the test wants.
pub(crate) struct HalfSent {
    stream: TcpStream,
}

const FIRST_HALF: &str = r#"[{"key":"in-flight","#;
const SECOND_HALF: &str = r#""value":"arrived"}]"#;

impl HalfSent {
    pub(crate) async fn to(daprd: &Daprd) -> Self {
        let mut stream = TcpStream::connect(("127.0.0.1", daprd.ports.http)).await.expect("the API");
        let length = FIRST_HALF.len() + SECOND_HALF.len();
        let head = format!("POST /v1.0/state/{STORE} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {length}\r\n\r\n");
        stream.write_all(format!("{head}{FIRST_HALF}").as_bytes()).await.expect("half a request");
        // A later request is answered: the sidecar has had the time to read the half.
        daprd.get("/v1.0/healthz/outbound").await.has(204);
        Self { stream }
    }

    pub(crate) async fn finish(mut self) -> String {
        self.stream.write_all(SECOND_HALF.as_bytes()).await.expect("the other half");
        let mut answer = String::new();
        self.stream.read_to_string(&mut answer).await.expect("the answer and the end");
        answer
    }
}

fn on_disk() -> Setup {
    Setup::bare().component(STORE, "state.sqlite", "v1", &[("connectionString", "{dir}/state.db")])
}

#[tokio::test]
async fn a_graceful_stop_finishes_what_is_in_flight() {
    let mut daprd = on_disk().start().await;
    let call = HalfSent::to(&daprd).await;
    daprd.process.signal(Signal::TERM);
    let port = daprd.ports.http;
    until("new connections are refused", async || TcpStream::connect(("127.0.0.1", port)).await.err()).await;
    assert!(daprd.process.ended().is_none(), "it must wait for the call");
    let answer = call.finish().await;
    assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
    assert_eq!(daprd.process.exit_code(PATIENCE).await, 0, "{}", daprd.process.output());
}

#[tokio::test]
async fn a_second_signal_ends_it_at_once() {
    let mut daprd = Setup::in_memory().flags(&["--dapr-graceful-shutdown-seconds", "600"]).start().await;
    let _call = HalfSent::to(&daprd).await;
    daprd.process.signal(Signal::TERM);
    let port = daprd.ports.http;
    until("new connections are refused", async || TcpStream::connect(("127.0.0.1", port)).await.err()).await;
    let began = Instant::now();
    daprd.process.signal(Signal::INT);
    daprd.process.exit_code(PATIENCE).await;
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_call_that_never_ends_does_not_stop_the_stop() {
    let mut daprd = Setup::in_memory().flags(&["--dapr-graceful-shutdown-seconds", "1"]).start().await;
    let _call = HalfSent::to(&daprd).await;
    let began = Instant::now();
    daprd.process.signal(Signal::TERM);
    daprd.process.exit_code(PATIENCE).await;
    let took = began.elapsed();
    assert!(took >= Duration::from_millis(900) && took < Duration::from_secs(20), "{took:?}");
}

#[tokio::test]
async fn the_api_ends_it_too() {
    let mut daprd = on_disk().start().await;
    daprd.save("key", "value").await.has(204);
    daprd.post("/v1.0/shutdown", "").await.has(204);
    assert_eq!(daprd.process.exit_code(PATIENCE).await, 0);
}

#[tokio::test]
async fn a_killed_sidecar_keeps_what_it_acknowledged() {
    let setup = || {
        let folder = std::env::temp_dir().join(format!("dapr-killed-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a directory");
        let file = folder.join("state.db");
        (folder, Setup::bare().component(STORE, "state.sqlite", "v1", &[("connectionString", &file.to_string_lossy())]))
    };
    let (folder, first) = setup();
    let mut daprd = first.start().await;
    for number in 0..50 {
        daprd.save(&format!("key-{number}"), "kept").await.has(204);
    }
    daprd.process.signal(Signal::KILL);
    daprd.process.exit_code(PATIENCE).await;
    let daprd = setup().1.start().await;
    for number in 0..50 {
        assert_eq!(daprd.saved(&format!("key-{number}")).await.has(200).text(), "\"kept\"");
    }
    std::fs::remove_dir_all(folder).expect("remove the directory");
}

#[tokio::test]
async fn a_hang_up_reads_everything_again() {
    let off = "{features: [{name: HotReload, enabled: false}]}";
    let daprd = Setup::in_memory().configuration(off).start().await;
    let pid = daprd.process.pid();
    daprd.get("/v1.0/state/second/key").await.has(400);
    let text = component("second", "state.in-memory", "v1", "", &[]);
    std::fs::write(daprd.resource("second"), text).expect("write a resource");
    daprd.process.signal(Signal::HUP);
    let http = daprd.http();
    until("the second store is there", async || {
        http.send(Ask::get("/v1.0/state/second/key")).await.ok().filter(|answer| answer.status == 204)
    })
    .await;
    assert_eq!(daprd.process.pid(), pid, "the process stays");
    daprd.save("key", "value").await.has(204);
}
