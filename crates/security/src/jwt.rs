//! JWT SVIDs: tokens that say who this program is to one audience.
//!
//! They are not verified: they come over a connection that is, and the key that signs them may not be known here yet.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

/// Most bytes of a token.
const MAX_TOKEN: usize = 64 * 1024;

/// A token and what it says of itself.
pub(crate) struct JwtSvid {
    token: String,
    audiences: Vec<String>,
    not_after: i64,
}

/// Why a text is no JWT SVID.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MalformedJwt {
    #[error("it is longer than 64 KiB")]
    TooLong,
    #[error("expected three parts in base64 with dots between them")]
    Parts,
    #[error("its claims cannot be read: {0}")]
    Claims(#[from] serde_json::Error),
    #[error("JWT audience is empty")]
    NoAudience,
}

/// Why there is no token for an audience.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwtError {
    /// This program has no identity.
    #[error("SPIFFE JWT auth is configured but security is disabled")]
    Disabled,
    /// An audience must be named.
    #[error("JWT audience is required")]
    NoAudience,
    /// Sentry issues none.
    #[error("no JWT SVID available: Sentry runs without --jwt-enabled")]
    None,
    /// None of the tokens is for that audience.
    #[error(
        "JWT SVID has different audiences than requested: expected {expected}, got {actual}; list it in --sentry-request-jwt-audiences"
    )]
    OtherAudience {
        /// What was asked for.
        expected: String,
        /// What there is.
        actual: String,
    },
}

#[derive(Deserialize)]
struct Claims {
    #[serde(default)]
    aud: Audience,
    exp: f64,
}

/// RFC 7519, 4.1.3: one text or a list of them.
#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Default for Audience {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

impl JwtSvid {
    pub(crate) fn read(token: String) -> Result<Self, MalformedJwt> {
        if token.len() > MAX_TOKEN {
            return Err(MalformedJwt::TooLong);
        }
        let mut parts = token.split('.');
        let (Some(_), Some(claims), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
            return Err(MalformedJwt::Parts);
        };
        let claims = URL_SAFE_NO_PAD.decode(claims).map_err(|_| MalformedJwt::Parts)?;
        let Claims { aud, exp } = serde_json::from_slice(&claims)?;
        let audiences = match aud {
            Audience::One(audience) => vec![audience],
            Audience::Many(audiences) => audiences,
        };
        if audiences.is_empty() {
            return Err(MalformedJwt::NoAudience);
        }
        #[expect(clippy::cast_possible_truncation, reason = "a float that is too large becomes the largest integer")]
        let not_after = (exp * 1_000.0) as i64;
        Ok(Self { token, audiences, not_after })
    }

    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    pub(crate) fn audiences(&self) -> &[String] {
        &self.audiences
    }

    pub(crate) fn is_for(&self, audience: &str) -> bool {
        self.audiences.iter().any(|own| own == audience)
    }

    /// Milliseconds since 1970.
    pub(crate) fn not_after(&self) -> i64 {
        self.not_after
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(claims: &str) -> String {
        format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn claims_are_read_in_both_spellings() {
        let one = JwtSvid::read(token(r#"{"aud":"public","exp":1700000000,"sub":"x"}"#)).unwrap();
        assert_eq!((one.audiences(), one.not_after()), (&["public".to_owned()][..], 1_700_000_000_000));
        let many = JwtSvid::read(token(r#"{"aud":["public","b"],"exp":1700000000.5}"#)).unwrap();
        assert!(many.is_for("b") && many.is_for("public") && !many.is_for("c"));
        assert_eq!(many.not_after(), 1_700_000_000_500);
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let long = format!("e30.{}.c2ln", "a".repeat(MAX_TOKEN));
        for text in ["", "a.b", "a.b.c.d", "a.!.c", &token("[]"), &token("{}"), &token(r#"{"exp":1}"#), &long] {
            assert!(JwtSvid::read(text.to_owned()).is_err(), "{text}");
        }
    }
}
