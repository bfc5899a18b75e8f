//! A person logs in: a browser made of a cookie jar goes to the provider and back.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use dapr_net::fetch::Client;
use dapr_spi::http_middleware::{HttpMiddleware, Request, Response};
use dapr_spi::registry::open;
use http::header::{COOKIE, HeaderMap, LOCATION, SET_COOKIE};
use http::{HeaderValue, StatusCode};

use super::provider::{Provider, SECRET, call, get, text};
use crate::bearer::Bearer;
use crate::oauth2::OAuth2;

/// The cookies of one host.
#[derive(Clone, Default)]
struct Jar(BTreeMap<String, String>);

impl Jar {
    fn take(&mut self, answer: &HeaderMap) {
        for line in answer.get_all(SET_COOKIE) {
            let line = line.to_str().unwrap();
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            if value.is_empty() {
                self.0.remove(name);
            } else {
                self.0.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    fn line(&self) -> HeaderValue {
        let pairs: Vec<String> = self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        HeaderValue::try_from(pairs.join("; ")).unwrap()
    }

    async fn call(&mut self, link: &Arc<dyn HttpMiddleware>, path: &str) -> Response {
        let mut request: Request = get(path);
        request.headers_mut().insert(COOKIE, self.line());
        request.headers_mut().insert("authorization", HeaderValue::from_static("Bearer forged by the client"));
        let response = call(link, request).await;
        self.take(response.headers());
        response
    }
}

const BACK: &str = "http://sidecar.test/v1.0/invoke/app/method/x";

async fn login(provider: &Provider, more: &[(&str, &str)]) -> Arc<dyn HttpMiddleware> {
    let (auth, token) = (provider.url("/auth"), provider.url("/token"));
    let fields = [
        ("clientID", "sidecar"),
        ("clientSecret", SECRET),
        ("authURL", auth.as_str()),
        ("tokenURL", token.as_str()),
        ("redirectURL", BACK),
        ("scopes", "openid,read"),
    ];
    open::<OAuth2>(&[&fields[..], more].concat()).await.unwrap()
}

fn location(headers: &HeaderMap) -> String {
    headers[LOCATION].to_str().unwrap().to_owned()
}

/// Goes where the provider leads, until it leads back; gives path and query there.
async fn at_provider(provider: &Provider, mut url: String) -> String {
    let client = Client::new();
    let mut jar = Jar::default();
    for _ in 0..10 {
        let request = http::Request::get(&url).header(COOKIE, jar.line()).body(Bytes::new()).unwrap();
        let response = client.send(request, 100_000).await.unwrap();
        assert!(response.status().is_redirection(), "{url}: {:?}", response.body());
        jar.take(response.headers());
        url = location(response.headers());
        if let Some(back) = url.strip_prefix("http://sidecar.test") {
            return back.to_owned();
        }
        if url.starts_with('/') {
            url = provider.url(&url);
        }
    }
    panic!("the provider leads in circles");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_logs_in_once() {
    let provider = Provider::start("basic").await;
    let link = login(&provider, &[]).await;
    let mut jar = Jar::default();

    let response = jar.call(&link, "//v1.0/invoke/app/method/wanted?a=b%20c").await;
    assert_eq!(response.status(), StatusCode::FOUND);
    let cookie = response.headers()[SET_COOKIE].to_str().unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && !cookie.contains("Secure"), "{cookie}");
    let back = at_provider(&provider, location(response.headers())).await;

    let mut stranger = Jar::default();
    let refused = stranger.call(&link, &back).await;
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST, "a browser that did not begin this login");
    assert_eq!(text(refused).await, "invalid state");
    let refused = jar.clone().call(&link, "/v1.0/invoke/app/method/x?state=guessed&code=c").await;
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    let state = back.split('&').find_map(|pair| pair.split_once("state=")).unwrap().1;
    let refused = jar.clone().call(&link, &format!("/x?state={state}&error=access_denied")).await;
    assert_eq!((refused.status(), text(refused).await.as_str()), (StatusCode::BAD_REQUEST, "code not found"));
    let failed = jar.clone().call(&link, &format!("/x?state={state}&code=wrong")).await;
    assert_eq!(failed.status(), StatusCode::INTERNAL_SERVER_ERROR, "a code that the provider did not give");

    let response = jar.call(&link, &back).await;
    assert_eq!(response.status(), StatusCode::FOUND);
    assert_eq!(location(response.headers()), "/v1.0/invoke/app/method/wanted?a=b%20c", "on the same host");
    assert!(!jar.0.keys().any(|name| name.contains("state")), "the login is over");

    let seen = text(jar.call(&link, "/v1.0/invoke/app/method/wanted").await).await;
    assert!(seen.starts_with("Bearer ey"), "the person's token, not what the client sent: {seen}");
    let verifier = open::<Bearer>(&[("issuer", &provider.issuer), ("audience", "urn:api")]).await.unwrap();
    let mut request = get("/x");
    request.headers_mut().insert("authorization", seen.parse().unwrap());
    assert_eq!(call(&verifier, request).await.status(), StatusCode::OK);

    let replica = login(&provider, &[]).await;
    assert_eq!(text(jar.call(&replica, "/y").await).await, seen, "another sidecar knows the person");
    let stolen: Vec<&String> = jar.0.values().collect();
    assert!(stolen.iter().all(|value| !value.contains("eyJ")), "cookies are not readable");
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_https_and_on_some_paths_only() {
    let provider = Provider::start("basic").await;
    let link = login(&provider, &[("forceHTTPS", "true"), ("pathFilter", "^/v1.0/invoke/app/")]).await;
    let mut jar = Jar::default();
    let open = text(jar.call(&link, "/v1.0/state/store/key").await).await;
    assert_eq!(open, "Bearer forged by the client", "not touched");
    let response = jar.call(&link, "/v1.0/invoke/app/method/x?q=1").await;
    assert!(response.headers()[SET_COOKIE].to_str().unwrap().contains("; Secure"));
    let back = at_provider(&provider, location(response.headers())).await;
    let response = jar.call(&link, &back).await;
    assert_eq!(location(response.headers()), "https://sidecar.test/v1.0/invoke/app/method/x?q=1");
}
