//! Tokens that a program gets, and their check.

use std::sync::Arc;
use std::time::Duration;

use dapr_spi::http_middleware::{HttpMiddleware, Request};
use dapr_spi::registry::open;
use http::StatusCode;
use http::header::AUTHORIZATION;
use tokio::time::{Instant, timeout};

use super::provider::{Provider, SECRET, call, get, text};
use crate::bearer::Bearer;
use crate::client_credentials::ClientCredentials;

async fn adds_token(provider: &Provider, more: &[(&str, &str)]) -> Arc<dyn HttpMiddleware> {
    let url = provider.url("/token");
    let fields =
        [("clientID", "sidecar"), ("clientSecret", SECRET), ("tokenURL", &url), ("headerName", "authorization")];
    open::<ClientCredentials>(&[&fields[..], more].concat()).await.unwrap()
}

/// A token as an application gets it through the middleware.
async fn token(provider: &Provider) -> String {
    text(call(&adds_token(provider, &[]).await, get("/x")).await).await
}

fn with(authorization: &str) -> Request {
    let mut request = get("/v1.0/invoke/app/method/x");
    request.headers_mut().insert(AUTHORIZATION, authorization.parse().unwrap());
    request
}

async fn status(link: &Arc<dyn HttpMiddleware>, authorization: &str) -> StatusCode {
    call(link, with(authorization)).await.status()
}

async fn verifier(provider: &Provider, audience: &str) -> Arc<dyn HttpMiddleware> {
    open::<Bearer>(&[("issuer", &provider.issuer), ("audience", audience)]).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_passes_and_nothing_else_does() {
    let provider = Provider::start("basic").await;
    let good = token(&provider).await;
    let link = verifier(&provider, "urn:api").await;
    let response = call(&link, with(&good)).await;
    assert_eq!(response.status(), StatusCode::OK, "{good}");
    assert_eq!(text(response).await, good, "the application sees the token");
    assert_eq!(status(&link, &good.replacen("Bearer", "bEARER", 1)).await, StatusCode::OK);

    let unauthorized = call(&link, get("/v1.0/invoke/app/method/x")).await;
    assert_eq!(unauthorized.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(unauthorized.headers()["content-type"], "text/plain; charset=utf-8");
    assert_eq!(text(unauthorized).await, "Unauthorized");
    let (head, signature) = good.rsplit_once('.').unwrap();
    let flipped: String = signature.chars().rev().collect();
    let unsigned = head.split_once('.').unwrap().1;
    for wrong in [
        "Basic c2lkZWNhcjpz".to_owned(),
        "Bearer short".to_owned(),
        format!("{head}.{flipped}"),
        format!("{head}."),
        // {"alg":"none","kid":"one"}
        format!("Bearer eyJhbGciOiJub25lIiwia2lkIjoib25lIn0.{unsigned}."),
        // {"alg":"HS256","kid":"one"}
        format!("Bearer eyJhbGciOiJIUzI1NiIsImtpZCI6Im9uZSJ9.{unsigned}.{signature}"),
    ] {
        assert_eq!(status(&link, &wrong).await, StatusCode::UNAUTHORIZED, "{wrong}");
    }
    let others = verifier(&provider, "urn:other").await;
    assert_eq!(status(&others, &good).await, StatusCode::UNAUTHORIZED, "for another audience");
    let keys = provider.url("/jwks");
    let fields = [("issuer", "https://elsewhere"), ("audience", "urn:api"), ("jwksURL", keys.as_str())];
    let elsewhere = open::<Bearer>(&fields).await.unwrap();
    assert_eq!(status(&elsewhere, &good).await, StatusCode::UNAUTHORIZED, "of another issuer");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_rotate_and_outlive_the_provider() {
    let mut provider = Provider::start("basic").await;
    let old = token(&provider).await;
    let link = verifier(&provider, "urn:api").await;
    provider.rotate().await;
    let new = token(&provider).await;
    assert_eq!(status(&link, &old).await, StatusCode::OK, "a key at hand is used");
    assert_eq!(status(&link, &new).await, StatusCode::OK, "a new key is fetched");
    assert_eq!(status(&link, &old).await, StatusCode::UNAUTHORIZED, "the old one is gone");
    provider.rotate().await;
    let newest = token(&provider).await;
    provider.server.stop().await.unwrap();
    assert_eq!(status(&link, &new).await, StatusCode::OK, "the provider is away");
    let asked = Instant::now();
    assert_eq!(status(&link, &newest).await, StatusCode::UNAUTHORIZED);
    assert!(asked.elapsed() < Duration::from_secs(5), "unknown keys are not asked for again and again");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_must_be_who_it_says() {
    let provider = Provider::start("basic").await;
    let slash = format!("{}/", provider.issuer);
    let Err(error) = open::<Bearer>(&[("issuer", &slash), ("audience", "a")]).await else { panic!("accepted") };
    assert!(error.to_string().contains("must be the same"), "{error}");
    let keys = provider.url("/no-keys");
    let fields = [("issuer", "x"), ("audience", "a"), ("jwksURL", keys.as_str())];
    let Err(error) = open::<Bearer>(&fields).await else { panic!("accepted") };
    assert!(error.to_string().contains("404"), "{error}");
    for wrong in [&[("issuer", "me"), ("audience", "a")], &[("issuer", "http://a"), ("audience", "")]] {
        assert!(open::<Bearer>(wrong).await.is_err());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_shows_its_secret_as_the_endpoint_wants() {
    for (style, works) in [("basic", ["0", "2"]), ("post", ["0", "1"])] {
        let provider = Provider::start(style).await;
        for number in ["0", "1", "2"] {
            let link = adds_token(&provider, &[("authStyle", number), ("scopes", "read,write")]).await;
            let response = call(&link, get("/x")).await;
            if works.contains(&number) {
                assert_eq!(response.status(), StatusCode::OK, "{style} {number}");
                assert!(text(response).await.starts_with("Bearer ey"));
            } else {
                assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR, "{style} {number}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_kept_and_many_wait_for_one() {
    let mut provider = Provider::start("basic").await;
    let fields = [("pathFilter", "^/v1.0/invoke/secure/"), ("endpointParamsQuery", "resource=urn%3Aapi")];
    let link = adds_token(&provider, &fields).await;
    assert_eq!(text(call(&link, get("/v1.0/invoke/open/method/x")).await).await, "nothing", "not for this path");
    let secure = || async { text(call(&link, get("/v1.0/invoke/secure/method/x")).await).await };
    let (one, two, three) = tokio::join!(secure(), secure(), secure());
    assert!(one.starts_with("Bearer ey") && one == two && two == three, "one token for all");
    assert_eq!(text(call(&link, with_path("/v1.0/./invoke//secure/x")).await).await, one, "a spelling of the path");
    provider.server.stop().await.unwrap();
    assert_eq!(secure().await, one, "kept while it is valid");
    let other = adds_token(&provider, &[]).await;
    let calls = (0..20).map(|_| call(&other, get("/x")));
    let answers = timeout(Duration::from_secs(5), futures(calls)).await.expect("failures are shared");
    assert!(answers.iter().all(|status| *status == StatusCode::INTERNAL_SERVER_ERROR));
}

fn with_path(path: &str) -> Request {
    let mut request = get(path);
    request.headers_mut().insert(AUTHORIZATION, "Bearer forged by the client".parse().unwrap());
    request
}

async fn futures(
    calls: impl Iterator<Item = impl Future<Output = dapr_spi::http_middleware::Response>>,
) -> Vec<StatusCode> {
    let mut answers = Vec::new();
    for call in calls {
        answers.push(call.await.status());
    }
    answers
}

#[tokio::test]
async fn wrong_settings_are_named() {
    let fields = |more: &[(&'static str, &'static str)]| {
        let mut fields =
            vec![("clientID", "a"), ("clientSecret", "b"), ("tokenURL", "http://c"), ("headerName", "authorization")];
        fields.extend(more);
        fields
    };
    for (field, value) in [
        ("authStyle", "3"),
        ("tokenURL", "c"),
        ("headerName", "a b"),
        ("pathFilter", "("),
        ("clientSecret", ""),
        ("endpointParamsQuery", "client_id=x"),
    ] {
        let Err(error) = open::<ClientCredentials>(&fields(&[(field, value)])).await else {
            panic!("accepted {field}")
        };
        assert!(error.to_string().contains(field), "{error}");
    }
    let twice = fields(&[("scopes", "a"), ("endpointParamsQuery", "scope=x")]);
    assert!(open::<ClientCredentials>(&twice).await.is_err());
}
