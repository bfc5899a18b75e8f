//! The token that is at hand, renewed before it ends, by one request at a time.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use http::HeaderValue;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::token::TokenEndpoint;

/// A token is renewed this long before its end, for the time a request takes.
const EARLY: Duration = Duration::from_secs(10);
/// After a failure, the endpoint is left in peace for so long.
const PAUSE: Duration = Duration::from_secs(1);

/// Where requests get their token.
pub(super) struct TokenSource {
    endpoint: TokenEndpoint,
    form: Vec<(String, String)>,
    default_lifetime: Duration,
    current: ArcSwapOption<Current>,
    /// The last failure; who holds the lock asks the endpoint.
    failed: Mutex<Option<(Instant, Arc<str>)>>,
}

struct Current {
    header: HeaderValue,
    until: Instant,
}

impl TokenSource {
    pub(super) fn new(endpoint: TokenEndpoint, form: Vec<(String, String)>, default_lifetime: Duration) -> Self {
        Self { endpoint, form, default_lifetime, current: ArcSwapOption::empty(), failed: Mutex::new(None) }
    }

    /// The value of the header.
    ///
    /// # Errors
    /// The endpoint gives no token, or gave none within the last second.
    pub(super) async fn token(&self) -> Result<HeaderValue, Arc<str>> {
        if let Some(token) = self.at_hand() {
            return Ok(token);
        }
        let mut failed = self.failed.lock().await;
        // Whoever waited for the lock takes the token, or the failure, of who had it.
        if let Some(token) = self.at_hand() {
            return Ok(token);
        }
        if let Some((at, error)) = &*failed
            && at.elapsed() < PAUSE
        {
            return Err(error.clone());
        }
        match self.endpoint.request(&self.form).await {
            Ok(token) => {
                *failed = None;
                let until = Instant::now() + token.lifetime.unwrap_or(self.default_lifetime).saturating_sub(EARLY);
                self.current.store(Some(Arc::new(Current { header: token.header.clone(), until })));
                Ok(token.header)
            }
            Err(error) => {
                let error: Arc<str> = error.to_string().into();
                *failed = Some((Instant::now(), error.clone()));
                Err(error)
            }
        }
    }

    fn at_hand(&self) -> Option<HeaderValue> {
        let current = self.current.load();
        current.as_ref().filter(|current| Instant::now() < current.until).map(|current| current.header.clone())
    }
}
