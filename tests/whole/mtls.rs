//! Sidecars with identities: who may call what, and who is not answered at all.

use http::{HeaderValue, Method, Response};

use crate::app::{App, Body, Seen, answer};
use crate::client::{Answer, Ask, Target};
use crate::daprd::Daprd;
use crate::mesh::Mesh;

const DIRECT: &str = "ERR_DIRECT_INVOKE";

/// `caller` may do little, `friend` almost everything, and nobody else anything.
const RULES: &str = "{accessControl: {defaultAction: deny, trustDomain: public, policies: [\
  {appId: caller, trustDomain: public, namespace: default, defaultAction: deny, operations: [\
    {name: /orders/*, httpVerb: [GET], action: allow}, {name: /pay, httpVerb: ['*'], action: allow}, \
    {name: /test.Words/Say, httpVerb: ['*'], action: allow}]}, \
  {appId: friend, trustDomain: public, namespace: default, defaultAction: allow, operations: [\
    {name: /secret, httpVerb: ['*'], action: deny}, {name: /admin/**, httpVerb: ['*'], action: deny}, \
    {name: /test.Words/Say, httpVerb: ['*'], action: deny}]}, \
  {appId: impostor, trustDomain: elsewhere, namespace: default, defaultAction: allow, operations: []}]}}";

fn respond(seen: &Seen) -> Response<Body> {
    let mut response = answer(200, "done");
    if seen.header("content-type").starts_with("application/grpc") {
        response = answer(200, "");
        response.headers_mut().insert("content-type", HeaderValue::from_static("application/grpc"));
        response.headers_mut().insert("grpc-status", HeaderValue::from_static("0"));
    }
    response
}

/// A callee with rules, and callers of these names.
struct Guarded<const N: usize> {
    callers: [Daprd; N],
    callee: Daprd,
    app: App,
    _mesh: Mesh,
}

impl<const N: usize> Guarded<N> {
    async fn new(protocol: &str, names: [&str; N]) -> Self {
        let mesh = Mesh::new(true).await;
        let app = App::new(respond).await;
        let mut callee = mesh.beside("shop", app.port, protocol).configuration(RULES).launch();
        let mut callers = names.map(|name| mesh.sidecar(name).launch());
        for caller in &mut callers {
            caller.wait_outbound().await;
        }
        callee.wait_ready().await;
        Self { callers, callee, app, _mesh: mesh }
    }

    /// Calls a method, and checks that the app saw it if and only if the answer is not a refusal.
    async fn may(&self, caller: usize, verb: &Method, path: &str) -> Option<Answer> {
        let before = self.app.seen().len();
        let ask = Ask::new(verb.clone(), &format!("/v1.0/invoke/shop/method{path}"));
        let answer = self.callers[caller].ask(ask).await;
        let called = self.app.seen().len() > before;
        assert_eq!(called, answer.status == 200, "{verb} {path}: {answer:?}");
        if !called {
            let reasons = ["access control policy has denied access", "invalid method"];
            assert_eq!(answer.code(), DIRECT, "{verb} {path}");
            assert!(reasons.iter().any(|reason| answer.text().contains(reason)), "{verb} {path}: {answer:?}");
        }
        called.then_some(answer)
    }
}

#[tokio::test]
async fn rules_decide_who_may_call_what() {
    let shop = Guarded::new("http", ["caller", "friend", "stranger", "impostor"]).await;
    for (caller, verb, path, allowed) in [
        (0, Method::GET, "/orders/1", true),
        (0, Method::GET, "/orders/1?x=/../secret", true),
        (0, Method::GET, "/orders/%31", true),
        (0, Method::POST, "/orders/1", false),
        // What stands before `/*` is covered, too: so it is with the incumbent.
        (0, Method::GET, "/orders", true),
        (0, Method::GET, "/orders/1/2", false),
        (0, Method::POST, "/pay", true),
        (0, Method::DELETE, "/PAY", true),
        (0, Method::GET, "/secret", false),
        (1, Method::GET, "/anything", true),
        (1, Method::GET, "/secrets", true),
        (1, Method::POST, "/admin/users/1", false),
        (2, Method::GET, "/orders/1", false),
        (3, Method::GET, "/anything", false),
    ] {
        assert_eq!(shop.may(caller, &verb, path).await.is_some(), allowed, "{caller} {verb} {path}");
    }
    let refused = shop.callers[2].get("/v1.0/invoke/shop/method/orders/1").await;
    assert_eq!(refused.has(403).code(), DIRECT);
    let text = "access control policy has denied access to id: spiffe://public/ns/default/stranger";
    assert!(refused.text().contains(text) && refused.text().contains("verb: GET"), "{refused:?}");

    let own = shop.callee.get("/v1.0/invoke/shop/method/secret").await;
    assert_eq!(own.has(200).text(), "done", "an app is not guarded from itself");
    let metrics = Target::Port(shop.callee.ports.metrics).send(Ask::get("/metrics")).await.expect("metrics");
    for name in
        ["dapr_runtime_acl_app_policy_action_allowed_total", "dapr_runtime_acl_global_policy_action_blocked_total"]
    {
        assert!(metrics.text().contains(name), "{name}");
    }
}

#[tokio::test]
async fn no_spelling_of_a_denied_path_reaches_the_app() {
    let shop = Guarded::new("http", ["friend"]).await;
    for path in [
        "/secret",
        "/secret/",
        "//secret",
        "/./secret",
        "/x/../secret",
        "/../../secret",
        "/SECRET",
        "/Secret?x=1",
        "/%73ecret",
        "/%53ECRET",
        "/x/%2e%2e/secret",
        "/x%2F..%2Fsecret",
        "/%2Fsecret",
        "/secret%2F",
        "/secret/.",
        "/secret/x/..",
        "/secret%23",
        "/secret%3Fx",
        "/%2573ecret",
        "/admin/a",
        "/admin//a/b",
        "/x/../admin/a",
        "/%61dmin/a",
        "/ADMIN/a",
        "/admin%2Fa",
    ] {
        assert!(shop.may(0, &Method::GET, path).await.is_none(), "{path} reached the app: {:?}", shop.app.last().path);
        let answer = shop.callers[0].ask(Ask::get(path).header("dapr-app-id", "shop")).await;
        assert_ne!(answer.status, 200, "{path} by header: {answer:?}");
    }
    assert!(shop.app.seen().is_empty(), "{:?}", shop.app.seen());
}

/// A call that passes a gRPC method through; its status.
async fn proxied(caller: &Daprd, path: &str) -> (String, String) {
    let ask = Ask::new(Method::POST, path).header("content-type", "application/grpc").header("te", "trailers");
    let ask = ask.header("dapr-app-id", "shop").body([0; 5].as_slice());
    let answer = Target::Http2(caller.ports.grpc).send(ask).await.expect("an answer");
    (answer.header("grpc-status").to_owned(), answer.header("grpc-message").to_owned())
}

#[tokio::test]
async fn rules_hold_for_grpc_that_passes_through() {
    let shop = Guarded::new("grpc", ["caller", "friend", "stranger"]).await;
    assert_eq!(proxied(&shop.callers[0], "/test.Words/Say").await.0, "0");
    assert_eq!(proxied(&shop.callers[1], "/test.Words/Talk").await.0, "0");
    assert_eq!(shop.app.seen().len(), 2);
    for (caller, path) in [
        (0, "/test.Words/Talk"),
        (1, "/test.Words/Say"),
        (1, "//test.Words/Say"),
        (1, "/test.Words/./Say"),
        (1, "/test.Words//Say"),
        (1, "/x/../test.Words/Say"),
        (2, "/test.Words/Say"),
    ] {
        let (status, message) = proxied(&shop.callers[caller], path).await;
        assert_eq!(status, "7", "{caller} {path}: {message}");
        assert!(message.contains("access%20control") || message.contains("access control"), "{message}");
    }
    assert_eq!(shop.app.seen().len(), 2, "no other call reached the app");
}

#[tokio::test]
async fn who_is_not_trusted_is_not_answered() {
    let (mesh, foreign) = (Mesh::new(true).await, Mesh::new(true).await);
    let plain = Mesh::new(false).await;
    let app = App::new(respond).await;
    let mut callee = mesh.beside("shop", app.port, "http").launch();
    let trusted = mesh.sidecar("caller").start().await;
    // They find it in its registry, but have certificates of another authority, or none.
    let strangers = [foreign.with_registry_of(&mesh), plain.with_registry_of(&mesh)];
    callee.wait_ready().await;
    trusted.get("/v1.0/invoke/shop/method/x").await.has(200);
    for stranger in &strangers {
        let stranger = stranger.sidecar("caller").start().await;
        let refused = stranger.get("/v1.0/invoke/shop/method/x").await;
        assert_eq!(refused.has(500).code(), DIRECT);
    }
    let bare = Target::Http2(callee.ports.internal).send(Ask::new(Method::POST, "/x").header("te", "trailers")).await;
    assert!(bare.is_err(), "{bare:?}");
    assert_eq!(app.seen().len(), 1);
}
