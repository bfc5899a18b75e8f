//! Mode `kubernetes`, against an API server of our own that answers as the real one does.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use dapr_kit::task::{self, Task};
use dapr_proto::sentry::v1::SignCertificateRequest;
use dapr_sentry::Sentry;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tonic::Code;

use crate::support::{assert_trusted, chain, connect, foreign, names, read, ready, refusal, request, server, start};

const SECRET: &str = "/api/v1/namespaces/default/secrets/dapr-trust-bundle";
const CONFIG_MAP: &str = "/api/v1/namespaces/default/configmaps/dapr-trust-bundle";
const CONFIGURATION: &str = "/apis/dapr.io/v1alpha1/namespaces/default/configurations/daprsystem";
const PODS: &str = "/api/v1/pods";
const CONFIGURATIONS: &str = "/apis/dapr.io/v1alpha1/configurations";

/// Objects by path, and the tokens that are known with their users.
#[derive(Default)]
struct Cluster {
    objects: HashMap<String, Value>,
    users: HashMap<String, String>,
    /// PUTs that were refused because somebody else was faster.
    conflicts: usize,
    written: Vec<String>,
}

impl Cluster {
    fn answer(&mut self, method: &Method, path: &str, body: &[u8]) -> (StatusCode, Value) {
        if path == "/apis/authentication.k8s.io/v1/tokenreviews" {
            let review: Value = serde_json::from_slice(body).unwrap();
            let audiences = json!(["dapr.io/sentry", "spiffe://localhost/ns/default/dapr-sentry"]);
            assert_eq!(review["spec"]["audiences"], audiences);
            let user = self.users.get(review["spec"]["token"].as_str().unwrap());
            let status = match user.map(String::as_str) {
                Some("") => json!({ "error": "token has expired" }),
                Some(user) => json!({ "authenticated": true, "user": { "username": user } }),
                None => json!({ "authenticated": false }),
            };
            return (StatusCode::CREATED, json!({ "status": status }));
        }
        if *method == Method::PUT {
            if self.conflicts > 0 {
                self.conflicts -= 1;
                return (StatusCode::CONFLICT, json!({ "message": "the object has been modified" }));
            }
            self.written.push(path.to_owned());
            self.objects.insert(path.to_owned(), serde_json::from_slice(body).unwrap());
        }
        match self.objects.get(path) {
            Some(object) => (StatusCode::OK, object.clone()),
            None => (StatusCode::NOT_FOUND, json!({ "message": "not found" })),
        }
    }

    fn put(&mut self, path: &str, object: Value) {
        self.objects.insert(path.to_owned(), object);
    }

    /// Adds to a list.
    fn add(&mut self, list: &str, object: Value) {
        self.objects.get_mut(list).unwrap()["items"].as_array_mut().unwrap().push(object);
    }

    fn published(&self, key: &str) -> String {
        self.objects[CONFIG_MAP]["data"][key].as_str().unwrap_or_default().to_owned()
    }

    fn secret(&self, key: &str) -> String {
        let encoded = self.objects[SECRET]["data"][key].as_str().unwrap_or_default();
        String::from_utf8(STANDARD.decode(encoded).unwrap()).unwrap()
    }

    fn set_secret(&mut self, [root, issuer, key]: &[String; 3]) {
        let data: serde_json::Map<_, _> = [("ca.crt", root), ("issuer.crt", issuer), ("issuer.key", key)]
            .map(|(name, text)| (name.to_owned(), STANDARD.encode(text).into()))
            .into_iter()
            .collect();
        self.put(SECRET, json!({ "metadata": { "resourceVersion": "1" }, "data": data }));
    }
}

/// A running API server; its kubeconfig is in `directory`.
struct Api {
    cluster: Arc<Mutex<Cluster>>,
    directory: tempfile::TempDir,
    _serving: Task<()>,
}

impl Api {
    async fn start() -> Self {
        let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let config = server(vec![own.cert.der().to_vec()], own.signing_key.serialize_der());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut cluster = Cluster::default();
        cluster.put(SECRET, json!({ "metadata": { "resourceVersion": "1" } }));
        cluster.put(CONFIG_MAP, json!({ "metadata": { "resourceVersion": "1" } }));
        cluster.put(
            CONFIGURATION,
            json!({ "metadata": { "name": "daprsystem" }, "spec": { "mtls": { "workloadCertTTL": "1h" } } }),
        );
        cluster.put(PODS, json!({ "items": [] }));
        cluster.put(CONFIGURATIONS, json!({ "items": [] }));
        let cluster = Arc::new(Mutex::new(cluster));
        let serving = task::spawn("api server", serve(listener, config, cluster.clone()));
        let directory = tempfile::tempdir().unwrap();
        let kubeconfig = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "here",
            "clusters": [{ "name": "here", "cluster": {
                "server": format!("https://localhost:{port}"),
                "certificate-authority-data": STANDARD.encode(own.cert.pem()),
            } }],
            "contexts": [{ "name": "here", "context": { "cluster": "here", "user": "me" } }],
            "users": [{ "name": "me", "user": { "token": "of-sentry" } }],
        });
        std::fs::write(directory.path().join("kubeconfig"), kubeconfig.to_string()).unwrap();
        Self { cluster, directory, _serving: serving }
    }

    fn with<T>(&self, look: impl FnOnce(&mut Cluster) -> T) -> T {
        look(&mut self.cluster.lock().unwrap())
    }

    fn flags(&self) -> [String; 2] {
        let kubeconfig = self.directory.path().join("kubeconfig");
        ["--mode=kubernetes".to_owned(), format!("--kubeconfig={}", kubeconfig.display())]
    }

    async fn sentry(&self, more: &[&str]) -> Sentry {
        let flags = self.flags();
        let flags: Vec<&str> = flags.iter().map(String::as_str).chain(more.iter().copied()).collect();
        start(Path::new("/nonexistent/credentials"), &flags).await
    }
}

async fn serve(listener: TcpListener, config: Arc<rustls::ServerConfig>, cluster: Arc<Mutex<Cluster>>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let (config, cluster) = (config.clone(), cluster.clone());
        task::spawn_detached("api connection", async move {
            let Ok(stream) = tokio_rustls::TlsAcceptor::from(config).accept(stream).await else { return };
            let service = service_fn(move |request: Request<Incoming>| {
                let cluster = cluster.clone();
                async move {
                    assert_eq!(request.headers()["authorization"], "Bearer of-sentry");
                    let (parts, body) = request.into_parts();
                    let body = body.collect().await.unwrap().to_bytes();
                    let (status, answer) = cluster.lock().unwrap().answer(&parts.method, parts.uri.path(), &body);
                    let mut response = Response::new(Full::new(Bytes::from(answer.to_string())));
                    *response.status_mut() = status;
                    Ok::<_, std::convert::Infallible>(response)
                }
            });
            let served = hyper::server::conn::http1::Builder::new();
            let _ = served.serve_connection(hyper_util::rt::TokioIo::new(stream), service).await;
        });
    }
}

fn pod(namespace: &str, name: &str, account: &str, annotations: Value) -> Value {
    json!({
        "metadata": { "namespace": namespace, "name": name, "annotations": annotations },
        "spec": {
            "serviceAccountName": account,
            "initContainers": [
                { "name": "setup", "image": "setup:1" },
                { "name": "daprd", "image": "daprd:1", "restartPolicy": "Always" },
            ],
            "containers": [{ "name": "shop", "image": "shop:2" }],
        },
        "status": { "containerStatuses": [{ "name": "shop", "imageID": "registry/shop@sha256:abc" }] },
    })
}

fn with_token(id: &str, namespace: &str, pod: &str) -> SignCertificateRequest {
    let token = json!({ "kubernetes.io": { "pod": { "name": pod } } }).to_string();
    SignCertificateRequest { token, ..request(id, namespace) }
}

fn user(cluster: &mut Cluster, pod: &str, user: &str) {
    let token = json!({ "kubernetes.io": { "pod": { "name": pod } } }).to_string();
    cluster.users.insert(token, user.to_owned());
}

#[tokio::test]
async fn an_authority_is_made_once_and_published() {
    let api = Api::start().await;
    // Another Sentry was faster once.
    api.with(|cluster| cluster.conflicts = 1);
    let sentry = api.sentry(&["--jwt-enabled"]).await;
    ready(&sentry).await;
    let roots = sentry.trust_anchors();
    api.with(|cluster| {
        assert_eq!((cluster.secret("ca.crt"), cluster.published("ca.crt")), (roots.clone(), roots.clone()));
        assert!(
            cluster.secret("issuer.key").contains("PRIVATE KEY") && cluster.secret("jwt.key").contains("PRIVATE KEY")
        );
        assert_eq!(cluster.secret("jwks.json"), cluster.published("jwks.json"));
        assert!(cluster.published("issuer.key").is_empty() && cluster.published("jwt.key").is_empty());
        assert_eq!(cluster.objects[SECRET]["metadata"]["resourceVersion"], "1");
        cluster.written.clear();
    });
    sentry.stop().await;
    let again = api.sentry(&["--jwt-enabled"]).await;
    assert_eq!((again.trust_anchors(), api.with(|cluster| cluster.written.clone())), (roots, vec![]));
}

#[tokio::test]
async fn a_given_authority_is_used_and_its_root_published_again() {
    let (api, credentials) = (Api::start().await, foreign(&rcgen::PKCS_ECDSA_P256_SHA256));
    api.with(|cluster| {
        cluster.set_secret(&credentials);
        cluster.put(CONFIG_MAP, json!({ "data": { "ca.crt": "something older", "mine": "stays" } }));
    });
    let sentry = api.sentry(&[]).await;
    assert_eq!(read(sentry.trust_anchors().as_bytes())[0].der, read(credentials[0].as_bytes())[0].der);
    api.with(|cluster| {
        assert_eq!(cluster.written, [CONFIG_MAP]);
        assert_eq!(
            (cluster.published("ca.crt"), cluster.published("mine")),
            (credentials[0].clone(), "stays".to_owned())
        );
    });
}

#[tokio::test]
async fn what_is_incomplete_or_missing_stops_the_start() {
    let (api, credentials) = (Api::start().await, foreign(&rcgen::PKCS_ED25519));
    let flags = api.flags();
    let refused = || async { refusal(Path::new("/nonexistent"), &flags.each_ref().map(String::as_str)).await };
    api.with(|cluster| {
        cluster.set_secret(&credentials);
        cluster.objects.get_mut(SECRET).unwrap()["data"].as_object_mut().unwrap().remove("issuer.key");
    });
    let error = refused().await;
    assert!(error.contains("issuer.key is missing while ca.crt, issuer.crt of the Secret"), "{error}");
    assert!(api.with(|cluster| cluster.written.is_empty()));
    api.with(|cluster| drop(cluster.objects.remove(SECRET)));
    assert!(refused().await.contains(&format!("{SECRET} not found")));
    api.with(|cluster| drop(cluster.objects.remove(CONFIGURATION)));
    assert!(refused().await.contains("failed to load Configuration \"daprsystem\": config CRD not found"));
}

#[tokio::test]
async fn a_pod_gets_the_identity_that_it_may_have() {
    let api = Api::start().await;
    api.with(|cluster| {
        cluster.add(PODS, pod("market", "shop-1", "seller", json!({ "dapr.io/app-id": "shop" })));
        cluster.add(PODS, pod("market", "plain", "seller", json!({})));
        cluster
            .add(PODS, pod("market", "own", "seller", json!({ "dapr.io/app-id": "own", "dapr.io/config": "domains" })));
        cluster.add(PODS, pod("default", "operator-1", "op", json!({ "dapr.io/control-plane": "operator" })));
        let metadata = json!({ "namespace": "market", "name": "domains" });
        cluster.add(
            CONFIGURATIONS,
            json!({ "metadata": metadata, "spec": { "accessControl": { "trustDomain": "mine" } } }),
        );
        for pod in ["shop-1", "plain", "own"] {
            user(cluster, pod, "system:serviceaccount:market:seller");
        }
        user(cluster, "operator-1", "system:serviceaccount:default:op");
    });
    let sentry = api.sentry(&[]).await;
    ready(&sentry).await;
    let mut client = connect(&sentry).await;
    for (id, namespace, pod, trust_domain) in [
        ("shop", "market", "shop-1", "public"),
        ("plain", "market", "plain", "public"),
        ("own", "market", "own", "mine"),
        ("dapr-operator", "default", "operator-1", "localhost"),
    ] {
        let mut request = with_token(id, namespace, pod);
        // What it asks for does not count.
        request.trust_domain = "elsewhere".into();
        let response = client.sign_certificate(request).await.unwrap().into_inner();
        assert_eq!(names(&response).0, [format!("spiffe://{trust_domain}/ns/{namespace}/{id}")]);
        assert_trusted(&response, &sentry.trust_anchors());
        let leaf = &chain(&response)[0];
        assert_eq!(leaf.not_after.duration_since(leaf.not_before).as_mins(), 75, "the Configuration says an hour");
        let images = images(&leaf.der);
        let expected = json!([
            { "role": "daprd", "containerName": "daprd", "image": "daprd:1" },
            { "role": "app", "containerName": "shop", "image": "shop:2", "digest": "sha256:abc" },
        ]);
        assert_eq!(images, expected);
    }
}

/// The extension of container images.
fn images(leaf: &[u8]) -> Value {
    use x509_parser::prelude::{FromDer as _, X509Certificate};
    let (_, leaf) = X509Certificate::from_der(leaf).unwrap();
    let id = "1.3.6.1.4.1.57683.100.1";
    let extension = leaf.extensions().iter().find(|extension| extension.oid.to_id_string() == id).unwrap();
    assert!(!extension.critical);
    let json = yasna::parse_der(extension.value, |reader| reader.read_bytes()).unwrap();
    serde_json::from_slice(&json).unwrap()
}

#[tokio::test]
async fn whoever_cannot_prove_it_is_told_why_not() {
    let api = Api::start().await;
    api.with(|cluster| {
        cluster.add(PODS, pod("market", "shop-1", "seller", json!({ "dapr.io/app-id": "shop" })));
        cluster.add(PODS, pod("market", "other-account", "buyer", json!({ "dapr.io/app-id": "shop" })));
        cluster.add(PODS, pod("market", "posing", "seller", json!({ "dapr.io/control-plane": "operator" })));
        cluster.add(PODS, pod("default", "unknown", "seller", json!({ "dapr.io/control-plane": "root" })));
        let both = json!({ "dapr.io/control-plane": "operator", "dapr.io/app-id": "x" });
        cluster.add(PODS, pod("default", "both", "seller", both));
        cluster.add(PODS, pod("market", "lost", "seller", json!({ "dapr.io/config": "none" })));
        for pod in ["shop-1", "other-account", "posing", "lost", "gone"] {
            user(cluster, pod, "system:serviceaccount:market:seller");
        }
        for pod in ["unknown", "both"] {
            user(cluster, pod, "system:serviceaccount:default:seller");
        }
        user(cluster, "human", "someone");
        user(cluster, "late", "");
        cluster.users.insert("{}".into(), "system:serviceaccount:market:seller".into());
        cluster.users.insert("no.jwt".into(), "system:serviceaccount:market:seller".into());
    });
    let sentry = api.sentry(&[]).await;
    let mut client = connect(&sentry).await;
    let with = |token: &str| SignCertificateRequest { token: token.into(), ..request("shop", "market") };
    for (request, expected) in [
        (with("stranger"), "authentication failed"),
        (with_token("shop", "market", "late"), "invalid token: token has expired"),
        (with_token("shop", "market", "human"), "provided token is not a properly structured service account token"),
        (with("{}"), "kubernetes.io/pod/name claim is missing from Kubernetes token"),
        (with("no.jwt"), "failed to parse Kubernetes token: "),
        (with_token("shop", "market", "gone"), "failed to get pod of identity"),
        (with_token("shop", "elsewhere", "shop-1"), "namespace mismatch; received namespace: elsewhere"),
        (with_token("shop", "market", "other-account"), "pod service account mismatch"),
        (with_token("other", "market", "shop-1"), "app-id mismatch. expected: shop, received: other"),
        (with_token("dapr-operator", "market", "posing"), "control plane service in namespace 'market' is not allowed"),
        (with_token("dapr-root", "default", "unknown"), "unknown control plane service 'unknown'"),
        (with_token("dapr-operator", "default", "both"), "cannot have annotation 'dapr.io/app-id'"),
        (with_token("lost", "market", "lost"), "failed to get configuration"),
        (with_token(&"a".repeat(65), "market", "shop-1"), "app ID must be 64 characters or less"),
    ] {
        let status = client.sign_certificate(request).await.unwrap_err();
        assert_eq!(status.code(), Code::PermissionDenied, "{status}");
        assert!(status.message().contains(expected), "{expected}: {status}");
    }
}
