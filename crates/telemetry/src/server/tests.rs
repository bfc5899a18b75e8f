//! The metrics server, over a real connection.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;
use crate::metrics::{Metrics, MetricsConfig};

#[tokio::test]
async fn any_path_serves_the_metrics() {
    let metrics = Metrics::new(&MetricsConfig { app_id: "app".into(), ..MetricsConfig::default() }).unwrap();
    metrics.components.loaded();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let _server = dapr_kit::task::spawn("metrics", serve(listener, metrics));
    for path in ["/", "/metrics"] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.contains("content-type: text/plain; version=0.0.4"), "{answer}");
        assert!(answer.contains("dapr_runtime_component_loaded{app_id=\"app\"} 1\n"), "{answer}");
    }
}
