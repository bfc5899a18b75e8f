//! The authorization code flow: out to the provider, and back with a code.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dapr_kit::clock::Clock;
use dapr_net::Body;
use dapr_spi::http_middleware::{Response, answer, answer_status};
use form_urlencoded::Serializer;
use http::header::{CACHE_CONTROL, HOST, HeaderMap, HeaderName, HeaderValue, LOCATION};
use http::{StatusCode, Uri};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::cookie::{self, Names};
use super::seal::Seal;
use crate::token::TokenEndpoint;

/// How long a login may take, in seconds.
const LOGIN: u64 = 10 * 60;
/// How long a session lasts at most, in seconds; the incumbent's.
const SESSION: u64 = 2 * 60 * 60;
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Sends people to log in and knows those that have.
pub(super) struct Flow {
    pub(super) endpoint: TokenEndpoint,
    pub(super) id: String,
    pub(super) auth_url: Uri,
    pub(super) redirect_url: Option<Uri>,
    pub(super) scopes: String,
    pub(super) force_https: bool,
    pub(super) seal: Seal,
    pub(super) cookies: Names,
    pub(super) clock: Clock,
}

/// What is remembered while a person logs in.
#[derive(Deserialize, Serialize)]
struct Begun {
    state: String,
    /// Proves that who exchanges the code is who asked for it (PKCE, RFC 7636).
    verifier: String,
    /// Path and query that the person wanted.
    wanted: String,
    /// In milliseconds since 1970.
    until: i64,
}

/// What is remembered of a person who has logged in.
#[derive(Deserialize, Serialize)]
struct Session {
    header: String,
    /// In milliseconds since 1970.
    until: i64,
}

impl Flow {
    /// The header of a person who has logged in.
    pub(super) fn token(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let name = &self.cookies.session;
        let session: Session = self.opened(name, &cookie::get_parts(headers, name)?)?;
        if session.until <= self.clock.now_milliseconds() {
            return None;
        }
        let mut value = HeaderValue::try_from(session.header).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// The answer to a person who has not: the way to the provider, or, on the way back, to what they wanted.
    pub(super) async fn log_in(&self, uri: &Uri, headers: &HeaderMap) -> Response {
        let parameter = |wanted: &str| {
            let pairs = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
            pairs.into_owned().find(|(name, value)| name == wanted && !value.is_empty()).map(|(_, value)| value)
        };
        let answered = match parameter("state") {
            None => self.begin(uri, headers).ok_or(StatusCode::INTERNAL_SERVER_ERROR),
            Some(state) => {
                let Some(begun) = self.begun(headers, &state) else {
                    return answer(StatusCode::BAD_REQUEST, "invalid state");
                };
                let Some(code) = parameter("code") else {
                    return answer(StatusCode::BAD_REQUEST, "code not found");
                };
                self.finish(begun, code, uri, headers).await
            }
        };
        answered.unwrap_or_else(answer_status)
    }

    /// The way to the provider.
    fn begin(&self, uri: &Uri, headers: &HeaderMap) -> Option<Response> {
        let begun =
            Begun { state: random(), verifier: random() + &random(), wanted: local(uri), until: self.after(LOGIN) };
        let mut response = self.redirection(&self.login_url(&begun))?;
        let sealed = self.sealed(&self.cookies.state, &begun)?;
        let secure = self.is_secure(uri, headers);
        // A path longer than a cookie cannot be come back to.
        cookie::set_parts(response.headers_mut(), &self.cookies.state, &sealed, LOGIN, secure)?;
        Some(response)
    }

    fn login_url(&self, begun: &Begun) -> String {
        let mut query = Serializer::new(String::new());
        query.append_pair("access_type", "offline").append_pair("client_id", &self.id);
        if let Some(url) = &self.redirect_url {
            query.append_pair("redirect_uri", &url.to_string());
        }
        query.append_pair("response_type", "code");
        if !self.scopes.is_empty() {
            query.append_pair("scope", &self.scopes);
        }
        let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, begun.verifier.as_bytes()));
        query.append_pair("state", &begun.state);
        query.append_pair("code_challenge", &challenge).append_pair("code_challenge_method", "S256");
        let separator = if self.auth_url.query().is_some() { '&' } else { '?' };
        format!("{}{separator}{}", self.auth_url, query.finish())
    }

    /// What was remembered of the login that this state is of. A state that this browser did not begin is somebody
    /// else's: who follows such a link would be logged in as the one who made it.
    fn begun(&self, headers: &HeaderMap, state: &str) -> Option<Begun> {
        let name = &self.cookies.state;
        let begun: Begun = self.opened(name, &cookie::get_parts(headers, name)?)?;
        let is_same = verify_slices_are_equal(begun.state.as_bytes(), state.as_bytes()).is_ok();
        (is_same && begun.until > self.clock.now_milliseconds()).then_some(begun)
    }

    /// Exchanges the code for a token and leads to what was wanted.
    async fn finish(&self, begun: Begun, code: String, uri: &Uri, headers: &HeaderMap) -> Result<Response, StatusCode> {
        let pair = |name: &str, value: String| (name.to_owned(), value);
        let mut form = vec![
            pair("grant_type", "authorization_code".into()),
            pair("code", code),
            pair("code_verifier", begun.verifier),
        ];
        form.extend(self.redirect_url.as_ref().map(|url| pair("redirect_uri", url.to_string())));
        let failed = StatusCode::INTERNAL_SERVER_ERROR;
        let token = self.endpoint.request(&form).await.map_err(|error| {
            tracing::error!(%error, "a login failed: the code was not exchanged for a token");
            failed
        })?;
        let seconds = token.lifetime.map_or(SESSION, |lifetime| lifetime.as_secs().min(SESSION));
        let header = token.header.to_str().map_err(|_| failed)?.to_owned();
        let sealed =
            self.sealed(&self.cookies.session, &Session { header, until: self.after(seconds) }).ok_or(failed)?;
        let mut response = self.redirection(&self.back_to(&begun.wanted, headers)).ok_or(failed)?;
        let secure = self.is_secure(uri, headers);
        cookie::set_parts(response.headers_mut(), &self.cookies.session, &sealed, seconds, secure).ok_or_else(
            || {
                tracing::error!("a login failed: the token is too long for cookies");
                failed
            },
        )?;
        cookie::set(response.headers_mut(), &self.cookies.state, "", 0, secure).ok_or(failed)?;
        Ok(response)
    }

    /// Where a person goes who wanted this path; never to another host than the one they came to.
    fn back_to(&self, wanted: &str, headers: &HeaderMap) -> String {
        let host = headers.get(HOST).and_then(|host| host.to_str().ok());
        match host.filter(|host| self.force_https && host.parse::<http::uri::Authority>().is_ok()) {
            Some(host) => format!("https://{host}{wanted}"),
            None => wanted.to_owned(),
        }
    }

    fn redirection(&self, location: &str) -> Option<Response> {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::FOUND;
        response.headers_mut().insert(LOCATION, HeaderValue::try_from(location).ok()?);
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Some(response)
    }

    /// Whether the person's browser speaks HTTPS, as far as can be told.
    fn is_secure(&self, uri: &Uri, headers: &HeaderMap) -> bool {
        self.force_https
            || self.redirect_url.as_ref().and_then(Uri::scheme_str) == Some("https")
            || uri.scheme_str() == Some("https")
            || headers.get(FORWARDED_PROTO).is_some_and(|protocol| protocol == "https")
    }

    fn sealed(&self, name: &str, content: &impl Serialize) -> Option<String> {
        self.seal.seal(name, &serde_json::to_vec(content).ok()?)
    }

    fn opened<T: for<'de> Deserialize<'de>>(&self, name: &str, text: &str) -> Option<T> {
        serde_json::from_slice(&self.seal.open(name, text)?).ok()
    }

    fn after(&self, seconds: u64) -> i64 {
        self.clock.now_milliseconds().saturating_add_unsigned(seconds.saturating_mul(1_000))
    }
}

/// 122 random bits as 32 digits.
fn random() -> String {
    Uuid::new_v4().simple().to_string()
}

/// Path and query, such that a browser takes them for a place on the same host: `//host` and `/\host` are none.
fn local(uri: &Uri) -> String {
    let path = uri.path().trim_start_matches(['/', '\\']);
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    format!("/{path}{query}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_path_leads_elsewhere(path in "[/\\\\a-z.%0-9]{0,20}") {
            if let Ok(uri) = format!("/{path}?x").parse::<Uri>() {
                let local = local(&uri);
                let after = local.strip_prefix('/').unwrap();
                prop_assert!(!after.starts_with(['/', '\\']), "{}", local);
                prop_assert!(local.ends_with("?x"));
            }
        }
    }
}
