//! The alpha query API, by RediSearch over JSON documents.
//!
//! Differences from the incumbent on purpose: a text is searched for as a quoted phrase, so that it cannot change the
//! query; a field indexed as TAG is searched as such; `NEQ` at the top means "not equal"; and the last page has no token.

mod filter;

use std::collections::HashMap;
use std::sync::Arc;

use dapr_spi::state::{QueryItem, QueryRequest, QueryResponse};
use dapr_spi::{Error, Result};
use redis::{Cmd, Value};
use serde::Deserialize;

use super::Store;
use crate::client::Client;

#[derive(Deserialize)]
struct Declared {
    #[serde(default)]
    name: String,
    #[serde(default)]
    indexes: Vec<DeclaredField>,
}

#[derive(Deserialize)]
struct DeclaredField {
    #[serde(default)]
    key: String,
    #[serde(default, rename = "type")]
    kind: String,
}

/// A field that a query may name.
#[derive(Clone, Debug, PartialEq, Eq)]
struct IndexedField {
    /// Name of the field inside the index.
    alias: String,
    /// Whether it is indexed as `TAG`.
    tag: bool,
}

/// One index: how it is made, and its fields by their path in the value.
#[derive(Debug)]
struct Index {
    schema: Vec<String>,
    fields: HashMap<String, IndexedField>,
}

/// The indexes of `queryIndexes` by name.
#[derive(Clone, Debug, Default)]
pub(super) struct Indexes(Arc<HashMap<String, Index>>);

impl Indexes {
    /// Reads `[{"name":"…","indexes":[{"key":"path.in.value","type":"TEXT"}]}]`; an empty text is no index.
    pub(super) fn parse(text: &str) -> Result<Self> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        let declared: Vec<Declared> = serde_json::from_str(text)
            .map_err(|error| Error::invalid(format!("`queryIndexes` is not a JSON list of indexes: {error}")))?;
        let mut indexes = HashMap::new();
        for index in declared {
            if index.name.is_empty() {
                return Err(Error::invalid("`queryIndexes`: an index has no name"));
            }
            if indexes.insert(index.name.clone(), Index::of(&index)?).is_some() {
                return Err(Error::invalid(format!("`queryIndexes`: two indexes are named `{}`", index.name)));
            }
        }
        Ok(Self(Arc::new(indexes)))
    }

    /// Makes the indexes; one that exists is made anew, since its fields may have changed.
    pub(super) async fn create(&self, client: &Client) -> Result<()> {
        for (name, index) in self.0.iter() {
            let mut create = redis::cmd("FT.CREATE");
            create.arg(&index.schema);
            let made = client.send("", &create, client.reading()).await?;
            if !is_existing(&made) {
                client.accepted(made).map_err(|error| error.context(&format!("create the query index `{name}`")))?;
                continue;
            }
            tracing::info!(index = name, "dropping a stale query index to make it anew");
            let mut drop = redis::cmd("FT.DROPINDEX");
            drop.arg(name);
            client.accepted(client.send("", &drop, client.reading()).await?)?;
            client.accepted(client.send("", &create, client.reading()).await?)?;
        }
        Ok(())
    }
}

fn is_existing(reply: &Value) -> bool {
    let Value::ServerError(error) = reply else { return false };
    format!("{} {}", error.code(), error.details().unwrap_or_default()).contains("already exists")
}

impl Index {
    fn of(declared: &Declared) -> Result<Self> {
        let mut schema: Vec<String> = [declared.name.as_str(), "ON", "JSON", "SCHEMA"].map(str::to_owned).into();
        let mut fields = HashMap::new();
        for (number, field) in declared.indexes.iter().enumerate() {
            if field.key.is_empty() || field.kind.is_empty() {
                let name = &declared.name;
                return Err(Error::invalid(format!("`queryIndexes`: index `{name}` needs `key` and `type` per field")));
            }
            let alias = format!("var{number}");
            schema.extend([format!("$.data.{}", field.key), "AS".into(), alias.clone()]);
            schema.extend([field.kind.clone(), "SORTABLE".into()]);
            fields.insert(field.key.clone(), IndexedField { alias, tag: field.kind.eq_ignore_ascii_case("TAG") });
        }
        Ok(Self { schema, fields })
    }

    fn field(&self, key: &str) -> Result<&IndexedField> {
        self.fields.get(key).ok_or_else(|| Error::invalid(format!("the JSON path `{key}` is not indexed")))
    }
}

#[derive(Deserialize)]
struct Query {
    #[serde(default)]
    filter: Option<serde_json::Value>,
    #[serde(default)]
    sort: Option<Vec<Sort>>,
    #[serde(default)]
    page: Option<Page>,
}

#[derive(Deserialize)]
struct Sort {
    key: String,
    #[serde(default)]
    order: String,
}

#[derive(Default, Deserialize)]
struct Page {
    #[serde(default)]
    limit: usize,
    #[serde(default)]
    token: String,
}

/// A query in the search engine's terms.
#[derive(Debug, PartialEq, Eq)]
struct Search {
    arguments: Vec<String>,
    offset: usize,
    limit: usize,
}

impl Search {
    fn of(query: &str, index: &Index) -> Result<Self> {
        let query: Query =
            serde_json::from_str(query).map_err(|error| Error::invalid(format!("the query is malformed: {error}")))?;
        let mut arguments = vec![filter::translate(query.filter.as_ref(), index)?];
        if let Some(sort) = query.sort.as_deref() {
            arguments.extend(sort_by(sort, index)?);
        }
        let page = query.page.unwrap_or_default();
        let mut offset = 0;
        if page.limit > 0 {
            if !page.token.is_empty() {
                let bad = |_| Error::invalid(format!("`{}` is not a token of this store", page.token));
                offset = page.token.parse().map_err(bad)?;
            }
            arguments.extend(["LIMIT".to_owned(), offset.to_string(), page.limit.to_string()]);
        }
        Ok(Self { arguments, offset, limit: page.limit })
    }

    fn command(&self, index: &str) -> Cmd {
        let mut command = redis::cmd("FT.SEARCH");
        command.arg(index).arg(&self.arguments).arg("RETURN").arg(2).arg("$.data").arg("$.version");
        command
    }

    /// The token of the page behind this one; `total` counts all matches.
    fn token(&self, total: i64, found: usize) -> String {
        let end = self.offset + found;
        let more = self.limit > 0 && found > 0 && usize::try_from(total).is_ok_and(|total| end < total);
        if more { end.to_string() } else { String::new() }
    }
}

fn sort_by(sort: &[Sort], index: &Index) -> Result<Vec<String>> {
    match sort {
        [] => Ok(Vec::new()),
        [one] => {
            let mut arguments = vec!["SORTBY".to_owned(), index.field(&one.key)?.alias.clone()];
            arguments.extend(one.order.eq_ignore_ascii_case("DESC").then(|| "DESC".to_owned()));
            Ok(arguments)
        }
        _ => Err(Error::invalid("redis sorts by one key only")),
    }
}

impl Store {
    pub(super) async fn run_query(&self, request: &QueryRequest) -> Result<QueryResponse> {
        if !self.json {
            return Err(Error::unsupported(
                "the query API needs a redis server with the modules RedisJSON and RediSearch",
            ));
        }
        let name = request.metadata.get("queryIndexName").map(String::as_str).unwrap_or_default();
        let index = self.indexes.0.get(name).ok_or_else(|| {
            Error::invalid(format!(
                "`{name}` is no query index: set the request metadata `queryIndexName` to one of `queryIndexes`"
            ))
        })?;
        let search = Search::of(&request.query, index)?;
        let reply = self.client.send("", &search.command(name), self.client.reading()).await?;
        let reply = self.client.accepted(reply)?;
        let (total, results) = found(&reply).ok_or_else(|| self.client.strange("FT.SEARCH", &reply))?;
        let token = search.token(total, results.len());
        Ok(QueryResponse { results, token, metadata: HashMap::new() })
    }
}

/// Number of all matches, and the items of this page: `[total, key, [name, value, …], key, …]`.
fn found(reply: &Value) -> Option<(i64, Vec<QueryItem>)> {
    let Value::Array(parts) = reply else { return None };
    let [Value::Int(total), rest @ ..] = parts.as_slice() else { return None };
    let items = rest.chunks(2).map(|pair| match pair {
        [key, fields] => Some(item(text(key)?, fields)),
        _ => None,
    });
    Some((*total, items.collect::<Option<_>>()?))
}

fn item(key: String, fields: &Value) -> QueryItem {
    let fields: &[Value] = if let Value::Array(fields) = fields { fields } else { &[] };
    let value = |name: &str| {
        let pair = fields.chunks_exact(2).find(|pair| text(&pair[0]).as_deref() == Some(name))?;
        text(&pair[1])
    };
    let etag = value("$.version");
    match value("$.data") {
        Some(data) => QueryItem { key, data: data.into(), etag, error: String::new() },
        None => QueryItem { key, error: "the document has no data".into(), etag, ..QueryItem::default() },
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::BulkString(bytes) => String::from_utf8(bytes.clone()).ok(),
        Value::SimpleString(text) => Some(text.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
