//! `middleware.http.oauth2clientcredentials`: adds a token of the application's own to requests.

mod source;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use dapr_spi::http_middleware::{HttpMiddleware, Next, Request, Response, answer_status};
use dapr_spi::{Context, Error, Factory, Metadata, Result};
use http::{HeaderName, StatusCode, Uri};

use self::source::TokenSource;
use crate::path_filter::PathFilter;
use crate::token::{AuthStyle, TokenEndpoint};

/// How long a token is used whose endpoint does not tell how long it may be.
const LIFETIME: Duration = Duration::from_secs(60 * 60);

/// Fields of `middleware.http.oauth2clientcredentials`.
#[derive(Clone, Debug, Metadata)]
pub struct ClientCredentialsMetadata {
    /// Id of the client at the token endpoint.
    #[metadata(required, name = "clientID")]
    pub client_id: String,
    /// Secret of the client.
    #[metadata(required, secret)]
    pub client_secret: String,
    /// URL of the token endpoint.
    #[metadata(required, name = "tokenURL")]
    pub token_url: String,
    /// Scopes to ask for, separated by commas.
    #[metadata(default = "")]
    pub scopes: String,
    /// Header of the request that gets the token, as `Bearer …`.
    #[metadata(required)]
    pub header_name: String,
    /// More parameters for the token endpoint, as a query: `resource=urn:api&audience=x`.
    #[metadata(default = "")]
    pub endpoint_params_query: String,
    /// How the client shows its secret: 0 finds out what the endpoint takes, 1 in the body, 2 in the `Authorization`
    /// header.
    #[metadata(default = "0")]
    pub auth_style: i64,
    /// Regular expression of the paths that get a token; the other requests pass without. Empty means all.
    #[metadata(default = "")]
    pub path_filter: String,
}

/// Makes `middleware.http.oauth2clientcredentials`.
pub struct ClientCredentials;

/// Checked settings.
#[derive(Clone)]
pub struct Valid {
    id: String,
    secret: String,
    token_url: Uri,
    style: AuthStyle,
    form: Vec<(String, String)>,
    header: HeaderName,
    filter: PathFilter,
}

#[async_trait]
impl Factory for ClientCredentials {
    type Metadata = ClientCredentialsMetadata;
    type Valid = Valid;
    type Component = dyn HttpMiddleware;

    fn validate(metadata: ClientCredentialsMetadata) -> Result<Valid> {
        for (field, value) in [("clientID", &metadata.client_id), ("clientSecret", &metadata.client_secret)] {
            if value.is_empty() {
                return Err(Error::invalid(format!("field `{field}` must not be empty")));
            }
        }
        let style = match metadata.auth_style {
            0 => AuthStyle::Auto,
            1 => AuthStyle::Parameters,
            2 => AuthStyle::Header,
            other => return Err(Error::invalid(format!("field `authStyle` is 0, 1 or 2, found {other}"))),
        };
        Ok(Valid {
            form: form(&metadata)?,
            token_url: crate::url("tokenURL", &metadata.token_url)?,
            style,
            header: crate::header_name("headerName", &metadata.header_name)?,
            filter: PathFilter::new(&metadata.path_filter)?,
            id: metadata.client_id,
            secret: metadata.client_secret,
        })
    }

    async fn init(valid: Valid, _: Context) -> Result<Arc<dyn HttpMiddleware>> {
        let endpoint = TokenEndpoint::new(valid.token_url, valid.id, valid.secret, valid.style);
        let source = TokenSource::new(endpoint, valid.form, LIFETIME);
        Ok(Arc::new(Adds { source, header: valid.header, filter: valid.filter }))
    }
}

/// What the token endpoint is asked with, save for the client's id and secret.
fn form(metadata: &ClientCredentialsMetadata) -> Result<Vec<(String, String)>> {
    let pair = |name: &str, value: String| (name.to_owned(), value);
    let mut form = vec![pair("grant_type", "client_credentials".into())];
    let scopes: Vec<&str> = metadata.scopes.split(',').map(str::trim).filter(|scope| !scope.is_empty()).collect();
    if !scopes.is_empty() {
        form.push(pair("scope", scopes.join(" ")));
    }
    for (name, value) in form_urlencoded::parse(metadata.endpoint_params_query.as_bytes()).into_owned() {
        match name.as_str() {
            // Some endpoints have grants of their own.
            "grant_type" => form[0].1 = value,
            "scope" if !scopes.is_empty() => {
                return Err(Error::invalid(
                    "field `endpointParamsQuery` names `scope`, which field `scopes` does already",
                ));
            }
            "client_id" | "client_secret" => {
                return Err(Error::invalid(format!("field `endpointParamsQuery` must not name `{name}`")));
            }
            _ => form.push((name, value)),
        }
    }
    Ok(form)
}

struct Adds {
    source: TokenSource,
    header: HeaderName,
    filter: PathFilter,
}

#[async_trait]
impl HttpMiddleware for Adds {
    async fn handle(&self, mut request: Request, next: Next<'_>) -> Response {
        if self.filter.matches(request.uri()) {
            match self.source.token().await {
                Ok(token) => request.headers_mut().insert(self.header.clone(), token),
                Err(error) => {
                    tracing::error!(%error, "no token for a request");
                    return answer_status(StatusCode::INTERNAL_SERVER_ERROR);
                }
            };
        }
        next.run(request).await
    }
}
