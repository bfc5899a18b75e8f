//! One HTTP/2 connection, its task, and the calls on it.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use dapr_kit::task::{self, Task};
use h2::client::{self, SendRequest};
use h2::{Ping, PingPong, Reason};
use http::{Request, Response, Version};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};

use super::body::{Answer, Upload};
use crate::corked::{Cork, Corked, cork};
use crate::dial::{Socket, dial};
use crate::{Body, Origin, SendError};

/// Bytes in flight on one call. The connection has no limit of its own: a few answers that nobody reads would use it up
/// and stop all other calls.
const STREAM_WINDOW: u32 = 256 << 10;
const CONNECTION_WINDOW: u32 = (1 << 31) - 1;
/// Header bytes of an answer.
const MAX_HEADER_LIST: u32 = 1 << 20;
/// A body up to this length is handed over in one piece.
const SENT_AT_ONCE: usize = 64 << 10;
/// How much of a call's body waits in memory for the peer.
const SEND_BUFFER: usize = 256 << 10;
/// Time between pings while calls wait (interface/grpc-api.md 2.6).
const PING_INTERVAL: Duration = Duration::from_secs(10);
/// How long a ping may go unanswered.
const PING_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the peer's settings are waited for.
const GREETING_TIMEOUT: Duration = Duration::from_secs(1);
/// A connection without calls is closed after this long.
const IDLE_TIMEOUT: Duration = Duration::from_secs(180);

/// What calls and the task share.
#[derive(Default)]
struct State {
    calls: AtomicUsize,
    closed: AtomicBool,
}

/// A connection.
pub(super) struct Connection {
    sender: SendRequest<Bytes>,
    state: Arc<State>,
    _task: Task<()>,
}

/// The right to begin a call.
pub(super) struct Reserved {
    sender: SendRequest<Bytes>,
    in_flight: InFlight,
}

/// Counts a call while it lives.
pub(super) struct InFlight(Arc<State>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.calls.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Connection {
    /// Opens a connection.
    pub(super) async fn open(origin: &Origin, pings: bool) -> Result<Self, SendError> {
        let socket = dial(origin).await.map_err(SendError::Connect)?;
        let (cork, corked) = cork(socket);
        let handshake = client::Builder::new()
            .initial_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_header_list_size(MAX_HEADER_LIST)
            .max_send_buffer_size(SEND_BUFFER)
            .enable_push(false)
            .handshake(corked);
        let (sender, mut http) = handshake.await.map_err(|error| SendError::Unsent(error.into()))?;
        let ping = http.ping_pong();
        let state = Arc::new(State::default());
        let (greeted, has_greeted) = oneshot::channel();
        let task = task::spawn("http/2 client connection", drive(http, cork, ping, pings, state.clone(), greeted));
        // With its answer to the first ping the peer has said how many calls it takes at once.
        let _ = timeout(GREETING_TIMEOUT, has_greeted).await;
        Ok(Self { sender, state, _task: task })
    }

    pub(super) fn is_open(&self) -> bool {
        !self.state.closed.load(Ordering::Acquire)
    }

    pub(super) fn calls(&self) -> usize {
        self.state.calls.load(Ordering::Relaxed)
    }

    /// A place for one more call, unless there are `most` already or as many as the peer lets through at once.
    pub(super) fn place(&self, most: usize) -> Option<InFlight> {
        let limit = most.min(self.sender.current_max_send_streams());
        let count = |calls: usize| (calls < limit).then(|| calls + 1);
        self.state.calls.fetch_update(Ordering::Relaxed, Ordering::Relaxed, count).ok()?;
        Some(InFlight(self.state.clone()))
    }

    /// No new call shall use it.
    pub(super) fn retire(&self) {
        self.state.closed.store(true, Ordering::Release);
    }

    /// The right to begin a call; waits while the peer takes no more.
    pub(super) async fn reserve(&self, in_flight: InFlight) -> Result<Reserved, SendError> {
        let sender = self.sender.clone().ready().await.map_err(|error| SendError::Unsent(error.into()))?;
        Ok(Reserved { sender, in_flight })
    }

    /// Makes a call.
    pub(super) async fn call(
        self: Arc<Self>,
        reserved: Reserved,
        request: Request<Body>,
    ) -> Result<Response<Body>, SendError> {
        let Reserved { mut sender, in_flight } = reserved;
        let (mut parts, body) = request.into_parts();
        parts.version = Version::HTTP_2;
        let whole = body.bytes();
        let is_empty = whole.as_ref().is_some_and(Bytes::is_empty);
        let request = Request::from_parts(parts, ());
        let (mut answering, stream) =
            sender.send_request(request, is_empty).map_err(|error| SendError::Unsent(error.into()))?;
        drop(sender);
        let mut upload = match whole {
            Some(_) if is_empty => None,
            // The library keeps what the peer has no room for yet.
            Some(bytes) if bytes.len() <= SENT_AT_ONCE => {
                let mut stream = stream;
                stream.send_data(bytes, true).map_err(|error| SendError::Unsent(error.into()))?;
                None
            }
            whole => Some(Box::new(Upload::new(body, whole, stream))),
        };
        let answer = poll_fn(|context| {
            poll_upload(&mut upload, context);
            Pin::new(&mut answering).poll(context)
        })
        .await;
        let response = answer.map_err(|error| failure(error, &upload))?;
        let (parts, stream) = response.into_parts();
        let body = if stream.is_end_stream() && upload.is_none() {
            Body::empty()
        } else {
            Body::stream(Answer::new(stream, upload, in_flight, self))
        };
        Ok(Response::from_parts(parts, body))
    }
}

/// Moves the request's body on; what goes wrong is seen where the answer is awaited.
pub(super) fn poll_upload(upload: &mut Option<Box<Upload>>, context: &mut Context<'_>) {
    if let Some(moving) = upload
        && moving.poll(context).is_ready()
    {
        *upload = None;
    }
}

fn failure(error: h2::Error, upload: &Option<Box<Upload>>) -> SendError {
    if let Some(error) = upload.as_ref().and_then(|upload| upload.failure()) {
        return SendError::Broken(format!("the request's body ended early: {error}").into());
    }
    let undone = error.reason() == Some(Reason::REFUSED_STREAM)
        || (error.is_go_away() && error.is_remote() && error.reason() == Some(Reason::NO_ERROR));
    if undone { SendError::Unsent(error.into()) } else { SendError::Broken(error.into()) }
}

type Http = client::Connection<Corked<Socket>, Bytes>;

/// Drives a connection until it ends, is idle for long, or a ping goes unanswered.
async fn drive(
    mut http: Http,
    cork: Cork<Socket>,
    mut ping: Option<PingPong>,
    pings: bool,
    state: Arc<State>,
    greeted: oneshot::Sender<()>,
) {
    let mut quiet_since = Instant::now();
    if let Some(ping) = &mut ping {
        is_alive(&mut http, &cork, ping).await;
    }
    let _ = greeted.send(());
    let mut ping = ping.filter(|_| pings);
    loop {
        let turn = poll_fn(|context| poll_turn(&mut http, &cork, context));
        if let Ok(ended) = timeout(PING_INTERVAL, turn).await {
            if let Err(error) = ended {
                tracing::debug!("an HTTP/2 connection ended: {error}");
            }
            break;
        }
        if state.calls.load(Ordering::Relaxed) > 0 {
            quiet_since = Instant::now();
        } else if quiet_since.elapsed() >= IDLE_TIMEOUT {
            break;
        }
        if let Some(ping) = &mut ping
            && !is_alive(&mut http, &cork, ping).await
        {
            break;
        }
    }
    state.closed.store(true, Ordering::Release);
}

/// Whether the peer answers a ping.
async fn is_alive(http: &mut Http, cork: &Cork<Socket>, ping: &mut PingPong) -> bool {
    if ping.send_ping(Ping::opaque()).is_err() {
        return false;
    }
    let answered = poll_fn(|context| match poll_turn(http, cork, context) {
        Poll::Ready(_) => Poll::Ready(false),
        Poll::Pending => ping.poll_pong(context).map(|pong| pong.is_ok()),
    });
    timeout(PING_TIMEOUT, answered).await.unwrap_or(false)
}

fn poll_turn(http: &mut Http, cork: &Cork<Socket>, context: &mut Context<'_>) -> Poll<Result<(), h2::Error>> {
    let ended = Pin::new(http).poll(context);
    // A socket that takes no more, or fails, wakes the connection, which then sees it.
    let _ = cork.flush(context);
    ended
}
