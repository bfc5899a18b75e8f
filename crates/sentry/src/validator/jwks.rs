//! Proof by a JWT that somebody signed whom the administrator trusts: the keys are in a file, at a URL, or given.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use dapr_kit::backoff::Backoff;
use dapr_net::fetch;
use dapr_proto::sentry::v1::SignCertificateRequest;
use dapr_security::SpiffeId;
use jsonwebtoken::jwk::JwkSet;
use rustls::RootCertStore;
use serde_json::{Map, Value};

use super::{Verdict, claims, common};
use crate::ca::{directory, pem};
use crate::health::{Health, target};

/// Larger key sets are refused.
const MAX_KEY_SET: usize = 1 << 20;
/// How often a key set's file is looked at.
const FILE_INTERVAL: Duration = Duration::from_secs(1);

/// `tokenValidators[].options`
#[derive(Debug)]
pub(crate) struct JwksOptions {
    source: Source,
    /// Trusted for the URL, instead of what the machine trusts.
    roots: Option<RootCertStore>,
    refresh: Duration,
    timeout: Duration,
}

#[derive(Debug)]
enum Source {
    Url(http::Uri),
    File(PathBuf),
    Given(JwkSet),
}

impl JwksOptions {
    /// Reads the options; names in any case.
    ///
    /// # Errors
    /// Which option is wrong, and how.
    pub(crate) fn new(options: &Map<String, Value>) -> Result<Self, String> {
        let option = |name: &str| {
            let found = options.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
        };
        let wrong = |name: &str, why: String| format!("option {name} of token validator jwks: {why}");
        let duration =
            |name: &str, default: Duration, least: Duration| match option(name).filter(|text| !text.is_empty()) {
                None => Ok(default),
                Some(text) => match dapr_kit::duration::parse(&text) {
                    Ok(given) => Ok(if given > least { given } else { default }),
                    Err(why) => Err(wrong(name, why)),
                },
            };
        let source = Source::new(&option("source").unwrap_or_default()).map_err(|why| wrong("source", why))?;
        let certificate = option("caCertificate").filter(|text| !text.trim().is_empty());
        let roots = certificate.map(|text| roots(&text)).transpose().map_err(|why| wrong("caCertificate", why))?;
        Ok(Self {
            source,
            roots,
            refresh: duration("minRefreshInterval", Duration::from_secs(600), Duration::from_secs(1))?,
            timeout: duration("requestTimeout", Duration::from_secs(30), Duration::from_millis(1))?,
        })
    }
}

impl Source {
    fn new(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.is_empty() {
            return Err("must not be empty: give a URL, a file, or a JWKS".into());
        }
        if text.starts_with("https://") || text.starts_with("http://") {
            if text.starts_with("http://") {
                tracing::warn!(
                    target: "dapr.sentry.identity.jwks",
                    "Loading JWK from an HTTP endpoint without TLS: this is not recommended on production environments."
                );
            }
            return text.parse().map(Self::Url).map_err(|error| format!("{text:?} is no URL: {error}"));
        }
        if Path::new(text).is_file() {
            return Ok(Self::File(text.into()));
        }
        let decoded = STANDARD_NO_PAD.decode(text.trim_end_matches('=')).unwrap_or_else(|_| text.as_bytes().to_vec());
        parse(&decoded).map(Self::Given).map_err(|error| {
            format!("not a URL, path to local file, or JSON value (optionally base64-encoded): {error}")
        })
    }
}

/// Checks tokens against keys that are fetched again from time to time.
pub(crate) struct Jwks {
    options: JwksOptions,
    keys: ArcSwapOption<JwkSet>,
    sentry: SpiffeId,
}

impl Jwks {
    pub(crate) fn new(options: JwksOptions, sentry: SpiffeId) -> Self {
        Self { options, keys: ArcSwapOption::empty(), sentry }
    }

    /// Fetches the keys, and again; tells health once there are any. What was fetched stays when a later try fails.
    pub(crate) async fn watch(self: Arc<Self>, health: Arc<Health>) {
        let store = |keys: JwkSet| {
            self.keys.store(Some(keys.into()));
            health.set(target::JWKS, true);
        };
        match &self.options.source {
            Source::Given(keys) => store(keys.clone()),
            Source::File(path) => self.watch_file(path, store).await,
            Source::Url(url) => self.watch_url(url, store).await,
        }
    }

    async fn watch_file(&self, path: &Path, store: impl Fn(JwkSet)) {
        let mut seen = None;
        loop {
            let content = directory::read(path).map_err(|error| error.to_string());
            if seen.as_ref() != Some(&content) {
                let keys = match &content {
                    Ok(Some(json)) => parse(json),
                    Ok(None) => Err("it does not exist".into()),
                    Err(error) => Err(error.clone()),
                };
                match keys {
                    Ok(keys) => store(keys),
                    Err(error) => tracing::error!(
                        target: "dapr.sentry.identity.jwks",
                        "Error reading JWKS from disk ({}): {error}", path.display()
                    ),
                }
                seen = Some(content);
            }
            tokio::time::sleep(FILE_INTERVAL).await;
        }
    }

    async fn watch_url(&self, url: &http::Uri, store: impl Fn(JwkSet)) {
        let client = match &self.options.roots {
            Some(roots) => fetch::Client::with_roots(roots.clone()),
            None => fetch::Client::new(),
        };
        let mut backoff = Backoff::new(Duration::from_secs(1), self.options.refresh);
        loop {
            let delay = match self.fetch(&client, url).await {
                Ok(keys) => {
                    store(keys);
                    backoff.reset();
                    self.options.refresh
                }
                Err(error) => {
                    tracing::warn!(target: "dapr.sentry.identity.jwks", "Error while refreshing JWKS cache from {url}: {error}");
                    backoff.next_delay()
                }
            };
            tokio::time::sleep(delay).await;
        }
    }

    async fn fetch(&self, client: &fetch::Client, url: &http::Uri) -> Result<JwkSet, String> {
        let answer = tokio::time::timeout(self.options.timeout, client.get(url, MAX_KEY_SET)).await;
        let answer = answer.map_err(|_| format!("no answer in {:?}", self.options.timeout))?;
        let answer = answer.map_err(|error| error.to_string())?;
        match answer.status() {
            http::StatusCode::OK => parse(answer.body()),
            status => Err(format!("the answer is {status}")),
        }
    }

    pub(crate) async fn validate(&self, request: &SignCertificateRequest) -> Result<Verdict, String> {
        if request.token.is_empty() {
            return Err("the request does not contain a token".into());
        }
        let keys = self.keys.load_full().ok_or("jwks validator not ready")?;
        let trust_domain = common(request)?;
        let subject = SpiffeId::new(&trust_domain, &request.namespace, &request.id);
        let subject = subject.map_err(|error| format!("failed to construct SPIFFE ID for requestor: {error}"))?;
        claims::verify(&request.token, &keys, self.sentry.as_str(), subject.as_str())
            .map_err(|why| format!("token validation failed: {why}"))?;
        Ok(Verdict { trust_domain, images: None })
    }
}

/// Reads a key set; keys of kinds that are not known are left out, as other verifiers do.
fn parse(json: &[u8]) -> Result<JwkSet, String> {
    let mut set: Value = serde_json::from_slice(json).map_err(|error| error.to_string())?;
    let keys = match set["keys"].take() {
        Value::Array(keys) => keys,
        _ if set["kty"].is_string() => vec![set],
        _ => return Err("there is no list `keys`".into()),
    };
    let keys: Vec<_> = keys.into_iter().filter_map(|key| serde_json::from_value(key).ok()).collect();
    if keys.is_empty() { Err("it has no key that can be used".into()) } else { Ok(JwkSet { keys }) }
}

/// Certificates from a PEM text, or from the file of that name.
fn roots(text: &str) -> Result<RootCertStore, String> {
    let content = match text.contains("-----BEGIN") {
        true => text.as_bytes().to_vec(),
        false => match directory::read(Path::new(text.trim())) {
            Ok(Some(content)) => content,
            Ok(None) => return Err(format!("neither PEM nor a file: {text:?}")),
            Err(error) => return Err(error.to_string()),
        },
    };
    let mut store = RootCertStore::empty();
    for certificate in pem::certificates(&content).map_err(|error| error.to_string())? {
        store.add(certificate.into()).map_err(|error| error.to_string())?;
    }
    if store.is_empty() { Err("no PEM block CERTIFICATE found".into()) } else { Ok(store) }
}
