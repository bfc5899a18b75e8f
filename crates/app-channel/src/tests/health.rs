//! Probes of real applications, and calls that are refused meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ::http::{Request, Response};
use dapr_net::Body;
use dapr_spi::app_channel::CallError;
use hyper::body::Incoming;

use super::server::{Server, Speaks, free_port};
use super::{get, request, settings, soon, text};
use crate::{App, HealthSettings, Protocol};

fn probed(protocol: Protocol, port: u16) -> (Arc<App>, dapr_telemetry::metrics::Metrics) {
    let mut settings = settings(protocol, port);
    settings.max_concurrency = 1;
    settings.health = Some(HealthSettings {
        path: "check".to_owned(),
        interval: Duration::from_millis(5),
        timeout: Duration::from_secs(1),
        threshold: 2,
    });
    let metrics = settings.metrics.clone();
    (Arc::new(App::new(settings).unwrap()), metrics)
}

#[tokio::test]
async fn calls_are_refused_while_the_application_is_not_healthy() {
    let good = Arc::new(AtomicBool::new(false));
    let answer_good = good.clone();
    let server = Server::http(Speaks::Http1, move |request: Request<Incoming>| {
        let good = answer_good.load(Ordering::SeqCst);
        async move {
            if request.uri().path() != "/check" {
                return Response::new(Body::full("hello"));
            }
            assert!(!request.headers().contains_key("dapr-api-token"), "a probe has no token");
            Response::builder().status(if good { 204 } else { 302 }).body(Body::empty()).unwrap()
        }
    })
    .await;
    let (app, metrics) = probed(Protocol::Http, server.port);
    assert!(matches!(get(&app, "/").await, Err(CallError::Unhealthy)), "before the first probe");
    let mut health = app.health();
    assert!(!*health.borrow_and_update());
    let _probes = app.start_probes().unwrap();
    for healthy in [true, false, true] {
        good.store(healthy, Ordering::SeqCst);
        soon(health.wait_for(|now| *now == healthy)).await.unwrap();
        match get(&app, "/").await {
            Ok(response) => assert!(healthy && text(response).await == "hello"),
            Err(CallError::Unhealthy) => assert!(!healthy),
            Err(error) => panic!("{error}"),
        }
        // What loads the application's configuration does not ask.
        let response = app.request(request("GET", "/", Body::empty())).await.unwrap();
        assert_eq!(text(response).await, "hello");
    }
    let text = metrics.encode();
    for status in ["204", "302"] {
        let line = format!("dapr_http_healthprobes_completed_count{{app_id=\"\",status=\"{status}\"}}");
        assert!(text.contains(&line), "{line} in {text}");
    }
    assert!(!text.contains("path=\"/check\""), "a probe is no call");
}

#[tokio::test]
async fn without_probes_an_application_is_healthy() {
    let app = super::app(Protocol::Http, free_port().await);
    assert!(app.start_probes().is_none());
    assert!(*app.health().borrow());
    assert!(matches!(get(&app, "/").await, Err(CallError::Unreachable(_))));
}
