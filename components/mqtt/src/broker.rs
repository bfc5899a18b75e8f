//! `pubsub.mqtt3` as the engine sees it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use dapr_kit::task::{self, Task};
use dapr_spi::metadata::parse_bool;
use dapr_spi::pubsub::{Delivery, Feature, Intake, Message, PubSub, SubscribeRequest, Subscription};
use dapr_spi::{Context, Error, Factory, Result};
use rumqttc::{Publish, QoS};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout, timeout_at};

use crate::filter::{Filter, check_topic};
use crate::metadata::MqttMetadata;
use crate::session::{Command, Event, Held, LONGEST_REST, REST, Route, Session, closed};
use crate::settings::Settings;
use crate::wire::{LARGEST, Wire};

/// How long the broker may take to answer, with the time that a lost connection needs to come back.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long a sign of life may take.
const PING: Duration = Duration::from_secs(5);
/// How long the end of a subscription or of the component may take.
const END: Duration = Duration::from_secs(3);
/// Bytes of a PUBLISH packet beside topic and payload, at most.
const HEADER: usize = 16;

/// Makes `pubsub.mqtt3`.
pub struct Mqtt3;

#[async_trait]
impl Factory for Mqtt3 {
    type Metadata = MqttMetadata;
    type Valid = Arc<Settings>;
    type Component = dyn PubSub;

    fn validate(metadata: MqttMetadata) -> Result<Arc<Settings>> {
        Settings::check(metadata).map(Arc::new)
    }

    async fn init(settings: Arc<Settings>, context: Context) -> Result<Arc<dyn PubSub>> {
        let client_id = if settings.consumer_id.is_empty() { context.app_id } else { settings.consumer_id.clone() };
        let first = Wire::open(&settings, &client_id).await?;
        let session = Session::keep(settings.clone(), client_id, first);
        Ok(Arc::new(Broker { settings, session, next_id: AtomicU64::new(0), closed: AtomicBool::new(false) }))
    }
}

struct Broker {
    settings: Arc<Settings>,
    session: Session,
    next_id: AtomicU64,
    closed: AtomicBool,
}

impl Broker {
    fn check_open(&self) -> Result<()> {
        if self.closed.load(Ordering::Acquire) { Err(closed()) } else { Ok(()) }
    }

    /// Gives a command to the session and waits for what comes of it.
    async fn ask<T>(&self, command: Command, answer: oneshot::Receiver<T>, patience: Duration) -> Result<T> {
        let deadline = Instant::now() + patience;
        let asked = timeout_at(deadline, async {
            self.session.commands.send(command).await.map_err(|_| closed())?;
            answer.await.map_err(|_| self.no_answer(patience))
        });
        asked.await.unwrap_or_else(|_| Err(self.no_answer(patience)))
    }

    fn no_answer(&self, patience: Duration) -> Error {
        if let Err(error) = self.check_open() {
            return error;
        }
        match &*self.session.trouble.borrow() {
            Some(why) => Error::unavailable(format!("the connection is lost: {why}")),
            None => Error::unavailable(format!("the broker did not answer within {patience:?}")),
        }
    }

    fn packet(&self, message: Message) -> Result<Publish> {
        check_topic(&message.topic)?;
        let size = message.topic.len() + message.data.len() + HEADER;
        if size > LARGEST {
            return Err(Error::invalid(format!("a message of {size} bytes is too large for MQTT")));
        }
        let given = message.metadata.get("retain").filter(|text| !text.is_empty());
        let wrong = |text| Error::invalid(format!("`retain`: expected `true` or `false`, found `{text}`"));
        let retain = given.map(|text| parse_bool(text).ok_or_else(|| wrong(text))).transpose()?;
        let mut publish = Publish::from_bytes(message.topic, self.settings.qos, message.data);
        publish.retain = retain.unwrap_or(self.settings.retain);
        Ok(publish)
    }
}

#[async_trait]
impl PubSub for Broker {
    fn features(&self) -> &[Feature] {
        &[Feature::SubscribeWildcards]
    }

    async fn publish(&self, message: Message) -> Result<()> {
        self.check_open()?;
        let (done, answer) = oneshot::channel();
        let publish = self.packet(message)?;
        self.ask(Command::Publish { publish, done }, answer, PATIENCE).await?
    }

    fn redelivery(&self, _: &SubscribeRequest) -> String {
        if self.settings.qos == QoS::AtMostOnce {
            return "is lost, since `qos` is 0".into();
        }
        let lost = if self.settings.clean_session {
            "; it is lost with the connection, since `cleanSession` is true"
        } else {
            ", and over the next connection"
        };
        format!("comes again after {REST:?}, each further time after twice as long up to {LONGEST_REST:?}{lost}")
    }

    async fn subscribe(&self, request: SubscribeRequest, intake: Intake) -> Result<Box<dyn Subscription>> {
        self.check_open()?;
        let filter = Filter::new(&request.topic)?;
        let asked = request.metadata.get("unsubscribeOnClose").and_then(|text| parse_bool(text));
        let unsubscribe = self.settings.clean_session || asked == Some(true);
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let (feed, messages) = mpsc::unbounded_channel();
        let events = self.session.events.clone();
        let feeder = task::spawn("mqtt-feeder", feed_intake(intake.clone(), messages, events.clone()));
        let subscribed = Subscribed { id, unsubscribe, events, feeder: Some(feeder) };
        let (done, answer) = oneshot::channel();
        let route = Route { id, filter, intake, feed, done: Some(done), confirmed: false };
        match self.ask(Command::Subscribe(route), answer, PATIENCE).await.flatten() {
            Ok(()) => Ok(Box::new(subscribed)),
            Err(error) => {
                Box::new(subscribed).close().await;
                Err(error)
            }
        }
    }

    async fn ping(&self) -> Result<()> {
        self.check_open()?;
        let (done, answer) = oneshot::channel();
        self.ask(Command::Ping(done), answer, PING).await
    }

    async fn close(&self) {
        if self.closed.swap(true, Ordering::AcqRel) {
            return;
        }
        let (done, closed) = oneshot::channel();
        let _ = self.session.events.send(Event::Close(done));
        let _ = timeout(END, closed).await;
    }
}

struct Subscribed {
    id: u64,
    unsubscribe: bool,
    events: mpsc::UnboundedSender<Event>,
    feeder: Option<Task<()>>,
}

#[async_trait]
impl Subscription for Subscribed {
    async fn close(mut self: Box<Self>) {
        let (done, written) = oneshot::channel();
        let left = self.events.send(Event::Leave { id: self.id, unsubscribe: self.unsubscribe, done });
        if left.is_ok() {
            let _ = timeout(END, written).await;
        }
        // It ends by itself when the intake is closed, and gives back what it has.
        if let Some(feeder) = self.feeder.take() {
            let _ = timeout(END, feeder.join()).await;
        }
    }
}

/// Puts messages into the intake as there is room; gives back those that come too late.
async fn feed_intake(
    intake: Intake,
    mut messages: mpsc::UnboundedReceiver<Held>,
    events: mpsc::UnboundedSender<Event>,
) {
    loop {
        let held = tokio::select! {
            held = messages.recv() => held,
            () = intake.closed() => None,
        };
        let Some(held) = held else { break };
        let Some(slot) = intake.reserve().await else {
            let _ = events.send(Event::Back(held));
            break;
        };
        let _ = events.send(Event::Put(held.bytes()));
        let message = Message {
            data: held.payload.clone(),
            topic: held.topic.to_string(),
            metadata: [("retained".to_owned(), held.retained.to_string())].into(),
            content_type: None,
        };
        let settled = events.clone();
        let settle = move |verdict| {
            let _ = settled.send(Event::Settled { held, verdict });
        };
        intake.put(slot, Delivery::new(message, None, settle));
    }
    messages.close();
    while let Ok(held) = messages.try_recv() {
        let _ = events.send(Event::Back(held));
    }
}

#[cfg(test)]
mod tests {
    use rumqttc::Packet;

    use super::*;

    #[test]
    fn the_header_of_a_packet_is_within_its_bound() {
        let mut publish = Publish::new("topic", QoS::AtLeastOnce, vec![0; 100]);
        publish.pkid = 1;
        assert!(Packet::Publish(publish).size() <= 5 + 100 + HEADER);
    }
}
