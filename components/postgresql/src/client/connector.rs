//! Opens connections.

use std::sync::Arc;
use std::time::Duration;

use dapr_kit::task;
use dapr_spi::{Error, Result};
use tokio::sync::Notify;
use tokio::time::timeout;
use tokio_postgres::config::{SslMode as DriverSslMode, SslNegotiation};
use tokio_postgres::{Client, NoTls};

use super::error;
use super::tls::{SslMode, Tls};
use crate::settings::Settings;

/// Opens connections as the settings say.
#[derive(Clone)]
pub(crate) struct Connector {
    pub(crate) settings: Arc<Settings>,
    tls: Option<Tls>,
}

/// An open connection. It says goodbye to the server when dropped, after the answers that are still due.
pub(crate) struct Connection {
    pub(crate) client: Client,
    /// Cuts the connection without waiting for anything.
    cut: Arc<Notify>,
}

impl Connection {
    /// Ends the connection at once; calls that wait for answers fail.
    pub(crate) fn cut(&self) {
        self.cut.notify_one();
    }
}

/// Asking the server to stop a statement must not outlast the statement's caller by much.
const CANCEL_WAIT: Duration = Duration::from_secs(5);

impl Connector {
    /// Reads certificates; opens nothing.
    ///
    /// # Errors
    /// A certificate file is missing or wrong.
    pub(crate) fn new(settings: Settings) -> Result<Self> {
        let mode = settings.tls.mode;
        let direct = settings.config.get_ssl_negotiation() == SslNegotiation::Direct;
        let tls = match mode {
            SslMode::Disable => None,
            _ => Some(Tls::new(&settings.tls, direct)?),
        };
        let mut settings = settings;
        settings.config.ssl_mode(match mode {
            SslMode::Disable => DriverSslMode::Disable,
            SslMode::Prefer => DriverSslMode::Prefer,
            _ => DriverSslMode::Require,
        });
        Ok(Self { settings: Arc::new(settings), tls })
    }

    /// Opens one connection, in bounded time.
    ///
    /// # Errors
    /// The server cannot be reached, or refuses us.
    pub(crate) async fn connect(&self) -> Result<Connection> {
        let settings = &self.settings;
        let opened = match &self.tls {
            None => timeout(settings.timeout, self.open_plain()).await,
            Some(tls) => timeout(settings.timeout, self.open_tls(tls.clone())).await,
        };
        match opened {
            Ok(opened) => opened.map_err(|failed| error::of(failed, &settings.target)),
            Err(_) => Err(Error::unavailable(format!(
                "no connection to PostgreSQL at {} within {}",
                settings.target.address,
                dapr_kit::duration::format(settings.timeout)
            ))),
        }
    }

    /// Ends a connection whose statement takes too long, and asks the server to stop the statement, which would
    /// otherwise go on waiting for a lock, and then do what nobody waits for any more.
    pub(crate) fn abandon(&self, connection: &Connection) {
        connection.cut();
        let (token, tls) = (connection.client.cancel_token(), self.tls.clone());
        task::spawn_detached("postgresql cancel", async move {
            let cancel = async {
                match tls {
                    None => token.cancel_query(NoTls).await,
                    Some(tls) => token.cancel_query(tls).await,
                }
            };
            if !matches!(timeout(CANCEL_WAIT, cancel).await, Ok(Ok(()))) {
                tracing::debug!("cannot ask PostgreSQL to stop a statement");
            }
        });
    }

    async fn open_plain(&self) -> Result<Connection, tokio_postgres::Error> {
        let (client, connection) = self.settings.config.connect(NoTls).await?;
        Ok(driven(client, connection))
    }

    async fn open_tls(&self, tls: Tls) -> Result<Connection, tokio_postgres::Error> {
        let (client, connection) = self.settings.config.connect(tls).await?;
        Ok(driven(client, connection))
    }
}

/// Moves bytes in the background until the client is dropped, the server leaves, or the connection is cut.
fn driven<F>(client: Client, connection: F) -> Connection
where
    F: Future<Output = Result<(), tokio_postgres::Error>> + Send + 'static,
{
    let cut = Arc::new(Notify::new());
    let until = cut.clone();
    task::spawn_detached("postgresql connection", async move {
        tokio::select! {
            ended = connection => if let Err(error) = ended {
                tracing::debug!(%error, "a PostgreSQL connection ended");
            },
            () = until.notified() => {}
        }
    });
    Connection { client, cut }
}
