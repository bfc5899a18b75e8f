//! Ten thousand calls that wait for their answers at the same time.

use std::time::{Duration, Instant};

use dapr_kit::task::{Task, spawn};
use rustix::process::{Resource, getrlimit};
use tokio::time::sleep;

use super::{reached, usage};
use crate::client::Ask;
use crate::machine;
use crate::mesh::Mesh;
use crate::process::{PATIENCE, Process};

/// Memory that each sidecar may need, in bytes.
const MEMORY: u64 = 150 << 20;

/// An application in a process of its own, whose files do not count among those of this test.
const APP: &str = r#"
import asyncio, os
async def serve(reader, writer):
    try:
        while True:
            target = (await reader.readuntil(b"\r\n\r\n")).split(b" ", 2)[1]
            path, _, query = target.partition(b"?")
            if path.startswith(b"/wait/"):
                await asyncio.sleep(int(path[6:]) / 1000)
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(query), query))
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()
async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", int(os.environ["APP_PORT"]), backlog=4096)
    await server.serve_forever()
asyncio.run(main())
"#;

fn assert_limit_of_files(needed: u64) {
    let limit = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    assert!(limit >= needed, "{limit} open files are allowed, {needed} are needed: raise `ulimit -n`");
}

async fn slow_calls(calls: u64, seconds: u64) -> [u64; 2] {
    assert_limit_of_files(calls + 200);
    let mesh = Mesh::new(false).await;
    let (folder, port) = (tempfile::tempdir().expect("a directory"), machine::port());
    let app = Process::start(&folder.path().join("app.log"), "python3", |command| {
        command.args(["-c", APP]).env("APP_PORT", port.to_string());
    });
    let callee = mesh.beside("callee", port, "http").flags(&["--enable-profiling"]).start().await;
    let caller = mesh.sidecar("caller").flags(&["--enable-profiling"]).start().await;
    reached(&caller, "callee").await;
    let idle = [&caller, &callee].map(|daprd| usage(&daprd.process).memory >> 10);
    let (target, began) = (caller.http(), Instant::now());
    let mut waiting: Vec<Task<()>> = Vec::new();
    for number in 0..calls {
        let target = target.clone();
        waiting.push(spawn("a slow call", async move {
            let path = format!("/v1.0/invoke/callee/method/wait/{}?call={number}", seconds * 1000);
            let answer = target.send_within(4 * PATIENCE, Ask::get(&path)).await.expect("an answer");
            assert_eq!(answer.has(200).text(), format!("call={number}"), "the answer of another call");
        }));
        if number % 100 == 99 {
            sleep(Duration::from_millis(20)).await;
        }
    }
    let began_all = began.elapsed();
    let mut most = [0, 0];
    while began.elapsed() < Duration::from_secs(seconds) {
        sleep(Duration::from_millis(200)).await;
        most = [u64::max(most[0], usage(&caller.process).memory), u64::max(most[1], usage(&callee.process).memory)];
    }
    let held = waiting.iter().filter(|call| !call.is_finished()).count();
    if std::env::var_os("SLOW_PROFILE").is_some() {
        for (name, daprd) in [("caller", &caller), ("callee", &callee)] {
            let heap = crate::client::Target::Port(daprd.ports.profile).send(Ask::get("/debug/pprof/heap")).await;
            let path = std::env::temp_dir().join(format!("heap-{name}.pb.gz"));
            std::fs::write(path, heap.expect("a profile").body).expect("write the profile");
        }
    }
    for call in waiting {
        call.join().await.expect("a right answer");
    }
    most = [u64::max(most[0], usage(&caller.process).memory), u64::max(most[1], usage(&callee.process).memory)];
    sleep(Duration::from_secs(12)).await;
    let after = [&caller, &callee].map(|daprd| usage(&daprd.process));
    eprintln!(
        "{calls} calls begun in {began_all:?}, {held} of them held for {seconds} s; KiB of caller and callee: \
         {idle:?} idle, {:?} at most, {after:?} after; all answered after {:?}",
        most.map(|bytes| bytes >> 10),
        began.elapsed()
    );
    assert_eq!(app.output(), "", "what the application had to complain about");
    for daprd in [&caller, &callee] {
        assert!(!daprd.process.output().contains("panicked"), "{}", daprd.process.output());
        assert!(usage(&daprd.process).files < 200, "files are left open");
    }
    most
}

#[tokio::test]
#[ignore = "needs 10,200 open files and half a minute: run it with --ignored and DAPR_BIN_DIR of a release build"]
async fn ten_thousand() {
    let most = slow_calls(10_000, 20).await;
    assert!(most.iter().all(|most| *most <= MEMORY), "{most:?} bytes");
}

#[tokio::test]
async fn a_thousand() {
    let most = slow_calls(1_000, 3).await;
    assert!(most.iter().all(|most| *most <= MEMORY), "{most:?} bytes");
}
