//! The one connection of a component, kept open without end: a task that owns the socket and all that is under way.
//!
//! Publishers and subscriptions talk to it by [`Command`]s, which wait while the connection is lost, and by [`Event`]s,
//! which never do. A slow subscriber stops neither publishers nor other subscribers until the broker's window, or the room
//! for messages here, is used up.

mod incoming;
mod outgoing;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use dapr_kit::backoff::Backoff;
use dapr_kit::task::{self, Task};
use dapr_net::dial::Socket;
use dapr_spi::pubsub::{Intake, Verdict};
use dapr_spi::{Error, Result};
use rumqttc::{Packet, Publish};
use tokio::io::{AsyncWriteExt, WriteHalf};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep_until};

pub(crate) use incoming::{LONGEST_REST, REST};

use crate::filter::Filter;
use crate::session::incoming::Inbox;
use crate::session::outgoing::Outbox;
use crate::settings::Settings;
use crate::wire::{KEEP_ALIVE, Wire};

/// Commands that wait.
const COMMANDS: usize = 256;
/// Bytes to be written above which nothing new is taken.
const UNWRITTEN: usize = 1 << 20;
/// Packets and events that are handled between two writes.
const BURST: usize = 256;
/// How long an answer to a sign of life may take.
const ANSWER: Duration = Duration::from_secs(10);
/// A connection that lived so long was a good one: the next may be opened soon.
const GOOD: Duration = Duration::from_secs(10);
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// What needs the broker.
pub(crate) enum Command {
    Publish { publish: Publish, done: oneshot::Sender<Result<()>> },
    Subscribe(Route),
    Ping(oneshot::Sender<()>),
}

/// What happened here.
pub(crate) enum Event {
    /// A message went into an intake.
    Put(usize),
    /// A message did not find room before its intake was closed.
    Back(Held),
    /// The engine is through with a message.
    Settled { held: Held, verdict: Verdict },
    /// A subscription ends; `done` is told when its last answers are written.
    Leave { id: u64, unsubscribe: bool, done: oneshot::Sender<()> },
    /// The component ends.
    Close(oneshot::Sender<()>),
}

/// A subscription.
pub(crate) struct Route {
    pub(crate) id: u64,
    pub(crate) filter: Filter,
    pub(crate) intake: Intake,
    /// Where its messages go.
    pub(crate) feed: mpsc::UnboundedSender<Held>,
    /// Told what the broker made of it.
    pub(crate) done: Option<oneshot::Sender<Result<()>>>,
    /// The broker has confirmed it.
    pub(crate) confirmed: bool,
}

/// A message that came and is not processed.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(crate) id: u64,
    pub(crate) pkid: u16,
    pub(crate) topic: Arc<str>,
    pub(crate) payload: Bytes,
    pub(crate) retained: bool,
    /// How often it was refused.
    pub(crate) refusals: u32,
}

impl Held {
    pub(crate) fn bytes(&self) -> usize {
        self.topic.len() + self.payload.len()
    }

    /// Whether the broker waits for an answer.
    fn is_acknowledged(&self) -> bool {
        self.pkid != 0
    }
}

/// The way to the task.
pub(crate) struct Session {
    pub(crate) commands: mpsc::Sender<Command>,
    pub(crate) events: mpsc::UnboundedSender<Event>,
    /// Why there is no connection; nothing while there is one.
    pub(crate) trouble: watch::Receiver<Option<Arc<str>>>,
    _driver: Task<()>,
}

impl Session {
    /// Keeps a connection open.
    pub(crate) fn keep(settings: Arc<Settings>, client_id: String, first: Wire) -> Self {
        let (commands, waiting) = mpsc::channel(COMMANDS);
        let (events, happened) = mpsc::unbounded_channel();
        let (troubles, trouble) = watch::channel(None);
        let driver = Driver {
            inbox: Inbox::new(settings.clean_session),
            outbox: Outbox::default(),
            settings,
            client_id,
            commands: waiting,
            events: happened,
            out: BytesMut::new(),
            flushed: Vec::new(),
            pings: Vec::new(),
            closing: false,
        };
        let driver = task::spawn("mqtt-session", driver.run(first, troubles));
        Self { commands, events, trouble, _driver: driver }
    }
}

struct Driver {
    settings: Arc<Settings>,
    client_id: String,
    commands: mpsc::Receiver<Command>,
    events: mpsc::UnboundedReceiver<Event>,
    inbox: Inbox,
    outbox: Outbox,
    /// To be written.
    out: BytesMut,
    /// Who waits until everything is written.
    flushed: Vec<oneshot::Sender<()>>,
    /// Who waits for a sign of life.
    pings: Vec<oneshot::Sender<()>>,
    closing: bool,
}

/// When something was last heard and said.
struct Pulse {
    heard: Instant,
    said: Instant,
    answer_due: Option<Instant>,
}

impl Pulse {
    fn new() -> Self {
        let now = Instant::now();
        Self { heard: now, said: now, answer_due: None }
    }

    fn next(&self) -> Instant {
        self.answer_due.unwrap_or_else(|| self.heard.min(self.said) + KEEP_ALIVE / 2)
    }
}

impl Driver {
    async fn run(mut self, first: Wire, trouble: watch::Sender<Option<Arc<str>>>) {
        let mut wire = first;
        let mut backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
        loop {
            let since = Instant::now();
            let why = self.serve(wire).await;
            if self.closing {
                return;
            }
            let origin = &self.settings.origin;
            let good = since.elapsed() >= GOOD;
            let hint = if good { "" } else { "; does another client have the same `consumerID`?" };
            if good {
                backoff.reset();
            }
            tracing::warn!("pubsub.mqtt3: the connection to {origin} is lost: {why}{hint}; reconnecting");
            trouble.send_replace(Some(why.to_string().into()));
            match self.reconnect(&mut backoff, &trouble).await {
                Some(next) => wire = next,
                None => return,
            }
            tracing::info!("pubsub.mqtt3: connected to {} again", self.settings.origin);
            trouble.send_replace(None);
        }
    }

    /// Opens the connection anew, without end; `None` when the component ends.
    async fn reconnect(&mut self, backoff: &mut Backoff, trouble: &watch::Sender<Option<Arc<str>>>) -> Option<Wire> {
        self.out.clear();
        self.tell_flushed();
        self.pings.clear();
        self.inbox.disconnected();
        loop {
            let (settings, client_id) = (self.settings.clone(), self.client_id.clone());
            let wait = backoff.next_delay();
            let mut opening = Box::pin(async move {
                tokio::time::sleep(wait).await;
                Wire::open(&settings, &client_id).await
            });
            let opened = loop {
                tokio::select! {
                    opened = &mut opening => break opened,
                    event = self.events.recv() => {
                        self.happened(event?);
                        self.out.clear();
                        self.tell_flushed();
                        if self.closing {
                            return None;
                        }
                    }
                }
            };
            match opened {
                Ok(wire) => return Some(wire),
                Err(error) => {
                    tracing::debug!("pubsub.mqtt3: {error}");
                    trouble.send_replace(Some(error.to_string().into()));
                }
            }
        }
    }

    /// Uses a connection until it is lost; returns why.
    async fn serve(&mut self, wire: Wire) -> io::Error {
        let Wire { mut reader, mut writer, session_present } = wire;
        let mut pulse = Pulse::new();
        self.resume(session_present);
        let mut unflushed = false;
        loop {
            if let Err(error) = self.gather(&mut pulse) {
                return error;
            }
            if self.out.is_empty() && !unflushed {
                self.tell_flushed();
                if self.closing {
                    return io::ErrorKind::NotConnected.into();
                }
            }
            let next = self.inbox.next_rested().map_or(pulse.next(), |rested| rested.min(pulse.next()));
            let (takes, reads) = (self.takes_commands(), !self.inbox.is_full());
            tokio::select! {
                written = push(&mut writer, &mut self.out), if unflushed || !self.out.is_empty() => match written {
                    Ok(more) => {
                        unflushed = more;
                        pulse.said = Instant::now();
                    }
                    Err(error) => return error,
                },
                packet = reader.next(), if reads => {
                    pulse.heard = Instant::now();
                    pulse.answer_due = None;
                    let mut next = packet.map(Some);
                    for _ in 0..BURST {
                        match next {
                            Ok(Some(packet)) => self.received(packet),
                            Ok(None) => break,
                            Err(error) => return error,
                        }
                        next = if self.inbox.is_full() { Ok(None) } else { reader.ready() };
                    }
                    // The last one of a burst is not lost.
                    match next {
                        Ok(Some(packet)) => self.received(packet),
                        Ok(None) => {}
                        Err(error) => return error,
                    }
                }
                Some(event) = self.events.recv() => self.happened(event),
                Some(command) = self.commands.recv(), if takes => self.command(command),
                () = sleep_until(next) => {}
            }
        }
    }

    /// Takes what waits, so that one write answers it all, and what the clock says.
    fn gather(&mut self, pulse: &mut Pulse) -> io::Result<()> {
        for _ in 0..BURST {
            let Ok(event) = self.events.try_recv() else { break };
            self.happened(event);
        }
        for _ in 0..BURST {
            if !self.takes_commands() {
                break;
            }
            let Ok(command) = self.commands.try_recv() else { break };
            self.command(command);
        }
        let now = Instant::now();
        self.inbox.wake(now, &mut self.out);
        // While nothing is read, an answer is not seen.
        if self.inbox.is_full() {
            pulse.answer_due = None;
            pulse.heard = now;
        } else if pulse.answer_due.is_some_and(|due| due <= now) {
            return Err(io::Error::new(io::ErrorKind::TimedOut, format!("no sign of life within {ANSWER:?}")));
        }
        let quiet = pulse.answer_due.is_none() && pulse.next() <= now;
        if quiet || (!self.pings.is_empty() && pulse.answer_due.is_none()) {
            self.write(&Packet::PingReq);
            pulse.answer_due = Some(now + ANSWER);
        }
        Ok(())
    }

    fn takes_commands(&self) -> bool {
        !self.closing && self.out.len() < UNWRITTEN && self.outbox.has_room(self.settings.qos)
    }

    fn tell_flushed(&mut self) {
        for done in self.flushed.drain(..) {
            let _ = done.send(());
        }
    }

    fn write(&mut self, packet: &Packet) {
        write(&mut self.out, packet);
    }

    /// Begins on a new connection where the last one ended.
    fn resume(&mut self, session_present: bool) {
        self.out.clear();
        self.inbox.connected(session_present);
        self.outbox.resend(session_present, &mut self.out);
        let unconfirmed = self.inbox.unconfirmed();
        if !unconfirmed.is_empty() {
            self.outbox.subscribe(unconfirmed, self.settings.qos, &mut self.out);
        }
    }

    fn command(&mut self, command: Command) {
        match command {
            Command::Publish { publish, done } => self.outbox.publish(publish, done, &mut self.out),
            Command::Ping(done) => self.pings.push(done),
            Command::Subscribe(route) => {
                let topic = (route.id, route.filter.text.clone());
                self.inbox.add(route);
                self.outbox.subscribe(vec![topic], self.settings.qos, &mut self.out);
            }
        }
    }

    fn happened(&mut self, event: Event) {
        match event {
            Event::Put(bytes) => self.inbox.put(bytes),
            Event::Back(held) => self.inbox.back(held, &mut self.out),
            Event::Settled { held, verdict } => self.inbox.settled(held, verdict, &mut self.out),
            Event::Leave { id, unsubscribe, done } => {
                let left = self.inbox.leave(id, unsubscribe, &mut self.out);
                if let Some(filter) = left.filter(|_| unsubscribe) {
                    self.outbox.unsubscribe(filter, &mut self.out);
                }
                self.flushed.push(done);
            }
            Event::Close(done) => {
                self.write(&Packet::Disconnect);
                self.closing = true;
                self.flushed.push(done);
            }
        }
    }

    fn received(&mut self, packet: Packet) {
        match packet {
            Packet::Publish(publish) => self.inbox.came(publish, &mut self.out),
            Packet::PubRel(release) => self.inbox.released(release.pkid, &mut self.out),
            Packet::PubAck(ack) => self.outbox.acknowledged(ack.pkid),
            Packet::PubRec(received) => self.outbox.received(received.pkid, &mut self.out),
            Packet::PubComp(complete) => self.outbox.acknowledged(complete.pkid),
            Packet::SubAck(ack) => {
                for (id, accepted) in self.outbox.subscribed(&ack) {
                    self.inbox.confirm(id, accepted);
                }
            }
            Packet::UnsubAck(ack) => self.outbox.unsubscribed(ack.pkid),
            Packet::PingResp => {
                for done in self.pings.drain(..) {
                    let _ = done.send(());
                }
            }
            other => tracing::debug!("pubsub.mqtt3: the broker sent what only clients send: {other:?}"),
        }
    }
}

/// Writes some of what is to be written; whether it must be flushed, or there is more.
async fn push(writer: &mut WriteHalf<Socket>, out: &mut BytesMut) -> io::Result<bool> {
    if out.is_empty() {
        writer.flush().await?;
        return Ok(false);
    }
    writer.write_buf(out).await?;
    Ok(true)
}

/// Appends a packet that was checked.
fn write(out: &mut BytesMut, packet: &Packet) {
    let before = out.len();
    if let Err(error) = packet.write(out, usize::MAX) {
        out.truncate(before);
        tracing::error!("pubsub.mqtt3: a packet cannot be written: {error}; this is a bug, please report it");
    }
}

/// The component has ended.
pub(crate) fn closed() -> Error {
    Error::failed("component is closed")
}
