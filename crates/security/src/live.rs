//! The snapshot that every handshake reads: current roots and current certificate.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::{ArcSwap, ArcSwapOption};
use dapr_kit::clock::Clock;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::UnixTime;
use rustls::time_provider::TimeProvider;

use crate::bundle::TrustBundle;
use crate::identity::Identity;

pub(crate) struct Live {
    pub(crate) bundle: ArcSwap<TrustBundle>,
    pub(crate) identity: ArcSwapOption<Identity>,
    pub(crate) provider: Arc<CryptoProvider>,
    pub(crate) clock: Clock,
}

impl Live {
    pub(crate) fn new(bundle: Arc<TrustBundle>, clock: Clock) -> Self {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        Self { bundle: ArcSwap::new(bundle), identity: ArcSwapOption::empty(), provider, clock }
    }
}

/// TLS asks this for the time, so that tests decide what has expired.
impl TimeProvider for Live {
    fn current_time(&self) -> Option<UnixTime> {
        let milliseconds = u64::try_from(self.clock.now_milliseconds()).ok()?;
        Some(UnixTime::since_unix_epoch(Duration::from_millis(milliseconds)))
    }
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Live")
    }
}
