//! The schema registry: which schema a topic's values have, and which one a number means.
//!
//! A value of a topic with a schema begins with a zero byte and the number of its schema in four bytes.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{BufMut, Bytes, BytesMut};
use dapr_net::fetch::Client;
use dapr_spi::{Error, Result};
use http::header::{ACCEPT, AUTHORIZATION, HeaderValue};
use http::{Request, StatusCode, Uri};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use crate::avro::Codec;
use crate::fields::KafkaMetadata;

/// How long the registry may take.
const TIMEOUT: Duration = Duration::from_secs(3);
/// Bytes of a schema.
const MAX_ANSWER: usize = 4 << 20;
/// Schemas that are remembered; when there are more, all are forgotten.
const MAX_KNOWN: usize = 1_000;
/// Zero and the schema's number.
const PREFIX: usize = 5;

/// Where the registry is.
#[derive(Clone)]
pub(crate) struct Settings {
    url: String,
    authorization: Option<HeaderValue>,
    /// How long the latest schema of a topic is remembered.
    latest_for: Duration,
    avro_json: bool,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Settings {
    pub(crate) fn check(metadata: &KafkaMetadata) -> Result<Option<Self>> {
        let Some(url) = metadata.schema_registry_url.as_deref().filter(|url| !url.is_empty()) else { return Ok(None) };
        let is_url = |url: &Uri| url.host().is_some() && matches!(url.scheme_str(), Some("http" | "https"));
        if !url.parse().is_ok_and(|url| is_url(&url)) {
            return Err(Error::invalid("`schemaRegistryURL` is not a URL that begins with http:// or https://"));
        }
        let user = metadata.schema_registry_api_key.as_deref().filter(|user| !user.is_empty());
        let authorization = user.and_then(|user| {
            let password = metadata.schema_registry_api_secret.as_deref().unwrap_or_default();
            let mut value =
                HeaderValue::try_from(format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))).ok()?;
            value.set_sensitive(true);
            Some(value)
        });
        let latest_for =
            if metadata.schema_caching_enabled { metadata.schema_latest_version_cache_ttl } else { Duration::ZERO };
        let url = url.trim_end_matches('/').to_owned();
        Ok(Some(Self { url, authorization, latest_for, avro_json: metadata.use_avro_json }))
    }
}

/// How values of a topic are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ValueType {
    Plain,
    Avro,
}

impl ValueType {
    /// Reads `valueSchemaType` of a request.
    pub(crate) fn of(metadata: &dapr_spi::pubsub::Map) -> Result<Self> {
        let named = metadata.iter().find(|(name, _)| name.eq_ignore_ascii_case("valueSchemaType"));
        match named.map(|(_, value)| value.to_ascii_lowercase()).as_deref() {
            None | Some("none") => Ok(Self::Plain),
            Some("avro") => Ok(Self::Avro),
            Some(other) => {
                Err(Error::invalid(format!("`valueSchemaType`: expected `Avro` or `none`, found `{other}`")))
            }
        }
    }
}

/// A schema and its number.
struct Numbered {
    number: u32,
    codec: Arc<Codec>,
}

/// The registry, and what is known of it.
pub(crate) struct Registry {
    settings: Settings,
    client: Client,
    by_number: Mutex<HashMap<u32, Arc<Codec>>>,
    latest: Mutex<HashMap<String, (Instant, Arc<Numbered>)>>,
}

/// Why a value was not read.
pub(crate) enum Unread {
    /// The registry did not answer; later it may.
    Unreachable(Error),
    /// The value is not what its schema says, or has none.
    Wrong(String),
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    id: u32,
    schema: String,
    #[serde(default, rename = "schemaType")]
    kind: String,
}

impl Registry {
    /// Reads the certificate authorities that this machine trusts from disk.
    pub(crate) fn new(settings: Settings) -> Self {
        Self { settings, client: Client::new(), by_number: Mutex::default(), latest: Mutex::default() }
    }

    /// JSON as a value of the topic, by its latest schema.
    pub(crate) async fn encode(&self, topic: &str, json: &[u8]) -> Result<Bytes> {
        let schema = self.latest(topic).await.map_err(|error| match error {
            Unread::Unreachable(error) => error,
            Unread::Wrong(why) => Error::failed(format!("cannot use the schema of topic `{topic}`: {why}")),
        })?;
        let avro = schema.codec.encode(json);
        let avro =
            avro.map_err(|why| Error::invalid(format!("the data does not fit the schema of topic `{topic}`: {why}")))?;
        let mut value = BytesMut::with_capacity(PREFIX + avro.len());
        value.put_u8(0);
        value.put_u32(schema.number);
        value.put_slice(&avro);
        Ok(value.freeze())
    }

    /// A value as JSON, by the schema that it names.
    pub(crate) async fn decode(&self, value: &[u8]) -> Result<Bytes, Unread> {
        let (Some(0), Some(number), Some(avro)) = (value.first(), value.get(1..PREFIX), value.get(PREFIX..)) else {
            return Err(Unread::Wrong("it does not begin with the number of a schema".into()));
        };
        let number = number.try_into().map(u32::from_be_bytes).unwrap_or_default();
        let known = lock(&self.by_number).get(&number).cloned();
        let codec = match known {
            Some(codec) => codec,
            None => {
                let answer = self.get(&format!("/schemas/ids/{number}")).await?;
                let codec = self.codec(&answer)?;
                remember(&self.by_number, number, codec.clone());
                codec
            }
        };
        codec.decode(avro).map(Bytes::from).map_err(Unread::Wrong)
    }

    /// The schema of a topic's values is that of subject `<topic>-value`.
    async fn latest(&self, topic: &str) -> Result<Arc<Numbered>, Unread> {
        let now = Instant::now();
        let known = lock(&self.latest).get(topic).cloned();
        if let Some((since, schema)) = known
            && now.duration_since(since) < self.settings.latest_for
        {
            return Ok(schema);
        }
        let topic_name = utf8_percent_encode(topic, NON_ALPHANUMERIC);
        let answer = self.get(&format!("/subjects/{topic_name}%2Dvalue/versions/latest")).await?;
        let schema = Arc::new(Numbered { number: answer.id, codec: self.codec(&answer)? });
        remember(&self.latest, topic.to_owned(), (now, schema.clone()));
        Ok(schema)
    }

    fn codec(&self, answer: &Answer) -> Result<Arc<Codec>, Unread> {
        if !matches!(answer.kind.as_str(), "" | "AVRO") {
            return Err(Unread::Wrong(format!("its schema is of type {}, not Avro", answer.kind)));
        }
        Codec::new(&answer.schema, self.settings.avro_json).map(Arc::new).map_err(Unread::Wrong)
    }

    async fn get(&self, path: &str) -> Result<Answer, Unread> {
        let unreachable = |why: String| {
            Unread::Unreachable(Error::unavailable(format!(
                "cannot ask the schema registry at `{}`: {why}",
                self.settings.url
            )))
        };
        let mut request = Request::get(format!("{}{path}", self.settings.url))
            .header(ACCEPT, "application/vnd.schemaregistry.v1+json, application/json");
        if let Some(authorization) = &self.settings.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        let request = request.body(Bytes::new()).map_err(|error| Unread::Wrong(error.to_string()))?;
        let sent = tokio::time::timeout(TIMEOUT, self.client.send(request, MAX_ANSWER)).await;
        let response = sent
            .map_err(|_| unreachable(format!("no answer within {TIMEOUT:?}")))?
            .map_err(|error| unreachable(error.to_string()))?;
        match response.status() {
            StatusCode::OK => serde_json::from_slice(response.body())
                .map_err(|error| Unread::Wrong(format!("the schema registry's answer is no schema: {error}"))),
            StatusCode::NOT_FOUND => Err(Unread::Wrong(format!("the schema registry has nothing at `{path}`"))),
            status => Err(unreachable(format!("it answered {status}"))),
        }
    }
}

fn lock<T>(value: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}

fn remember<K: Eq + Hash, V>(known: &Mutex<HashMap<K, V>>, key: K, value: V) {
    let mut known = lock(known);
    if known.len() >= MAX_KNOWN {
        known.clear();
    }
    known.insert(key, value);
}
