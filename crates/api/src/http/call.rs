//! One request on its way to an operation.

use std::borrow::Cow;
use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use dapr_errors::{Error, Result, table};
use dapr_net::Body;
use dapr_telemetry::trace::Span;
use http::request::Parts;
use http_body::Body as _;
use http_body_util::{BodyExt, LengthLimitError, Limited};

/// How much of a body that is too large is read and dropped, and for how long.
const MAX_DISCARDED: usize = 64 << 20;
const DISCARD_TIMEOUT: Duration = Duration::from_secs(2);

/// The head and body of a request, with the parameters of its route.
pub(crate) struct Call {
    pub(crate) parts: Parts,
    pub(crate) params: Params,
    pub(crate) body: Body,
    pub(crate) max_body_size: Option<usize>,
    /// The span of the request.
    pub(crate) span: Span,
}

/// The parameters of a route, unescaped.
#[derive(Default)]
pub(crate) struct Params(Vec<(&'static str, String)>);

impl Params {
    pub(crate) fn push(&mut self, name: &'static str, value: String) {
        self.0.push((name, value));
    }

    /// A parameter; empty when the route has none of that name.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }

    /// Takes a parameter that the route's pattern has; empty when it has none of that name.
    pub(crate) fn take(&mut self, name: &str) -> String {
        let found = self.0.iter_mut().find(|(known, _)| *known == name);
        found.map(|(_, value)| std::mem::take(value)).unwrap_or_default()
    }
}

impl Call {
    /// The pairs of the query, unescaped; a pair that cannot be unescaped is passed over.
    pub(crate) fn query(&self) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
        let query = self.parts.uri.query().unwrap_or_default();
        query.split('&').filter(|pair| !pair.is_empty()).filter_map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decode(name)?, decode(value)?))
        })
    }

    /// The first value of that name in the query.
    pub(crate) fn query_value(&self, name: &str) -> Option<String> {
        self.parts.uri.query()?;
        self.query().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
    }

    /// The pairs whose name begins with `metadata.`, without that prefix; the first value of each name counts.
    pub(crate) fn query_metadata(&self) -> HashMap<String, String> {
        let mut metadata = HashMap::new();
        if self.parts.uri.query().is_some() {
            for (name, value) in self.query() {
                if let Some(name) = name.strip_prefix("metadata.") {
                    metadata.entry(name.to_owned()).or_insert_with(|| value.into_owned());
                }
            }
        }
        metadata
    }

    /// The whole body.
    ///
    /// # Errors
    /// It is larger than `--max-body-size`, or the connection broke.
    pub(crate) async fn body(self) -> Result<Bytes> {
        read(self.body, self.max_body_size).await
    }
}

async fn read(mut body: Body, limit: Option<usize>) -> Result<Bytes> {
    if let Some(bytes) = body.bytes().filter(|bytes| limit.is_none_or(|limit| bytes.len() <= limit)) {
        return Ok(bytes);
    }
    let limit = limit.unwrap_or(usize::MAX);
    if body.size_hint().lower() > limit as u64 {
        discard(body).await;
        return Err(too_large(limit));
    }
    match Limited::new(&mut body, limit).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.downcast_ref::<LengthLimitError>().is_some() => {
            discard(body).await;
            Err(too_large(limit))
        }
        Err(error) => Err(Error::new(&table::BODY_READ, &[&error])),
    }
}

/// Reads on for a while without keeping anything: a client that writes all of its body before it reads would otherwise
/// see a broken connection and never the answer.
async fn discard(mut body: Body) {
    let rest = async {
        let mut seen = 0;
        while let Some(Ok(frame)) = body.frame().await {
            seen += frame.data_ref().map_or(0, Bytes::len);
            if seen > MAX_DISCARDED {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(DISCARD_TIMEOUT, rest).await;
}

fn too_large(limit: usize) -> Error {
    let cause = format!("http: request body too large: more than {limit} bytes; raise `--max-body-size` to allow it");
    Error::new(&table::BODY_TOO_LARGE, &[&cause])
}

fn decode(text: &str) -> Option<Cow<'_, str>> {
    if memchr::memchr2(b'%', b'+', text.as_bytes()).is_none() {
        return Some(Cow::Borrowed(text));
    }
    super::path::unescape(text).ok().map(Cow::Owned)
}
