//! `POST /v1.0/shutdown`.

use dapr_errors::Result;

use super::{FORCE, kind_of};
use crate::Api;
use crate::http::{Call, Response, response};

/// Answers first, then stops.
pub(crate) async fn shutdown(api: &Api, call: Call) -> Result<Response> {
    api.shutdown.send(kind_of(call.parts.headers.get(FORCE).map(|value| value.as_bytes())));
    Ok(response::empty())
}
