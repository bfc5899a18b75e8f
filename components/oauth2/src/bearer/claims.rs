//! What a token must say.

use serde_json::Value;

/// How far the clocks of the issuer and of this machine may be apart, in seconds.
const SKEW: f64 = 300.0;

/// Who issued the token, and for whom.
pub(super) struct Expected {
    pub(super) issuer: String,
    pub(super) audience: String,
}

impl Expected {
    /// Checks `iss`, `aud` and, where they are there, `exp`, `nbf` and `iat`; `now` is in milliseconds since 1970.
    ///
    /// # Errors
    /// Why the token is not valid, without anything out of it.
    pub(super) fn check(&self, claims: &Value, now: i64) -> Result<(), &'static str> {
        if claims["iss"].as_str() != Some(&self.issuer) {
            return Err("another issuer");
        }
        let is_for_us = |audience: &Value| audience.as_str() == Some(&self.audience);
        let audience = &claims["aud"];
        if !is_for_us(audience) && !audience.as_array().is_some_and(|all| all.iter().any(is_for_us)) {
            return Err("another audience");
        }
        // Seconds with decimals hold today's milliseconds exactly.
        let now = now as f64 / 1000.0;
        if date(claims, "exp")?.is_some_and(|expires| now >= expires + SKEW) {
            return Err("it has expired");
        }
        if date(claims, "nbf")?.is_some_and(|begins| now < begins - SKEW) {
            return Err("it is not valid yet");
        }
        if date(claims, "iat")?.is_some_and(|issued| now < issued - SKEW) {
            return Err("it was issued in the future");
        }
        Ok(())
    }
}

/// A claim in seconds since 1970, if it is there.
fn date(claims: &Value, name: &str) -> Result<Option<f64>, &'static str> {
    match &claims[name] {
        Value::Null => Ok(None),
        Value::Number(number) => number.as_f64().filter(|date| date.is_finite()).map(Some).ok_or("a date is no number"),
        _ => Err("a date is no number"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(claims: Value) -> Result<(), &'static str> {
        let expected = Expected { issuer: "https://issuer".into(), audience: "us".into() };
        expected.check(&claims, 1_000_000_000)
    }

    #[test]
    fn issuer_and_audience() {
        assert_eq!(check(json!({"iss": "https://issuer", "aud": "us"})), Ok(()));
        assert_eq!(check(json!({"iss": "https://issuer", "aud": ["them", "us"]})), Ok(()));
        assert!(check(json!({"iss": "https://issuer/", "aud": "us"})).is_err());
        assert!(check(json!({"iss": ["https://issuer"], "aud": "us"})).is_err());
        assert!(check(json!({"iss": "https://issuer", "aud": "US"})).is_err());
        assert!(check(json!({"iss": "https://issuer", "aud": []})).is_err());
        assert!(check(json!({"iss": "https://issuer"})).is_err());
        assert!(check(json!([])).is_err());
    }

    #[test]
    fn dates_with_five_minutes_of_grace() {
        let with = |name: &str, date: Value| check(json!({"iss": "https://issuer", "aud": "us", name: date}));
        assert!(with("exp", json!(999_701)).is_ok());
        assert!(with("exp", json!(999_700)).is_err());
        assert!(with("nbf", json!(1_000_300)).is_ok());
        assert!(with("nbf", json!(1_000_300.5)).is_err());
        assert!(with("iat", json!(1_000_300)).is_ok());
        assert!(with("iat", json!(1_000_301)).is_err());
        assert!(with("exp", json!("2000000")).is_err(), "text is no date");
    }
}
