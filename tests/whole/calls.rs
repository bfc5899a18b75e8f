//! Service invocation between sidecars while things go wrong: restarts, overload, odd clients, a control plane that is
//! gone.

mod alone;
mod callers;
mod echo;
mod overload;
mod rolling;
mod slow;
mod soak;

use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::client::Ask;
use crate::daprd::Daprd;
use crate::process::{Process, until};

/// Waits until a call arrives.
async fn reached(caller: &Daprd, id: &str) {
    let path = format!("/v1.0/invoke/{id}/method/up");
    until("the application can be called", async || {
        caller.http().send(Ask::get(&path)).await.is_ok_and(|answer| answer.status == 200).then_some(())
    })
    .await;
}

/// What a process needs.
#[derive(Clone, Copy, Debug)]
struct Usage {
    /// Resident memory in bytes.
    memory: u64,
    /// Open files.
    files: usize,
    /// Ticks of the processor, 100 in a second.
    ticks: u64,
}

fn usage(process: &Process) -> Usage {
    let folder = format!("/proc/{}", process.pid());
    let status = std::fs::read_to_string(format!("{folder}/status")).expect("a live process");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("its memory");
    let kibibytes: u64 = line.split_whitespace().nth(1).and_then(|text| text.parse().ok()).expect("a number");
    let stat = std::fs::read_to_string(format!("{folder}/stat")).expect("a live process");
    let fields = stat.rsplit(')').next().expect("fields after the name").split_whitespace();
    let ticks = fields.skip(11).take(2).map(|text| text.parse::<u64>().expect("a number")).sum();
    let files = std::fs::read_dir(format!("{folder}/fd")).expect("its files").count();
    Usage { memory: kibibytes << 10, files, ticks }
}

/// Waits until memory and files are near what they were before the load.
async fn calms_down(name: &str, process: &Process, idle: Usage, slack: u64) -> Usage {
    let mut now = usage(process);
    let deadline = Instant::now() + Duration::from_secs(60);
    let is_calm = |now: Usage| now.memory <= idle.memory + idle.memory / 5 + slack && now.files <= idle.files + 20;
    while !is_calm(now) {
        assert!(Instant::now() < deadline, "{name} is not as small as before the load: {idle:?}, {now:?}");
        sleep(Duration::from_millis(200)).await;
        now = usage(process);
    }
    now
}
