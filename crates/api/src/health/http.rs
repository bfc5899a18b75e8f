//! `/v1.0/healthz` and `/v1.0/healthz/outbound`.

use dapr_errors::{Error, Result, table};

use crate::Api;
use crate::http::{Call, Response, response};

/// `GET /v1.0/healthz`: the whole sidecar; `?appid=` asks whose it is.
pub(crate) async fn ready(api: &Api, call: Call) -> Result<Response> {
    let unready = api.health.unready();
    if !unready.is_empty() {
        return Err(Error::new(&table::HEALTH_NOT_READY, &[&format!("[{}]", unready.join(" "))]));
    }
    match call.query_value("appid") {
        Some(app_id) if app_id != api.app_id => Err(Error::new(&table::HEALTH_APP_ID_NOT_MATCH, &[])),
        _ => Ok(response::empty()),
    }
}

/// `GET /v1.0/healthz/outbound`: what an app needs before it is ready itself.
pub(crate) async fn outbound(api: &Api, _: Call) -> Result<Response> {
    if api.health.is_outbound_ready() {
        Ok(response::empty())
    } else {
        Err(Error::new(&table::OUTBOUND_HEALTH_NOT_READY, &[]))
    }
}
