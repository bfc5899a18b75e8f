//! One open connection, shared by all requests of a server: they are pipelined in the order in which they come.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use dapr_kit::task::{self, Task};
use redis::RedisError;
use redis::aio::MultiplexedConnection;
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::packet::Packet;

/// An open connection. It closes when the last request that uses it lets go.
pub(crate) struct Live {
    connection: MultiplexedConnection,
    /// Where it leads to, for messages.
    pub(crate) address: String,
    /// Replicas that were connected to the server when the connection was opened.
    pub(crate) replicas: u32,
    vital: Arc<Vital>,
    _driver: Task<()>,
}

#[derive(Default)]
struct Vital {
    ended: AtomicBool,
    gone: Notify,
    replies: AtomicU64,
}

impl Vital {
    fn end(&self) {
        self.ended.store(true, Ordering::Release);
        self.gone.notify_one();
    }
}

/// Why a connection gave no reply.
pub(crate) enum NoReply {
    /// It broke while the request was under way.
    Lost(RedisError),
    /// Nothing came within the time limit.
    Late(Duration),
}

impl Live {
    /// Takes over a connection and the future that drives it.
    pub(crate) fn new(
        connection: MultiplexedConnection,
        driver: impl Future<Output = ()> + Send + 'static,
        address: String,
    ) -> Self {
        let vital = Arc::new(Vital::default());
        let watched = Arc::clone(&vital);
        let driver = task::spawn("redis connection", async move {
            driver.await;
            watched.end();
        });
        Self { connection, address, replicas: 0, vital, _driver: driver }
    }

    /// Sends a packet and waits for its reply.
    pub(crate) async fn send<P: Packet>(&self, packet: &P, limit: Option<Duration>) -> Result<P::Reply, NoReply> {
        let before = self.vital.replies.load(Ordering::Relaxed);
        let mut connection = self.connection.clone();
        let answer = match limit {
            Some(limit) => timeout(limit, packet.send(&mut connection)).await.map_err(|_| limit),
            None => Ok(packet.send(&mut connection).await),
        };
        match answer {
            Ok(Ok(reply)) => {
                self.vital.replies.fetch_add(1, Ordering::Relaxed);
                Ok(reply)
            }
            Ok(Err(error)) => {
                self.retire();
                Err(NoReply::Lost(error))
            }
            Err(limit) => {
                self.retire_if_silent_since(before);
                Err(NoReply::Late(limit))
            }
        }
    }

    /// Whether new requests may use it.
    pub(crate) fn is_usable(&self) -> bool {
        !self.vital.ended.load(Ordering::Acquire)
    }

    /// Keeps new requests away and asks for another connection; requests under way may finish.
    pub(crate) fn retire(&self) {
        self.vital.end();
    }

    /// A connection on which nothing at all was answered leads nowhere; on one that answered others, the request is slow.
    fn retire_if_silent_since(&self, replies: u64) {
        if self.vital.replies.load(Ordering::Relaxed) == replies {
            self.retire();
        }
    }

    /// Waits until the connection cannot be used any more.
    pub(crate) async fn gone(&self) {
        while self.is_usable() {
            self.vital.gone.notified().await;
        }
    }
}
