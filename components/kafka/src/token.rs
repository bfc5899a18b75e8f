//! Tokens for `authType: oidc` and `oidc_private_key_jwt`: asked for in the background before they run out, so that the
//! client's callback, which must not wait, always has one.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use dapr_kit::backoff::Backoff;
use dapr_kit::clock::Clock;
use dapr_kit::task::{self, Task};
use dapr_net::fetch::Client;
use dapr_spi::{Error, Result};
use form_urlencoded::{Serializer, byte_serialize};
use http::Request;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use rdkafka::client::OAuthToken;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::authentication::{Proof, TokenSource};

/// An answer of a token endpoint is short.
const MAX_ANSWER: usize = 1 << 20;
/// How long a token is used whose endpoint does not tell.
const UNTOLD_LIFETIME: Duration = Duration::from_secs(300);
/// No token is asked for more often.
const SHORTEST_LIFETIME: Duration = Duration::from_secs(10);
/// An assertion is used at once.
const ASSERTION_SECONDS: i64 = 60;

/// A token and until when it may be used.
#[derive(Clone)]
struct Token {
    text: String,
    lifetime: Duration,
    /// Milliseconds since 1970.
    expires: i64,
}

/// The current token of a component.
pub(crate) struct Tokens {
    client_id: String,
    current: Arc<Mutex<Option<Token>>>,
    _refreshing: Task<()>,
}

impl Tokens {
    /// Gets the first token, and new ones from then on.
    pub(crate) async fn start(source: TokenSource, clock: Clock) -> Result<Self> {
        let endpoint = Endpoint { client: client(&source)?, source, clock };
        let first = endpoint.token().await?;
        let client_id = endpoint.source.client_id.clone();
        let current = Arc::new(Mutex::new(Some(first.clone())));
        let refreshing = task::spawn("kafka-tokens", refresh(endpoint, first, current.clone()));
        Ok(Self { client_id, current, _refreshing: refreshing })
    }

    /// The token to use now.
    pub(crate) fn current(&self) -> Result<OAuthToken, String> {
        let current = self.current.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let token = current.ok_or("there is no token yet")?;
        Ok(OAuthToken { token: token.text, principal_name: self.client_id.clone(), lifetime_ms: token.expires })
    }
}

/// The client asks again at 80 % of a token's life: by then there is a new one.
async fn refresh(endpoint: Endpoint, first: Token, current: Arc<Mutex<Option<Token>>>) {
    let mut lifetime = first.lifetime;
    loop {
        sleep(lifetime.mul_f64(0.7)).await;
        let mut backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(10));
        let token = loop {
            match endpoint.token().await {
                Ok(token) => break token,
                Err(error) => tracing::warn!("cannot get a new token for Kafka: {error}"),
            }
            sleep(backoff.next_delay()).await;
        };
        lifetime = token.lifetime;
        *current.lock().unwrap_or_else(PoisonError::into_inner) = Some(token);
    }
}

fn client(source: &TokenSource) -> Result<Client> {
    let mut config = dapr_net::tls::client_config(source.authority.as_deref().unwrap_or_default(), "", "")
        .map_err(Error::invalid)?;
    if source.trusts_all {
        config.dangerous().set_certificate_verifier(dapr_net::tls::any_server());
    }
    Ok(Client::with_config(config))
}

struct Endpoint {
    source: TokenSource,
    client: Client,
    clock: Clock,
}

impl Endpoint {
    async fn token(&self) -> Result<Token> {
        let request = self.request()?;
        let sent = self.client.send(request, MAX_ANSWER).await;
        let response = sent.map_err(|error| Error::unavailable(format!("cannot ask the token endpoint: {error}")))?;
        let answer: Value = serde_json::from_slice(response.body()).unwrap_or_default();
        let text = answer["access_token"].as_str().filter(|text| !text.is_empty() && response.status().is_success());
        let Some(text) = text else {
            let reason: String = answer["error"].as_str().unwrap_or("no token in it").chars().take(300).collect();
            return Err(Error::unavailable(format!("the token endpoint answered {}: {reason}", response.status())));
        };
        let lifetime = answer["expires_in"].as_u64().map_or(UNTOLD_LIFETIME, Duration::from_secs);
        let lifetime = lifetime.clamp(SHORTEST_LIFETIME, Duration::from_secs(86_400));
        // The C library compares with the machine's clock.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let expires = i64::try_from((now + lifetime).as_millis()).unwrap_or(i64::MAX);
        Ok(Token { text: text.to_owned(), lifetime, expires })
    }

    fn request(&self) -> Result<Request<Bytes>> {
        let source = &self.source;
        let mut form = Serializer::new(String::new());
        form.append_pair("grant_type", "client_credentials");
        if !source.scopes.is_empty() {
            form.append_pair("scope", &source.scopes.join(" "));
        }
        let mut request = Request::post(source.endpoint.clone())
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(ACCEPT, "application/json");
        match &source.proof {
            Proof::Secret(secret) => {
                let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
                let basic = STANDARD.encode(format!("{}:{}", encoded(&source.client_id), encoded(secret)));
                let mut basic = HeaderValue::try_from(format!("Basic {basic}"))
                    .map_err(|_| Error::invalid("`oidcClientSecret` cannot be sent in a header"))?;
                basic.set_sensitive(true);
                request = request.header(AUTHORIZATION, basic);
            }
            Proof::Assertion { audience, resource, .. } => {
                form.append_pair("client_id", &source.client_id);
                form.append_pair("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
                form.append_pair("client_assertion", &self.assertion()?);
                for (name, value) in [("audience", audience), ("resource", resource)] {
                    if let Some(value) = value {
                        form.append_pair(name, value);
                    }
                }
            }
        }
        request.body(Bytes::from(form.finish())).map_err(|error| Error::invalid(error.to_string()))
    }

    /// Who we are, signed (RFC 7523).
    fn assertion(&self) -> Result<String> {
        let Proof::Assertion { key, key_id, audience, .. } = &self.source.proof else { return Ok(String::new()) };
        let now = self.clock.now_milliseconds() / 1_000;
        let audience = audience.clone().unwrap_or_else(|| self.source.endpoint.to_string());
        let claims = json!({
            "iss": self.source.client_id,
            "sub": self.source.client_id,
            "aud": audience,
            "iat": now,
            "nbf": now,
            "exp": now + ASSERTION_SECONDS,
            "jti": uuid::Uuid::new_v4().to_string(),
        });
        let header = key_id.as_ref().map_or_else(
            || json!({"alg": "RS256", "typ": "JWT"}),
            |key_id| json!({"alg": "RS256", "typ": "JWT", "kid": key_id}),
        );
        let encoded = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", encoded(&header), encoded(&claims));
        let key = rsa_key(key)?;
        let mut signature = vec![0; key.public_modulus_len()];
        key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature)
            .map_err(|_| Error::failed("cannot sign the assertion for the token endpoint"))?;
        Ok(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

/// The cause of a failure is not shown: it could quote the key.
fn rsa_key(pem: &str) -> Result<RsaKeyPair> {
    let wrong = || Error::invalid("`oidcClientAssertionKey` is not an RSA key in PEM");
    match PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| wrong())? {
        PrivateKeyDer::Pkcs1(key) => RsaKeyPair::from_der(key.secret_pkcs1_der()).map_err(|_| wrong()),
        PrivateKeyDer::Pkcs8(key) => RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()).map_err(|_| wrong()),
        _ => Err(wrong()),
    }
}
