//! Cross-origin requests (`--allowed-origins`).

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, HeaderValue, ORIGIN, VARY,
};
use http::{HeaderMap, Method, StatusCode};

use super::response::{self, Response};

const METHODS: [&str; 6] = ["HEAD", "GET", "POST", "PUT", "PATCH", "DELETE"];

/// Which origins may call.
#[derive(Debug)]
pub(crate) enum Cors {
    /// `*`.
    All,
    /// A list; an entry may hold one `*`.
    Listed(Vec<String>),
}

impl Cors {
    /// Reads `--allowed-origins`; `None` when it is empty.
    pub(crate) fn new(allowed: &str) -> Option<Self> {
        match allowed.trim() {
            "" => None,
            "*" => Some(Self::All),
            list => Some(Self::Listed(list.split(',').map(|origin| origin.trim().to_ascii_lowercase()).collect())),
        }
    }

    /// The answer to a preflight request; `None` when the request is none.
    pub(crate) fn preflight(&self, method: &Method, headers: &HeaderMap) -> Option<Response> {
        if method != Method::OPTIONS || !headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD) {
            return None;
        }
        let mut response = response::status(StatusCode::OK, bytes::Bytes::new());
        let answer = response.headers_mut();
        for name in [ORIGIN, ACCESS_CONTROL_REQUEST_METHOD, ACCESS_CONTROL_REQUEST_HEADERS] {
            answer.append(VARY, HeaderValue::from_name(name));
        }
        let (Some(origin), Some(wanted)) = (self.origin(headers), headers.get(ACCESS_CONTROL_REQUEST_METHOD)) else {
            return Some(response);
        };
        if METHODS.iter().any(|known| wanted.as_bytes().eq_ignore_ascii_case(known.as_bytes())) {
            answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            answer.insert(ACCESS_CONTROL_ALLOW_METHODS, wanted.clone());
            if let Some(names) = headers.get(ACCESS_CONTROL_REQUEST_HEADERS) {
                answer.insert(ACCESS_CONTROL_ALLOW_HEADERS, names.clone());
            }
        }
        Some(response)
    }

    /// Adds what the answer to an ordinary request needs.
    pub(crate) fn decorate(&self, request: &HeaderMap, response: &mut HeaderMap) {
        response.append(VARY, HeaderValue::from_name(ORIGIN));
        if let Some(origin) = self.origin(request) {
            response.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        }
    }

    /// What to answer as allowed origin; `None` when the caller's is not.
    fn origin(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let origin = headers.get(ORIGIN)?;
        match self {
            Self::All => Some(HeaderValue::from_static("*")),
            Self::Listed(allowed) => {
                let text = origin.to_str().ok()?.to_ascii_lowercase();
                allowed.iter().any(|pattern| fits(pattern, &text)).then(|| origin.clone())
            }
        }
    }
}

fn fits(pattern: &str, origin: &str) -> bool {
    match pattern.split_once('*') {
        Some((before, after)) => {
            origin.len() >= before.len() + after.len() && origin.starts_with(before) && origin.ends_with(after)
        }
        None => pattern == origin,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_matched_whole_or_by_one_star() {
        assert!(fits("http://a.com", "http://a.com"));
        assert!(fits("http://*.a.com", "http://x.a.com"));
        assert!(!fits("http://*.a.com", "http://a.com"));
        assert!(!fits("http://a.com", "http://a.com.evil"));
    }
}
