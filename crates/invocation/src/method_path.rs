//! The canonical form of a method: parsed once from what a caller wrote; the access decision and the path that the
//! application gets are both taken from it.
//!
//! Segments of dots and empty segments are resolved, so are percent escapes if the caller spoke HTTP. A gRPC method is
//! no URL: its percent signs stay. What cannot stand in a path unambiguously is refused: `#`, `?`, control characters.
//! The rules are those of the incumbent's `pkg/messaging/method` and of its HTTP channel.

use std::borrow::Cow;

use percent_encoding::{percent_decode_str, percent_encode_byte};

#[cfg(test)]
mod tests;

/// A method of an application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MethodPath {
    /// Begins with a slash; no empty segment, none of dots, no slash at the end.
    canonical: Box<str>,
    /// Whether the caller wrote the first slash. gRPC applications are told.
    rooted: bool,
    /// As it stands in a URL; `None` if a percent sign in it begins no escape.
    url: Option<Box<str>>,
}

/// Why a text is no method.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMethod {
    /// A `#`, a `?` or a control character.
    #[error("method {method:?} contains forbidden character {character:?}")]
    Forbidden {
        /// The method, shortened.
        method: String,
        /// The first of them.
        character: char,
    },
    /// A percent sign without two hexadecimal digits.
    #[error("method {method:?} has a percent sign that begins no escape")]
    BadEscape {
        /// The method, shortened.
        method: String,
    },
    /// Escapes that are not UTF-8.
    #[error("method {method:?} is not UTF-8 once its escapes are resolved")]
    NotUtf8 {
        /// The method, shortened.
        method: String,
    },
}

impl MethodPath {
    /// From HTTP: the escaped path after `/method/`, or the whole path if the app is named by a header.
    ///
    /// # Errors
    /// A broken escape, or a character that no method may have.
    pub fn from_http(escaped: &str) -> Result<Self, InvalidMethod> {
        if has_bad_escape(escaped) {
            return Err(InvalidMethod::BadEscape { method: shortened(escaped) });
        }
        let decoded = percent_decode_str(escaped)
            .decode_utf8()
            .map_err(|_| InvalidMethod::NotUtf8 { method: shortened(escaped) })?;
        // Dots are resolved before characters are looked at: what they remove is never seen again.
        let canonical = clean(&decoded);
        allowed(&canonical)?;
        Ok(Self::of(canonical, false))
    }

    /// From gRPC: `method` of an InvokeService request, the path of a proxied call, or `method` of a request of
    /// another sidecar.
    ///
    /// # Errors
    /// A character that no method may have.
    pub fn from_grpc(method: &str) -> Result<Self, InvalidMethod> {
        allowed(method)?;
        Ok(Self::of(clean(method), method.starts_with('/')))
    }

    fn of(canonical: String, rooted: bool) -> Self {
        let url = url_path(&canonical);
        MethodPath { canonical: canonical.into(), rooted, url }
    }

    /// What access control looks at, and the path of a proxied gRPC call. Begins with a slash; without escapes, but
    /// for those that the application will see.
    pub fn decision(&self) -> &str {
        &self.canonical
    }

    /// The path of the request to the application, or to an HTTP endpoint. Begins with a slash.
    ///
    /// An HTTP application gets the canonical form, escaped. Escapes that it still holds stay as they are, so the
    /// application resolves them; access control has looked behind them. A gRPC application is told
    /// [`MethodPath::wire`] letter for letter, so here everything is escaped: what follows the first slash gives it
    /// back once its escapes are resolved.
    ///
    /// # Errors
    /// A percent sign that begins no escape, if the application speaks HTTP. It is an error only here, since access
    /// control answers first.
    pub fn dispatch(&self, app_is_grpc: bool) -> Result<Cow<'_, str>, InvalidMethod> {
        match &self.url {
            _ if app_is_grpc => Ok(self.escaped_wire().into()),
            Some(url) => Ok(Cow::Borrowed(url)),
            None => Err(InvalidMethod::BadEscape { method: shortened(self.wire()) }),
        }
    }

    fn escaped_wire(&self) -> String {
        let wire = self.wire();
        let mut path = String::with_capacity(wire.len() + 8);
        path.push('/');
        for byte in wire.bytes() {
            push(&mut path, byte);
        }
        path
    }

    /// `method` of an `InvokeRequest`, between sidecars and to a gRPC application: canonical, with a slash at its
    /// beginning only if a gRPC caller wrote one.
    pub fn wire(&self) -> &str {
        if self.rooted { &self.canonical } else { &self.canonical[1..] }
    }
}

/// A path with a slash at its beginning and no empty segment nor one of dots.
pub(crate) fn clean(path: &str) -> String {
    let mut cleaned = String::with_capacity(path.len() + 1);
    let rest = path.strip_prefix('/').unwrap_or(path);
    if rest.split('/').all(|segment| !matches!(segment, "" | "." | "..")) {
        cleaned.push('/');
        cleaned.push_str(rest);
        return cleaned;
    }
    let mut segments: Vec<&str> = Vec::new();
    for segment in rest.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            segment => segments.push(segment),
        }
    }
    for segment in segments {
        cleaned.push('/');
        cleaned.push_str(segment);
    }
    if cleaned.is_empty() {
        cleaned.push('/');
    }
    cleaned
}

fn allowed(method: &str) -> Result<(), InvalidMethod> {
    match method.chars().find(|c| matches!(c, '#' | '?') || c.is_ascii_control()) {
        Some(character) => Err(InvalidMethod::Forbidden { method: shortened(method), character }),
        None => Ok(()),
    }
}

/// Whether an escape begins at this byte.
fn is_escape(bytes: &[u8], at: usize) -> bool {
    bytes[at] == b'%' && bytes.get(at + 1..at + 3).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
}

fn has_bad_escape(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.iter().enumerate().any(|(at, byte)| *byte == b'%' && !is_escape(bytes, at))
}

/// Keeps escapes, makes others where a URL needs them.
fn url_path(canonical: &str) -> Option<Box<str>> {
    let bytes = canonical.as_bytes();
    if bytes.iter().all(|byte| stands(*byte)) {
        return Some(canonical.into());
    }
    let mut path = String::with_capacity(bytes.len() + 8);
    for (at, byte) in bytes.iter().copied().enumerate() {
        match byte {
            b'%' if is_escape(bytes, at) => path.push('%'),
            b'%' => return None,
            byte => push(&mut path, byte),
        }
    }
    Some(path.into())
}

fn push(path: &mut String, byte: u8) {
    if stands(byte) {
        path.push(char::from(byte));
    } else {
        path.push_str(percent_encode_byte(byte));
    }
}

/// Whether a byte may stand in a URL's path as it is.
fn stands(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"/-_.~!$&'()*+,;=:@".contains(&byte)
}

/// What a message may repeat of a text that came from outside.
fn shortened(text: &str) -> String {
    text.chars().take(200).collect()
}
