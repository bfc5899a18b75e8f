//! What a policy sees of a request.

use http::{HeaderMap, HeaderName, request};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

/// The document `input`: `input.request` and its fields, as the incumbent names them.
pub(crate) fn of(request: &request::Parts, included: &[HeaderName], body: &str) -> Value {
    let path = percent_decode_str(request.uri.path()).decode_utf8_lossy();
    let query = request.uri.query().unwrap_or_default();
    json!({
        "request": {
            "method": request.method.as_str(),
            "path": path,
            "path_parts": path.trim_matches('/').split('/').collect::<Vec<_>>(),
            "raw_query": query,
            "query": query_of(query),
            "headers": headers_of(&request.headers, included),
            "scheme": request.uri.scheme_str().unwrap_or_default(),
            "body": body,
        }
    })
}

/// Each name with all its values.
fn query_of(query: &str) -> Map<String, Value> {
    let mut all = Map::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let values = all.entry(name).or_insert_with(|| json!([]));
        if let Value::Array(values) = values {
            values.push(json!(value));
        }
    }
    all
}

/// The headers the policy may see, named as Go writes them (`X-Jwt-Header`); several values are one text.
fn headers_of(headers: &HeaderMap, included: &[HeaderName]) -> Map<String, Value> {
    let value_of = |name: &HeaderName| {
        let values: Vec<_> =
            headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect();
        (!values.is_empty()).then(|| (canonical(name), json!(values.join(", "))))
    };
    included.iter().filter_map(value_of).collect()
}

fn canonical(name: &HeaderName) -> String {
    let part = |part: &str| match part.split_at_checked(1) {
        Some((first, rest)) => first.to_ascii_uppercase() + rest,
        None => String::new(),
    };
    name.as_str().split('-').map(part).collect::<Vec<_>>().join("-")
}
