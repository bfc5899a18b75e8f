//! Values come back as they were given, whatever they are.

use bytes::Bytes;
use dapr_spi::state::{GetRequest, GetResponse, SetRequest, Value};

use super::{Suite, set};

const JSON: [&str; 9] = [
    r#"{"name":"Ada","age":36}"#,
    r#"["a",1,true,null]"#,
    r#""text""#,
    r#""""#,
    "42",
    "-1.5",
    "true",
    "null",
    r#"{"nested":{"ünï":"çødé 日本 🦀","quote":"\"\\"}}"#,
];

impl Suite {
    /// Missing keys, JSON and binary values, overwriting, deleting.
    ///
    /// # Panics
    /// The store does not conform.
    pub async fn values(&self) {
        self.missing_key().await;
        self.json_values().await;
        self.binary_values().await;
        self.overwrite().await;
        self.delete_twice().await;
    }

    async fn missing_key(&self) {
        let found = self.get(&self.key("never-written")).await;
        assert_eq!(found, GetResponse::default(), "a missing key has no data, no ETag and no metadata");
    }

    async fn json_values(&self) {
        for (index, text) in JSON.into_iter().enumerate() {
            let key = self.key(&format!("json-{index}"));
            self.set(SetRequest { value: Value::Json(Bytes::from_static(text.as_bytes())), ..set(&key, "") }).await;
            let found = self.text(&key).await.unwrap_or_else(|| panic!("{text} was written, nothing was read"));
            assert_eq!(parse(&found), parse(text), "JSON must keep its meaning");
        }
    }

    async fn binary_values(&self) {
        let every_byte: Vec<u8> = (0..=255).collect();
        let large: Vec<u8> = (0..1u32 << 20).map(|index| index.to_le_bytes()[usize::from(index % 3 == 0)]).collect();
        let values: [(&str, Bytes); 5] = [
            ("empty", Bytes::new()),
            ("every-byte", every_byte.into()),
            ("large", large.into()),
            ("unicode", "çødé 日本 🦀".into()),
            ("json-lookalike", r#" { "spaces" : "stay" } "#.into()),
        ];
        for (name, value) in values {
            let key = self.key(name);
            self.set(set(&key, value.clone())).await;
            let found = self.get(&key).await.data.unwrap_or_else(|| panic!("{name}: written, but nothing was read"));
            assert!(
                found == value,
                "{name}: {} bytes were written, {} other bytes were read",
                value.len(),
                found.len()
            );
        }
    }

    async fn overwrite(&self) {
        let key = self.key("overwrite");
        self.set(set(&key, "one")).await;
        self.set(SetRequest { value: Value::Json("2".into()), ..set(&key, "") }).await;
        assert_eq!(self.text(&key).await.as_deref(), Some("2"), "JSON must replace binary");
        self.set(set(&key, "three")).await;
        assert_eq!(self.text(&key).await.as_deref(), Some("three"), "binary must replace JSON");
    }

    async fn delete_twice(&self) {
        let key = self.key("delete");
        self.delete(&key).await;
        self.set(set(&key, "value")).await;
        self.delete(&key).await;
        assert_eq!(self.get(&key).await, GetResponse::default(), "a deleted key is like one never written");
        self.delete(&key).await;
    }

    /// A native bulk read answers each key once, missing ones without data. Stores without the call pass.
    ///
    /// # Panics
    /// The store does not conform.
    pub async fn bulk_get(&self) {
        let keys: Vec<String> = (0..50).map(|index| self.key(&format!("bulk-{index}"))).collect();
        for key in keys.iter().step_by(2) {
            self.set(set(key, key.clone())).await;
        }
        let requests: Vec<_> =
            keys.iter().map(|key| GetRequest { key: key.clone(), ..GetRequest::default() }).collect();
        let Some(found) = self.store.bulk_get(&requests).await else { return };
        let mut found = found.expect("bulk get");
        assert_eq!(found.len(), keys.len(), "bulk get must answer each key once");
        found.sort_by_key(|item| keys.iter().position(|key| *key == item.key).expect("a key that was asked for"));
        for (index, (item, key)) in found.into_iter().zip(&keys).enumerate() {
            assert_eq!(&item.key, key);
            let expected = if index % 2 == 0 { self.get(key).await } else { GetResponse::default() };
            assert_eq!(item.result.expect("one item of a bulk get"), expected, "bulk get must answer what get answers");
        }
        let none = self.store.bulk_get(&[]).await.expect("still has the call").expect("bulk get of nothing");
        assert!(none.is_empty(), "bulk get of no keys answers nothing");
    }
}

fn parse(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("`{text}` is not JSON: {error}"))
}
