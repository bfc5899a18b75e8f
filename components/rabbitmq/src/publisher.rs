//! Publishing: one channel for all topics, with confirms in flight as many as there are publishers.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use dapr_spi::pubsub::Message;
use dapr_spi::{Error, Result};
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::types::ShortString;
use lapin::{Channel, Confirmation, Connection};
use tokio::sync::{Mutex, OnceCell};
use tokio::time::{Instant, sleep, timeout_at};

use crate::connection::Link;
use crate::errors::{answer, failed, is_not_found, is_refusal};
use crate::properties::Outgoing;
use crate::settings::Settings;
use crate::topology::declare_exchange;

/// How long a message may take: to wait for the connection, to be sent, to be confirmed, and all of that again.
const PATIENCE: Duration = Duration::from_secs(15);
/// Pause before another attempt.
const PAUSE: Duration = Duration::from_millis(100);
/// Exchanges that are remembered as declared.
const DECLARED: usize = 10_000;
/// Messages without an answer after which the connection counts as lost, so that they do not pile up.
const UNANSWERED: usize = 256;
/// A message of that size may be too large for the server.
const LARGE: usize = 1 << 20;

/// Publishes the messages of one component.
pub(crate) struct Publisher {
    settings: Arc<Settings>,
    link: Link,
    current: RwLock<Option<Arc<Outlet>>>,
    opening: Mutex<()>,
}

/// A channel, and what was declared over its connection.
struct Outlet {
    connection: Arc<Connection>,
    channel: Channel,
    declared: RwLock<HashMap<String, Arc<OnceCell<()>>>>,
    unanswered: AtomicUsize,
}

/// Why an attempt failed.
enum Failure {
    /// It will fail again.
    Final(Error),
    /// It may succeed over another channel.
    Passing(Error),
}

impl Publisher {
    pub(crate) fn new(settings: Arc<Settings>, link: Link) -> Self {
        Self { settings, link, current: RwLock::default(), opening: Mutex::default() }
    }

    /// Hands a message to the server; waits for its confirmation if `publisherConfirm` says so.
    pub(crate) async fn publish(&self, message: &Message) -> Result<()> {
        let outgoing = Outgoing::of(&self.settings, message)?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            let error = match self.attempt(message, &outgoing, deadline).await {
                Ok(()) => return Ok(()),
                Err(Failure::Final(error)) => return Err(error),
                Err(Failure::Passing(error)) => error,
            };
            if Instant::now() + PAUSE >= deadline {
                return Err(error);
            }
            sleep(PAUSE).await;
        }
    }

    /// Asks the server for a sign of life.
    pub(crate) async fn ping(&self, deadline: Instant) -> Result<()> {
        let asking = async {
            let connection = self.link.connection(deadline).await?;
            let channel = connection.create_channel().await.map_err(|error| failed("ping", &error))?;
            channel.close(200, "OK".into()).await.map_err(|error| failed("ping", &error))
        };
        let answered = timeout_at(deadline, asking).await;
        answered.unwrap_or_else(|_| Err(Error::unavailable("the server does not answer")))
    }

    pub(crate) async fn close(&self) {
        self.link.close().await;
    }

    async fn attempt(&self, message: &Message, outgoing: &Outgoing, deadline: Instant) -> Result<(), Failure> {
        let outlet = self.outlet(deadline).await?;
        if outlet.connection.status().blocked() {
            let why = "the server takes no messages for now: it is short of memory or disk space";
            return Err(Failure::Passing(Error::unavailable(why)));
        }
        let declared = timeout_at(deadline, outlet.declare(&self.settings, &outgoing.exchange)).await;
        declared.unwrap_or_else(|_| Err(self.silent(&outlet)))?;
        let sent = timeout_at(deadline, outlet.send(message, outgoing)).await;
        let result = sent.unwrap_or_else(|_| Err(self.silent(&outlet)));
        if result.is_err() {
            self.link.doubt();
        }
        result
    }

    /// The channel, opened anew when it is gone.
    async fn outlet(&self, deadline: Instant) -> Result<Arc<Outlet>, Failure> {
        if let Some(outlet) = self.usable() {
            return Ok(outlet);
        }
        let _opening = self.opening.lock().await;
        if let Some(outlet) = self.usable() {
            return Ok(outlet);
        }
        let connection = self.link.connection(deadline).await.map_err(|error| match error.kind() {
            dapr_spi::ErrorKind::Unavailable => Failure::Passing(error),
            _ => Failure::Final(error),
        })?;
        let opened = timeout_at(deadline, Outlet::open(connection, self.settings.confirm)).await;
        let silent = || Failure::Passing(Error::unavailable("the server does not answer"));
        let outlet = opened.map_err(|_| silent())?.inspect_err(|_| self.link.doubt())?;
        let outlet = Arc::new(outlet);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some(outlet.clone());
        Ok(outlet)
    }

    fn usable(&self) -> Option<Arc<Outlet>> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        current.as_ref().filter(|outlet| outlet.channel.status().connected()).cloned()
    }

    /// Nothing was heard of a message in time. Too many of those, and the connection is given up: what was sent over it
    /// is held in memory.
    fn silent(&self, outlet: &Arc<Outlet>) -> Failure {
        if outlet.unanswered.fetch_add(1, Ordering::Relaxed) == UNANSWERED {
            self.link.give_up(outlet.connection.clone());
        }
        let why = format!("the server did not confirm the message within {PATIENCE:?}; it may have it nevertheless");
        Failure::Passing(Error::unavailable(why))
    }
}

impl Outlet {
    async fn open(connection: Arc<Connection>, confirm: bool) -> Result<Self, Failure> {
        let what = "cannot open a channel";
        let channel = connection.create_channel().await.map_err(|error| passing(what, &error))?;
        if confirm {
            let confirming = channel.confirm_select(ConfirmSelectOptions::default()).await;
            confirming.map_err(|error| passing(what, &error))?;
        }
        Ok(Self { connection, channel, declared: RwLock::default(), unanswered: AtomicUsize::default() })
    }

    /// Declares the exchange of a topic, once. That is done over a channel of its own, since a refusal ends the channel.
    async fn declare(&self, settings: &Settings, exchange: &ShortString) -> Result<(), Failure> {
        let known = self.declared.read().unwrap_or_else(PoisonError::into_inner).get(exchange.as_str()).cloned();
        let cell = known.unwrap_or_else(|| {
            let mut declared = self.declared.write().unwrap_or_else(PoisonError::into_inner);
            if declared.len() >= DECLARED {
                declared.clear();
            }
            declared.entry(exchange.to_string()).or_default().clone()
        });
        let declaring = async || {
            let opened = self.connection.create_channel().await;
            let channel = opened.map_err(|error| passing("cannot open a channel", &error))?;
            let declared = declare_exchange(&channel, settings, exchange.clone()).await;
            let _ = channel.close(200, "OK".into()).await;
            declared.map_err(|error| match error.kind() {
                dapr_spi::ErrorKind::Unavailable => Failure::Passing(error),
                _ => Failure::Final(error),
            })
        };
        cell.get_or_try_init(declaring).await.copied()
    }

    async fn send(&self, message: &Message, outgoing: &Outgoing) -> Result<(), Failure> {
        let Outgoing { exchange, routing_key, properties } = outgoing.clone();
        let options = BasicPublishOptions::default();
        let sent = self.channel.basic_publish(exchange, routing_key, options, &message.data, properties).await;
        let confirmed = match sent {
            Ok(confirm) => confirm.await,
            Err(error) => Err(error),
        };
        match confirmed {
            Ok(Confirmation::Ack(_) | Confirmation::NotRequested) => Ok(()),
            Ok(Confirmation::Nack(_)) => {
                Err(Failure::Final(Error::failed("the server refused the message: a queue is full, or has failed")))
            }
            Err(error) => Err(self.lost(message, &error)),
        }
    }

    /// When the server ends the channel because of one message, all others on their way learn the same; so they look
    /// whether they are meant.
    fn lost(&self, message: &Message, error: &lapin::Error) -> Failure {
        let text = answer(error).map(|answer| answer.get_message().as_str()).unwrap_or_default();
        let size = message.data.len();
        let mine =
            text.contains(&format!("'{}'", message.topic)) || (size >= LARGE && text.contains(&size.to_string()));
        if is_refusal(error) && !is_not_found(error) && mine {
            return Failure::Final(failed(&format!("cannot publish to `{}`", message.topic), error));
        }
        passing("the message may be lost", error)
    }
}

fn passing(what: &str, error: &lapin::Error) -> Failure {
    Failure::Passing(Error::unavailable(failed(what, error).to_string()))
}
