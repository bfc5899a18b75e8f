//! `middleware.http.routerchecker`: lets through what a regular expression matches.

use std::sync::Arc;

use async_trait::async_trait;
use dapr_spi::http_middleware::{HttpMiddleware, Next, Request, Response, answer};
use dapr_spi::{Context, Error, Factory, Metadata, Result};
use http::StatusCode;
use regex::Regex;

use crate::path_and_query;

/// Fields of `middleware.http.routerchecker`.
#[derive(Clone, Debug, Metadata)]
pub struct RouterCheckerMetadata {
    /// Regular expression that the path and query of a request, as sent, must match somewhere; others get 400. Begin it
    /// with `^` and end it with `$` to mean the whole.
    #[metadata(required)]
    pub rule: String,
}

/// Makes `middleware.http.routerchecker`.
pub struct RouterChecker;

#[async_trait]
impl Factory for RouterChecker {
    type Metadata = RouterCheckerMetadata;
    type Valid = Regex;
    type Component = dyn HttpMiddleware;

    fn validate(metadata: RouterCheckerMetadata) -> Result<Regex> {
        Regex::new(&metadata.rule)
            .map_err(|error| Error::invalid(format!("field `rule` is not a regular expression: {error}")))
    }

    async fn init(rule: Regex, _: Context) -> Result<Arc<dyn HttpMiddleware>> {
        Ok(Arc::new(Checker(rule)))
    }
}

struct Checker(Regex);

#[async_trait]
impl HttpMiddleware for Checker {
    async fn handle(&self, request: Request, next: Next<'_>) -> Response {
        if self.0.is_match(path_and_query(request.uri())) {
            return next.run(request).await;
        }
        answer(StatusCode::BAD_REQUEST, "invalid router")
    }
}

#[cfg(test)]
mod tests {
    use dapr_net::Body;
    use dapr_spi::http_middleware::FromFn;
    use dapr_spi::registry::open;

    use super::*;

    async fn status(rule: &str, uri: &str) -> StatusCode {
        let links = [open::<RouterChecker>(&[("rule", rule)]).await.unwrap()];
        let end = FromFn(|_| async { Response::new(Body::empty()) });
        let request = http::Request::builder().uri(uri).body(Body::empty()).unwrap();
        Next::new(&links, &end).run(request).await.status()
    }

    #[tokio::test]
    async fn only_what_the_rule_matches_passes() {
        let rule = "^[A-Za-z0-9/._-]+$";
        assert_eq!(status(rule, "/v1.0/invoke/qcg.default/method").await, StatusCode::OK);
        assert_eq!(status(rule, "/v1.0/invoke/qcg.default/%3Cmethod%3E").await, StatusCode::BAD_REQUEST);
        assert_eq!(status(rule, "/v1.0/invoke/a%2Fb/method").await, StatusCode::BAD_REQUEST, "escapes are seen");
        assert_eq!(status("^/v1.0/.*[?]id=[0-9]+$", "/v1.0/x?id=7").await, StatusCode::OK, "so is the query");
        assert_eq!(status("^/v1.0/.*[?]id=[0-9]+$", "/v1.0/x?id=y").await, StatusCode::BAD_REQUEST);
    }

    #[tokio::test]
    async fn a_wrong_rule_is_named() {
        let Err(error) = open::<RouterChecker>(&[("rule", "(")]).await else { panic!("accepted") };
        assert!(error.to_string().contains("field `rule`"), "{error}");
    }
}
