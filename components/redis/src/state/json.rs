//! Items as JSON documents of the RedisJSON module: `{"data":…,"version":1}`, so that their fields can be indexed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use dapr_spi::state::{GetResponse, Map, Value};
use dapr_spi::{Error, Result};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::Store;
use crate::client::Client;

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    version: Option<i64>,
}

/// Whether the server has the module: it then misses an argument, and not the command.
pub(super) async fn is_known(client: &Client) -> Result<bool> {
    let reply = client.send("", &redis::cmd("JSON.GET"), client.reading()).await?;
    Ok(match reply {
        redis::Value::ServerError(error) => error.details().unwrap_or_default().contains("wrong number of arguments"),
        _ => true,
    })
}

/// The JSON text that becomes `data`. Bytes that are not JSON become a string in base64, as the incumbent writes them.
pub(super) fn document_data(value: &Value) -> Bytes {
    match value {
        Value::Json(text) => text.clone(),
        Value::Binary(bytes) if serde_json::from_slice::<&RawValue>(bytes).is_ok() => bytes.clone(),
        Value::Binary(bytes) => format!("\"{}\"", STANDARD.encode(bytes)).into(),
    }
}

impl Store {
    pub(super) async fn get_json(&self, key: &str) -> Result<GetResponse> {
        let mut get = redis::cmd("JSON.GET");
        get.arg(key);
        match self.client.send(key, &get, self.client.reading()).await? {
            redis::Value::BulkString(text) => document_item(key, &text),
            redis::Value::Nil => Ok(GetResponse::default()),
            redis::Value::ServerError(error) if is_other_type(&error) => {
                let reply = self.client.send(key, &super::read(key), self.client.reading()).await?;
                self.item(key, reply).await
            }
            other => {
                let value = self.client.accepted(other)?;
                Err(self.client.strange("JSON.GET", &value))
            }
        }
    }
}

/// The module's own words for WRONGTYPE differ between versions.
fn is_other_type(error: &redis::ServerError) -> bool {
    error.code() == "WRONGTYPE" || error.details().unwrap_or_default().contains("wrong Redis type")
}

fn document_item(key: &str, text: &[u8]) -> Result<GetResponse> {
    let document: Document<'_> = serde_json::from_slice(text)
        .map_err(|_| Error::failed(format!("the redis document `{key}` was not written by a state store")))?;
    let data = document.data.map_or("null", RawValue::get);
    Ok(GetResponse {
        data: Some(Bytes::copy_from_slice(data.as_bytes())),
        etag: document.version.map(|version| version.to_string()),
        metadata: Map::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_document() {
        let item = document_item("k", br#"{"data":{"b":[1, 2]},"version":3,"first-write":0}"#).unwrap();
        assert_eq!((item.data.unwrap(), item.etag.as_deref()), (r#"{"b":[1, 2]}"#.into(), Some("3")));
        let bare = document_item("k", b"{}").unwrap();
        assert_eq!((bare.data.unwrap(), bare.etag), ("null".into(), None));
        assert!(document_item("k", b"[]").is_err());
    }

    #[test]
    fn writes_any_value_as_json() {
        for (value, text) in [
            (Value::Json("{\"a\":1}".into()), "{\"a\":1}"),
            (Value::Binary("[1]".into()), "[1]"),
            (Value::Binary("text".into()), "\"dGV4dA==\""),
        ] {
            assert_eq!(document_data(&value), text);
        }
    }
}
