//! From method and path to a route of the table, or to the fallback.

use std::collections::HashMap;

use http::Method;

use super::call::Params;
use super::path;
use crate::access::AccessRules;
use crate::routes::{Listener, Route, Version};

/// The routes that one listener serves, one tree for each method.
///
/// A tree for each method, and not one for all, since `GET /state/s/bulk` reads the key `bulk` while
/// `POST /state/s/bulk` is another endpoint.
pub(crate) struct Router {
    trees: HashMap<Method, matchit::Router<&'static Route>>,
}

/// Where a request goes.
pub(crate) enum Target {
    /// An endpoint, with the parameters of its path.
    Route(&'static Route, Params),
    /// No endpoint has this path and method.
    Fallback,
    /// A parameter cannot be unescaped.
    BadEscape(String),
}

impl Router {
    /// The routes of a listener that the rules allow.
    pub(crate) fn new(routes: &'static [Route], listener: Listener, rules: &AccessRules) -> Self {
        let mut trees: HashMap<Method, matchit::Router<&'static Route>> = HashMap::new();
        for route in routes.iter().filter(|route| route.is_served_on(listener)) {
            for version in route.versions.iter().filter(|version| is_allowed(route, **version, rules)) {
                let path = format!("/{}{}", version.prefix(), route.path);
                for method in route.methods {
                    let tree = trees.entry(method.clone()).or_default();
                    tree.insert(&path, route).expect("no two routes of the table have the same method and path");
                }
            }
        }
        Self { trees }
    }

    /// Finds the endpoint for a cleaned, escaped path.
    pub(crate) fn find(&self, method: &Method, cleaned: &str) -> Target {
        let Some(tree) = self.trees.get(method) else { return Target::Fallback };
        let matched = tree.at(cleaned).ok();
        match matched.or_else(|| cleaned.strip_suffix('/').and_then(|stripped| tree.at(stripped).ok())) {
            Some(matched) => with_params(matched.value, &matched.params),
            None => Target::Fallback,
        }
    }
}

fn is_allowed(route: &Route, version: Version, rules: &AccessRules) -> bool {
    let path = format!("{}{}", version.prefix(), route.path);
    route.is_health_check || rules.allows_http(route.group, version.of_group(), &path)
}

fn with_params(route: &'static Route, matched: &matchit::Params<'_, '_>) -> Target {
    let mut params = Params::default();
    for (name, escaped) in matched.iter() {
        let Some(name) = route.param(name) else { continue };
        match path::unescape(escaped) {
            Ok(value) => params.push(name, value),
            Err(error) => {
                return Target::BadEscape(format!("failed to unescape request parameter \"{name}\". Error: {error}"));
            }
        }
    }
    Target::Route(route, params)
}
