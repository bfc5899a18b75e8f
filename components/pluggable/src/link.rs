//! The way to one component, over its crashes and restarts.

use std::future::Future;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use dapr_kit::backoff::Backoff;
use dapr_spi::{Error, Result};
use futures_util::future::BoxFuture;
use http::HeaderValue;
use tokio::sync::Mutex;
use tokio::time::Instant;
use tonic::{Response, Status};

use crate::connection::Connection;
use crate::status;

/// How long a call may take, a new connection and its `Init` included.
const CALL_TIMEOUT: Duration = Duration::from_secs(60);
/// After a failure to connect, calls fail at once for this long, growing.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LAST_PAUSE: Duration = Duration::from_secs(1);

/// Prepares the component behind a new connection.
type Initialise = Box<dyn Fn(Connection) -> BoxFuture<'static, Result<(), Status>> + Send + Sync>;

/// Calls a component by whatever connection there is, and makes a new one when needed.
///
/// A component that comes back has forgotten its settings, so every new connection begins with `Init`. Components know
/// this from restarts of the sidecar.
pub(crate) struct Link {
    name: String,
    instance: HeaderValue,
    socket: PathBuf,
    initialise: Initialise,
    current: ArcSwapOption<Connection>,
    attempts: Mutex<Attempts>,
    closed: AtomicBool,
}

/// What became of earlier attempts to connect.
struct Attempts {
    backoff: Backoff,
    /// Not to be repeated before that time.
    failed: Option<(Instant, Failure)>,
}

struct Failure {
    kind: dapr_spi::ErrorKind,
    message: String,
    code: Option<dapr_errors::Code>,
}

impl Link {
    /// A link of the component resource `name` to `socket`, not yet connected.
    ///
    /// # Errors
    /// The name cannot travel in a header.
    pub(crate) fn new<F>(
        name: &str,
        socket: PathBuf,
        initialise: impl Fn(Connection) -> F + Send + Sync + 'static,
    ) -> Result<Self>
    where
        F: Future<Output = Result<(), Status>> + Send + 'static,
    {
        let instance = HeaderValue::from_str(name)
            .map_err(|_| Error::invalid(format!("`{name}` cannot name a pluggable component: use ASCII letters")))?;
        Ok(Self {
            name: name.to_owned(),
            instance,
            socket,
            initialise: Box::new(move |connection| Box::pin(initialise(connection))),
            current: ArcSwapOption::empty(),
            attempts: Mutex::new(Attempts { backoff: Backoff::new(FIRST_PAUSE, LAST_PAUSE), failed: None }),
            closed: AtomicBool::new(false),
        })
    }

    /// Makes one call.
    ///
    /// # Errors
    /// What the component answered; `Unavailable` with its name when it is not there or does not answer in time.
    pub(crate) async fn call<T, F>(&self, call: impl FnOnce(Connection) -> F) -> Result<T>
    where
        F: Future<Output = Result<Response<T>, Status>>,
    {
        let answered = async {
            let connection = self.connection().await?;
            call(connection).await.map(Response::into_inner).map_err(|status| status::error(&self.name, &status))
        };
        match tokio::time::timeout(CALL_TIMEOUT, answered).await {
            Ok(answer) => answer,
            Err(_) => Err(self.unavailable(&format!("no answer within {CALL_TIMEOUT:?}"))),
        }
    }

    /// The connection there is, or a new one: for streams, which take as long as they like.
    ///
    /// # Errors
    /// The component is not there, or its `Init` failed.
    pub(crate) async fn connect(&self) -> Result<Connection> {
        match tokio::time::timeout(CALL_TIMEOUT, self.connection()).await {
            Ok(connected) => connected,
            Err(_) => Err(self.unavailable(&format!("no answer within {CALL_TIMEOUT:?}"))),
        }
    }

    /// Ends the connection; calls in flight are finished, later ones fail.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        self.current.store(None);
    }

    fn unavailable(&self, why: &dyn std::fmt::Display) -> Error {
        status::unavailable(format!(
            "pluggable component {} at {} is not there: {why}",
            self.name,
            self.socket.display()
        ))
    }

    fn living(&self) -> Option<Connection> {
        self.current.load().as_deref().filter(|connection| !connection.is_closed()).cloned()
    }

    async fn connection(&self) -> Result<Connection> {
        if let Some(connection) = self.living() {
            return Ok(connection);
        }
        let mut attempts = self.attempts.lock().await;
        if let Some(connection) = self.living() {
            return Ok(connection);
        }
        if self.closed.load(Ordering::SeqCst) {
            return Err(self.unavailable(&"it was closed"));
        }
        if let Some((until, failure)) = &attempts.failed
            && Instant::now() < *until
        {
            return Err(Error::new(failure.kind, failure.message.clone()).with_code(failure.code));
        }
        match self.open().await {
            Ok(connection) => {
                attempts.failed = None;
                attempts.backoff.reset();
                self.current.store(Some(connection.clone().into()));
                if self.closed.load(Ordering::SeqCst) {
                    self.current.store(None);
                }
                Ok(connection)
            }
            Err(error) => {
                let failure = Failure { kind: error.kind(), message: error.to_string(), code: error.code() };
                attempts.failed = Some((Instant::now() + attempts.backoff.next_delay(), failure));
                Err(error)
            }
        }
    }

    async fn open(&self) -> Result<Connection> {
        let opened = Connection::open(&self.socket, Some(self.instance.clone())).await;
        let connection = opened.map_err(|error| self.unavailable(&error))?;
        let ready = (self.initialise)(connection.clone()).await;
        ready.map_err(|status| status::error(&self.name, &status).context("init"))?;
        Ok(connection)
    }
}

#[cfg(test)]
mod tests {
    use dapr_proto::components::v1::PingRequest;
    use dapr_proto::components::v1::state_store_client::StateStoreClient;
    use dapr_spi::ErrorKind;
    use tokio::net::UnixListener;

    use super::*;

    fn link(socket: PathBuf) -> Link {
        Link::new("orders", socket, |connection| async {
            StateStoreClient::new(connection).ping(PingRequest {}).await.map(drop)
        })
        .unwrap()
    }

    async fn ping(link: &Link) -> Error {
        let ping = |connection| async { StateStoreClient::new(connection).ping(PingRequest {}).await };
        link.call(ping).await.expect_err("no component")
    }

    #[tokio::test(start_paused = true)]
    async fn a_component_that_hangs_is_waited_for_a_minute() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("hung.sock");
        let _listener = UnixListener::bind(&socket).unwrap();
        let started = Instant::now();
        let error = ping(&link(socket)).await;
        assert_eq!((error.kind(), started.elapsed().as_secs()), (ErrorKind::Unavailable, 60), "{error}");
        assert!(error.to_string().contains("component orders at "), "{error}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_component_that_is_away_is_not_asked_all_the_time() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("away.sock");
        let link = link(socket.clone());
        let first = ping(&link).await.to_string();
        let _listener = UnixListener::bind(&socket).unwrap();
        assert_eq!(ping(&link).await.to_string(), first, "the failure is remembered for a moment");
        tokio::time::advance(LAST_PAUSE * 2).await;
        assert_ne!(ping(&link).await.to_string(), first, "then it is asked again");
    }
}
