//! The query API: a JSON filter becomes a `SELECT`.
//!
//! Values and JSON paths go in as parameters, never as text of the statement. What compares how:
//! `EQ`, `NEQ` and `IN` compare texts, as in the incumbent; `GT` and its like compare numbers, where the incumbent
//! compares their digits. Expired items are left out.

mod filter;

use bytes::Bytes;
use dapr_spi::state::{GetResponse, QueryItem, QueryResponse};
use dapr_spi::{Error, Result};
use serde_json::Value;
use tokio_postgres::types::Type;

use self::filter::{Comparison, Filter};
use crate::client::{Command, Param, Statement};

/// A query, taken apart.
#[derive(Debug)]
pub(super) struct Query {
    filter: Option<Filter>,
    sort: Vec<Sort>,
    limit: Option<i64>,
    skip: i64,
}

#[derive(Debug)]
struct Sort {
    path: Vec<String>,
    descending: bool,
}

/// A statement and what goes into it.
pub(super) struct Built {
    statement: Statement,
    params: Vec<Input>,
}

/// A parameter that the statement text refers to by its place.
#[derive(Debug)]
enum Input {
    Text(String),
    Path(Vec<String>),
    Long(i64),
}

impl Query {
    /// Reads the JSON of the API: `filter`, `sort` and `page`, all of them optional.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let query: Value =
            serde_json::from_str(text).map_err(|error| Error::invalid(format!("the query is not JSON: {error}")))?;
        let page = &query["page"];
        Ok(Self {
            filter: Filter::parse(&query["filter"])?,
            sort: sorting(&query["sort"])?,
            limit: limit(&page["limit"])?,
            skip: skip(&page["token"])?,
        })
    }

    /// Makes the statement, with `columns` behind the key.
    pub(super) fn build(&self, table: &str, columns: &str, expiry: &str) -> Built {
        let mut text = format!("SELECT key, {columns} FROM {table} WHERE ({expiry} IS NULL OR {expiry} >= now())");
        let mut params = Vec::new();
        if let Some(filter) = &self.filter {
            text.push_str(" AND ");
            condition(filter, &mut text, &mut params);
        }
        for (index, sort) in self.sort.iter().enumerate() {
            text.push_str(if index == 0 { " ORDER BY " } else { ", " });
            push_path(&sort.path, &mut text, &mut params);
            text.push_str(if sort.descending { " DESC" } else { " ASC" });
        }
        if let Some(limit) = self.limit {
            text.push_str(" LIMIT ");
            push(Input::Long(limit), &mut text, &mut params);
        }
        text.push_str(" OFFSET ");
        push(Input::Long(self.skip), &mut text, &mut params);
        let types = params.iter().map(Input::kind).collect();
        Built { statement: Statement::once(text, types), params }
    }

    /// The answer. With a limit there is a token as long as something was found, as in the incumbent: applications ask
    /// again until nothing is found.
    pub(super) fn response(
        &self,
        found: impl Iterator<Item = (Result<String>, Result<GetResponse>)>,
    ) -> Result<QueryResponse> {
        let results = found.map(|(key, item)| Ok(query_item(key?, item))).collect::<Result<Vec<_>>>()?;
        let count = i64::try_from(results.len()).unwrap_or(i64::MAX);
        let more = self.limit.is_some() && count > 0;
        let token = if more { (self.skip + count).to_string() } else { String::new() };
        Ok(QueryResponse { results, token, ..QueryResponse::default() })
    }
}

fn query_item(key: String, item: Result<GetResponse>) -> QueryItem {
    match item {
        Ok(item) => QueryItem { key, data: item.data.unwrap_or_default(), etag: item.etag, error: String::new() },
        Err(error) => QueryItem { key, data: Bytes::new(), etag: None, error: error.to_string() },
    }
}

impl Built {
    /// What is sent.
    pub(super) fn command(&self) -> Command<'_> {
        let param = |input: &'_ Input| match input {
            Input::Text(text) => Param::OwnedText(text.clone()),
            Input::Path(path) => Param::OwnedTexts(path.clone()),
            Input::Long(number) => Param::Long(*number),
        };
        Command { statement: &self.statement, params: self.params.iter().map(param).collect() }
    }
}

impl Input {
    fn kind(&self) -> Type {
        match self {
            Self::Text(_) => Type::TEXT,
            Self::Path(_) => Type::TEXT_ARRAY,
            Self::Long(_) => Type::INT8,
        }
    }
}

fn sorting(sort: &Value) -> Result<Vec<Sort>> {
    let items = match sort {
        Value::Null => return Ok(Vec::new()),
        Value::Array(items) => items,
        _ => return Err(Error::invalid("query: `sort` must be an array")),
    };
    items.iter().map(sort_item).collect()
}

fn sort_item(item: &Value) -> Result<Sort> {
    let key = item["key"].as_str().ok_or_else(|| Error::invalid("query: each `sort` item needs a `key`"))?;
    let order = item["order"].as_str().unwrap_or_default();
    let descending = match order.to_ascii_uppercase().as_str() {
        "" | "ASC" => false,
        "DESC" => true,
        _ => return Err(Error::invalid(format!("query: `order` must be `ASC` or `DESC`, found `{order}`"))),
    };
    Ok(Sort { path: filter::path(key)?, descending })
}

fn limit(limit: &Value) -> Result<Option<i64>> {
    match limit {
        Value::Null => Ok(None),
        value => value
            .as_i64()
            .map(|limit| Some(limit).filter(|limit| *limit > 0))
            .ok_or_else(|| Error::invalid("query: `page.limit` must be a whole number")),
    }
}

fn skip(token: &Value) -> Result<i64> {
    let wrong = || Error::invalid("query: `page.token` must be the token of an earlier answer");
    match token {
        Value::Null => Ok(0),
        Value::String(text) if text.is_empty() => Ok(0),
        Value::String(text) => text.parse().ok().filter(|skip| *skip >= 0).ok_or_else(wrong),
        _ => Err(wrong()),
    }
}

fn condition(filter: &Filter, text: &mut String, params: &mut Vec<Input>) {
    match filter {
        Filter::Compare(comparison, path, value) => compare(*comparison, path, value, text, params),
        Filter::In(path, values) => joined(" OR ", values, text, |value, text| {
            compare(Comparison::Equal, path, value, text, params);
        }),
        Filter::And(filters) => joined(" AND ", filters, text, |filter, text| condition(filter, text, params)),
        Filter::Or(filters) => joined(" OR ", filters, text, |filter, text| condition(filter, text, params)),
    }
}

fn joined<T>(word: &str, items: &[T], text: &mut String, mut write: impl FnMut(&T, &mut String)) {
    text.push('(');
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            text.push_str(word);
        }
        write(item, text);
    }
    text.push(')');
}

fn compare(comparison: Comparison, path: &[String], value: &Value, text: &mut String, params: &mut Vec<Input>) {
    if comparison.orders() {
        return compare_numbers(comparison, path, value, text, params);
    }
    push_path(path, text, params);
    if value.is_null() {
        text.push_str(if comparison == Comparison::Equal { " IS NULL" } else { " IS NOT NULL" });
        return;
    }
    text.push_str(comparison.operator());
    push(Input::Text(filter::text_of(value)), text, params);
}

/// What is no number is neither greater nor less.
fn compare_numbers(comparison: Comparison, path: &[String], value: &Value, text: &mut String, params: &mut Vec<Input>) {
    let place = place_of(Input::Path(path.to_vec()), params);
    let number = place_of(Input::Text(filter::text_of(value)), params);
    let operator = comparison.operator();
    text.push_str(&format!(
        "(CASE WHEN jsonb_typeof(value #> {place}) = 'number' \
         THEN (value #>> {place})::numeric{operator}{number}::numeric ELSE false END)"
    ));
}

fn push_path(path: &[String], text: &mut String, params: &mut Vec<Input>) {
    text.push_str("value #>> ");
    push(Input::Path(path.to_vec()), text, params);
}

fn push(input: Input, text: &mut String, params: &mut Vec<Input>) {
    let place = place_of(input, params);
    text.push_str(&place);
}

fn place_of(input: Input, params: &mut Vec<Input>) -> String {
    params.push(input);
    format!("${}", params.len())
}

#[cfg(test)]
mod tests;
