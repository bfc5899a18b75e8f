//! A sidecar that can be called, and the choice among several.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use dapr_net::http2::Client;
use dapr_net::{Origin, Tls};
use http::Uri;
use tokio::time::Instant;

/// The call with a body in pieces.
pub(crate) const CALL_LOCAL_STREAM: &str = "/dapr.proto.internals.v1.ServiceInvocation/CallLocalStream";
/// The call with the whole body in one message.
pub(crate) const CALL_LOCAL: &str = "/dapr.proto.internals.v1.ServiceInvocation/CallLocal";

/// How long an address that refused a connection is left out, unless no other is left.
const AVOIDED: Duration = Duration::from_secs(5);
/// Weight of the newest latency in the average: one part in this many.
const SMOOTHING: u64 = 8;

/// A sidecar at one address.
pub(crate) struct Peer {
    pub(crate) client: Client,
    pub(crate) authority: String,
    scheme: &'static str,
    pub(crate) stream_uri: Uri,
    began: Instant,
    /// Moving average, in microseconds.
    latency: AtomicU64,
    /// Milliseconds after `began`; zero for never.
    avoided_until: AtomicU64,
}

impl Peer {
    pub(crate) fn new(host: String, port: u16, tls: Option<Tls>) -> Self {
        let scheme = if tls.is_some() { "https" } else { "http" };
        let origin = Origin { host, port, tls };
        let authority = origin.to_string();
        let stream_uri = uri(scheme, &authority, CALL_LOCAL_STREAM);
        Self {
            client: Client::new(origin),
            authority,
            scheme,
            stream_uri,
            began: Instant::now(),
            latency: AtomicU64::new(0),
            avoided_until: AtomicU64::new(0),
        }
    }

    pub(crate) fn is_at(&self, host: &str, port: u16) -> bool {
        let origin = self.client.origin();
        origin.port == port && origin.host == host
    }

    /// The URI of a method of this sidecar.
    pub(crate) fn uri(&self, path: &str) -> Uri {
        uri(self.scheme, &self.authority, path)
    }

    /// Takes the time that an answer took.
    pub(crate) fn observe(&self, took: Duration) {
        let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let before = self.latency.load(Ordering::Relaxed);
        let now = if before == 0 { took } else { before - before / SMOOTHING + took / SMOOTHING };
        self.latency.store(now, Ordering::Relaxed);
        self.avoided_until.store(0, Ordering::Relaxed);
    }

    /// Leaves it out for a while.
    pub(crate) fn avoid(&self) {
        let until = self.began.elapsed() + AVOIDED;
        self.avoided_until.store(u64::try_from(until.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    pub(crate) fn is_avoided(&self) -> bool {
        let until = self.avoided_until.load(Ordering::Relaxed);
        until != 0 && u128::from(until) > self.began.elapsed().as_millis()
    }

    /// The higher, the later it will answer.
    fn load(&self) -> u128 {
        let waiting = self.client.in_flight() as u128 + 1;
        waiting * u128::from(self.latency.load(Ordering::Relaxed).max(1))
    }
}

fn uri(scheme: &str, authority: &str, path: &str) -> Uri {
    Uri::builder().scheme(scheme).authority(authority).path_and_query(path).build().unwrap_or_default()
}

/// Of two that are drawn at random, the one that will answer sooner. Those in `tried` only when no others are left, and
/// those that refused a connection lately only after that.
pub(crate) fn choose(peers: &[Arc<Peer>], tried: &[Arc<Peer>]) -> Option<Arc<Peer>> {
    if let [only] = peers {
        return Some(only.clone());
    }
    let is_tried = |peer: &Arc<Peer>| tried.iter().any(|other| Arc::ptr_eq(peer, other));
    let fresh: Vec<_> = peers.iter().filter(|peer| !is_tried(peer) && !peer.is_avoided()).collect();
    let untried: Vec<_> = peers.iter().filter(|peer| !is_tried(peer)).collect();
    let candidates = [fresh, untried, peers.iter().collect()].into_iter().find(|some| !some.is_empty())?;
    let one = candidates[fastrand::usize(..candidates.len())];
    let other = candidates[fastrand::usize(..candidates.len())];
    Some(if one.load() <= other.load() { one } else { other }.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peers(count: u16) -> Vec<Arc<Peer>> {
        (0..count).map(|port| Arc::new(Peer::new("127.0.0.1".into(), port + 1, None))).collect()
    }

    #[tokio::test]
    async fn one_that_refused_is_left_out_until_it_is_the_last() {
        let all = peers(3);
        all[0].avoid();
        for _ in 0..50 {
            assert!(!Arc::ptr_eq(&choose(&all, &[]).unwrap(), &all[0]));
        }
        let tried = [all[1].clone(), all[2].clone()];
        assert!(Arc::ptr_eq(&choose(&all, &tried).unwrap(), &all[0]));
        assert!(choose(&all, &all).is_some(), "better one that was tried than none");
        assert!(choose(&[], &[]).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn it_gets_another_chance() {
        let all = peers(2);
        all[0].avoid();
        assert!(all[0].is_avoided());
        tokio::time::advance(AVOIDED).await;
        assert!(!all[0].is_avoided());
    }

    #[tokio::test]
    async fn the_faster_one_gets_more() {
        let all = peers(2);
        all[0].observe(Duration::from_millis(1));
        all[1].observe(Duration::from_millis(100));
        let fast = (0..1000).filter(|_| Arc::ptr_eq(&choose(&all, &[]).unwrap(), &all[0])).count();
        assert!(fast > 600, "{fast}");
        let slow = 1000 - fast;
        assert!(slow > 100, "the slow one is still tried: {slow}");
    }
}
