//! Asking a token endpoint for a token (RFC 6749, sections 2.3 and 5).

use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use dapr_net::fetch::{Client, FetchError};
use form_urlencoded::{Serializer, byte_serialize};
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use http::{Request, Response, Uri};
use serde_json::Value;

/// An answer of a token endpoint is short.
const MAX_ANSWER: usize = 1 << 20;

/// How the client proves who it is; the numbers of the field `authStyle`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum AuthStyle {
    /// In the header, and when that is refused, in the body; what works is remembered.
    Auto = 0,
    /// In the body.
    Parameters = 1,
    /// In the header, as HTTP Basic.
    Header = 2,
}

/// A token endpoint and the client that asks it.
pub(crate) struct TokenEndpoint {
    client: Client,
    url: Uri,
    id: String,
    secret: String,
    style: AtomicU8,
}

/// A token.
#[derive(Clone)]
pub(crate) struct Token {
    /// The value of a header: `Bearer …`. Marked as sensitive.
    pub(crate) header: HeaderValue,
    /// How long it may be used, when the endpoint tells.
    pub(crate) lifetime: Option<Duration>,
}

/// Why there is no token. No text holds a secret or a token.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TokenError {
    #[error("cannot ask the token endpoint: {0}")]
    Fetch(#[from] FetchError),
    #[error("the token endpoint answered {status}{reason}")]
    Refused { status: http::StatusCode, reason: String },
    #[error("the answer of the token endpoint holds no token")]
    NoToken,
}

impl TokenEndpoint {
    pub(crate) fn new(url: Uri, id: String, secret: String, style: AuthStyle) -> Self {
        Self { client: Client::new(), url, id, secret, style: AtomicU8::new(style as u8) }
    }

    /// Asks for a token; `form` is what the grant needs.
    pub(crate) async fn request(&self, form: &[(String, String)]) -> Result<Token, TokenError> {
        let style = self.style.load(Ordering::Relaxed);
        if style == AuthStyle::Parameters as u8 {
            return self.attempt(form, AuthStyle::Parameters).await;
        }
        let first = self.attempt(form, AuthStyle::Header).await;
        if style == AuthStyle::Header as u8 {
            return first;
        }
        let (result, worked) = match first {
            Err(TokenError::Refused { .. }) => (self.attempt(form, AuthStyle::Parameters).await, AuthStyle::Parameters),
            other => (other, AuthStyle::Header),
        };
        if result.is_ok() {
            self.style.store(worked as u8, Ordering::Relaxed);
        }
        result
    }

    async fn attempt(&self, form: &[(String, String)], style: AuthStyle) -> Result<Token, TokenError> {
        let request = self.request_of(form, style).ok_or(TokenError::NoToken)?;
        token_of(&self.client.send(request, MAX_ANSWER).await?)
    }

    fn request_of(&self, form: &[(String, String)], style: AuthStyle) -> Option<Request<Bytes>> {
        let mut body = Serializer::new(String::new());
        body.extend_pairs(form);
        let mut request = Request::post(self.url.clone())
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(ACCEPT, "application/json");
        if style == AuthStyle::Header {
            request = request.header(AUTHORIZATION, self.basic());
        } else {
            body.append_pair("client_id", &self.id);
            if !self.secret.is_empty() {
                body.append_pair("client_secret", &self.secret);
            }
        }
        request.body(Bytes::from(body.finish())).ok()
    }

    fn basic(&self) -> String {
        let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
        format!("Basic {}", STANDARD.encode([encoded(&self.id), encoded(&self.secret)].join(":")))
    }
}

/// The token in an answer, in JSON or as a form, which some endpoints still send.
fn token_of(response: &Response<Bytes>) -> Result<Token, TokenError> {
    let content_type = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let is_form =
        content_type.starts_with("application/x-www-form-urlencoded") || content_type.starts_with("text/plain");
    let answer: Value = match is_form {
        true => form_urlencoded::parse(response.body())
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect(),
        false => serde_json::from_slice(response.body()).unwrap_or_default(),
    };
    let error = answer["error"].as_str();
    if !response.status().is_success() || error.is_some() {
        let reason = [error, answer["error_description"].as_str()].into_iter().flatten();
        let reason: String = reason.flat_map(|text| [": ", text]).collect::<String>();
        return Err(TokenError::Refused { status: response.status(), reason: reason.chars().take(300).collect() });
    }
    let token = answer["access_token"].as_str().filter(|token| !token.is_empty()).ok_or(TokenError::NoToken)?;
    let kind = kind_of(answer["token_type"].as_str().unwrap_or_default());
    let mut header = HeaderValue::try_from(format!("{kind} {token}")).map_err(|_| TokenError::NoToken)?;
    header.set_sensitive(true);
    Ok(Token { header, lifetime: seconds(&answer["expires_in"]).map(Duration::from_secs) })
}

/// A number of seconds greater than zero; some endpoints write it as text.
fn seconds(value: &Value) -> Option<u64> {
    let number = value.as_u64().or_else(|| value.as_f64().filter(|number| *number > 0.0).map(|number| number as u64));
    number.or_else(|| value.as_str()?.parse().ok()).filter(|seconds| *seconds > 0)
}

/// The name of a token's kind, spelled as headers spell it.
fn kind_of(kind: &str) -> &str {
    match kind.to_ascii_lowercase().as_str() {
        "" | "bearer" => "Bearer",
        "mac" => "MAC",
        "basic" => "Basic",
        _ => kind,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, content_type: &str, body: &'static str) -> Result<(String, Option<u64>), String> {
        let response =
            Response::builder().status(status).header(CONTENT_TYPE, content_type).body(Bytes::from(body)).unwrap();
        let token = token_of(&response).map_err(|error| error.to_string())?;
        assert!(token.header.is_sensitive());
        Ok((token.header.to_str().unwrap().to_owned(), token.lifetime.map(|lifetime| lifetime.as_secs())))
    }

    #[test]
    fn answers_that_are_tokens() {
        let json = "application/json";
        assert_eq!(
            answer(200, json, r#"{"access_token":"t","token_type":"bearer","expires_in":60}"#),
            Ok(("Bearer t".into(), Some(60)))
        );
        assert_eq!(answer(200, json, r#"{"access_token":"t","expires_in":"60"}"#), Ok(("Bearer t".into(), Some(60))));
        assert_eq!(
            answer(200, json, r#"{"access_token":"t","token_type":"DPoP","expires_in":0}"#),
            Ok(("DPoP t".into(), None))
        );
        let form = "application/x-www-form-urlencoded; charset=utf-8";
        assert_eq!(answer(200, form, "access_token=t&token_type=MAC&expires_in=5"), Ok(("MAC t".into(), Some(5))));
    }

    #[test]
    fn answers_that_are_not() {
        let json = "application/json";
        let refused = answer(401, json, r#"{"error":"invalid_client","error_description":"no such client"}"#);
        assert_eq!(
            refused.unwrap_err(),
            "the token endpoint answered 401 Unauthorized: invalid_client: no such client"
        );
        assert!(answer(200, json, r#"{"error":"slow_down"}"#).unwrap_err().contains("slow_down"));
        assert!(answer(200, json, "{}").is_err());
        assert!(answer(200, json, "<html>").is_err());
        assert!(answer(200, json, r#"{"access_token":"a\nb"}"#).is_err(), "no header can hold it");
        assert!(answer(502, "text/html", "<html>").unwrap_err().contains("502"));
    }

    #[test]
    fn names_and_secrets_are_encoded_in_the_header() {
        let url: Uri = "http://a/".parse().unwrap();
        let endpoint = TokenEndpoint::new(url, "an id".into(), "s:+&".into(), AuthStyle::Auto);
        let encoded = endpoint.basic();
        assert_eq!(STANDARD.decode(encoded.strip_prefix("Basic ").unwrap()).unwrap(), b"an+id:s%3A%2B%26");
    }
}
