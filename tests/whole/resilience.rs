//! Calls to apps that fail, are slow, or say that they are ill.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use http::{Method, Response};
use tokio::time::sleep;

use crate::app::{App, Body, Seen, answer};
use crate::client::{Answer, Ask, Target};
use crate::daprd::Daprd;
use crate::mesh::Mesh;
use crate::process::until;

const POLICIES: &str = "apiVersion: dapr.io/v1alpha1
kind: Resiliency
metadata:
  name: policies
spec:
  policies:
    timeouts: {soon: 300ms}
    retries:
      on500: {policy: constant, duration: 10ms, maxRetries: 3, matching: {httpStatusCodes: '500', gRPCStatusCodes: '14'}}
    circuitBreakers:
      third: {maxRequests: 1, timeout: 1s, trip: consecutiveFailures >= 3}
  targets:
    apps:
      slow: {timeout: soon}
      shaky: {retry: on500}
      broken: {circuitBreaker: third}
";

/// An app of some id, and a caller with policies for it.
struct Pair {
    caller: Daprd,
    callee: Daprd,
    id: &'static str,
    _mesh: Mesh,
}

impl Pair {
    async fn new(id: &'static str, app: &App, protocol: &str, flags: &[&str]) -> Self {
        let mesh = Mesh::new(false).await;
        let mut callee = mesh.beside(id, app.port, protocol).flags(flags).launch();
        let caller = mesh.sidecar("caller").file("resiliency.yaml", POLICIES).start().await;
        callee.wait_ready().await;
        Self { caller, callee, id, _mesh: mesh }
    }

    async fn call(&self, path: &str) -> Answer {
        let path = format!("/v1.0/invoke/{}/method{path}", self.id);
        self.caller.ask(Ask::new(Method::POST, &path).body("the same each time")).await
    }

    async fn metrics(&self) -> String {
        Target::Port(self.caller.ports.metrics).send(Ask::get("/metrics")).await.expect("metrics").text()
    }
}

#[tokio::test]
async fn a_slow_app_is_not_waited_for() {
    let handle = |request: http::Request<hyper::body::Incoming>| async move {
        if request.uri().path() == "/slow" {
            sleep(Duration::from_secs(60)).await;
        }
        answer(200, "here")
    };
    let app = App::streaming(handle).await;
    let pair = Pair::new("slow", &app, "http", &[]).await;
    assert_eq!(pair.call("/quick").await.has(200).text(), "here");
    let began = Instant::now();
    let late = pair.call("/slow").await;
    assert_eq!(late.has(500).code(), "ERR_DIRECT_INVOKE");
    assert!(late.text().contains("deadline exceeded"), "{late:?}");
    assert!(began.elapsed() >= Duration::from_millis(300) && began.elapsed() < Duration::from_secs(20), "{began:?}");
}

#[tokio::test]
async fn only_what_matches_is_tried_again() {
    let flaky = AtomicUsize::new(0);
    let respond = move |seen: &Seen| match seen.path.as_str() {
        "/flaky" if flaky.fetch_add(1, Ordering::Relaxed) < 2 => answer(500, "not yet"),
        path => answer(path.strip_prefix("/status/").and_then(|code| code.parse().ok()).unwrap_or(200), "mine"),
    };
    let app = App::new(respond).await;
    let pair = Pair::new("shaky", &app, "http", &[]).await;
    assert_eq!(pair.call("/status/500").await.has(500).text(), "mine", "the app's own answer comes back");
    assert_eq!(app.calls("/status/500"), 4, "once, and three times more");
    pair.call("/status/503").await.has(503);
    assert_eq!(app.calls("/status/503"), 1);
    pair.call("/flaky").await.has(200);
    assert_eq!(app.calls("/flaky"), 3);
    assert!(app.seen().iter().all(|seen| seen.rest.body == "the same each time"), "{:?}", app.seen());
    let metrics = pair.metrics().await;
    let line = metrics.lines().find(|line| line.starts_with("dapr_resiliency_activations_total{"));
    assert!(line.is_some_and(|line| line.contains("retry")), "{metrics}");
}

#[tokio::test]
async fn a_broken_app_is_left_alone_for_a_while() {
    let healed = Arc::new(AtomicBool::new(false));
    let is_healed = healed.clone();
    let app = App::new(move |_| answer(if is_healed.load(Ordering::Relaxed) { 200 } else { 500 }, "mine")).await;
    let pair = Pair::new("broken", &app, "http", &[]).await;
    for _ in 0..3 {
        assert_eq!(pair.call("/x").await.has(500).text(), "mine");
    }
    let refused = pair.call("/x").await;
    assert_eq!(refused.has(500).code(), "ERR_DIRECT_INVOKE");
    assert!(refused.text().contains("circuit breaker is open"), "{refused:?}");
    assert_eq!(app.calls("/x"), 3);
    assert!(pair.metrics().await.contains("dapr_resiliency_cb_state{"));
    healed.store(true, Ordering::Relaxed);
    until("the breaker lets a call through", async || (pair.call("/x").await.status == 200).then_some(())).await;
    pair.call("/x").await.has(200);
}

#[tokio::test]
async fn an_ill_app_is_not_called_until_it_is_well() {
    let well = Arc::new(AtomicBool::new(true));
    let is_well = well.clone();
    let app = App::new(move |seen| {
        let bad = seen.path == "/health" && !is_well.load(Ordering::Relaxed);
        answer(if bad { 500 } else { 200 }, "here")
    })
    .await;
    let probes = ["--enable-app-health-check", "--app-health-check-path", "/health"];
    let times = ["--app-health-probe-interval", "1", "--app-health-threshold", "1"];
    let mut pair = Pair::new("moody", &app, "http", &[&probes[..], &times].concat()).await;
    until("the app is called", async || (pair.call("/x").await.status == 200).then_some(())).await;
    well.store(false, Ordering::Relaxed);
    pair.callee.process.prints("App entered un-healthy status").await;
    let before = app.calls("/x");
    let refused = pair.call("/x").await;
    assert_eq!(refused.has(500).code(), "ERR_DIRECT_INVOKE");
    assert!(refused.text().contains("health"), "{refused:?}");
    assert_eq!(app.calls("/x"), before);
    well.store(true, Ordering::Relaxed);
    until("the app is called again", async || (pair.call("/x").await.status == 200).then_some(())).await;
    assert_eq!(app.calls("/x"), before + 1, "the refused calls are gone");
}

#[tokio::test]
async fn no_more_calls_at_once_than_the_app_can_take() {
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (running, peak) = (now.clone(), most.clone());
    let handle = move |_| {
        let (running, peak) = (running.clone(), peak.clone());
        async move {
            peak.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            sleep(Duration::from_millis(50)).await;
            running.fetch_sub(1, Ordering::SeqCst);
            answer(200, "done")
        }
    };
    let app = App::streaming(handle).await;
    let pair = Pair::new("narrow", &app, "http", &["--app-max-concurrency", "2"]).await;
    let calls = (0..12).map(|_| pair.call("/x"));
    for answered in futures_util::future::join_all(calls).await {
        answered.has(200);
    }
    assert_eq!((most.load(Ordering::SeqCst), now.load(Ordering::SeqCst)), (2, 0));
}

/// A certificate for `localhost` and its key, as PEM.
fn certificate() -> (String, String) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    (made.cert.pem(), made.signing_key.serialize_pem())
}

/// Serves one answer to each connection that shows the certificate `client`; the answer is the header it was sent.
async fn guarded_endpoint(server: &(String, String), client: &str) -> (u16, dapr_kit::task::Task<()>) {
    use rustls::pki_types::pem::PemObject as _;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(client.as_bytes()).expect("PEM")).expect("a certificate");
    let verifier = rustls::server::WebPkiClientVerifier::builder(Arc::new(roots)).build().expect("a verifier");
    let chain = vec![CertificateDer::from_pem_slice(server.0.as_bytes()).expect("PEM")];
    let key = PrivateKeyDer::from_pem_slice(server.1.as_bytes()).expect("PEM");
    let config = rustls::ServerConfig::builder().with_client_cert_verifier(verifier).with_single_cert(chain, key);
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config.expect("a server")));
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", crate::machine::port())).await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let server = dapr_kit::task::spawn("endpoint", async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") && stream.read_buf(&mut head).await.is_ok_and(|read| read > 0) {}
            let length = head.len();
            let answer = format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
            let _ = stream.write_all(&[answer.into_bytes(), head].concat()).await;
            let _ = stream.shutdown().await;
        }
    });
    (port, server)
}

#[tokio::test]
async fn an_endpoint_with_a_secret_header_and_a_certificate() {
    let (server, client) = (certificate(), certificate());
    let (port, _endpoint) = guarded_endpoint(&server, &client.0).await;
    let indented = |pem: &str| pem.trim().replace('\n', "\n        ");
    let resource = |name: &str, tls: &str| {
        format!(
            "apiVersion: dapr.io/v1alpha1\nkind: HTTPEndpoint\nmetadata:\n  name: {name}\nspec:\n  \
             baseUrl: https://localhost:{port}/base\n  headers:\n  - name: x-key\n    \
             secretKeyRef: {{name: password, key: password}}\n  - {{name: x-plain, value: open}}\n{tls}\
             auth:\n  secretStore: secrets\n"
        )
    };
    let root = format!("  clientTLS:\n    rootCA:\n      value: |\n        {}\n", indented(&server.0));
    let own = format!(
        "{root}    certificate:\n      value: |\n        {}\n    privateKey:\n      secretKeyRef: {{name: key, key: key}}\n",
        indented(&client.0)
    );
    let secrets = serde_json::json!({ "password": "quiet", "key": client.1 }).to_string();
    let fields = [("secretsFile", "{dir}/resources/secrets.json")];
    let mesh = Mesh::new(false).await;
    let caller = mesh
        .sidecar("caller")
        .file("secrets.json", &secrets)
        .component("secrets", "secretstores.local.file", "v1", &fields)
        .file("endpoint.yaml", &resource("partner", &own))
        .file("nameless.yaml", &resource("nameless", &root))
        .start()
        .await;
    let answer = caller.ask(Ask::get("/v1.0/invoke/partner/method/a/b?x=1").header("x-mark", "7")).await;
    let head = answer.has(200).text().to_ascii_lowercase();
    assert!(head.starts_with("get /base/a/b?x=1 http/1.1\r\n"), "{head}");
    for line in ["x-key: quiet", "x-plain: open", "x-mark: 7"] {
        assert!(head.lines().any(|found| found == line), "{line} in {head}");
    }
    let refused = caller.get("/v1.0/invoke/nameless/method/a").await;
    assert_eq!(refused.has(500).code(), "ERR_DIRECT_INVOKE");
    let unknown = caller.get(&format!("/v1.0/invoke/https://localhost:{port}/method/a")).await;
    assert_eq!(unknown.has(500).code(), "ERR_DIRECT_INVOKE", "nobody vouches for that certificate");
}

#[tokio::test]
async fn a_grpc_app_says_why_over_http() {
    let respond = |seen: &Seen| -> Response<Body> {
        let mut response = answer(200, "");
        // The method stands in the message: the app refuses it with the code that it names.
        let code = String::from_utf8_lossy(&seen.rest.body)
            .split("code-")
            .nth(1)
            .map(|rest| rest.chars().take_while(char::is_ascii_digit).collect::<String>());
        let headers = response.headers_mut();
        headers.insert("content-type", "application/grpc".parse().expect("a value"));
        headers.insert("grpc-status", code.unwrap_or_default().parse().expect("a value"));
        headers.insert("grpc-message", "out of tea".parse().expect("a value"));
        response
    };
    let app = App::new(respond).await;
    let pair = Pair::new("words", &app, "grpc", &[]).await;
    for (code, status) in [(3, 400), (5, 404), (6, 409), (7, 403), (8, 429), (12, 501), (13, 500), (14, 503), (16, 401)]
    {
        let refused = pair.call(&format!("/code-{code}")).await;
        assert_eq!(refused.has(status).json()["code"], code);
        assert_eq!(refused.json()["message"], "out of tea");
    }
    assert_eq!(app.last().path, "/dapr.proto.runtime.v1.AppCallback/OnInvoke");
}
