//! The API token, compared in constant time.

use std::fmt;

/// A secret that callers must present in `dapr-api-token`.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// Name of the header, and of the gRPC metadata key.
    pub const HEADER: &str = "dapr-api-token";

    /// A token; `None` when the text is empty, which means that none is wanted.
    pub fn new(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| Self(text.to_owned()))
    }

    /// Whether `presented` is the token, in a time that does not tell how much of it was right.
    pub fn matches(&self, presented: &[u8]) -> bool {
        aws_lc_rs::constant_time::verify_slices_are_equal(self.0.as_bytes(), presented).is_ok()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(***)")
    }
}
