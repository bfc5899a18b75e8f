//! Where a guest's module comes from.

use std::path::PathBuf;

use dapr_net::fetch::Client;
use dapr_spi::{Error, ErrorKind, Result};
use http::{StatusCode, Uri};

/// The longest module.
const MAX_MODULE: usize = 64 << 20;

/// A file of this machine, or a URL.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    File(PathBuf),
    Url(Uri),
}

impl Source {
    /// Reads the field `url`.
    pub(crate) fn new(url: &str) -> Result<Self> {
        let wrong = |why: &str| Error::invalid(format!("field `url` {why}: `{url}`"));
        match url.split_once(':') {
            Some(("file", path)) => match path.strip_prefix("//").filter(|path| !path.is_empty()) {
                Some(path) => Ok(Self::File(path.into())),
                None => Err(wrong("names no file; write file://path/to/guest.wasm")),
            },
            Some(("http" | "https", _)) => {
                let uri: Uri = url.parse().map_err(|_| wrong("is not a URL"))?;
                if uri.host().is_some() { Ok(Self::Url(uri)) } else { Err(wrong("names no host")) }
            }
            Some(("oci", _)) => {
                Err(wrong("names an image; images are not supported, use file://, http:// or https://"))
            }
            _ => Err(wrong("begins with neither file://, http:// nor https://")),
        }
    }

    /// The module's bytes.
    pub(crate) async fn load(&self) -> Result<Vec<u8>> {
        let failed =
            |why: String| Error::new(ErrorKind::Unavailable, format!("cannot load the guest from {self}: {why}"));
        match self {
            Self::File(path) => {
                let length = tokio::fs::metadata(path).await.map_err(|error| failed(error.to_string()))?.len();
                if length > MAX_MODULE as u64 {
                    return Err(failed(format!("it is longer than {MAX_MODULE} bytes")));
                }
                tokio::fs::read(path).await.map_err(|error| failed(error.to_string()))
            }
            Self::Url(url) => {
                let response = Client::new().get(url, MAX_MODULE).await.map_err(|error| failed(error.to_string()))?;
                match response.status() {
                    StatusCode::OK => Ok(response.into_body().to_vec()),
                    status => Err(failed(format!("the answer has status {}", status.as_u16()))),
                }
            }
        }
    }
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Url(url) => write!(f, "{url}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_that_are_known() {
        assert_eq!(Source::new("file://guests/a.wasm").unwrap().to_string(), "guests/a.wasm");
        assert_eq!(Source::new("file:///a.wasm").unwrap().to_string(), "/a.wasm");
        assert_eq!(Source::new("https://a/b.wasm").unwrap().to_string(), "https://a/b.wasm");
        for wrong in ["", "a.wasm", "oci://a/b", "ftp://a/b", "file://", "file:a", "https://"] {
            assert!(Source::new(wrong).unwrap_err().to_string().contains("field `url`"), "{wrong}");
        }
        assert!(Source::new("oci://a/b").unwrap_err().to_string().contains("images are not supported"));
    }
}
