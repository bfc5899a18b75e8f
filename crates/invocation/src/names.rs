//! Where the sidecars of an app are: looked up once, then kept up to date off the path of calls.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use dapr_kit::task;
use dapr_spi::name_resolver::{NameResolver, Query};
use tokio::time::{Instant, sleep};

use crate::peer::{Peer, choose};

/// Apps that are remembered.
const MAX_APPS: usize = 4096;
/// An app that nobody called for so long is forgotten.
const FORGOTTEN: Duration = Duration::from_secs(600);
/// Tries and the pause between them while a registry does not know an app (interface/grpc-api.md 2.6).
const TRIES: u32 = 6;
const PAUSE: Duration = Duration::from_millis(100);
/// An endpoint is asked for again this soon after it refused a connection.
const REFRESH_AFTER_FAILURE: Duration = Duration::from_millis(200);

/// How a connection to an address of an app is secured.
///
/// `None` is plain text; an error refuses the call, since nothing may be sent unprotected that should be protected.
pub type Securing = Arc<dyn Fn(&Query) -> Result<Option<dapr_net::Tls>, String> + Send + Sync>;

/// The known apps.
pub(crate) struct Names {
    resolver: Arc<dyn NameResolver>,
    securing: Securing,
    apps: Mutex<HashMap<Query, Arc<App>>>,
}

/// Why an app has no address.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotFound {
    #[error("couldn't find service: {0}; {1}")]
    Unknown(String, &'static str),
    /// It was known before: it may be restarting.
    #[error("couldn't find service: {0}; its sidecars have left the registry, and none has come back yet")]
    Gone(String),
    #[error("failed to resolve {0}: {1}")]
    Failed(String, String),
}

/// An app and its sidecars.
pub(crate) struct App {
    query: Query,
    peers: ArcSwap<Vec<Arc<Peer>>>,
    times: Mutex<Times>,
    refreshing: AtomicBool,
    /// One look-up at a time.
    looking: tokio::sync::Mutex<()>,
}

struct Times {
    refreshed: Option<Instant>,
    used: Instant,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Names {
    pub(crate) fn new(resolver: Arc<dyn NameResolver>, securing: Securing) -> Self {
        Self { resolver, securing, apps: Mutex::default() }
    }

    /// The app, when its addresses are known and not too old: then there is nothing to wait for.
    pub(crate) fn known(&self, query: &Query) -> Option<Arc<App>> {
        let app = lock(&self.apps).get(query).cloned()?;
        let age = app.touch()?;
        (age < self.resolver.lifetime() && !app.peers.load().is_empty()).then_some(app)
    }

    /// The app with at least one address; the first call of an app waits for the registry.
    pub(crate) async fn app(self: &Arc<Self>, query: &Query) -> Result<Arc<App>, NotFound> {
        let known = lock(&self.apps).get(query).cloned();
        let app = known.unwrap_or_else(|| self.remember(query));
        let age = app.touch();
        if app.peers.load().is_empty() {
            let _looking = app.looking.lock().await;
            if app.peers.load().is_empty() {
                self.look_up(&app).await.map_err(|error| match error {
                    NotFound::Unknown(app_id, _) if age.is_some() => NotFound::Gone(app_id),
                    error => error,
                })?;
            }
        } else if age.is_none_or(|age| age >= self.resolver.lifetime()) {
            self.refresh_in_background(&app);
        }
        Ok(app)
    }

    /// Asks the registry again soon: an address did not work.
    pub(crate) fn suspect(self: &Arc<Self>, app: &Arc<App>) {
        if app.age().is_none_or(|age| age >= REFRESH_AFTER_FAILURE) {
            self.refresh_in_background(app);
        }
    }

    /// Asks the registry now: no known address works. Calls that fail together share one answer.
    pub(crate) async fn ask_again(&self, app: &App) {
        let began = Instant::now();
        let _looking = app.looking.lock().await;
        let is_newer = lock(&app.times).refreshed.is_some_and(|at| at >= began);
        if !is_newer && let Err(error) = self.refresh(app).await {
            tracing::debug!(target: "dapr.runtime.direct_messaging", "{error}");
        }
    }

    fn remember(&self, query: &Query) -> Arc<App> {
        let mut apps = lock(&self.apps);
        if apps.len() >= MAX_APPS {
            apps.retain(|_, app| lock(&app.times).used.elapsed() < FORGOTTEN);
        }
        if apps.len() >= MAX_APPS
            && let Some(any) = apps.keys().next().cloned()
        {
            apps.remove(&any);
        }
        apps.entry(query.clone()).or_insert_with(|| Arc::new(App::new(query.clone()))).clone()
    }

    /// Looks an app up that has no address yet, with a little patience: it may be starting.
    async fn look_up(&self, app: &App) -> Result<(), NotFound> {
        let mut found = Ok(());
        for attempt in 0..TRIES {
            if attempt > 0 {
                sleep(PAUSE).await;
            }
            found = self.refresh(app).await;
            if !matches!(found, Err(NotFound::Unknown(..))) {
                break;
            }
        }
        found
    }

    fn refresh_in_background(self: &Arc<Self>, app: &Arc<App>) {
        if app.refreshing.swap(true, Ordering::AcqRel) {
            return;
        }
        let (names, app) = (self.clone(), app.clone());
        task::spawn_detached("name resolution", async move {
            // Addresses that worked are kept while the registry is away, and a moment longer when it knows none.
            if let Err(error) = names.refresh(&app).await {
                tracing::debug!(target: "dapr.runtime.direct_messaging", "{error}");
                lock(&app.times).refreshed = Some(Instant::now());
                if matches!(error, NotFound::Unknown(..)) && app.peers.load().iter().all(|peer| peer.is_avoided()) {
                    app.peers.store(Arc::default());
                }
            }
            app.refreshing.store(false, Ordering::Release);
        });
    }

    async fn refresh(&self, app: &App) -> Result<(), NotFound> {
        let query = &app.query;
        let failed = |error: &dyn std::fmt::Display| NotFound::Failed(query.app_id.clone(), error.to_string());
        let addresses = self.resolver.resolve(query).await.map_err(|error| failed(&error))?;
        let mut hosts = Vec::new();
        for address in &addresses {
            hosts.extend(expand(address).await.map_err(|error| failed(&error))?);
        }
        if hosts.is_empty() {
            return Err(NotFound::Unknown(query.app_id.clone(), self.resolver.hint()));
        }
        let old = app.peers.load_full();
        let tls = (self.securing)(query).map_err(|error| failed(&error))?;
        let peers = hosts.into_iter().map(|(host, port)| {
            let known = old.iter().find(|peer| peer.is_at(&host, port));
            known.cloned().unwrap_or_else(|| Arc::new(Peer::new(host, port, tls.clone())))
        });
        app.peers.store(Arc::new(peers.collect()));
        lock(&app.times).refreshed = Some(Instant::now());
        Ok(())
    }

    /// Ends the registration of this sidecar.
    pub(crate) async fn close(&self) {
        self.resolver.close().await;
    }
}

impl App {
    fn new(query: Query) -> Self {
        let times = Mutex::new(Times { refreshed: None, used: Instant::now() });
        Self {
            query,
            peers: ArcSwap::default(),
            times,
            refreshing: AtomicBool::new(false),
            looking: tokio::sync::Mutex::default(),
        }
    }

    /// Notes a use; tells how old the addresses are.
    fn touch(&self) -> Option<Duration> {
        let mut times = lock(&self.times);
        times.used = Instant::now();
        times.refreshed.map(|at| at.elapsed())
    }

    fn age(&self) -> Option<Duration> {
        lock(&self.times).refreshed.map(|at| at.elapsed())
    }

    /// The sidecar that shall take a call, other than those in `tried` if there is any.
    pub(crate) fn choose(&self, tried: &[Arc<Peer>]) -> Option<Arc<Peer>> {
        choose(&self.peers.load(), tried)
    }
}

/// An address as hosts and a port: a name may stand for one host for each replica.
async fn expand(address: &str) -> std::io::Result<Vec<(String, u16)>> {
    let invalid = || std::io::Error::other(format!("`{address}` is not a host and a port"));
    let (host, port) = address.rsplit_once(':').ok_or_else(invalid)?;
    let port: u16 = port.parse().map_err(|_| invalid())?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    if host.parse::<IpAddr>().is_ok() {
        return Ok(vec![(host.to_owned(), port)]);
    }
    let mut hosts: Vec<_> =
        tokio::net::lookup_host((host, port)).await?.map(|found| (found.ip().to_string(), port)).collect();
    hosts.sort();
    hosts.dedup();
    Ok(hosts)
}
