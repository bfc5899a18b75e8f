//! Functions of Rego that the interpreter lacks and that policies for HTTP need.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use regorus::{Engine, Value};

/// Adds them.
pub(crate) fn add(engine: &mut Engine) -> Result<(), String> {
    let decode = |arguments: Vec<Value>| {
        let token = arguments.first().and_then(|token| token.as_string().ok().cloned());
        // What fails is undefined, as every function of Rego.
        Ok(token.and_then(|token| decoded(&token)).unwrap_or(Value::Undefined))
    };
    engine.add_extension("io.jwt.decode".into(), 1, Box::new(decode)).map_err(|error| error.to_string())
}

/// `io.jwt.decode`: header, claims and signature (in hexadecimal) of a token, not verified.
fn decoded(token: &str) -> Option<Value> {
    let [header, claims, signature]: [&str; 3] = token.split('.').collect::<Vec<_>>().try_into().ok()?;
    let bytes = |part: &str| URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok();
    let object = |part| Value::from_json_str(std::str::from_utf8(&bytes(part)?).ok()?).ok();
    Some(Value::from(vec![object(header)?, object(claims)?, Value::from(hex::encode(bytes(signature)?))]))
}
