//! Requests to a real server in this process.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use dapr_component_http::Http;
use dapr_spi::binding::{Binding, InvokeRequest, InvokeResponse};
use dapr_spi::registry::open;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// Tells what it got, and does what the path says.
async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let path = request.uri().path().to_owned();
    let (parts, body) = request.into_parts();
    let body = body.collect().await.expect("a body").to_bytes();
    let header =
        |name: &str| parts.headers.get(name).map(|value| value.to_str().expect("text").to_owned()).unwrap_or_default();
    let told = format!(
        "{} {} type={} token={} trace={} body={}",
        parts.method,
        parts.uri,
        header("content-type"),
        header("x-token"),
        header("traceparent"),
        String::from_utf8_lossy(&body)
    );
    let response = match path.as_str() {
        "/slow" => {
            tokio::time::sleep(Duration::from_secs(30)).await;
            Response::builder()
        }
        "/missing" => Response::builder().status(404).header("x-why", "gone"),
        "/moved" => Response::builder().status(302).header("location", "/end?x"),
        "/kept" => Response::builder().status(307).header("location", "/end"),
        "/round" => Response::builder().status(302).header("location", "/round"),
        "/large" => return Ok(Response::new(Full::from(vec![b'x'; 100_000]))),
        _ => Response::builder().header("x-two", "1").header("x-two", "2"),
    };
    Ok(response.body(Full::from(told)).expect("an answer"))
}

async fn server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    dapr_kit::task::spawn_detached("server", async move {
        while let Ok((stream, _)) = listener.accept().await {
            dapr_kit::task::spawn_detached("connection", async move {
                let serving = hyper::server::conn::http1::Builder::new();
                let _ = serving.serve_connection(TokioIo::new(stream), service_fn(answer)).await;
            });
        }
    });
    address
}

async fn binding(pairs: &[(&str, &str)]) -> Arc<dyn Binding> {
    let url = format!("http://{}", server().await);
    let pairs = [&[("url", url.as_str())], pairs].concat();
    open::<Http>(&pairs).await.expect("good settings")
}

async fn call(
    binding: &Arc<dyn Binding>,
    operation: &str,
    metadata: &[(&str, &str)],
) -> Result<InvokeResponse, dapr_spi::binding::Failure> {
    let metadata = metadata.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let data = Bytes::from_static(b"{\"a\":1}");
    binding.output().expect("an output").invoke(InvokeRequest { operation: operation.into(), data, metadata }).await
}

fn text(response: InvokeResponse) -> String {
    String::from_utf8(response.data.expect("data").to_vec()).expect("text")
}

#[tokio::test]
async fn every_verb_goes_out_and_its_answer_comes_back() {
    let binding = binding(&[("securityToken", "s3"), ("securityTokenHeader", "X-Token")]).await;
    for operation in binding.output().unwrap().operations().to_vec() {
        let answered = call(&binding, &operation, &[("path", "/a b"), ("traceparent", "00-t")]).await.unwrap();
        assert_eq!(answered.metadata["statusCode"], "200");
        assert_eq!((answered.metadata["status"].as_str(), answered.metadata["X-Two"].as_str()), ("200 OK", "1, 2"));
        let verb = if operation == "create" { "POST".to_owned() } else { operation.to_uppercase() };
        let (kind, body) = match verb.as_str() {
            "POST" | "PUT" | "PATCH" => ("application/json; charset=utf-8", "{\"a\":1}"),
            _ => ("", ""),
        };
        let told = text(answered);
        if verb != "HEAD" {
            assert_eq!(told, format!("{verb} /a%20b type={kind} token=s3 trace=00-t body={body}"));
        }
    }
}

#[tokio::test]
async fn another_status_is_an_error_unless_it_is_wanted() {
    let binding = binding(&[]).await;
    let failure = call(&binding, "get", &[("path", "missing")]).await.unwrap_err();
    assert_eq!(
        (failure.to_string().as_str(), failure.metadata["X-Why"].as_str()),
        ("received status code 404", "gone")
    );
    let answered = call(&binding, "get", &[("path", "missing"), ("errorIfNot2XX", "false")]).await.unwrap();
    assert_eq!(answered.metadata["statusCode"], "404");
}

#[tokio::test]
async fn redirections_are_followed_to_an_end() {
    let binding = binding(&[]).await;
    let moved = text(call(&binding, "post", &[("path", "moved")]).await.unwrap());
    assert_eq!(moved, "GET /end?x type= token= trace= body=");
    let kept = text(call(&binding, "post", &[("path", "kept")]).await.unwrap());
    assert!(kept.starts_with("POST /end ") && kept.ends_with("body={\"a\":1}"), "{kept}");
    let round = call(&binding, "get", &[("path", "round")]).await.unwrap_err();
    assert_eq!(round.to_string(), "stopped after 10 redirects");
}

#[tokio::test]
async fn time_and_length_have_limits() {
    let binding = binding(&[("responseTimeout", "100ms"), ("maxResponseBodySize", "1Ki")]).await;
    let late = call(&binding, "get", &[("path", "slow")]).await.unwrap_err();
    assert_eq!(late.to_string(), "context deadline exceeded: no answer within 100ms");
    assert_eq!(text(call(&binding, "get", &[("path", "large")]).await.unwrap()).len(), 1024);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_without_its_password() {
    let url = "http://user:secret@127.0.0.1:1/x";
    let binding = open::<Http>(&[("url", url)]).await.unwrap();
    let failure = call(&binding, "get", &[]).await.unwrap_err().to_string();
    assert!(failure.starts_with("GET http://127.0.0.1:1/x: ") && !failure.contains("secret"), "{failure}");
}
