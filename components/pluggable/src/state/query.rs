//! The alpha query language, as far as the sidecar reads it: filters go on as JSON, one for each operator.

use std::collections::BTreeMap;

use dapr_proto::components::v1 as proto;
use dapr_proto::pbjson_types::Any;
use dapr_spi::{Error, Result};
use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Query<'a> {
    #[serde(borrow)]
    filter: Option<BTreeMap<String, &'a RawValue>>,
    sort: Option<Vec<Sorting>>,
    page: Option<Page>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Sorting {
    key: String,
    order: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Page {
    limit: i64,
    token: String,
}

/// Reads `{"filter", "sort", "page"}`. An order other than `DESC` is ascending.
///
/// # Errors
/// The text is no such JSON.
pub(super) fn parse(text: &str) -> Result<proto::Query> {
    let query: Query<'_> = serde_json::from_str(text)
        .map_err(|error| Error::invalid(format!("failed to parse JSON query body: {error}")))?;
    let filter = |(name, value): (String, &RawValue)| {
        (name, Any { type_url: String::new(), value: value.get().to_owned().into() })
    };
    let sorting = |sorting: Sorting| {
        let order = if sorting.order == "DESC" { proto::sorting::Order::Desc } else { proto::sorting::Order::Asc };
        proto::Sorting { key: sorting.key, order: order.into() }
    };
    let page = query.page.unwrap_or_default();
    Ok(proto::Query {
        filter: query.filter.unwrap_or_default().into_iter().map(filter).collect(),
        sort: query.sort.unwrap_or_default().into_iter().map(sorting).collect(),
        pagination: Some(proto::Pagination { limit: page.limit, token: page.token }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_keeps_its_filters_as_json() {
        let query = parse(
            r#"{"filter":{"EQ":{"state":"CA"}},"sort":[{"key":"person.id","order":"DESC"},{"key":"a"}],"page":{"limit":3,"token":"t"}}"#,
        )
        .unwrap();
        assert_eq!(query.filter["EQ"].value.as_ref(), br#"{"state":"CA"}"#);
        assert_eq!(query.sort.iter().map(|sorting| sorting.order).collect::<Vec<_>>(), [1, 0]);
        assert_eq!(query.pagination, Some(proto::Pagination { limit: 3, token: "t".into() }));
        assert_eq!(parse("{}").unwrap().pagination, Some(proto::Pagination::default()));
        assert!(parse("[").unwrap_err().to_string().starts_with("failed to parse JSON query body: "));
    }
}
