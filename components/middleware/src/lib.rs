//! HTTP middleware that needs nothing else: ratelimit, routeralias, routerchecker, uppercase.

pub mod ratelimit;
pub mod routeralias;
pub mod routerchecker;
pub mod uppercase;

use dapr_spi::registry::Registry;

/// Adds the types of this crate.
pub fn register(registry: &mut Registry) {
    registry.component("middleware.http.ratelimit").factory::<ratelimit::RateLimit>();
    registry.component("middleware.http.routeralias").factory::<routeralias::RouterAlias>();
    registry.component("middleware.http.routerchecker").factory::<routerchecker::RouterChecker>();
    registry.component("middleware.http.uppercase").factory::<uppercase::Uppercase>();
}

/// The path of a request as its client sent it, still escaped, with the query; `/` when it has none.
fn path_and_query(uri: &http::Uri) -> &str {
    uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str)
}
