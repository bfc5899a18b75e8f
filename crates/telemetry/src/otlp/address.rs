//! Where a collector is, and how headers are written in the environment.

use percent_encoding::percent_decode_str;

/// Why an address cannot be meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{address:?} is not an address of a collector: {reason}")]
pub struct EndpointError {
    /// As given.
    pub address: String,
    /// What is wrong.
    pub reason: String,
}

/// An address as the incumbent takes it: `http://` and `https://` say nothing there, TLS is a setting.
pub(crate) fn without_scheme(address: &str) -> &str {
    let rest = address.strip_prefix("http://").unwrap_or(address);
    rest.strip_prefix("https://").unwrap_or(rest)
}

/// Reads `name=value,name=value`, values percent-encoded. The error names the part without its value, which
/// may be a secret.
pub(crate) fn headers_of(text: &str) -> Result<Vec<(String, String)>, String> {
    text.split(',').map(header_of).collect()
}

fn header_of(part: &str) -> Result<(String, String), String> {
    let (name, value) = part.split_once('=').ok_or("a header has no `=`; write name=value,name=value")?;
    let name = name.trim();
    if http::HeaderName::from_bytes(name.as_bytes()).is_err() {
        return Err(format!("{name:?} is not a header's name"));
    }
    let value = percent_decode_str(value).decode_utf8().map_err(|_| format!("the value of {name} is not UTF-8"))?;
    Ok((name.to_owned(), value.trim().to_owned()))
}
