//! `/v1.0/secrets/…`.

use dapr_errors::{Error, Result, table};
use serde::Serialize;

use crate::Api;
use crate::http::{Call, Response, response};

/// `GET /secrets/{store}/{key}`
pub(crate) async fn get(api: &Api, mut call: Call) -> Result<Response> {
    let (store, key) = (call.params.take("store"), call.params.take("key"));
    let secret = api.secrets.get(&store, &key, &call.query_metadata()).await?;
    if secret.is_empty() { Ok(response::empty()) } else { encoded(&secret) }
}

/// `GET /secrets/{store}/bulk`
pub(crate) async fn bulk_get(api: &Api, mut call: Call) -> Result<Response> {
    let store = call.params.take("store");
    let secrets = api.secrets.bulk_get(&store, &call.query_metadata()).await?;
    if secrets.is_empty() { Ok(response::empty()) } else { encoded(&secrets) }
}

fn encoded(value: &impl Serialize) -> Result<Response> {
    let body = serde_json::to_vec(value).map_err(|error| Error::new(&table::INTERNAL, &[&error]))?;
    Ok(response::json(body))
}
