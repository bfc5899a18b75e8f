//! The sidecars that were seen, of apps that somebody asked for.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::message::Sighting;

/// A sidecar that was not seen for this long is gone, as in the incumbent.
const REMEMBERED: Duration = Duration::from_secs(60);
/// Apps that are watched; of more, the one that was asked for longest ago is forgotten.
const MAX_APPS: usize = 1_024;
/// Sidecars of one app.
const MAX_REPLICAS: usize = 256;
/// The least time between two questions for one app.
const ASK_AGAIN: Duration = Duration::from_millis(200);

#[derive(Default)]
pub(crate) struct Cache {
    apps: HashMap<String, App>,
}

struct App {
    replicas: HashMap<String, Replica>,
    wanted: Instant,
    asked: Option<Instant>,
    seen: Arc<Notify>,
}

struct Replica {
    address: String,
    expires: Instant,
}

impl Cache {
    /// From now on the app is watched; the answer tells of changes.
    pub(crate) fn watch(&mut self, app_id: &str) -> Arc<Notify> {
        let now = Instant::now();
        if !self.apps.contains_key(app_id) && self.apps.len() >= MAX_APPS {
            let oldest = self.apps.iter().min_by_key(|(_, app)| app.wanted).map(|(id, _)| id.clone());
            oldest.and_then(|id| self.apps.remove(&id));
        }
        let new = || App { replicas: HashMap::new(), wanted: now, asked: None, seen: Arc::default() };
        let app = self.apps.entry(app_id.to_owned()).or_insert_with(new);
        app.wanted = now;
        app.seen.clone()
    }

    pub(crate) fn is_watched(&self, app_id: &str) -> bool {
        self.apps.contains_key(app_id)
    }

    /// Whether the network should be asked now; notes that it was.
    pub(crate) fn take_turn(&mut self, app_id: &str) -> bool {
        let now = Instant::now();
        let Some(app) = self.apps.get_mut(app_id) else { return false };
        let due = app.asked.is_none_or(|asked| now.duration_since(asked) >= ASK_AGAIN);
        if due {
            app.asked = Some(now);
        }
        due
    }

    pub(crate) fn addresses(&mut self, app_id: &str) -> Vec<String> {
        let now = Instant::now();
        let Some(app) = self.apps.get_mut(app_id) else { return Vec::new() };
        app.replicas.retain(|_, replica| replica.expires > now);
        let mut addresses: Vec<String> = app.replicas.values().map(|replica| replica.address.clone()).collect();
        addresses.sort_unstable();
        addresses.dedup();
        addresses
    }

    pub(crate) fn note(&mut self, sighting: Sighting) {
        let Some(app) = self.apps.get_mut(&sighting.app_id) else { return };
        let Some(address) = sighting.address else {
            app.replicas.remove(&sighting.instance);
            return;
        };
        if !app.replicas.contains_key(&sighting.instance) && app.replicas.len() >= MAX_REPLICAS {
            return;
        }
        let expires = Instant::now() + REMEMBERED.min(Duration::from_secs(sighting.ttl.into()));
        app.replicas.insert(sighting.instance, Replica { address, expires });
        app.seen.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sighting(app: &str, instance: &str, address: Option<&str>) -> Sighting {
        Sighting { app_id: app.into(), instance: instance.into(), address: address.map(Into::into), ttl: 120 }
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_not_seen_again_is_forgotten() {
        let mut cache = Cache::default();
        cache.note(sighting("a", "1", Some("h:1")));
        assert!(cache.addresses("a").is_empty(), "nobody asked for it");
        let _seen = cache.watch("a");
        cache.note(sighting("a", "1", Some("h:1")));
        cache.note(sighting("a", "2", Some("h:2")));
        tokio::time::advance(REMEMBERED / 2).await;
        cache.note(sighting("a", "2", Some("h:2")));
        tokio::time::advance(REMEMBERED / 2).await;
        assert_eq!(cache.addresses("a"), ["h:2"]);
        cache.note(sighting("a", "2", None));
        assert!(cache.addresses("a").is_empty(), "it said goodbye");
    }

    #[tokio::test(start_paused = true)]
    async fn a_restarted_sidecar_is_one_address() {
        let mut cache = Cache::default();
        let _seen = cache.watch("a");
        cache.note(sighting("a", "host:1", Some("h:1")));
        cache.note(sighting("a", "host:2", Some("h:1")));
        assert_eq!(cache.addresses("a"), ["h:1"]);
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_bounded() {
        let mut cache = Cache::default();
        for index in 0..MAX_APPS + 10 {
            let _seen = cache.watch(&index.to_string());
            tokio::time::advance(Duration::from_millis(1)).await;
        }
        assert_eq!(cache.apps.len(), MAX_APPS);
        assert!(!cache.is_watched("0") && cache.is_watched("10"));
        for index in 0..MAX_REPLICAS + 10 {
            cache.note(sighting("10", &index.to_string(), Some(&format!("h:{index}"))));
        }
        assert_eq!(cache.addresses("10").len(), MAX_REPLICAS);
    }

    #[tokio::test(start_paused = true)]
    async fn the_network_is_not_asked_at_every_call() {
        let mut cache = Cache::default();
        let _seen = cache.watch("a");
        assert!(cache.take_turn("a") && !cache.take_turn("a") && !cache.take_turn("b"));
        tokio::time::advance(ASK_AGAIN).await;
        assert!(cache.take_turn("a"));
    }
}
