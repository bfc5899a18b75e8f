//! Waiting until the application listens on its port.

use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

const PAUSE: Duration = Duration::from_millis(100);
const DIAL_TIMEOUT: Duration = Duration::from_millis(500);
/// Tries between two lines in the log.
const TRIES_PER_LINE: u32 = 100;

/// Returns when something accepts connections on the port; waits for ever, with a line every ten seconds or so.
pub async fn wait_for_port(address: &str, port: u16) {
    tracing::info!(
        target: "dapr.runtime",
        "application protocol: waiting on port {port}. This will block until the app is listening on that port."
    );
    let mut tries = 0u32;
    while !is_listening(address, port).await {
        tries = tries.wrapping_add(1);
        if tries.is_multiple_of(TRIES_PER_LINE) {
            tracing::info!(
                target: "dapr.runtime",
                "still waiting for the application on {address}:{port}; is it running, and is --app-port its port?"
            );
        }
        sleep(PAUSE).await;
    }
    tracing::info!(target: "dapr.runtime", "application discovered on port {port}");
}

async fn is_listening(address: &str, port: u16) -> bool {
    let address = address.trim_start_matches('[').trim_end_matches(']');
    matches!(timeout(DIAL_TIMEOUT, TcpStream::connect((address, port))).await, Ok(Ok(_)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn waits_until_something_listens() {
        let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let early = timeout(Duration::from_millis(250), wait_for_port("127.0.0.1", port)).await;
        assert!(early.is_err(), "nothing listens yet");
        let _listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        timeout(Duration::from_secs(5), wait_for_port("127.0.0.1", port)).await.unwrap();
    }
}
