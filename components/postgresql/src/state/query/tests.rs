//! From JSON to SQL.

use dapr_spi::ErrorKind;
use proptest::prelude::*;

use super::*;

fn sql(query: &str) -> (String, Vec<String>) {
    let built = Query::parse(query).unwrap().build("state", "value", "expiredate");
    let params = built.params.iter().map(|param| format!("{param:?}")).collect();
    let start = "SELECT key, value FROM state WHERE (expiredate IS NULL OR expiredate >= now())";
    (built.statement.text.strip_prefix(start).unwrap().to_owned(), params)
}

#[test]
fn an_empty_query_finds_everything() {
    assert_eq!(sql("{}"), (" OFFSET $1".into(), vec!["Long(0)".into()]));
    assert_eq!(sql(r#"{"filter":{},"sort":[],"page":{}}"#).0, " OFFSET $1");
}

#[test]
fn filters_sorting_and_pages_become_parameters() {
    let (text, params) = sql(r#"{"filter":{"AND":[{"EQ":{"person.org":"A"}},{"IN":{"state":["CA","WA"]}}]},
            "sort":[{"key":"state","order":"DESC"},{"key":"person.name"}],"page":{"limit":2,"token":"4"}}"#);
    assert_eq!(
        text,
        " AND (value #>> $1 = $2 AND (value #>> $3 = $4 OR value #>> $5 = $6)) \
         ORDER BY value #>> $7 DESC, value #>> $8 ASC LIMIT $9 OFFSET $10"
    );
    assert_eq!(
        params,
        [
            r#"Path(["person", "org"])"#,
            r#"Text("A")"#,
            r#"Path(["state"])"#,
            r#"Text("CA")"#,
            r#"Path(["state"])"#,
            r#"Text("WA")"#,
            r#"Path(["state"])"#,
            r#"Path(["person", "name"])"#,
            "Long(2)",
            "Long(4)",
        ]
    );
}

#[test]
fn numbers_are_compared_as_numbers() {
    let (text, params) = sql(r#"{"filter":{"GTE":{"age":1e2}}}"#);
    assert!(text.contains("(value #>> $1)::numeric >= $2::numeric"), "{text}");
    assert_eq!(params[1], r#"Text("100")"#);
    assert_eq!(sql(r#"{"filter":{"EQ":{"a":null}}}"#).0, " AND value #>> $1 IS NULL OFFSET $2");
}

#[test]
fn what_is_wrong_is_said() {
    for (query, part) in [
        ("[", "not JSON"),
        (r#"{"filter":{"LIKE":{"a":"b"}}}"#, "`LIKE` is no operator"),
        (r#"{"filter":{"EQ":{"a":1},"NEQ":{"a":1}}}"#, "exactly one operator"),
        (r#"{"filter":{"EQ":{}}}"#, "exactly one field"),
        (r#"{"filter":{"GT":{"a":"b"}}}"#, "needs a number"),
        (r#"{"filter":{"IN":{"a":[]}}}"#, "at least one value"),
        (r#"{"filter":{"AND":[{"EQ":{"a":1}}]}}"#, "at least two"),
        (r#"{"sort":[{"key":"a","order":"DESC; DROP TABLE state"}]}"#, "`order` must be"),
        (r#"{"sort":[{"key":""}]}"#, "no path"),
        (r#"{"page":{"token":"1; DROP TABLE state"}}"#, "`page.token`"),
        (r#"{"page":{"limit":"2"}}"#, "`page.limit`"),
    ] {
        let error = Query::parse(query).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.to_string().contains(part), "{query}: {error}");
    }
}

proptest! {
    #[test]
    fn no_text_of_a_query_reaches_the_statement(key in "[^.\0\"\\\\\\p{Cc}]{3,}", value in "\\PC{3,}") {
        let query = serde_json::json!({
            "filter": {"OR": [{"EQ": {key.clone(): value.clone()}}, {"IN": {key.clone(): [value.clone()]}}]},
            "sort": [{"key": key.clone()}],
        });
        let text = sql(&query.to_string()).0;
        let plain = " AND (value #>> $1 = $2 OR (value #>> $3 = $4)) ORDER BY value #>> $5 ASC OFFSET $6";
        prop_assert_eq!(text, plain);
    }
}
