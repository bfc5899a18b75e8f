//! What a call is addressed to.

/// Where a call goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// An app, by id and namespace, and whether the call named the latter.
    App { app_id: String, namespace: String, is_named: bool },
    /// An HTTPEndpoint resource, by name.
    Endpoint(String),
    /// A URL that the caller gave.
    Url(String),
}

/// The target makes no sense.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidTarget {
    #[error("app id is empty")]
    Empty,
    #[error("invalid app id {0}: write `app-id` or `app-id.namespace`")]
    Dots(String),
}

/// Whether a target is a URL.
pub(crate) fn is_url(text: &str) -> bool {
    text.starts_with("http://") || text.starts_with("https://")
}

impl Target {
    /// Reads a target; `is_endpoint` tells the names of HTTPEndpoints, which come before apps of the same name.
    pub(crate) fn parse(text: &str, own: &str, is_endpoint: impl Fn(&str) -> bool) -> Result<Self, InvalidTarget> {
        if text.is_empty() {
            return Err(InvalidTarget::Empty);
        }
        if is_url(text) {
            return Ok(Self::Url(text.to_owned()));
        }
        if is_endpoint(text) {
            return Ok(Self::Endpoint(text.to_owned()));
        }
        let named = text.split_once('.');
        let (app_id, namespace) = named.unwrap_or((text, own));
        if namespace.contains('.') || app_id.is_empty() {
            return Err(InvalidTarget::Dots(text.to_owned()));
        }
        Ok(Self::App { app_id: app_id.to_owned(), namespace: namespace.to_owned(), is_named: named.is_some() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn apps_endpoints_and_urls() {
        let parse = |text| Target::parse(text, "own", |name| name == "github");
        let app = |app_id: &str, namespace: &str| {
            let is_named = namespace != "own";
            Ok(Target::App { app_id: app_id.into(), namespace: namespace.into(), is_named })
        };
        assert_eq!(parse("orders"), app("orders", "own"));
        assert_eq!(parse("orders.production"), app("orders", "production"));
        assert_eq!(parse("github"), Ok(Target::Endpoint("github".into())));
        assert_eq!(parse("https://a.b.c"), Ok(Target::Url("https://a.b.c".into())));
        assert_eq!(parse(""), Err(InvalidTarget::Empty));
        assert_eq!(parse("a.b.c"), Err(InvalidTarget::Dots("a.b.c".into())));
        assert_eq!(parse(".b"), Err(InvalidTarget::Dots(".b".into())));
    }
}
