//! SPIFFE ids in the form that Dapr uses: `spiffe://<trust domain>/ns/<namespace>/<app id>`.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

#[cfg(test)]
mod tests;

const SCHEME: &str = "spiffe://";

/// Longest id, in bytes, from the SPIFFE-ID specification, section 2.3.
pub const MAX_ID: usize = 2048;

/// Longest trust domain, in bytes, from the same section.
pub const MAX_TRUST_DOMAIN: usize = 255;

/// Who a workload is. Valid by construction; cheap to clone.
///
/// Path segments after the app id are kept: they make a different id, but the namespace and app id are still read from
/// the front, as the incumbent promises for segments that later versions may add.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SpiffeId {
    text: Arc<str>,
    trust_domain_end: u16,
    namespace_end: u16,
    app_id_end: u16,
}

/// Why a text is no Dapr SPIFFE id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed SPIFFE ID: {id:?} {reason}")]
pub struct MalformedSpiffeId {
    id: String,
    reason: &'static str,
}

impl SpiffeId {
    /// The id of an app, or of a control plane service such as `dapr-sentry`.
    ///
    /// # Errors
    /// A part is empty, or has characters that SPIFFE does not allow.
    pub fn new(trust_domain: &str, namespace: &str, app_id: &str) -> Result<Self, MalformedSpiffeId> {
        if [trust_domain, namespace, app_id].iter().any(|part| part.contains('/')) {
            let id = shortened(&format!("{SCHEME}{trust_domain}/ns/{namespace}/{app_id}"));
            return Err(MalformedSpiffeId { id, reason: "has a slash inside its trust domain, namespace or app id" });
        }
        format!("{SCHEME}{trust_domain}/ns/{namespace}/{app_id}").parse()
    }

    /// Such as `cluster.local`, or `public` for apps without one of their own.
    pub fn trust_domain(&self) -> &str {
        &self.text[SCHEME.len()..usize::from(self.trust_domain_end)]
    }

    /// The namespace.
    pub fn namespace(&self) -> &str {
        &self.text[usize::from(self.trust_domain_end) + "/ns/".len()..usize::from(self.namespace_end)]
    }

    /// The app id.
    pub fn app_id(&self) -> &str {
        &self.text[usize::from(self.namespace_end) + 1..usize::from(self.app_id_end)]
    }

    /// All after the trust domain: `/ns/<namespace>/<app id>`.
    pub fn path(&self) -> &str {
        &self.text[usize::from(self.trust_domain_end)..]
    }

    /// The whole id, as it stands in certificates.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for SpiffeId {
    type Err = MalformedSpiffeId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let malformed = |reason| MalformedSpiffeId { id: shortened(text), reason };
        if text.len() > MAX_ID {
            return Err(malformed("is longer than 2048 bytes"));
        }
        let rest = text.strip_prefix(SCHEME).ok_or_else(|| malformed("does not start with spiffe://"))?;
        let (trust_domain, path) = rest.split_once('/').ok_or_else(|| malformed("has no path"))?;
        check_trust_domain(trust_domain).map_err(malformed)?;
        let mut ends = [0; 3];
        let mut end = SCHEME.len() + trust_domain.len();
        let trust_domain_end = end;
        let mut count = 0;
        for segment in path.split('/') {
            check_segment(segment).map_err(malformed)?;
            end += 1 + segment.len();
            if let Some(slot) = ends.get_mut(count) {
                *slot = end;
            }
            if count == 0 && segment != "ns" {
                return Err(malformed("has a path other than /ns/<namespace>/<app id>"));
            }
            count += 1;
        }
        if count < ends.len() {
            return Err(malformed("has a path other than /ns/<namespace>/<app id>"));
        }
        let offset = |at: usize| u16::try_from(at).map_err(|_| malformed("is too long"));
        Ok(Self {
            text: text.into(),
            trust_domain_end: offset(trust_domain_end)?,
            namespace_end: offset(ends[1])?,
            app_id_end: offset(ends[2])?,
        })
    }
}

impl fmt::Display for SpiffeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for SpiffeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SpiffeId({})", self.text)
    }
}

/// Whether a text is a trust domain: lower-case letters, digits, dots, dashes and underscores, 1 to 255 of them.
pub fn is_trust_domain(text: &str) -> bool {
    check_trust_domain(text).is_ok()
}

fn check_trust_domain(text: &str) -> Result<(), &'static str> {
    if text.is_empty() {
        return Err("has no trust domain");
    }
    if text.len() > MAX_TRUST_DOMAIN {
        return Err("has a trust domain longer than 255 bytes");
    }
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'_');
    match text.bytes().all(allowed) {
        true => Ok(()),
        false => Err("has a trust domain with other characters than a-z, 0-9, dot, dash and underscore"),
    }
}

fn check_segment(text: &str) -> Result<(), &'static str> {
    if text.is_empty() {
        return Err("has an empty path segment");
    }
    if matches!(text, "." | "..") {
        return Err("has a path segment of dots");
    }
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    match text.bytes().all(allowed) {
        true => Ok(()),
        false => Err("has a path with other characters than letters, digits, dot, dash and underscore"),
    }
}

/// What a message may repeat of a text that came from outside.
fn shortened(text: &str) -> String {
    text.chars().take(200).collect()
}
