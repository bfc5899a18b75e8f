//! The application: how it is called, and what its health means.

use std::sync::Arc;

use dapr_app_channel::{App, HealthSettings, Protocol, Settings};
use dapr_telemetry::metrics::Metrics;

use super::StartError;
use crate::Config;

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
