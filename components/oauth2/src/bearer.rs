//! `middleware.http.bearer`: lets through requests with a token (JWT) that an OpenID Connect provider signed.

mod claims;
mod discovery;
mod key_set;

use std::sync::Arc;

use async_trait::async_trait;
use dapr_kit::clock::Clock;
use dapr_net::fetch::Client;
use dapr_spi::http_middleware::{HttpMiddleware, Next, Request, Response, answer_status};
use dapr_spi::{Context, Error, ErrorKind, Factory, Metadata, Result};
use http::header::{AUTHORIZATION, HeaderValue, WWW_AUTHENTICATE};
use http::{HeaderMap, StatusCode, Uri};

use self::claims::Expected;
use self::key_set::KeySet;

/// What comes before the token; compared without regard to case.
const PREFIX: &[u8] = b"bearer ";
/// A shorter text is no token.
const MIN_TOKEN: usize = 10;

/// Fields of `middleware.http.bearer`.
#[derive(Clone, Debug, Metadata)]
pub struct BearerMetadata {
    /// Who must have issued the token: its claim `iss`, compared exactly.
    #[metadata(required, aliases("issuerURL"))]
    pub issuer: String,
    /// Whom the token must be for: one of its claim `aud`. Mostly the id of a client.
    #[metadata(required, aliases("clientID"))]
    pub audience: String,
    /// URL of the issuer's keys (JWKS). Without it, the issuer's document `/.well-known/openid-configuration` names it.
    #[metadata(name = "jwksURL")]
    pub jwks_url: Option<String>,
}

/// Makes `middleware.http.bearer`.
pub struct Bearer;

/// Checked settings.
#[derive(Clone, Debug)]
pub struct Valid {
    issuer: String,
    audience: String,
    jwks_url: Option<Uri>,
    discovery_url: Option<Uri>,
}

#[async_trait]
impl Factory for Bearer {
    type Metadata = BearerMetadata;
    type Valid = Valid;
    type Component = dyn HttpMiddleware;

    fn validate(metadata: BearerMetadata) -> Result<Valid> {
        for (field, value) in [("issuer", &metadata.issuer), ("audience", &metadata.audience)] {
            if value.is_empty() {
                return Err(Error::invalid(format!("field `{field}` must not be empty")));
            }
        }
        let jwks_url = metadata.jwks_url.filter(|text| !text.is_empty());
        let jwks_url = jwks_url.map(|text| crate::url("jwksURL", &text)).transpose()?;
        let discovery_url = match &jwks_url {
            Some(_) => None,
            None => {
                crate::url("issuer", &metadata.issuer)?;
                let base = metadata.issuer.strip_suffix('/').unwrap_or(&metadata.issuer);
                Some(crate::url("issuer", &format!("{base}/.well-known/openid-configuration"))?)
            }
        };
        Ok(Valid { issuer: metadata.issuer, audience: metadata.audience, jwks_url, discovery_url })
    }

    async fn init(valid: Valid, context: Context) -> Result<Arc<dyn HttpMiddleware>> {
        let client = Client::new();
        let url = match (valid.jwks_url, valid.discovery_url) {
            (Some(url), _) => url,
            (None, Some(discovery)) => discovery::keys_url(&client, &discovery, &valid.issuer).await?,
            (None, None) => return Err(Error::invalid("field `jwksURL` or `issuer` must be a URL")),
        };
        let keys = KeySet::fetch(client, url).await.map_err(|error| {
            Error::new(ErrorKind::Unavailable, format!("cannot get the keys of the issuer: {error}"))
        })?;
        let expected = Expected { issuer: valid.issuer, audience: valid.audience };
        Ok(Arc::new(Verifier { keys, expected, clock: context.clock }))
    }
}

struct Verifier {
    keys: Arc<KeySet>,
    expected: Expected,
    clock: Clock,
}

impl Verifier {
    /// Whether the request has a token that is valid; why not goes to the log of whoever looks for it.
    async fn accepts(&self, headers: &HeaderMap) -> bool {
        let Some(token) = token_of(headers) else { return false };
        let Ok(header) = jsonwebtoken::decode_header(token) else { return false };
        // Claims that must be understood are not: RFC 7515, section 4.1.11.
        if header.extras.inner().contains_key("crit") {
            return false;
        }
        let Some(id) = header.kid.as_deref() else {
            tracing::debug!("a token names no key and was refused");
            return false;
        };
        let Some(key) = self.keys.find(id).await else {
            tracing::debug!("a token names a key that its issuer does not have and was refused");
            return false;
        };
        match key
            .claims_of(token, header.alg)
            .and_then(|claims| self.expected.check(&claims, self.clock.now_milliseconds()))
        {
            Ok(()) => true,
            Err(reason) => {
                tracing::debug!(%reason, "a token was refused");
                false
            }
        }
    }
}

#[async_trait]
impl HttpMiddleware for Verifier {
    async fn handle(&self, request: Request, next: Next<'_>) -> Response {
        if self.accepts(request.headers()).await {
            return next.run(request).await;
        }
        let mut response = answer_status(StatusCode::UNAUTHORIZED);
        response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        response
    }
}

/// The token that a request brings.
fn token_of(headers: &HeaderMap) -> Option<&[u8]> {
    let (prefix, token) = headers.get(AUTHORIZATION)?.as_bytes().split_at_checked(PREFIX.len())?;
    (prefix.eq_ignore_ascii_case(PREFIX) && token.len() >= MIN_TOKEN).then_some(token)
}
