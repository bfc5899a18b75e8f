//! An open connection: packets in and out.

use std::io;
use std::time::Duration;

use bytes::BytesMut;
use dapr_net::dial::{Socket, dial};
use dapr_spi::{Error, Result};
use rumqttc::mqttbytes::Error as PacketError;
use rumqttc::{ConnAck, Connect, ConnectReturnCode, Packet};
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::time::timeout;

use crate::settings::Settings;

/// How long the greetings may take.
const GREETINGS: Duration = Duration::from_secs(20);
/// After one and a half times this long without a packet the broker gives us up.
pub(crate) const KEEP_ALIVE: Duration = Duration::from_secs(30);
/// The largest packet that MQTT can tell.
pub(crate) const LARGEST: usize = 268_435_455;
/// Room that a read finds at least.
const READ: usize = 16 << 10;

/// A connection that was accepted.
pub(crate) struct Wire {
    pub(crate) reader: Reader,
    pub(crate) writer: WriteHalf<Socket>,
    /// The broker knows this client from before.
    pub(crate) session_present: bool,
}

/// The side that packets come from.
pub(crate) struct Reader {
    half: ReadHalf<Socket>,
    buffer: BytesMut,
}

impl Wire {
    /// Connects and says who we are.
    ///
    /// # Errors
    /// The broker cannot be reached, or does not let us in.
    pub(crate) async fn open(settings: &Settings, client_id: &str) -> Result<Self> {
        let socket = dial(&settings.origin).await.map_err(|error| Error::unavailable(error.to_string()))?;
        let (half, writer) = tokio::io::split(socket);
        let mut wire = Self { reader: Reader { half, buffer: BytesMut::new() }, writer, session_present: false };
        let greeted = timeout(GREETINGS, wire.greet(settings, client_id)).await;
        let silent = || Error::unavailable(format!("no answer within {GREETINGS:?}"));
        let greeted = greeted.unwrap_or_else(|_| Err(silent()));
        wire.session_present =
            greeted.map_err(|error| error.context(&format!("cannot connect to {}", settings.origin)))?;
        Ok(wire)
    }

    async fn greet(&mut self, settings: &Settings, client_id: &str) -> Result<bool> {
        let mut connect = Connect::new(client_id);
        connect.clean_session = settings.clean_session;
        connect.keep_alive = u16::try_from(KEEP_ALIVE.as_secs()).unwrap_or(u16::MAX);
        if !settings.password.is_empty() {
            connect.set_credentials(&settings.username, settings.password.clone());
        } else if !settings.username.is_empty() {
            connect.set_username(&settings.username);
        }
        let mut bytes = BytesMut::new();
        let written = connect.write(&mut bytes);
        written.map_err(|error| Error::invalid(format!("client id or credentials cannot be sent: {error}")))?;
        self.writer.write_all(&bytes).await.map_err(|error| Error::unavailable(error.to_string()))?;
        match self.reader.next().await {
            Ok(Packet::ConnAck(ConnAck { session_present, code: ConnectReturnCode::Success })) => Ok(session_present),
            Ok(Packet::ConnAck(ConnAck { code, .. })) => Err(Error::unavailable(reason(code))),
            Ok(other) => Err(Error::unavailable(format!("it does not speak MQTT 3.1.1: it answered {other:?}"))),
            Err(error) => Err(Error::unavailable(format!("it closed the connection: {error}"))),
        }
    }
}

fn reason(code: ConnectReturnCode) -> &'static str {
    match code {
        ConnectReturnCode::Success => "it accepted",
        ConnectReturnCode::RefusedProtocolVersion => "it does not speak MQTT 3.1.1",
        ConnectReturnCode::BadClientId => "it refuses the client id; set another `consumerID`",
        ConnectReturnCode::ServiceUnavailable => "it takes no connections now",
        ConnectReturnCode::BadUserNamePassword => "it refuses user or password; check them in `url`",
        ConnectReturnCode::NotAuthorized => "it does not let this client in; check user and password in `url`",
    }
}

impl Reader {
    /// The next packet; may be cancelled.
    pub(crate) async fn next(&mut self) -> io::Result<Packet> {
        loop {
            if let Some(packet) = self.ready()? {
                return Ok(packet);
            }
            self.buffer.reserve(READ);
            if self.half.read_buf(&mut self.buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// A packet that has come already.
    pub(crate) fn ready(&mut self) -> io::Result<Option<Packet>> {
        match Packet::read(&mut self.buffer, LARGEST) {
            Ok(packet) => Ok(Some(packet)),
            Err(PacketError::InsufficientBytes(_)) => Ok(None),
            Err(error) => Err(io::Error::new(io::ErrorKind::InvalidData, error)),
        }
    }
}
