//! A connection, and one that is opened anew, without end, whenever it is lost.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_rs::Runtime;
use dapr_kit::task::{self, Task};
use dapr_net::dial::dial;
use dapr_spi::{Error, Result};
use futures_util::StreamExt;
use lapin::auth::AuthProvider;
use lapin::{AsyncTcpStream, Connection, ConnectionProperties, Event};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tokio_util::compat::TokioAsyncReadCompatExt;

use crate::errors;
use crate::kit::Kit;
use crate::settings::Settings;

/// How long the greetings of a new connection may take.
const GREETINGS: Duration = Duration::from_secs(20);
/// How long saying goodbye may take.
const GOODBYE: Duration = Duration::from_secs(2);

/// SASL EXTERNAL: the server takes the user from the client certificate.
struct External;

impl AuthProvider for External {}

/// Opens a connection.
///
/// # Errors
/// The server cannot be reached, or does not let us in.
pub(crate) async fn open(settings: &Settings) -> Result<Connection> {
    let origin = settings.origin();
    let socket = dial(&origin).await.map_err(|error| Error::unavailable(error.to_string()))?;
    let socket = Mutex::new(Some(socket));
    // The client asks for a socket once, since it is told not to reconnect.
    let take = async move |_, _| {
        let taken = socket.lock().unwrap_or_else(PoisonError::into_inner).take();
        let socket = taken.ok_or_else(|| std::io::Error::from(std::io::ErrorKind::NotConnected))?;
        Ok(AsyncTcpStream::Plain(socket.compat()))
    };
    let greeting =
        Connection::connector(settings.uri.clone(), Runtime::new(Kit::current()), take, properties(settings));
    let greeted = timeout(GREETINGS, greeting).await;
    let silent = || Error::unavailable(format!("cannot connect to {origin}: no answer within {GREETINGS:?}"));
    let what = format!("cannot connect to {origin}");
    // A login that was refused may be accepted later, when someone has corrected the server.
    let refused = |error: lapin::Error| Error::unavailable(errors::failed(&what, &error).to_string());
    greeted.map_err(|_| silent())?.map_err(refused)
}

fn properties(settings: &Settings) -> ConnectionProperties {
    let mut properties = ConnectionProperties::default();
    if !settings.client_name.is_empty() {
        properties = properties.with_connection_name(settings.client_name.as_str().into());
    }
    if settings.sasl_external {
        properties = properties.with_auth_provider(External);
    }
    properties
}

#[derive(Clone)]
enum State {
    Up(Arc<Connection>),
    /// And why.
    Down(Arc<str>),
    Closed,
}

/// A connection that is kept open.
pub(crate) struct Link {
    state: watch::Sender<State>,
    /// Told when somebody thinks that the connection is lost.
    doubt: Arc<Notify>,
    _driver: Task<()>,
}

impl Link {
    /// Keeps `first` open; `purpose` is for the log.
    pub(crate) fn keep(settings: Arc<Settings>, first: Connection, purpose: &'static str) -> Self {
        let state = watch::Sender::new(State::Up(Arc::new(first)));
        let doubt = Arc::new(Notify::new());
        let driver = task::spawn("rabbitmq-link", drive(settings, purpose, state.clone(), doubt.clone()));
        Self { state, doubt, _driver: driver }
    }

    /// The connection, as soon as there is one.
    ///
    /// # Errors
    /// There is none until `deadline`, or never again.
    pub(crate) async fn connection(&self, deadline: Instant) -> Result<Arc<Connection>> {
        let mut state = self.state.subscribe();
        let settled = |state: &State| !matches!(state, State::Down(_));
        let waited = timeout_at(deadline, state.wait_for(settled)).await.map(|state| state.map(|state| state.clone()));
        match waited {
            Ok(Ok(State::Up(connection))) => Ok(connection),
            Ok(_) => Err(closed()),
            Err(_) => match &*self.state.borrow() {
                State::Up(connection) => Ok(connection.clone()),
                State::Down(why) => Err(Error::unavailable(format!("the connection is lost: {why}"))),
                State::Closed => Err(closed()),
            },
        }
    }

    /// Says that an operation on the connection failed.
    pub(crate) fn doubt(&self) {
        self.doubt.notify_one();
    }

    /// Ends a connection that is open and of no use; another one takes its place.
    pub(crate) fn give_up(&self, connection: Arc<Connection>) {
        let doubt = self.doubt.clone();
        task::spawn_detached("rabbitmq-give-up", async move {
            let _ = timeout(GOODBYE, connection.close(320, "no answers".into())).await;
            doubt.notify_one();
        });
    }

    /// Says goodbye.
    pub(crate) async fn close(&self) {
        if let State::Up(connection) = self.state.send_replace(State::Closed) {
            let _ = timeout(GOODBYE, connection.close(200, "OK".into())).await;
        }
    }
}

pub(crate) fn closed() -> Error {
    Error::failed("component is closed")
}

async fn drive(settings: Arc<Settings>, purpose: &'static str, state: watch::Sender<State>, doubt: Arc<Notify>) {
    loop {
        let current = state.borrow().clone();
        let State::Up(connection) = current else { return };
        let why = until_lost(&connection, &doubt).await;
        drop(connection);
        if !change(&state, State::Down(why.as_str().into())) {
            return;
        }
        let (origin, wait) = (settings.origin(), settings.reconnect_wait);
        tracing::warn!("pubsub.rabbitmq: the connection to {origin} for {purpose} is lost: {why}; reconnecting");
        loop {
            sleep(dapr_kit::backoff::jittered(wait)).await;
            match open(&settings).await {
                Ok(connection) => {
                    tracing::info!("pubsub.rabbitmq: connected to {origin} again for {purpose}");
                    if !change(&state, State::Up(Arc::new(connection))) {
                        return;
                    }
                    break;
                }
                Err(error) => {
                    tracing::debug!("pubsub.rabbitmq: {error}");
                    if !change(&state, State::Down(error.to_string().into())) {
                        return;
                    }
                }
            }
        }
    }
}

/// Changes the state unless the link was closed meanwhile.
fn change(state: &watch::Sender<State>, to: State) -> bool {
    state.send_if_modified(|state| {
        let open = !matches!(state, State::Closed);
        if open {
            *state = to;
        }
        open
    })
}

/// Waits until the connection is lost; returns why.
async fn until_lost(connection: &Connection, doubt: &Notify) -> String {
    let mut events = Box::pin(connection.events_listener());
    let mut why = "it was closed".to_owned();
    while connection.status().connected() {
        tokio::select! {
            event = events.next() => match event {
                Some(Event::Error(error)) => why = error.to_string(),
                Some(Event::ConnectionBlocked(reason)) => {
                    tracing::warn!("pubsub.rabbitmq: the server takes no messages for now: {reason}");
                }
                Some(_) => {}
                None => break,
            },
            () = doubt.notified() => {}
        }
    }
    why
}
