//! Where credentials are kept, and the one rule for both places: what somebody put there is used or refused, never
//! replaced; new credentials are made only where there are none.

use jiff::Timestamp;

use crate::ca::directory::{read, write};
use crate::ca::{self, Bundle, BundleError, CredentialsError, Directory, LIFE_OF_A_CA};
use crate::jwt::{Resolved, TokenError, TokenKey, TokenSettings};
use crate::kubernetes::{ApiError, Client, TrustBundle};
use crate::settings::{Jwt, Settings};

/// How often a Secret is read again because another Sentry wrote it at the same time.
const ATTEMPTS: usize = 5;

/// What Sentry signs with.
pub(crate) struct Credentials {
    pub(crate) bundle: Bundle,
    pub(crate) token_key: Option<TokenKey>,
    /// Whether the certificate authority is new.
    pub(crate) generated: bool,
}

/// Why there are no credentials.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The files or the values of the Secret.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// A new certificate authority could not be made.
    #[error(transparent)]
    Generate(#[from] BundleError),
    /// Key and key set of tokens.
    #[error("{place}: {source}")]
    Tokens {
        /// The files or the Secret.
        place: String,
        /// What is wrong.
        source: TokenError,
    },
    /// A running Sentry has credentials, and now there are none where they were.
    #[error("the credentials are gone from {0}")]
    Gone(String),
    /// The API server.
    #[error("failed to get or update the trust bundle: {0}")]
    Api(String),
}

/// Where credentials are kept.
pub(crate) enum Store {
    Files,
    Kubernetes(std::sync::Arc<Client>),
}

impl Store {
    /// Reads the credentials. With `may_generate` those that are missing altogether are made and stored.
    pub(crate) async fn open(
        &self,
        settings: &Settings,
        tokens: Option<&TokenSettings>,
        skew: std::time::Duration,
        now: Timestamp,
        may_generate: bool,
    ) -> Result<Credentials, LoadError> {
        let make = |place: &str| match may_generate {
            true => {
                tracing::info!(
                    target: "dapr.sentry.ca",
                    "Root and issuer certs not found: generating self signed CA"
                );
                Ok(ca::generate(&settings.id, LIFE_OF_A_CA, skew, now, None)?)
            }
            false => Err(LoadError::Gone(place.to_owned())),
        };
        let tokens = settings.jwt.as_ref().zip(tokens);
        match self {
            Self::Files => of_files(&settings.credentials, tokens, make, now),
            Self::Kubernetes(client) => {
                let mut last = None;
                for _ in 0..ATTEMPTS {
                    match of_secret(client, settings, tokens, make, now).await {
                        Err(Attempt::Again(error)) => last = Some(error),
                        Err(Attempt::Failed(error)) => return Err(error),
                        Ok(credentials) => return Ok(credentials),
                    }
                }
                Err(LoadError::Api(last.map(|error| error.to_string()).unwrap_or_default()))
            }
        }
    }
}

fn of_files(
    directory: &Directory,
    tokens: Option<(&Jwt, &TokenSettings)>,
    make: impl Fn(&str) -> Result<Bundle, LoadError>,
    now: Timestamp,
) -> Result<Credentials, LoadError> {
    let stored = directory.load(now)?;
    // Tokens are looked at before anything is written: what is wrong with them leaves no half of a new authority.
    let resolved = tokens.map(|(jwt, settings)| token_files(jwt, settings)).transpose()?;
    let generated = stored.is_none();
    let bundle = match stored {
        Some(bundle) => bundle,
        None => {
            let bundle = make(&directory.anchors.display().to_string())?;
            directory.store(&bundle, now)?;
            bundle
        }
    };
    if let (Some((jwt, _)), Some(resolved)) = (tokens, &resolved) {
        for (path, text) in [(&jwt.key, &resolved.new_key), (&jwt.key_set, &resolved.new_key_set)] {
            if let Some(text) = text {
                write(path, text.as_bytes())?;
            }
        }
    }
    Ok(Credentials { bundle, token_key: resolved.map(|resolved| resolved.key), generated })
}

fn token_files(jwt: &Jwt, settings: &TokenSettings) -> Result<Resolved, LoadError> {
    let (key, key_set) = (read(&jwt.key)?, read(&jwt.key_set)?);
    TokenKey::resolve(key.as_deref(), key_set.as_deref(), settings).map_err(|source| {
        let place = format!("{}, {}", jwt.key.display(), jwt.key_set.display());
        LoadError::Tokens { place, source }
    })
}

/// Why one attempt at a Secret ended.
enum Attempt {
    /// Another Sentry was faster: what it wrote counts.
    Again(ApiError),
    Failed(LoadError),
}

impl<E: Into<LoadError>> From<E> for Attempt {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl From<ApiError> for Attempt {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::Conflict(_) => Self::Again(error),
            other => Self::Failed(LoadError::Api(other.to_string())),
        }
    }
}

async fn of_secret(
    client: &Client,
    settings: &Settings,
    tokens: Option<(&Jwt, &TokenSettings)>,
    make: impl Fn(&str) -> Result<Bundle, LoadError>,
    now: Timestamp,
) -> Result<Credentials, Attempt> {
    let mut objects = TrustBundle::read(client, settings.id.namespace()).await?;
    let names = [&settings.credentials.anchors, &settings.credentials.chain, &settings.credentials.key].map(key_of);
    let place = "Secret dapr-trust-bundle".to_owned();
    let values = names.each_ref().map(|name| objects.secret(name));
    let stored = match &values {
        [Some(anchors), Some(chain), Some(key)] => Some(
            Bundle::read(anchors, chain, key, now)
                .map_err(|source| CredentialsError::Invalid { place: place.clone(), source })?,
        ),
        [None, None, None] => None,
        _ => {
            let listed = |there: bool| {
                let chosen = names.iter().zip(&values).filter(|(_, value)| value.is_some() == there);
                chosen.map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ")
            };
            let present = format!("{} of the {place}", listed(true));
            return Err(CredentialsError::Incomplete { present, missing: listed(false) }.into());
        }
    };
    let resolved = match tokens {
        None => None,
        Some((jwt, token_settings)) => {
            let (key, key_set) = (objects.secret(&key_of(&jwt.key)), objects.secret(&key_of(&jwt.key_set)));
            let resolved = TokenKey::resolve(key.as_deref(), key_set.as_deref(), token_settings);
            Some(resolved.map_err(|source| LoadError::Tokens { place: place.clone(), source })?)
        }
    };
    let generated = stored.is_none();
    let bundle = match stored {
        Some(bundle) => bundle,
        None => make(&place)?,
    };
    let anchors = match &values[0] {
        Some(text) => String::from_utf8_lossy(text).into_owned(),
        None => bundle.anchors_pem(now),
    };
    let mut secret_changed = generated;
    if generated {
        objects.set_secret(&names[0], &anchors);
        objects.set_secret(&names[1], &bundle.chain_pem());
        objects.set_secret(&names[2], &bundle.key.to_pem());
    }
    let mut published = vec![(names[0].clone(), anchors)];
    if let (Some((jwt, _)), Some(resolved)) = (tokens, &resolved) {
        for (path, text) in [(&jwt.key, &resolved.new_key), (&jwt.key_set, &resolved.new_key_set)] {
            if let Some(text) = text {
                objects.set_secret(&key_of(path), text);
                secret_changed = true;
            }
        }
        published.push((key_of(&jwt.key_set), resolved.key.key_set.to_json()));
    }
    // The Secret first: what is published has to be what is signed with.
    if secret_changed {
        objects.write_secret(client).await?;
    }
    let stale: Vec<_> =
        published.into_iter().filter(|(key, value)| objects.published(key) != Some(value.as_str())).collect();
    if !stale.is_empty() {
        for (key, value) in &stale {
            objects.publish(key, value);
        }
        tracing::info!(target: "dapr.sentry.ca", "Bringing the ConfigMap dapr-trust-bundle in line with the Secret");
        objects.write_config_map(client).await?;
    }
    Ok(Credentials { bundle, token_key: resolved.map(|resolved| resolved.key), generated })
}

/// In Kubernetes the names of the files are the keys of the Secret.
fn key_of(path: impl AsRef<std::path::Path>) -> String {
    path.as_ref().file_name().unwrap_or_default().to_string_lossy().into_owned()
}
