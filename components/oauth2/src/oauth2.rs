//! `middleware.http.oauth2`: sends people without a token to log in (the authorization code flow of RFC 6749, with PKCE)
//! and adds the token they got to their requests.
//!
//! Nothing is kept here: what is known of a person travels in encrypted cookies, so that every replica of the sidecar can
//! take every request, and no number of visitors takes memory.

mod cookie;
mod flow;
mod seal;

use std::sync::Arc;

use async_trait::async_trait;
use dapr_spi::http_middleware::{HttpMiddleware, Next, Request, Response};
use dapr_spi::{Context, Error, Factory, Metadata, Result};
use http::{HeaderName, Uri};

use self::flow::Flow;
use self::seal::Seal;
use crate::path_filter::PathFilter;
use crate::token::{AuthStyle, TokenEndpoint};

/// Fields of `middleware.http.oauth2`.
#[derive(Clone, Debug, Metadata)]
pub struct OAuth2Metadata {
    /// Id of the client at the provider.
    #[metadata(required, name = "clientID")]
    pub client_id: String,
    /// Secret of the client. The keys of the cookies are made of it: replicas with the same secret share logins.
    #[metadata(required, secret)]
    pub client_secret: String,
    /// URL of the page where people log in.
    #[metadata(required, name = "authURL")]
    pub auth_url: String,
    /// URL of the token endpoint.
    #[metadata(required, name = "tokenURL")]
    pub token_url: String,
    /// Scopes to ask for, separated by commas.
    #[metadata(default = "")]
    pub scopes: String,
    /// URL the provider sends people back to: a URL of the API of this sidecar, as they see it.
    #[metadata(name = "redirectURL", default = "")]
    pub redirect_url: String,
    /// Header of the request that gets the token, as `Bearer …`.
    #[metadata(default = "Authorization")]
    pub auth_header_name: String,
    /// Whether people come over HTTPS though this sidecar does not see it: after the login they are sent to an `https`
    /// URL, and cookies are for HTTPS only.
    #[metadata(name = "forceHTTPS", default = "false")]
    pub force_https: bool,
    /// Regular expression of the paths that need a token; the other requests pass without. Empty means all.
    #[metadata(default = "")]
    pub path_filter: String,
}

/// Makes `middleware.http.oauth2`.
pub struct OAuth2;

/// Checked settings.
#[derive(Clone)]
pub struct Valid {
    id: String,
    secret: String,
    auth_url: Uri,
    token_url: Uri,
    scopes: String,
    redirect_url: Option<Uri>,
    header: HeaderName,
    force_https: bool,
    filter: PathFilter,
}

#[async_trait]
impl Factory for OAuth2 {
    type Metadata = OAuth2Metadata;
    type Valid = Valid;
    type Component = dyn HttpMiddleware;

    fn validate(metadata: OAuth2Metadata) -> Result<Valid> {
        for (field, value) in [("clientID", &metadata.client_id), ("clientSecret", &metadata.client_secret)] {
            if value.is_empty() {
                return Err(Error::invalid(format!("field `{field}` must not be empty")));
            }
        }
        let redirect_url = match metadata.redirect_url.as_str() {
            "" => None,
            text => Some(crate::url("redirectURL", text)?),
        };
        let header = if metadata.auth_header_name.is_empty() { "Authorization" } else { &metadata.auth_header_name };
        let scopes: Vec<&str> = metadata.scopes.split(',').map(str::trim).filter(|scope| !scope.is_empty()).collect();
        Ok(Valid {
            auth_url: crate::url("authURL", &metadata.auth_url)?,
            token_url: crate::url("tokenURL", &metadata.token_url)?,
            scopes: scopes.join(" "),
            redirect_url,
            header: crate::header_name("authHeaderName", header)?,
            force_https: metadata.force_https,
            filter: PathFilter::new(&metadata.path_filter)?,
            id: metadata.client_id,
            secret: metadata.client_secret,
        })
    }

    async fn init(valid: Valid, context: Context) -> Result<Arc<dyn HttpMiddleware>> {
        let seal = Seal::new(&valid.secret, &[&valid.id, &valid.auth_url.to_string()])
            .ok_or_else(|| Error::failed("cannot make the key of the cookies"))?;
        let endpoint = TokenEndpoint::new(valid.token_url, valid.id.clone(), valid.secret, AuthStyle::Auto);
        let flow = Flow {
            endpoint,
            id: valid.id,
            auth_url: valid.auth_url,
            redirect_url: valid.redirect_url,
            scopes: valid.scopes,
            force_https: valid.force_https,
            seal,
            cookies: cookie::Names::new(&context.name),
            clock: context.clock,
        };
        Ok(Arc::new(Login { flow, header: valid.header, filter: valid.filter }))
    }
}

struct Login {
    flow: Flow,
    header: HeaderName,
    filter: PathFilter,
}

#[async_trait]
impl HttpMiddleware for Login {
    async fn handle(&self, mut request: Request, next: Next<'_>) -> Response {
        if !self.filter.matches(request.uri()) {
            return next.run(request).await;
        }
        match self.flow.token(request.headers()) {
            Some(token) => {
                // In place of any the client sent: the application can rely on it.
                request.headers_mut().insert(self.header.clone(), token);
                next.run(request).await
            }
            None => self.flow.log_in(request.uri(), request.headers()).await,
        }
    }
}
