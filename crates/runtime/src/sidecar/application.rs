//! The application: how it is called, and what it says of itself when it is ready.

use std::sync::Arc;
use std::time::Duration;

use dapr_app_channel::{App, HealthSettings, Protocol, Settings};
use dapr_kit::task::{self, Task};
use dapr_net::Body;
use dapr_pubsub::Subscriptions;
use dapr_telemetry::metrics::Metrics;
use http::{HeaderName, HeaderValue, Request, StatusCode};
use serde_json::Value;

use super::StartError;
use crate::Config;

const APP_ID: HeaderName = HeaderName::from_static("dapr-app-id");
/// How long an answer about the application itself may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of such an answer.
const MAX_ANSWER: usize = 4 << 20;

/// The way to the application; none without `--app-port`.
pub(super) fn channel(config: &Config, metrics: &Metrics) -> Result<Option<Arc<App>>, StartError> {
    let app = &config.app;
    if app.port == 0 {
        return Ok(None);
    }
    let protocol = Protocol::from_name(&app.protocol)
        .ok_or_else(|| StartError::new(format!("--app-protocol: no protocol `{}`", app.protocol)))?;
    let token = config.environment.text("APP_API_TOKEN");
    let health = app.health.as_ref().map(|health| HealthSettings {
        path: health.path.clone(),
        interval: health.interval,
        timeout: health.timeout,
        threshold: u32::try_from(health.threshold).unwrap_or(1),
    });
    let settings = Settings {
        protocol,
        address: app.address.clone(),
        port: app.port,
        token: Some(token.to_owned()).filter(|token| !token.is_empty()),
        max_concurrency: app.max_concurrency,
        max_body_size: config.max_body_size.unwrap_or(usize::MAX),
        health,
        pipeline: Vec::new(),
        metrics: metrics.clone(),
    };
    App::new(settings).map(|app| Some(Arc::new(app))).map_err(StartError::new)
}

/// Has the application called for its subscriptions whenever it is healthy. It is asked who it is the first time, however
/// long that takes.
pub(super) fn follow_health(app: Arc<App>, introduction: Introduction, subscriptions: Arc<Subscriptions>) -> Task<()> {
    task::spawn("application health", async move {
        let (mut health, mut asked) = (app.health(), false);
        while health.wait_for(|healthy| *healthy).await.is_ok() {
            if !std::mem::replace(&mut asked, true) {
                introduction.ask(&app).await;
            }
            subscriptions.set_app_ready(true).await;
            if health.wait_for(|healthy| !healthy).await.is_err() {
                return;
            }
            subscriptions.set_app_ready(false).await;
        }
    })
}

/// What is asked of an application when it is ready for the first time.
pub(super) struct Introduction {
    pub(super) app_id: String,
    /// `GET /dapr/config`.
    pub(super) config: bool,
}

impl Introduction {
    /// Asks what the application wants. Nothing here keeps the sidecar from starting.
    pub(super) async fn ask(&self, app: &App) {
        if app.protocol().is_grpc() {
            return;
        }
        if self.config && self.get(app, "/dapr/config").await.is_some() {
            tracing::info!(target: "dapr.runtime", "Application configuration loaded");
        }
    }

    /// The JSON of an answer with status 200.
    async fn get(&self, app: &App, path: &'static str) -> Option<Value> {
        let asking = tokio::time::timeout(ANSWER_TIMEOUT, self.ask_for(app, path));
        asking.await.unwrap_or_else(|_| {
            tracing::warn!(
                target: "dapr.runtime",
                "the application's answer to GET {path} did not end within {ANSWER_TIMEOUT:?}; going on without it"
            );
            None
        })
    }

    async fn ask_for(&self, app: &App, path: &'static str) -> Option<Value> {
        let mut request = Request::get(path).body(Body::empty()).ok()?;
        request.headers_mut().insert(APP_ID, HeaderValue::from_str(&self.app_id).ok()?);
        let response = match app.request(request).await {
            Ok(response) => response,
            Err(error) => {
                tracing::warn!(target: "dapr.runtime", "the application did not answer GET {path}: {error}");
                return None;
            }
        };
        match response.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => return None,
            other => {
                tracing::debug!(target: "dapr.runtime", "the application answered GET {path} with {other}");
                return None;
            }
        }
        let bytes = response.into_body().collect(MAX_ANSWER).await.ok()?;
        if bytes.trim_ascii().is_empty() {
            return None;
        }
        serde_json::from_slice(&bytes)
            .inspect_err(|error| {
                tracing::warn!(target: "dapr.runtime", "the application's answer to GET {path} is not JSON: {error}");
            })
            .ok()
    }
}
