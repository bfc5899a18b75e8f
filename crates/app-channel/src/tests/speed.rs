//! What a call costs: run by hand, in release.

use std::time::Instant;

use ::http::Request;
use dapr_net::Body;
use dapr_spi::app_channel::{Answer, AppChannel};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{app, call};
use crate::Protocol;

const CALLS: u32 = 200_000;

/// Time that this thread spent computing, user and system.
fn cpu_of_thread() -> std::time::Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    std::time::Duration::from_nanos(text.split_whitespace().next().unwrap().parse().unwrap())
}

#[test]
#[ignore = "a measurement: cargo test --release -p dapr-app-channel -- --ignored --nocapture cpu_per_call"]
fn cpu_per_call() {
    let (sender, port) = std::sync::mpsc::channel();
    // The application: as little as can be, in a thread of its own.
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            sender.send(listener.local_addr().unwrap().port()).unwrap();
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                stream.set_nodelay(true).unwrap();
                dapr_kit::task::spawn_detached("connection", async move {
                    let mut buffer = [0; 4096];
                    while stream.read(&mut buffer).await.is_ok_and(|count| count > 0) {
                        let answer = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 5\r\n\r\nhello";
                        if stream.write_all(answer).await.is_err() {
                            return;
                        }
                    }
                });
            }
        });
    });
    let port = port.recv().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let app = app(Protocol::Http, port);
        let one = || async {
            let request = Request::builder()
                .method("POST")
                .uri("/neworder?x=1")
                .header("content-type", "application/json")
                .header("user-agent", "bench")
                .header("accept", "*/*")
                .header("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
                .body(Body::full(&b"{\"order\":1}"[..]))
                .unwrap();
            let Answer::Http(response) = app.invoke(call(request)).await.unwrap() else { panic!("HTTP") };
            assert_eq!(response.into_body().collect(100).await.unwrap(), "hello");
        };
        for _ in 0..1000 {
            one().await;
        }
        let (begun, cpu) = (Instant::now(), cpu_of_thread());
        for _ in 0..CALLS {
            one().await;
        }
        let (took, used) = (begun.elapsed() / CALLS, (cpu_of_thread() - cpu) / CALLS);
        println!("{used:?} of CPU and {took:?} of time per call");
    });
}
