//! Against a server that speaks as much of Consul's API as is used here, in the forms that Consul 1.12 answers; and, if it is
//! asked for, against a real agent.

use std::collections::BTreeMap;

use dapr_spi::registry::open;
use dapr_testkit::name_resolver::{Quirks, await_addresses, conformance, instance, query};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

use super::*;

/// A request: its first line, headers in lower case, and body.
#[derive(Clone, Debug)]
struct Asked {
    line: String,
    headers: BTreeMap<String, String>,
    body: String,
}

/// Services by id, and everything that was asked.
#[derive(Default)]
struct Mock {
    services: Mutex<BTreeMap<String, Map<String, Value>>>,
    asked: Mutex<Vec<Asked>>,
}

impl Mock {
    async fn start() -> (Arc<Self>, String) {
        let mock = Arc::new(Self::default());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let server = mock.clone();
        dapr_kit::task::spawn_detached("mock of Consul", async move {
            while let Ok((stream, _)) = listener.accept().await {
                let server = server.clone();
                dapr_kit::task::spawn_detached("mock of Consul", async move { server.serve(stream).await });
            }
        });
        (mock, address)
    }

    /// One request, as the client makes a connection for each.
    async fn serve(&self, stream: impl AsyncRead + AsyncWrite + Unpin) {
        let mut stream = BufReader::new(stream);
        let (mut line, mut headers) = (String::new(), BTreeMap::new());
        stream.read_line(&mut line).await.expect("a request");
        loop {
            let mut header = String::new();
            stream.read_line(&mut header).await.expect("a header");
            let Some((name, value)) = header.trim().split_once(": ") else { break };
            headers.insert(name.to_ascii_lowercase(), value.to_owned());
        }
        let length = headers.get("content-length").map_or(0, |length| length.parse().expect("a length"));
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.expect("a body");
        let asked = Asked { line: line.trim().to_owned(), headers, body: String::from_utf8(body).expect("UTF-8") };
        let (status, answer) = self.answer(&asked);
        self.asked.lock().expect("a lock").push(asked);
        let head =
            format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", answer.len());
        stream.write_all(head.as_bytes()).await.expect("written");
        stream.write_all(answer.as_bytes()).await.expect("written");
        let _ = stream.shutdown().await;
    }

    fn answer(&self, asked: &Asked) -> (&'static str, String) {
        let mut services = self.services.lock().expect("a lock");
        let (method, target) = asked.line.split_once(' ').expect("a method");
        let path = target.split([' ', '?']).next().expect("a path");
        if let ("PUT", "/v1/agent/service/register") = (method, path) {
            let service: Value = serde_json::from_str(&asked.body).expect("JSON");
            let service = service.as_object().expect("an object").clone();
            services.insert(id_of(&service), service);
            return ("200 OK", String::new());
        }
        if let ("PUT", Some(id)) = (method, path.strip_prefix("/v1/agent/service/deregister/")) {
            let known = services.remove(&*percent_encoding::percent_decode_str(id).decode_utf8_lossy()).is_some();
            return if known {
                ("200 OK", String::new())
            } else {
                ("404 Not Found", format!("Unknown service ID \"{id}\"."))
            };
        }
        match (path, path.strip_prefix("/v1/health/service/")) {
            ("/v1/agent/self", _) => ("200 OK", r#"{"Config":{"Datacenter":"dc1"}}"#.to_owned()),
            (_, Some("forbidden")) => ("403 Forbidden", "Permission denied".to_owned()),
            (_, Some("broken")) => ("500 Internal Server Error", "No path to datacenter".to_owned()),
            (_, Some("odd")) => ("200 OK", "{}".to_owned()),
            (_, Some(name)) => ("200 OK", healthy(&services, name).to_string()),
            _ => ("404 Not Found", String::new()),
        }
    }

    fn last(&self) -> Asked {
        self.asked.lock().expect("a lock").last().expect("a request").clone()
    }
}

fn healthy(services: &BTreeMap<String, Map<String, Value>>, name: &str) -> Value {
    let text = |service: &Map<String, Value>, name| member(service, name).map(|(_, value)| value.clone());
    let of_name = services.iter().filter(|(_, service)| text(service, "name") == Some(name.into()));
    let entry = |(id, service): (&String, &Map<String, Value>)| {
        json!({
            "Node": {"ID": "052a1c69-bc6d-07eb-b4f2-f6a30f53a2b1", "Node": "box", "Address": "127.0.0.9", "Datacenter": "dc1"},
            "Service": {
                "ID": id, "Service": name, "Tags": text(service, "tags"), "Address": text(service, "address").unwrap_or("".into()),
                "Meta": text(service, "meta"), "Port": text(service, "port"), "Weights": {"Passing": 1, "Warning": 1},
            },
            "Checks": [{"Node": "box", "CheckID": "serfHealth", "Status": "passing"}],
        })
    };
    of_name.map(entry).collect()
}

const PASSING: &str = r#"[{"name":"up","ttl":"1h","status":"passing"}]"#;

async fn sidecar(address: &str) -> Arc<dyn NameResolver> {
    let pairs = [("address", address), ("selfRegister", "true"), ("selfDeregister", "true"), ("checks", PASSING)];
    open::<ConsulNames>(&pairs).await.expect("a resolver")
}

#[tokio::test(flavor = "multi_thread")]
async fn conforms() {
    let (_mock, address) = Mock::start().await;
    conformance(Quirks { no_namespaces: true }, || sidecar(&address)).await;
}

/// `CONSUL_ADDRESS=127.0.0.1:8500 cargo test -p dapr-component-consul -- --ignored`
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Consul agent at CONSUL_ADDRESS"]
async fn conforms_with_a_real_agent() {
    let address = std::env::var("CONSUL_ADDRESS").expect("CONSUL_ADDRESS names an agent");
    conformance(Quirks { no_namespaces: true }, || sidecar(&address)).await;
    let whole = r#"{"name":"whole-app","id":"whole-1","address":"10.0.0.7","port":80,"meta":{"region":"eu"},
        "checks":[{"name":"up","checkID":"up:whole","ttl":"1h","status":"passing"}]}"#;
    let pairs = [("address", &*address), ("advancedRegistration", whole), ("selfDeregister", "true")];
    let resolver = open::<ConsulNames>(&pairs).await.expect("a resolver");
    resolver.register(&instance("whole-app", "", "127.0.0.1", 50_002)).await.expect("registered");
    await_addresses(&resolver, &query("whole-app", ""), &["10.0.0.7:50002"]).await;
    resolver.close().await;
}

#[tokio::test]
async fn a_registration_is_in_the_incumbents_form() {
    let (mock, address) = Mock::start().await;
    let pairs = [
        ("client", &*format!(r#"{{"address":"{address}","datacenter":"dc1"}}"#)),
        ("selfRegister", "true"),
        ("tags", r#"["dapr"]"#),
        ("meta", r#"{"REGION":"eu"}"#),
    ];
    let resolver = open::<ConsulNames>(&pairs).await.expect("a resolver");
    resolver.register(&instance("orders", "", "10.0.0.5", 50_002)).await.expect("registered");
    let asked = mock.last();
    assert_eq!(asked.line, "PUT /v1/agent/service/register?dc=dc1 HTTP/1.1");
    let id = "orders-10.0.0.5-60002";
    let expected = json!({
        "ID": id, "Name": "orders", "Address": "10.0.0.5", "Port": 8080, "Tags": ["dapr"],
        "Meta": {"REGION": "eu", "DAPR_PORT": "50002"},
        "Checks": [{"Name": "Dapr Health Status", "CheckID": format!("daprHealth:{id}"), "Interval": "15s",
            "HTTP": "http://10.0.0.5:60002/v1.0/healthz?appid=orders"}],
    });
    assert_eq!(serde_json::from_str::<Value>(&asked.body).expect("JSON"), expected);
    resolver.close().await;
    assert_eq!(mock.services.lock().expect("a lock").len(), 1, "without `selfDeregister` the service stays");
}

#[tokio::test]
async fn a_whole_registration_gets_the_port_and_goes_away() {
    let (mock, address) = Mock::start().await;
    let whole = r#"{"id":"my id","meta":{"a":"b"},"check":{"ttl":"1h"}}"#;
    let pairs =
        [("address", &*address), ("advancedRegistration", whole), ("daprPortMetaKey", "P"), ("selfDeregister", "true")];
    let resolver = open::<ConsulNames>(&pairs).await.expect("a resolver");
    resolver.register(&instance("orders", "", "127.0.0.1", 7)).await.expect("registered");
    let body: Value = serde_json::from_str(&mock.last().body).expect("JSON");
    assert_eq!((&body["meta"]["P"], &body["meta"]["a"], &body["Name"]), (&json!("7"), &json!("b"), &json!("orders")));
    let found = resolver.resolve(&query("orders", "")).await.expect("an answer");
    assert_eq!(found, ["127.0.0.9:7"], "a service without an address is at its node's");
    resolver.close().await;
    assert_eq!(mock.last().line, "PUT /v1/agent/service/deregister/my%20id HTTP/1.1");
    assert!(mock.services.lock().expect("a lock").is_empty());
}

#[tokio::test]
async fn questions_carry_options_and_tokens() {
    let (mock, address) = Mock::start().await;
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), "from-file\n").expect("write");
    let client = json!({"address": address, "tokenFile": file.path(), "httpAuth": {"username": "u", "password": "p"}});
    let options =
        r#"{"useCache":true,"maxAge":"30s","filter":"a == b","nodeMeta":{"k":"v"},"near":"_agent","datacenter":"dc2"}"#;
    let resolver =
        open::<ConsulNames>(&[("client", &client.to_string()), ("queryOptions", options)]).await.expect("a resolver");
    assert_eq!(mock.last().line, "GET /v1/agent/self HTTP/1.1", "without registration the agent is looked for");
    assert!(resolver.resolve(&query("a/b", "")).await.expect("an answer").is_empty());
    let asked = mock.last();
    let path = "/v1/health/service/a%2Fb?passing=1&dc=dc2&near=_agent&filter=a%20%3D%3D%20b&node-meta=k%3Av&cached";
    assert_eq!(asked.line, format!("GET {path} HTTP/1.1"));
    assert_eq!((&*asked.headers["x-consul-token"], &*asked.headers["authorization"]), ("from-file", "Basic dTpw"));
    assert_eq!((&*asked.headers["cache-control"], &*asked.headers["host"]), ("max-age=30", &*address));

    let options = r#"{"requireConsistent":true,"useCache":true,"token":"of-query","namespace":"n","partition":"p"}"#;
    let resolver =
        open::<ConsulNames>(&[("client", &client.to_string()), ("queryOptions", options)]).await.expect("a resolver");
    resolver.resolve(&query("a", "")).await.expect("an answer");
    assert_eq!(mock.last().line, "GET /v1/health/service/a?passing=1&ns=n&partition=p&consistent HTTP/1.1");
    assert_eq!(mock.last().headers["x-consul-token"], "of-query");
}

#[tokio::test]
async fn trouble_says_what_to_look_at() {
    let (mock, address) = Mock::start().await;
    let resolver = open::<ConsulNames>(&[("address", &address)]).await.expect("a resolver");
    let service = json!({"Name": "plain", "Address": "10.0.0.1"});
    mock.services.lock().expect("a lock").insert("plain".into(), service.as_object().expect("an object").clone());
    for (app_id, kind, part) in [
        ("plain", dapr_spi::ErrorKind::Failed, "target service AppID 'plain' found but DAPR_PORT missing from meta"),
        ("forbidden", dapr_spi::ErrorKind::Failed, "403 Forbidden: Permission denied"),
        ("broken", dapr_spi::ErrorKind::Unavailable, "500 Internal Server Error: No path to datacenter"),
        ("odd", dapr_spi::ErrorKind::Failed, "not a list of services"),
    ] {
        let error = resolver.resolve(&query(app_id, "")).await.expect_err(app_id);
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(part), "{error}");
    }
    let nobody = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address").to_string();
    let error = open::<ConsulNames>(&[("address", &nobody)]).await.err().expect("nobody is there");
    assert_eq!(error.kind(), dapr_spi::ErrorKind::Unavailable, "{error}");
    assert!(error.to_string().contains(&nobody), "{error}");
}

#[tokio::test]
async fn tls_is_checked_against_the_given_authority() {
    let key = rcgen::generate_simple_self_signed(["consul.test".to_owned()]).expect("a certificate");
    let ca = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(ca.path(), key.cert.pem()).expect("write");
    let private = rustls::pki_types::PrivateKeyDer::try_from(key.signing_key.serialize_der()).expect("a key");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![key.cert.der().clone()], private)
        .expect("a server");
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("https://{}", listener.local_addr().expect("an address"));
    let mock = Arc::new(Mock::default());
    dapr_kit::task::spawn_detached("mock of Consul", async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(stream) = acceptor.accept(stream).await {
                mock.serve(stream).await;
            }
        }
    });
    let ca = ca.path().to_str().expect("UTF-8");
    let trusting = [("address", &*address), ("caFile", ca), ("tlsAddress", "consul.test:8501")];
    open::<ConsulNames>(&trusting).await.expect("a resolver");
    open::<ConsulNames>(&[("address", &*address), ("insecureSkipVerify", "true")]).await.expect("a resolver");
    assert!(open::<ConsulNames>(&trusting[..2]).await.is_err(), "the certificate is for another name");
    assert!(open::<ConsulNames>(&[("address", &*address), ("caFile", "/nowhere")]).await.is_err());
}
