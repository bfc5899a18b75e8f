//! Hosts that are answered, and what the document says to them.

use http_body_util::BodyExt as _;
use serde_json::Value;

use super::*;

fn endpoints(allowed: &[&str], issuer: Option<&str>) -> Endpoints {
    let settings = Oidc {
        listen: (String::new(), 0),
        tls: None,
        jwks_uri: None,
        path_prefix: "/auth".into(),
        allowed_hosts: allowed.iter().map(|host| (*host).to_owned()).collect(),
    };
    Endpoints::new(settings, issuer.map(str::to_owned), "RS256".into())
}

fn ask(endpoints: &Endpoints, method: &str, path: &str, headers: &[(&str, &str)]) -> Response<Full<Bytes>> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    endpoints.answer(&request.body(()).unwrap(), Some("{\"keys\":[]}".into()))
}

async fn document(endpoints: &Endpoints, headers: &[(&str, &str)]) -> Value {
    let answer = ask(endpoints, "GET", "/auth/.well-known/openid-configuration", headers);
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["cache-control"], "public, max-age=3600");
    serde_json::from_slice(&answer.into_body().collect().await.unwrap().to_bytes()).unwrap()
}

#[test]
fn only_gets_of_two_paths_are_answered() {
    let all = endpoints(&[], None);
    let status = |method: &str, path: &str| ask(&all, method, path, &[("host", "a")]).status().as_u16();
    assert_eq!(status("GET", "/auth/jwks.json"), 200);
    for method in ["POST", "PUT", "DELETE", "PATCH", "HEAD"] {
        assert_eq!(status(method, "/auth/jwks.json"), 405, "{method}");
    }
    for path in ["/", "/jwks.json", "/auth", "/auth/", "/authx/jwks.json", "/auth/jwks.json/"] {
        assert_eq!(status("GET", path), 404, "{path}");
    }
}

#[test]
fn hosts_are_compared_with_and_without_their_port() {
    let some = endpoints(&["example.com", "api.example.com:8443"], None);
    let status = |headers: &[(&str, &str)]| ask(&some, "GET", "/auth/jwks.json", headers).status().as_u16();
    for host in ["example.com", "example.com:1", "api.example.com:8443"] {
        assert_eq!(status(&[("host", host)]), 200, "{host}");
    }
    for host in ["api.example.com", "evil.com", "example.com.evil.com", ""] {
        assert_eq!(status(&[("host", host)]), 403, "{host}");
    }
    assert_eq!(status(&[("host", "evil.com"), ("x-forwarded-host", "example.com")]), 200);
    assert_eq!(status(&[("host", "example.com"), ("x-forwarded-host", "evil.com")]), 403);
}

#[tokio::test]
async fn a_forwarded_host_is_believed_only_from_the_list() {
    let forwarded = [("host", "own:1"), ("x-forwarded-host", "evil.com")];
    for allowed in [&[][..], &["*"][..]] {
        let document = document(&endpoints(allowed, None), &forwarded).await;
        assert_eq!(document["issuer"], "http://own:1");
        assert_eq!(document["jwks_uri"], "http://own:1/auth/jwks.json");
    }
    let listed = document(&endpoints(&["evil.com"], None), &forwarded).await;
    assert_eq!(listed["issuer"], "http://evil.com");
    let fixed = document(&endpoints(&[], Some("https://id.example:7/x")), &forwarded).await;
    assert_eq!(fixed["issuer"], "https://id.example:7/x");
    assert_eq!(fixed["jwks_uri"], "https://id.example:7/auth/jwks.json");
    let odd = ask(&endpoints(&[], None), "GET", "/auth/.well-known/openid-configuration", &[("host", "a b/c")]);
    assert_eq!(odd.status(), 400);
}
