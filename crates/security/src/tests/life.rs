//! Start, renewal, a Sentry that is away, tokens, the directory.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use dapr_kit::clock::Clock;
use dapr_kit::task::{self, Task};
use tokio::time::sleep;

use super::authority::{Authority, Source, TTL};
use super::settings;
use crate::{JwtError, Mode, Observer, PeerMatch, Security, SecurityError, Settings, TrustAnchors};

/// 2026-06-01T00:00:00Z
const NOW: i64 = 1_780_272_000_000;
const ID: &str = "spiffe://public/ns/default/app";

#[derive(Default)]
struct Counts {
    initialized: AtomicUsize,
    failed: AtomicUsize,
    renewed: AtomicUsize,
    renewal_failed: AtomicUsize,
}

impl Observer for Counts {
    fn initialized(&self) {
        self.initialized.fetch_add(1, Ordering::Relaxed);
    }

    fn initialization_failed(&self, _: &'static str) {
        self.failed.fetch_add(1, Ordering::Relaxed);
    }

    fn renewed(&self) {
        self.renewed.fetch_add(1, Ordering::Relaxed);
    }

    fn renewal_failed(&self, _: &'static str) {
        self.renewal_failed.fetch_add(1, Ordering::Relaxed);
    }
}

impl Counts {
    fn all(&self) -> [usize; 4] {
        [&self.initialized, &self.failed, &self.renewed, &self.renewal_failed].map(|n| n.load(Ordering::Relaxed))
    }
}

struct World {
    clock: Clock,
    source: Arc<Source>,
    counts: Arc<Counts>,
    settings: Settings,
    _ticking: Task<()>,
}

impl World {
    /// A clock that goes with the paused time of tokio.
    fn new() -> Self {
        let (authority, clock) = (Authority::new("root"), Clock::manual(NOW));
        let ticking = clock.clone();
        let _ticking = task::spawn("tick", async move {
            loop {
                sleep(Duration::from_millis(500)).await;
                ticking.advance(500);
            }
        });
        let source = Arc::new(Source::new(&authority, ID, &clock));
        let settings = settings("app", &[&authority]);
        Self { clock, source, counts: Arc::default(), settings, _ticking }
    }

    async fn start(&self) -> Result<Security, SecurityError> {
        let (source, counts) = (Arc::clone(&self.source), Arc::clone(&self.counts));
        Security::start(self.settings.clone(), source, counts, self.clock.clone()).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_certificate_is_renewed_at_half_of_its_life() {
    let world = World::new();
    let security = world.start().await.unwrap();
    assert_eq!(security.id().unwrap().as_str(), ID);
    let first = security.identity().unwrap();
    // From 15 minutes ago until in 24 hours: the middle is 11 hours, 52 minutes and 30 seconds away.
    sleep(Duration::from_secs(42_740)).await;
    assert!(Arc::ptr_eq(&first, &security.identity().unwrap()));
    sleep(Duration::from_secs(80)).await;
    let second = security.identity().unwrap();
    assert_ne!(first.certificates(), second.certificates());
    assert_ne!(first.key_pem, second.key_pem);
    assert_eq!((world.source.calls(), world.counts.all()), (2, [1, 0, 1, 0]));
    drop(security);
    sleep(Duration::from_secs(100_000)).await;
    assert_eq!(world.source.calls(), 2, "renewal ends with the identity");
}

#[tokio::test(start_paused = true)]
async fn a_sentry_that_is_away_for_long_is_asked_now_and_then() {
    let world = World::new();
    let security = world.start().await.unwrap();
    let first = security.identity().unwrap();
    world.source.fail(Some(("sentry_conn", true)));
    sleep(Duration::from_secs(43_000)).await;
    let before = world.source.calls();
    sleep(Duration::from_secs(3_600)).await;
    let tries = world.source.calls() - before;
    assert!((280..=490).contains(&tries), "{tries} tries in an hour");
    assert!(Arc::ptr_eq(&first, &security.identity().unwrap()), "the old certificate stays");
    world.source.fail(None);
    sleep(Duration::from_secs(14)).await;
    assert!(!Arc::ptr_eq(&first, &security.identity().unwrap()));
    let [initialized, failed, renewed, renewal_failed] = world.counts.all();
    assert_eq!((initialized, failed, renewed), (1, 0, 1));
    assert!(renewal_failed >= tries);
}

#[tokio::test(start_paused = true)]
async fn short_lives_do_not_hammer_sentry() {
    let world = World::new();
    world.source.ttl.store(10_000, Ordering::Relaxed);
    let _security = world.start().await.unwrap();
    sleep(Duration::from_secs(60)).await;
    assert!((10..=14).contains(&world.source.calls()), "{} calls in a minute", world.source.calls());
}

#[tokio::test(start_paused = true)]
async fn a_start_waits_for_sentry_but_not_for_one_that_refuses() {
    let world = World::new();
    world.source.fail(Some(("sentry_conn", true)));
    let waiting = tokio::time::timeout(Duration::from_secs(600), world.start()).await;
    assert!(waiting.is_err(), "nobody answers");
    let calls = world.source.calls();
    assert!((48..=90).contains(&calls), "{calls} tries in ten minutes");
    sleep(Duration::from_secs(600)).await;
    assert_eq!(world.source.calls(), calls, "a start that was given up asks no more");
    world.source.fail(Some(("sign", false)));
    let error = world.start().await.unwrap_err();
    assert_eq!(error.to_string(), "failed to retrieve the initial identity: on purpose");
    assert_eq!(world.counts.all(), [0, 1, 0, 0]);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_ends_earlier_renews_everything() {
    let mut world = World::new();
    world.settings.jwt_audiences = vec!["first".to_owned()];
    let audiences = ["public", "first", "unasked"].map(str::to_owned).to_vec();
    *world.source.tokens.lock().unwrap() = Some((audiences, 3_600_000));
    let security = world.start().await.unwrap();
    let first = security.jwt("first").unwrap();
    assert_ne!(first, security.jwt("public").unwrap(), "a token of its own for an audience that was asked for");
    assert_eq!(security.jwt("unasked").unwrap(), security.jwt("public").unwrap());
    let error = security.jwt("other").unwrap_err();
    assert!(error.to_string().starts_with("JWT SVID has different audiences than requested: expected other, got"));
    assert_eq!(security.jwt("").unwrap_err(), JwtError::NoAudience);
    sleep(Duration::from_secs(1_860)).await;
    assert_eq!(world.source.calls(), 2);
    assert_ne!(security.jwt("first").unwrap(), first);
    *world.source.tokens.lock().unwrap() = None;
    sleep(Duration::from_secs(1_860)).await;
    assert_eq!(security.jwt("first").unwrap_err(), JwtError::None);
}

#[tokio::test(start_paused = true)]
async fn a_token_for_others_only_is_refused() {
    let world = World::new();
    *world.source.tokens.lock().unwrap() = Some((vec!["other".to_owned()], 3_600_000));
    let error = world.start().await.unwrap_err();
    assert_eq!(error.to_string(), "failed to retrieve the initial identity: JWT audience mismatch");
}

#[tokio::test(start_paused = true)]
async fn without_mtls_there_is_no_identity_but_in_kubernetes_there_is() {
    let mut world = World::new();
    world.settings.mtls = false;
    let off = world.start().await.unwrap();
    assert!(!off.is_mtls() && off.id().is_none() && off.server_config().is_none());
    assert!(off.control_plane_client_config("dapr-operator").unwrap().is_none());
    assert_eq!(off.jwt("any").unwrap_err(), JwtError::Disabled);
    assert_eq!(world.source.calls(), 0);
    world.settings.mode = Mode::Kubernetes;
    let on = world.start().await.unwrap();
    let app = PeerMatch::App { namespace: "default".to_owned(), app_id: "other".to_owned() };
    assert!(!on.is_mtls() && on.id().is_some() && on.server_config().is_none());
    assert!(on.client_config(app).unwrap().is_none(), "calls to other sidecars stay plain");
    assert!(on.control_plane_client_config("dapr-operator").unwrap().is_some());
}

#[tokio::test]
async fn settings_that_do_not_fit_are_refused() {
    let world = World::new();
    let refused = async |edit: fn(&mut Settings)| {
        let mut settings = world.settings.clone();
        edit(&mut settings);
        let started = Security::start(settings, world.source.clone(), world.counts.clone(), world.clock.clone());
        started.await.unwrap_err().to_string()
    };
    let error = refused(|settings| settings.trust_anchors = TrustAnchors::Absent).await;
    assert!(error.starts_with("trust anchors are required"), "{error}");
    let error = refused(|settings| settings.trust_anchors = TrustAnchors::Inline("hello".to_owned())).await;
    assert!(error.contains("no certificate"), "{error}");
    let broken = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
    let broken = TrustAnchors::Inline(broken.to_owned());
    let error = {
        let settings = Settings { trust_anchors: broken, ..world.settings.clone() };
        let started = Security::start(settings, world.source.clone(), world.counts.clone(), world.clock.clone());
        started.await.unwrap_err().to_string()
    };
    assert!(error.contains("trust anchor number 1"), "{error}");
    let error = refused(|settings| settings.control_plane_trust_domain = "Localhost".to_owned()).await;
    assert!(error.contains("invalid control plane trust domain \"Localhost\""), "{error}");
    let error = refused(|settings| settings.control_plane_namespace = String::new()).await;
    assert!(error.contains("failed to parse sentry SPIFFE ID: malformed SPIFFE ID"), "{error}");
    assert_eq!(world.source.calls(), 0);
}

#[cfg(unix)]
#[tokio::test(start_paused = true)]
async fn the_identity_is_written_to_a_directory_in_one_step() {
    use std::os::unix::fs::PermissionsExt;
    let mut world = World::new();
    let parent = tempfile::tempdir().unwrap();
    let target = parent.path().join("secrets/tls");
    world.settings.identity_directory = Some(target.clone());
    *world.source.tokens.lock().unwrap() = Some((vec!["public".to_owned()], 2 * TTL));
    let security = world.start().await.unwrap();
    let read = |name: &str| std::fs::read_to_string(target.join(name)).unwrap();
    let check = |security: &Security| {
        let identity = security.identity().unwrap();
        assert_eq!(read("key.pem"), identity.key_pem);
        assert_eq!(read("cert.pem").as_bytes(), identity.certificates_pem);
        assert_eq!(read("ca.pem"), &**security.trust_bundle().unwrap().pem());
        assert_eq!(read("jwt_svid.token"), security.jwt("public").unwrap());
    };
    check(&security);
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&target), mode(&target.join("key.pem"))), (0o700, 0o600));
    let opened = std::fs::canonicalize(&target).unwrap();
    for _ in 0..5 {
        sleep(Duration::from_secs(43_000)).await;
        check(&security);
    }
    assert!(!opened.exists(), "directories of the past are removed");
    let left = std::fs::read_dir(target.parent().unwrap()).unwrap().count();
    assert_eq!(left, 3, "the link, the current directory, and the one before");
    drop(security);

    let occupied = parent.path().join("occupied");
    std::fs::create_dir(&occupied).unwrap();
    world.settings.identity_directory = Some(occupied);
    let error = world.start().await.unwrap_err().to_string();
    assert!(error.contains("no symbolic link"), "{error}");
}
