//! `middleware.http.routeralias`: other paths for routes, decided before routing.

mod pattern;

use std::sync::Arc;

use async_trait::async_trait;
use dapr_spi::http_middleware::{HttpMiddleware, Next, Request, Response};
use dapr_spi::metadata::{Field, Metadata, Problem, Properties, Property};
use dapr_spi::{Context, Factory, Result};
use form_urlencoded::Serializer;
use http::Uri;
use http::uri::PathAndQuery;
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use serde_json::{Map, Value};

use self::pattern::Pattern;

/// What cannot stand in a path as it is; a `%` is taken to begin an escape.
const ESCAPED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'`')
    .add(b'{')
    .add(b'}')
    .add(b'\\')
    .add(b'^')
    .add(b'|');

/// The aliases: from `routes`, or an entry each.
#[derive(Clone, Debug)]
pub struct RouterAliasMetadata {
    routes: Vec<Route>,
}

#[derive(Clone, Debug)]
struct Route {
    pattern: Pattern,
    path: String,
    query: Option<String>,
}

impl Metadata for RouterAliasMetadata {
    const FIELDS: &'static [Field] = &[Field {
        name: "routes",
        aliases: &[],
        description: "The aliases, a map in JSON or YAML: from the pattern of a path to the path it stands for. \
                      `{name}` in a pattern matches one segment and `{name:expression}` what the regular expression \
                      matches; both are added to the query. The first pattern that matches is taken. Entries of \
                      `spec.metadata` whose names begin with `/` are aliases as well.",
        kind: "string",
        default: "",
        required: false,
        secret: false,
        ignored: false,
    }];

    fn parse(properties: &Properties) -> Result<Self, Vec<Problem>> {
        let mut routes = Vec::new();
        let mut problems = Vec::new();
        for property in &properties.0 {
            let found = if property.name.eq_ignore_ascii_case("routes") {
                listed(&property.value)
            } else if property.name.starts_with('/') {
                route(&property.name, &property.value).map(|route| vec![route])
            } else {
                continue;
            };
            match found {
                Ok(found) => routes.extend(found),
                Err(message) => problems.push(problem(property, message)),
            }
        }
        if problems.is_empty() { Ok(Self { routes }) } else { Err(problems) }
    }
}

fn problem(property: &Property, message: String) -> Problem {
    Problem {
        position: property.position.clone(),
        path: format!("spec.metadata[{}].value", property.index),
        message,
        warning: false,
    }
}

/// The routes of a map in JSON, or YAML, which JSON is a part of.
fn listed(text: &str) -> Result<Vec<Route>, String> {
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    let map: Map<String, Value> = serde_saphyr::from_str(text)
        .map_err(|error| format!("field `routes` is not a map of paths to paths, in JSON or YAML: {error}"))?;
    let route_of = |(pattern, path): (String, Value)| match path {
        Value::String(path) => route(&pattern, &path),
        _ => Err(format!("field `routes`: the value of `{pattern}` is not a path")),
    };
    map.into_iter().map(route_of).collect()
}

fn route(pattern: &str, target: &str) -> Result<Route, String> {
    let compiled = Pattern::compile(pattern).map_err(|error| format!("the alias `{pattern}` {error}"))?;
    if !target.starts_with('/') {
        return Err(format!("the alias `{pattern}` stands for `{target}`, which does not begin with `/`"));
    }
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query.to_owned())),
        None => (target, None),
    };
    let path = utf8_percent_encode(path, ESCAPED).to_string();
    let whole = [&path, query.as_deref().unwrap_or_default()].join("?");
    PathAndQuery::try_from(whole)
        .map_err(|_| format!("the alias `{pattern}` stands for `{target}`, which is no path"))?;
    Ok(Route { pattern: compiled, path, query })
}

/// Makes `middleware.http.routeralias`.
pub struct RouterAlias;

#[async_trait]
impl Factory for RouterAlias {
    type Metadata = RouterAliasMetadata;
    type Valid = RouterAliasMetadata;
    type Component = dyn HttpMiddleware;

    fn validate(metadata: RouterAliasMetadata) -> Result<RouterAliasMetadata> {
        Ok(metadata)
    }

    async fn init(valid: RouterAliasMetadata, _: Context) -> Result<Arc<dyn HttpMiddleware>> {
        Ok(Arc::new(Aliases(valid.routes)))
    }
}

struct Aliases(Vec<Route>);

#[async_trait]
impl HttpMiddleware for Aliases {
    async fn handle(&self, mut request: Request, next: Next<'_>) -> Response {
        if let Some(uri) = self.rewritten(request.uri()) {
            *request.uri_mut() = uri;
        }
        next.run(request).await
    }
}

impl Aliases {
    /// Where a request goes instead, if an alias matches its path.
    fn rewritten(&self, uri: &Uri) -> Option<Uri> {
        let path = percent_decode_str(uri.path()).decode_utf8_lossy();
        let (route, found) = self.0.iter().find_map(|route| Some((route, route.pattern.find(&path)?)))?;
        let query = query(uri.query(), route.query.as_deref(), &found);
        let target = if query.is_empty() { route.path.clone() } else { format!("{}?{query}", route.path) };
        let mut parts = uri.clone().into_parts();
        parts.path_and_query = Some(PathAndQuery::try_from(target).ok()?);
        Uri::from_parts(parts).ok()
    }
}

/// The request's query with that of the alias and what the pattern found; sorted by name once something was found, as
/// the incumbent does it.
fn query(request: Option<&str>, alias: Option<&str>, found: &[(&str, &str)]) -> String {
    let given: Vec<&str> = [request, alias].into_iter().flatten().filter(|query| !query.is_empty()).collect();
    let given = given.join("&");
    if found.is_empty() {
        return given;
    }
    let mut pairs: Vec<(String, String)> = form_urlencoded::parse(given.as_bytes()).into_owned().collect();
    pairs.extend(found.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    pairs.sort_by(|one, other| one.0.cmp(&other.0));
    Serializer::new(String::new()).extend_pairs(pairs).finish()
}

#[cfg(test)]
mod tests;
