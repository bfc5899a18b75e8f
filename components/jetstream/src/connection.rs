//! The connection, which the client opens anew, without end, whenever it is lost.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::{Context, ContextBuilder};
use async_nats::{Client, ConnectError, ConnectErrorKind, ConnectOptions, Event};
use dapr_spi::{Error, ErrorKind, Result};
use rustls::ClientConfig;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::errors::{closed, unanswered};
use crate::settings::{Login, Settings};

/// How long an answer of JetStream's API, or an acknowledgement, may take.
pub(crate) const ANSWER: Duration = Duration::from_secs(5);
/// How long the greetings of a new connection may take.
const GREETINGS: Duration = Duration::from_secs(10);
/// How often the server is asked for a sign of life; after two without an answer the connection counts as lost.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// The longest rest between two attempts to connect.
const LONGEST_REST: Duration = Duration::from_secs(4);
/// The rest of a connection that nobody wants back.
const FOR_GOOD: Duration = Duration::from_secs(365 * 86_400);
/// How long saying goodbye may take.
const GOODBYE: Duration = Duration::from_secs(2);

/// A connection that is kept open.
pub(crate) struct Connection {
    pub(crate) client: Client,
    pub(crate) context: Context,
    /// Counts how often it was opened.
    opened: watch::Receiver<u64>,
    closed: Arc<watch::Sender<bool>>,
}

impl Connection {
    /// Opens a connection.
    ///
    /// # Errors
    /// A file cannot be read, no server can be reached, or it does not let us in.
    pub(crate) async fn open(settings: &Settings) -> Result<Self> {
        let (opened_sender, opened) = watch::channel(0);
        let closed = Arc::new(watch::Sender::new(false));
        let options = options(settings)?
            .event_callback(note(settings.servers_text.clone(), opened_sender, closed.clone()))
            .reconnect_delay_callback(rest(closed.clone()));
        let servers = &settings.servers_text;
        let silent = || Error::unavailable(format!("cannot connect to {servers}: no answer within {GREETINGS:?}"));
        let connecting = options.connect(settings.servers.as_slice());
        let connected = timeout(GREETINGS, connecting).await.map_err(|_| silent())?;
        let client = connected.map_err(|error| not_connected(servers, error))?;
        let builder = ContextBuilder::new();
        let context = match &settings.api_prefix {
            Some(prefix) => builder.api_prefix(prefix.as_str()).timeout(ANSWER).build(client.clone()),
            None => builder.timeout(ANSWER).build(client.clone()),
        };
        Ok(Self { client, context, opened, closed })
    }

    /// Changes whenever the connection was opened anew.
    pub(crate) fn opened(&self) -> watch::Receiver<u64> {
        self.opened.clone()
    }

    /// Changes when the component closes.
    pub(crate) fn until_closed(&self) -> watch::Receiver<bool> {
        self.closed.subscribe()
    }

    pub(crate) fn check_open(&self) -> Result<()> {
        if *self.closed.borrow() { Err(closed()) } else { Ok(()) }
    }

    /// Asks JetStream for a sign of life.
    pub(crate) async fn ping(&self) -> Result<()> {
        // Whatever it says, it answers.
        let answer = self.context.request("INFO", &()).await.map(|_: serde_json::Value| ());
        answer.map_err(|error| unanswered("ping", error))
    }

    /// Ends subscriptions, sends what is to be sent, and says goodbye.
    pub(crate) async fn close(&self) {
        if !self.closed.send_replace(true) {
            let _ = timeout(GOODBYE, self.client.drain()).await;
        }
    }
}

fn options(settings: &Settings) -> Result<ConnectOptions> {
    let mut options = ConnectOptions::new()
        .name(&settings.name)
        .ping_interval(HEARTBEAT)
        .connection_timeout(GREETINGS)
        .request_timeout(Some(ANSWER));
    options = match &settings.login {
        Login::Nobody => options,
        Login::Token(token) => options.token(token.clone()),
        Login::User(user, password) => options.user_and_password(user.clone(), password.clone()),
        Login::Jwt { jwt, seed } => {
            let read = options.credentials(&credentials(jwt, seed));
            // What is wrong is not quoted: both are secrets.
            read.map_err(|_| Error::invalid("`jwt` is not a JWT, or `seedKey` not the seed of a user's key"))?
        }
    };
    match tls(settings)? {
        Some(config) => Ok(options.tls_client_config(config).require_tls(true)),
        None => Ok(options),
    }
}

/// Both in the format of the files that NATS' tools write.
fn credentials(jwt: &str, seed: &str) -> String {
    let (jwt, seed) = (jwt.trim(), seed.trim());
    format!(
        "-----BEGIN NATS USER JWT-----\n{jwt}\n------END NATS USER JWT------\n\n\
         -----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n"
    )
}

/// Settings of TLS if any are given. A server that asks for TLS gets it without, too.
fn tls(settings: &Settings) -> Result<Option<ClientConfig>> {
    if settings.certificate.is_empty() && settings.ca.is_empty() && !settings.servers.iter().any(|s| s.tls_required()) {
        return Ok(None);
    }
    let ca = pem("caCert", &settings.ca)?;
    let certificate = pem("tls_client_cert", &settings.certificate)?;
    let key = pem("tls_client_key", &settings.key)?;
    let named = |why: String| why.replace("clientCert", "tls_client_cert").replace("clientKey", "tls_client_key");
    let config = dapr_net::tls::client_config(&ca, &certificate, &key);
    config.map(Some).map_err(|why| Error::invalid(named(why)))
}

/// PEM as it is given, or from the file that is named.
fn pem(field: &str, value: &str) -> Result<String> {
    if value.is_empty() || value.contains("-----BEGIN") {
        return Ok(value.to_owned());
    }
    let what = format!("`{field}` is neither PEM nor a file that can be read");
    std::fs::read_to_string(Path::new(value.trim()))
        .map_err(|error| Error::from_source(ErrorKind::Invalid, &what, error))
}

fn not_connected(servers: &str, error: ConnectError) -> Error {
    let what = format!("cannot connect to {servers}");
    // A login that was refused may be accepted later, when someone has corrected the server.
    let hint = match error.kind() {
        ConnectErrorKind::AuthorizationViolation | ConnectErrorKind::Authentication => {
            "; check `token`, the user in `natsURL`, or `jwt` and `seedKey`"
        }
        _ => "",
    };
    Error::unavailable(format!("{}{hint}", Error::from_source(ErrorKind::Unavailable, &what, error)))
}

type Noting = std::pin::Pin<Box<dyn Future<Output = ()> + Send + Sync>>;

/// Writes down what happens to the connection.
fn note(
    servers: String,
    opened: watch::Sender<u64>,
    closed: Arc<watch::Sender<bool>>,
) -> impl Fn(Event) -> Noting + Send + Sync + 'static {
    move |event| {
        match event {
            Event::Connected => {
                if *opened.borrow() > 0 {
                    tracing::info!("pubsub.jetstream: connected to {servers} again");
                }
                opened.send_modify(|times| *times += 1);
            }
            Event::Disconnected if *closed.borrow() => {}
            Event::Disconnected => {
                tracing::warn!("pubsub.jetstream: the connection to {servers} is lost; reconnecting");
            }
            Event::LameDuckMode => tracing::info!("pubsub.jetstream: a server of {servers} is about to stop"),
            Event::SlowConsumer(_) => {
                tracing::warn!(
                    "pubsub.jetstream: messages came faster than they were taken; they are delivered again later"
                );
            }
            Event::ServerError(error) => tracing::warn!("pubsub.jetstream: {servers} says: {error}"),
            Event::ClientError(error) => tracing::debug!("pubsub.jetstream: {servers}: {error}"),
            Event::Draining | Event::Closed => {}
        }
        Box::pin(std::future::ready(()))
    }
}

/// The rest before each attempt to connect, from the first, which has none.
fn rest(closed: Arc<watch::Sender<bool>>) -> impl Fn(usize) -> Duration + Send + Sync + 'static {
    move |attempt| {
        if *closed.borrow() {
            return FOR_GOOD;
        }
        let doublings = u32::try_from(attempt.saturating_sub(1)).unwrap_or(u32::MAX).min(16);
        let delay = if doublings == 0 { Duration::ZERO } else { Duration::from_millis(50) * 2_u32.pow(doublings - 1) };
        dapr_kit::backoff::jittered(delay.min(LONGEST_REST))
    }
}
