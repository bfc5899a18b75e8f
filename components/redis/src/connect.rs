//! Opens a connection: address, TCP, TLS, login, database, and what the server says of itself.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use dapr_spi::{Error, Result};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Cmd, Pipeline, RedisConnectionInfo, Value};
use rustls::pki_types::ServerName;
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::address::Address;
use crate::errors::{self, Failure, io_text, unavailable};
use crate::live::{Live, NoReply};
use crate::settings::{Credentials, Settings, Topology};

/// Requests that may wait for the connection's task to pick them up; more wait in their callers.
const QUEUE: usize = 1024;
/// A peer that vanished without a word is found after about this time without traffic.
const KEEPALIVE: Duration = Duration::from_secs(15);
const KEEPALIVE_PROBES: u32 = 3;

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// Opens connections with the settings of one component.
pub(crate) struct Connector {
    pub(crate) settings: Arc<Settings>,
    tls: Option<TlsConnector>,
}

/// What a connection leads to.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    /// That server.
    Server(Address),
    /// The server that Sentinel calls master at this moment.
    Master,
}

impl Connector {
    /// Reads the system's root certificates where TLS needs them.
    pub(crate) fn new(settings: Arc<Settings>) -> Result<Self> {
        let tls = settings.tls.as_ref().map(|tls| tls.connector()).transpose()?;
        Ok(Self { settings, tls })
    }

    /// Opens a connection that is ready for requests.
    pub(crate) async fn connect(&self, target: &Target) -> Result<Live> {
        match target {
            Target::Server(address) => self.to_server(address).await,
            Target::Master => self.to_server(&self.find_master().await?).await,
        }
    }

    async fn to_server(&self, address: &Address) -> Result<Live> {
        let login = (self.settings.credentials.as_ref(), self.settings.database);
        let mut live = self.within_limit(address, self.open(address, login)).await?;
        live.replicas = self.within_limit(address, self.replicas(&live)).await?;
        Ok(live)
    }

    /// The master's address, from the first sentinel that knows it.
    pub(crate) async fn find_master(&self) -> Result<Address> {
        let Topology::Sentinel { master, credentials } = &self.settings.topology else {
            return Err(Error::failed("no sentinel is configured"));
        };
        let mut troubles = Vec::new();
        for sentinel in &self.settings.addresses {
            let asked = self.ask_sentinel(sentinel, master, credentials.as_ref());
            match self.within_limit(sentinel, asked).await {
                Ok(address) => return Ok(address),
                Err(error) => troubles.push(error.to_string()),
            }
        }
        Err(Error::unavailable(format!("no sentinel named the master `{master}`: {}", troubles.join("; "))))
    }

    async fn ask_sentinel(&self, at: &Address, master: &str, credentials: Option<&Credentials>) -> Result<Address> {
        let live = self.open(at, (credentials, 0)).await?;
        let mut ask = redis::cmd("SENTINEL");
        ask.arg("get-master-addr-by-name").arg(master);
        match self.command(&live, &ask).await? {
            Value::Array(parts) => master_address(&parts)
                .ok_or_else(|| unavailable("cannot understand the sentinel", &live.address, &format!("{parts:?}"))),
            _ => Err(unavailable("the sentinel knows no such master:", &live.address, &"check `sentinelMasterName`")),
        }
    }

    async fn within_limit<T>(&self, address: &Address, work: impl Future<Output = Result<T>>) -> Result<T> {
        match self.settings.dial_timeout {
            None => work.await,
            Some(limit) => timeout(limit, work).await.unwrap_or_else(|_| {
                let advice = if self.tls.is_some() { "; does the server speak TLS on that port?" } else { "" };
                let why = format!("no answer within {limit:?}{advice}");
                Err(unavailable("cannot connect to", &address.to_string(), &why))
            }),
        }
    }

    async fn open(&self, address: &Address, login: (Option<&Credentials>, u32)) -> Result<Live> {
        let name = address.to_string();
        let stream = self.stream(address).await?;
        let info = RedisConnectionInfo::default().set_skip_set_lib_name();
        let config = AsyncConnectionConfig::new().set_response_timeout(None).set_pipeline_buffer_size(QUEUE);
        let (connection, driver) = MultiplexedConnection::new_with_config(&info, stream, config)
            .await
            .map_err(|error| unavailable("cannot connect to", &name, &error))?;
        let live = Live::new(connection, driver, name);
        self.log_in(&live, login).await?;
        Ok(live)
    }

    async fn stream(&self, address: &Address) -> Result<Pin<Box<dyn Stream>>> {
        let name = address.to_string();
        let failed = |error: std::io::Error| unavailable("cannot connect to", &name, &io_text(&error));
        let tcp = TcpStream::connect((address.host.as_str(), address.port)).await.map_err(failed)?;
        tcp.set_nodelay(true).map_err(failed)?;
        keep_alive(&tcp).map_err(failed)?;
        let Some(tls) = &self.tls else { return Ok(Box::pin(tcp)) };
        let host = ServerName::try_from(address.host.clone())
            .map_err(|_| Error::invalid(format!("`redisHost`: `{}` cannot be checked by TLS", address.host)))?;
        let secured = tls.connect(host, tcp).await.map_err(|error| tls_failed(&name, &error))?;
        Ok(Box::pin(secured))
    }

    /// AUTH, SELECT and PING in one round trip; PING tells whether the server wants a login or still loads its data.
    async fn log_in(&self, live: &Live, (credentials, database): (Option<&Credentials>, u32)) -> Result<()> {
        let mut steps = Pipeline::new();
        if let Some(Credentials { username, password }) = credentials {
            let auth = steps.cmd("AUTH");
            if !username.is_empty() {
                auth.arg(username);
            }
            auth.arg(password);
        }
        if database != 0 {
            steps.cmd("SELECT").arg(database);
        }
        steps.cmd("PING");
        let replies = live.send(&steps, None).await.map_err(|_| self.turned_away(live))?;
        for reply in &replies {
            if let Value::ServerError(error) = reply {
                return Err(unavailable_for(errors::refused(&live.address, error)));
            }
        }
        Ok(())
    }

    /// In TLS 1.3, a server that does not like the client's certificate says so after the handshake, by hanging up.
    fn turned_away(&self, live: &Live) -> Error {
        let advice =
            if self.tls.is_some() { "; it may want a client certificate (`clientCert`, `clientKey`)" } else { "" };
        unavailable("cannot log in to", &live.address, &format!("it closed the connection{advice}"))
    }

    /// How many replicas follow the server. A user without the right to ask waits for none.
    async fn replicas(&self, live: &Live) -> Result<u32> {
        let mut info = redis::cmd("INFO");
        info.arg("replication");
        let Value::BulkString(text) = live.send(&info, None).await.map_err(|error| no_reply(live, error))? else {
            return Ok(0);
        };
        let text = String::from_utf8_lossy(&text);
        let count = text.lines().find_map(|line| line.strip_prefix("connected_slaves:"));
        Ok(count.and_then(|count| count.trim().parse().ok()).unwrap_or(0))
    }

    async fn command(&self, live: &Live, command: &Cmd) -> Result<Value> {
        match live.send(command, None).await {
            Ok(Value::ServerError(error)) => Err(errors::refused(&live.address, &error)),
            Ok(value) => Ok(value),
            Err(error) => Err(no_reply(live, error)),
        }
    }
}

/// A login that was refused may be accepted later, when someone has corrected the server; so it is worth a retry.
fn unavailable_for(error: Error) -> Error {
    Error::unavailable(error.to_string())
}

/// What a connection without reply means to a request.
pub(crate) fn failure(live: &Live, error: NoReply) -> Failure {
    Failure::Unknown(no_reply(live, error))
}

fn no_reply(live: &Live, error: NoReply) -> Error {
    match error {
        NoReply::Lost(error) => errors::lost(&live.address, &error),
        NoReply::Late(limit) => unavailable("no answer from", &live.address, &format!("waited {limit:?}")),
    }
}

fn tls_failed(address: &str, error: &std::io::Error) -> Error {
    let text = error.to_string();
    let advice = if text.contains("UnknownIssuer") {
        ": the system does not trust its certificate; add the CA to the system's roots, or set `insecureSkipTLSVerify`"
    } else if text.contains("InvalidContentType") || text.contains("eof") {
        ": does the server speak TLS on that port?"
    } else {
        ""
    };
    unavailable("cannot open TLS to", address, &format!("{text}{advice}"))
}

fn keep_alive(tcp: &TcpStream) -> std::io::Result<()> {
    let probes = TcpKeepalive::new().with_time(KEEPALIVE).with_interval(KEEPALIVE).with_retries(KEEPALIVE_PROBES);
    SockRef::from(tcp).set_tcp_keepalive(&probes)
}

fn master_address(parts: &[Value]) -> Option<Address> {
    let [Value::BulkString(host), Value::BulkString(port)] = parts else { return None };
    let port = std::str::from_utf8(port).ok()?.parse().ok()?;
    Some(Address { host: String::from_utf8(host.clone()).ok()?, port })
}
