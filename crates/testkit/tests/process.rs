//! A real server is started, restarted on the same port, frozen and left without a trace.

use dapr_testkit::process::{Ready, Server, Spec, installed};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

fn redis() -> Spec {
    Spec::new("redis-server", ["--port", "{port}", "--dir", "{dir}", "--appendonly", "yes", "--appendfsync", "always"])
        .ready(Ready::LogLine("Ready to accept connections".into()))
}

async fn say(server: &Server, command: &str) -> String {
    let mut stream = TcpStream::connect(server.address()).await.expect("redis answers");
    stream.write_all(format!("{command}\r\n").as_bytes()).await.expect("redis answers");
    let mut answer = [0; 64];
    let length = stream.read(&mut answer).await.expect("redis answers");
    String::from_utf8_lossy(&answer[..length]).into_owned()
}

#[tokio::test]
async fn a_server_keeps_its_port_and_its_data() {
    if !installed("redis-server") {
        return;
    }
    let mut server = Server::start(redis()).await.expect("redis answers");
    let port = server.port();
    assert_eq!(say(&server, "SET a 1").await, "+OK\r\n");
    server.restart().await.expect("redis answers");
    assert_eq!(server.port(), port);
    assert_eq!(say(&server, "GET a").await, "$1\r\n1\r\n");
    server.kill();
    assert!(TcpStream::connect(server.address()).await.is_err(), "a killed server answers no more");
    server.resume().await.expect("redis answers");
    assert_eq!(say(&server, "GET a").await, "$1\r\n1\r\n");
    let (address, dir) = (server.address(), server.dir().to_owned());
    drop(server);
    assert!(TcpStream::connect(address).await.is_err(), "a dropped server answers no more");
    assert!(!dir.exists(), "a dropped server leaves no directory");
}

#[tokio::test]
async fn a_server_that_refuses_root_runs_as_somebody_else() {
    if !installed("postgres") || !installed("initdb") {
        return;
    }
    let spec = Spec::new("postgres", ["-D", "{dir}/data", "-p", "{port}", "-h", "127.0.0.1", "-k", "{dir}"])
        .prepare("initdb", ["-D", "{dir}/data", "-U", "postgres", "--auth=trust", "--no-sync"])
        .ready(Ready::LogLine("ready to accept connections".into()))
        .unprivileged()
        .stops_on_interrupt();
    let mut server = Server::start(spec).await.expect("redis answers");
    server.restart().await.expect("redis answers");
}

#[tokio::test]
async fn a_server_that_fails_shows_its_log() {
    let failed = Server::start(Spec::new("sh", ["-c", "echo no such luck >&2; exit 3"])).await;
    let text = failed.err().unwrap().to_string();
    assert!(text.contains("no such luck") && text.contains('3'), "{text}");
    let missing = Server::start(Spec::new("no-such-program", [])).await;
    assert!(missing.err().unwrap().to_string().contains("no-such-program"));
}
