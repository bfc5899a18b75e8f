//! Rules and what becomes of requests.

use std::sync::atomic::{AtomicU16, Ordering};

use dapr_net::Body;
use dapr_spi::http_middleware::FromFn;
use dapr_spi::registry::open;

use super::*;

type Links = [Arc<dyn HttpMiddleware>; 1];

async fn guard(field: &str, rules: &str) -> Links {
    [open::<Sentinel>(&[("appName", "test"), (field, rules)]).await.unwrap()]
}

fn get(path: &str) -> Request {
    http::Request::get(path).body(Body::empty()).unwrap()
}

async fn call(links: &Links, path: &str, status: u16, milliseconds: u64) -> u16 {
    let status = AtomicU16::new(status);
    let end = FromFn(move |_| {
        let status = status.load(Ordering::Relaxed);
        async move {
            sleep(Duration::from_millis(milliseconds)).await;
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::from_u16(status).unwrap();
            response
        }
    });
    Next::new(links, &end).run(get(path)).await.status().as_u16()
}

#[tokio::test(start_paused = true)]
async fn a_flow_rule_is_about_one_resource() {
    let rules = r#"[{"resource": "GET:/v1.0/nodeapp/healthz", "threshold": 10, "tokenCalculateStrategy": 0, "controlBehavior": 0}]"#;
    let links = guard("flowRules", rules).await;
    let mut passed = 0;
    for _ in 0..100 {
        passed += usize::from(call(&links, "/v1.0/nodeapp/%68ealthz?x=y", 200, 0).await == 200);
        assert_eq!(call(&links, "/v1.0/nodeapp/other", 200, 0).await, 200);
    }
    assert_eq!(passed, 10);
    let end = FromFn(|_| async { Response::new(Body::empty()) });
    let refused = Next::new(&links, &end).run(get("/v1.0/nodeapp/healthz")).await;
    assert_eq!(refused.headers()["content-type"], "text/plain; charset=utf-8");
    assert_eq!(refused.into_body().collect(100).await.unwrap(), "Too Many Requests");
}

#[tokio::test(start_paused = true)]
async fn calls_wait_for_their_turn() {
    let rules = r#"[{"resource": "GET:/a", "threshold": 10, "controlBehavior": 1, "maxQueueingTimeMs": 500}]"#;
    let links = guard("flowRules", rules).await;
    let began = Instant::now();
    for _ in 0..4 {
        assert_eq!(call(&links, "/a", 200, 0).await, 200);
    }
    let took = began.elapsed();
    assert!((Duration::from_millis(300)..Duration::from_millis(320)).contains(&took), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn calls_under_way_are_limited() {
    let links = guard("isolationRules", r#"[{"resource": "GET:/a", "threshold": 2}]"#).await;
    let one = || call(&links, "/a", 200, 100);
    assert_eq!(tokio::join!(one(), one(), one()), (200, 200, 429));
    let given_up = tokio::time::timeout(Duration::from_millis(10), one()).await;
    assert!(given_up.is_err());
    assert_eq!(tokio::join!(one(), one()), (200, 200), "who went away is not counted");
}

#[tokio::test(start_paused = true)]
async fn failures_and_slow_calls_break_the_circuit() {
    let rules = r#"[{"resource": "GET:/a", "strategy": 1, "retryTimeoutMs": 1000, "minRequestAmount": 2, "statIntervalMs": 1000,
                     "threshold": 0.5},
                    {"resource": "GET:/b", "strategy": 0, "retryTimeoutMs": 1000, "minRequestAmount": 1, "statIntervalMs": 1000,
                     "threshold": 1, "maxAllowedRtMs": 50}]"#;
    let links = guard("circuitBreakerRules", rules).await;
    assert_eq!(call(&links, "/a", 404, 0).await, 404, "the client's fault");
    assert_eq!(call(&links, "/a", 503, 0).await, 503);
    assert_eq!(call(&links, "/a", 200, 0).await, 429);
    assert_eq!(call(&links, "/b", 200, 60).await, 200);
    assert_eq!(call(&links, "/b", 200, 0).await, 429);
    sleep(Duration::from_secs(1)).await;
    let probe = tokio::time::timeout(Duration::from_millis(10), call(&links, "/a", 200, 100)).await;
    assert!(probe.is_err(), "the probe's client goes away");
    assert_eq!(call(&links, "/a", 200, 0).await, 200, "the next call is the probe");
    assert_eq!(call(&links, "/a", 200, 0).await, 200);
}

#[tokio::test(start_paused = true)]
async fn all_calls_together_are_limited() {
    let links = guard("systemRules", r#"[{"metricType": 3, "triggerCount": 2}]"#).await;
    assert_eq!(call(&links, "/a", 200, 0).await, 200);
    assert_eq!(call(&links, "/b", 200, 0).await, 200);
    assert_eq!(call(&links, "/c", 200, 0).await, 429);
}
