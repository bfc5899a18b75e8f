//! Queries as a server with RediSearch would get them; none is at hand in tests.

use super::*;

fn index() -> Index {
    let declared = Declared {
        name: "people".into(),
        indexes: [("person.org", "TEXT"), ("person.id", "NUMERIC"), ("state", "TEXT"), ("kind", "TAG")]
            .map(|(key, kind)| DeclaredField { key: key.into(), kind: kind.into() })
            .into(),
    };
    Index::of(&declared).unwrap()
}

fn search(query: &str) -> Result<String> {
    Search::of(query, &index()).map(|search| search.arguments.join(" "))
}

#[test]
fn makes_the_index_as_the_incumbent_does() {
    let schema = index().schema.join(" ");
    assert!(
        schema.starts_with("people ON JSON SCHEMA $.data.person.org AS var0 TEXT SORTABLE $.data.person.id"),
        "{schema}"
    );
}

#[test]
fn translates_filters() {
    for (query, expected) in [
        (r#"{"page":{"limit":2}}"#, "* LIMIT 0 2"),
        (r#"{"filter":{},"page":{"limit":2,"token":"4"}}"#, "* LIMIT 4 2"),
        (r#"{"filter":{"EQ":{"state":"CA"}}}"#, r#"@var2:("CA")"#),
        (r#"{"filter":{"EQ":{"state":"a\") | @var1:[0 9]"}}}"#, r#"@var2:("a\") | @var1:[0 9]")"#),
        (r#"{"filter":{"EQ":{"kind":"a-b"}}}"#, r"@var3:{a\-b}"),
        (r#"{"filter":{"NEQ":{"person.id":1}}}"#, "-(@var1:[1 1])"),
        (r#"{"filter":{"GT":{"person.id":1.5}}}"#, "@var1:[(1.5 +inf]"),
        (r#"{"filter":{"GTE":{"person.id":1}}}"#, "@var1:[1 +inf]"),
        (r#"{"filter":{"LT":{"person.id":1}}}"#, "@var1:[-inf (1]"),
        (r#"{"filter":{"LTE":{"person.id":1}}}"#, "@var1:[-inf 1]"),
        (r#"{"filter":{"IN":{"state":["CA","WA"]}}}"#, r#"@var2:("CA"|"WA")"#),
        (
            r#"{"filter":{"OR":[{"EQ":{"person.id":123}},{"AND":[{"NEQ":{"person.org":"B"}},{"IN":{"person.id":[567,890]}}]}]},
                "sort":[{"key":"person.id","order":"DESC"}],"page":{"limit":2}}"#,
            r#"((@var1:[123 123])|(-(@var0:("B")) ((@var1:[567 567])|(@var1:[890 890])))) SORTBY var1 DESC LIMIT 0 2"#,
        ),
    ] {
        assert_eq!(search(query).unwrap(), expected, "{query}");
    }
}

#[test]
fn refuses_what_redis_cannot_search_for() {
    for (query, part) in [
        (r#"{"filter":{"EQ":{"age":1}}}"#, "not indexed"),
        (r#"{"filter":{"GT":{"state":"CA"}}}"#, "cannot compare"),
        (r#"{"filter":{"AND":[{"EQ":{"state":"CA"}}]}}"#, "two filters"),
        (r#"{"filter":{"LIKE":{"state":"CA"}}}"#, "no filter"),
        (r#"{"filter":{"EQ":{"state":"CA"},"NEQ":{"state":"WA"}}}"#, "one entry"),
        (r#"{"sort":[{"key":"state"},{"key":"person.id"}]}"#, "one key"),
        (r#"{"page":{"limit":1,"token":"x"}}"#, "token"),
        ("[", "malformed"),
    ] {
        let error = search(query).unwrap_err().to_string();
        assert!(error.contains(part), "{query}: {error}");
    }
    for indexes in
        ["{}", r#"[{"indexes":[]}]"#, r#"[{"name":"a"},{"name":"a"}]"#, r#"[{"name":"a","indexes":[{"key":"b"}]}]"#]
    {
        assert!(Indexes::parse(indexes).is_err(), "{indexes}");
    }
}

#[test]
fn reads_what_was_found() {
    let bulk = |text: &str| Value::BulkString(text.as_bytes().to_vec());
    let fields = ["$.data", r#"{"a":1}"#, "$.version", "3"].map(bulk).to_vec();
    let reply =
        Value::Array(vec![Value::Int(5), bulk("app||a"), Value::Array(fields), bulk("app||b"), Value::Array(vec![])]);
    let (total, items) = found(&reply).unwrap();
    assert_eq!((total, items.len()), (5, 2));
    assert_eq!((items[0].key.as_str(), items[0].etag.as_deref()), ("app||a", Some("3")));
    assert_eq!(items[0].data, r#"{"a":1}"#);
    assert!(!items[1].error.is_empty());
    let search = Search::of(r#"{"page":{"limit":2,"token":"2"}}"#, &index()).unwrap();
    assert_eq!((search.token(total, 2).as_str(), search.token(4, 2).as_str()), ("4", ""));
}
