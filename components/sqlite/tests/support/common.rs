//! What the tests of `state.sqlite` share.

#![allow(dead_code, reason = "each test binary uses a part")]

use std::path::Path;
use std::sync::Arc;

use dapr_component_sqlite::state::Sqlite;
use dapr_spi::state::{GetRequest, Map, Options, SetRequest, StateStore, Value};
use dapr_spi::{Result, registry};

pub(crate) async fn try_open(pairs: &[(&str, &str)]) -> Result<Arc<dyn StateStore>> {
    registry::open::<Sqlite>(pairs).await
}

pub(crate) async fn open(pairs: &[(&str, &str)]) -> Arc<dyn StateStore> {
    try_open(pairs).await.expect("a store")
}

pub(crate) async fn open_file(file: &Path) -> Arc<dyn StateStore> {
    open(&[("connectionString", &file.to_string_lossy())]).await
}

pub(crate) fn request(key: &str, value: Value) -> SetRequest {
    SetRequest { key: key.into(), value, etag: None, metadata: Map::new(), options: Options::default() }
}

pub(crate) fn bytes(key: &str, size: usize) -> SetRequest {
    request(key, Value::Binary(vec![b'x'; size].into()))
}

pub(crate) async fn get(store: &Arc<dyn StateStore>, key: &str) -> Option<String> {
    let found = store.get(GetRequest { key: key.into(), ..GetRequest::default() }).await.expect("get");
    found.data.map(|data| String::from_utf8_lossy(&data).into_owned())
}
