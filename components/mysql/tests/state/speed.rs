//! How fast and how light; run by hand:
//! `cargo test --profile release-lite -p dapr-component-mysql --test state speed -- --ignored --nocapture`.

use std::time::{Duration, Instant};

use dapr_spi::state::{GetRequest, Map, Operation, Options, SetRequest, StateStore, TransactionRequest, Value};
use futures_util::future::join_all;

use crate::server::{spec, start, store};

const RUN: Duration = Duration::from_secs(2);

#[derive(Clone, Copy, Debug)]
enum Call {
    Get,
    Set,
    Transaction,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement, not a check"]
async fn calls_per_second() {
    let server = start(spec(["--innodb-flush-log-at-trx-commit=2"])).await;
    let store = store(&server, "speed", &[]).await;
    run(&*store, Call::Set, 0).await;
    for call in [Call::Get, Call::Set, Call::Transaction] {
        for tasks in [1, 32] {
            measure(&*store, call, tasks).await;
        }
    }
}

async fn measure(store: &dyn StateStore, call: Call, tasks: usize) {
    let (started, cpu) = (Instant::now(), cpu_time());
    let worker = async |task: usize| {
        let mut count = 0u32;
        while started.elapsed() < RUN {
            run(store, call, task).await;
            count += 1;
        }
        count
    };
    let count: u32 = join_all((0..tasks).map(worker)).await.into_iter().sum();
    let (elapsed, cpu) = (started.elapsed(), cpu_time() - cpu);
    eprintln!("{call:?} x{tasks}: {:.0}/s, {:.1?} CPU each", f64::from(count) / elapsed.as_secs_f64(), cpu / count);
}

async fn run(store: &dyn StateStore, call: Call, task: usize) {
    let key = format!("key{task}");
    match call {
        Call::Get => {
            let found = store.get(GetRequest { key: "key0".into(), ..GetRequest::default() }).await.unwrap();
            assert!(found.data.is_some());
        }
        Call::Set => store.set(write(key)).await.unwrap(),
        Call::Transaction => {
            let operations = (0..4).map(|index| Operation::Upsert(write(format!("{key}-{index}")))).collect();
            store.transact(TransactionRequest { operations, metadata: Map::new() }).await.unwrap();
        }
    }
}

fn write(key: String) -> SetRequest {
    let value = Value::Json(format!(r#"{{"name":"{}"}}"#, "x".repeat(100)).into());
    SetRequest { key, value, etag: None, metadata: Map::new(), options: Options::default() }
}

/// Processor time of this process so far, user and system.
fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    Duration::from_millis(ticks * 10)
}
