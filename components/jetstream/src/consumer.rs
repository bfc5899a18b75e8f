//! The push consumer of a subscription: found, made as the settings say, or brought in line with them.

use std::time::Duration;

use async_nats::Client;
use async_nats::jetstream::consumer::{AckPolicy, Config, DeliverPolicy, Info};
use async_nats::jetstream::response::Response;
use async_nats::jetstream::{Context, ErrorCode};
use dapr_spi::{Error, Result};
use serde::Deserialize;
use serde_json::json;

use crate::errors::{no_stream, refused, unanswered};
use crate::settings::Settings;

/// What the server waits for an acknowledgement when nothing is said.
const ACK_WAIT: Duration = Duration::from_secs(30);
/// The shortest time after which the server is told again that a message is still worked on.
const SHORTEST_PERIOD: Duration = Duration::from_millis(50);

/// A consumer that exists.
#[derive(Clone, Debug)]
pub(crate) struct Consumer {
    pub(crate) stream: String,
    pub(crate) name: String,
    /// Where it sends messages.
    pub(crate) subject: String,
    pub(crate) group: Option<String>,
    pub(crate) durable: bool,
    pub(crate) ack_policy: AckPolicy,
    /// How often the server must be told that a message is still worked on.
    pub(crate) period: Duration,
    /// The last message of the stream that it had delivered when it was found.
    pub(crate) delivered: u64,
}

impl Consumer {
    fn of(info: Info) -> Self {
        let config = info.config;
        let wait = if config.ack_wait.is_zero() { ACK_WAIT } else { config.ack_wait };
        let wait = config.backoff.iter().copied().chain([wait]).min().unwrap_or(wait);
        Self {
            stream: info.stream_name,
            name: info.name,
            subject: config.deliver_subject.unwrap_or_default(),
            group: config.deliver_group.filter(|group| !group.is_empty()),
            durable: config.durable_name.is_some_and(|name| !name.is_empty()),
            ack_policy: config.ack_policy,
            period: (wait / 3).max(SHORTEST_PERIOD),
            delivered: info.delivered.stream_sequence,
        }
    }
}

/// Makes or finds the consumers of one topic.
pub(crate) struct Consumers<'a> {
    pub(crate) client: &'a Client,
    pub(crate) context: &'a Context,
    pub(crate) settings: &'a Settings,
    pub(crate) topic: &'a str,
}

impl Consumers<'_> {
    /// The consumer of the subscription. `from` is the sequence number where one that has to be made begins, when that is
    /// known; `deliverPolicy` says it otherwise.
    ///
    /// # Errors
    /// There is no stream, the server refuses, or the durable consumer is another's.
    pub(crate) async fn consumer(&self, from: Option<u64>) -> Result<Consumer> {
        let stream = self.stream().await?;
        let durable = self.settings.durable(self.topic);
        if let Some(name) = &durable
            && let Some(info) = self.find(&stream, name).await?
        {
            let wanted = self.fitting(&stream, name, &info)?;
            let kept = if wanted == info.config { info } else { self.put(&stream, &wanted).await? };
            return Ok(Consumer::of(kept));
        }
        let config = self.new_config(durable, self.start(&stream, from).await?);
        self.put(&stream, &config).await.map(Consumer::of)
    }

    /// Whether the consumer is still there, and sends where it did. An answer that does not come says nothing.
    pub(crate) async fn is_lost(&self, consumer: &Consumer) -> bool {
        match self.find(&consumer.stream, &consumer.name).await {
            Ok(Some(info)) => info.config.deliver_subject.as_deref() != Some(&consumer.subject),
            Ok(None) => true,
            Err(_) => false,
        }
    }

    /// Deletes a consumer that nobody else knows.
    pub(crate) async fn delete(&self, consumer: &Consumer) {
        let _ = self.context.delete_consumer_from_stream(&consumer.name, &consumer.stream).await;
    }

    /// The stream that takes the topic.
    pub(crate) async fn stream(&self) -> Result<String> {
        if !self.settings.stream.is_empty() {
            return Ok(self.settings.stream.clone());
        }
        let what = format!("cannot look up the stream of topic `{}`", self.topic);
        let asked = self.context.request("STREAM.NAMES", &json!({ "subject": self.topic })).await;
        match asked.map_err(|error| unanswered(&what, error))? {
            Response::Err { error } => Err(refused(&what, error)),
            Response::Ok(Names { streams }) => {
                streams.and_then(|names| names.into_iter().next()).ok_or_else(|| no_stream(self.topic))
            }
        }
    }

    async fn find(&self, stream: &str, name: &str) -> Result<Option<Info>> {
        let what = format!("cannot look up the consumer `{name}` of stream `{stream}`");
        let asked = self.context.request(format!("CONSUMER.INFO.{stream}.{name}"), &json!({})).await;
        match asked.map_err(|error| unanswered(&what, error))? {
            Response::Ok(info) => Ok(Some(info)),
            Response::Err { error } => match error.error_code() {
                ErrorCode::CONSUMER_NOT_FOUND | ErrorCode::STREAM_NOT_FOUND => Ok(None),
                _ => Err(refused(&what, error)),
            },
        }
    }

    /// Makes a consumer, or changes the one of that name.
    async fn put(&self, stream: &str, config: &Config) -> Result<Info> {
        let name = config.durable_name.as_deref().map(|name| match config.filter_subject.as_str() {
            "" | ">" => format!(".{name}"),
            filter => format!(".{name}.{filter}"),
        });
        let what = match &config.durable_name {
            Some(name) => format!("the consumer `{name}` of stream `{stream}` is refused"),
            None => format!("a consumer of stream `{stream}` is refused"),
        };
        let subject = format!("CONSUMER.CREATE.{stream}{}", name.unwrap_or_default());
        let asked = self.context.request(subject, &json!({ "stream_name": stream, "config": config })).await;
        match asked.map_err(|error| unanswered(&what, error))? {
            Response::Ok(info) => Ok(info),
            Response::Err { error } if error.error_code() == ErrorCode::STREAM_NOT_FOUND => {
                Err(Error::failed(format!(
                    "there is no stream `{stream}`: create it, for instance `nats stream add {stream} --subjects '{}'`, or \
                 correct `streamName`",
                    self.topic
                )))
            }
            Response::Err { error } if error.error_code() == ErrorCode::CONSUMER_NAME_EXIST => {
                Err(taken(stream, config.durable_name.as_deref().unwrap_or_default()))
            }
            Response::Err { error } => Err(refused(&what, error)),
        }
    }

    /// Where a new consumer begins. A stream that is shorter than what was delivered of it is another one of that name.
    async fn start(&self, stream: &str, from: Option<u64>) -> Result<DeliverPolicy> {
        let Some(start_sequence) = from else { return Ok(self.settings.deliver_policy) };
        let what = format!("cannot look up the stream `{stream}`");
        let asked = self.context.request(format!("STREAM.INFO.{stream}"), &json!({})).await;
        match asked.map_err(|error| unanswered(&what, error))? {
            Response::Ok(Stream { state }) if state.last_seq + 1 < start_sequence => Ok(self.settings.deliver_policy),
            _ => Ok(DeliverPolicy::ByStartSequence { start_sequence }),
        }
    }

    fn new_config(&self, durable_name: Option<String>, deliver_policy: DeliverPolicy) -> Config {
        let settings = self.settings;
        Config {
            deliver_subject: Some(self.client.new_inbox()),
            durable_name,
            deliver_group: settings.group.clone(),
            deliver_policy,
            ack_policy: settings.ack_policy,
            ack_wait: settings.ack_wait.unwrap_or_default(),
            max_deliver: settings.max_deliver,
            filter_subject: self.topic.to_owned(),
            rate_limit: settings.rate_limit,
            max_ack_pending: settings.pending_of_new().into(),
            flow_control: settings.flow_control,
            idle_heartbeat: settings.heartbeat,
            num_replicas: settings.replicas,
            memory_storage: settings.memory_storage,
            backoff: settings.back_off.clone(),
            ..Config::default()
        }
    }

    /// What a durable consumer that exists should be like: as it is, save for what the settings name.
    ///
    /// # Errors
    /// It cannot be used for this subscription.
    fn fitting(&self, stream: &str, name: &str, info: &Info) -> Result<Config> {
        let (settings, found) = (self.settings, &info.config);
        let wrong = |why: String| Error::failed(format!("the durable consumer `{name}` of stream `{stream}` {why}"));
        if found.deliver_subject.is_none() {
            return Err(wrong("is a pull consumer; choose another `durableName`, or delete it".into()));
        }
        if found.filter_subject != self.topic && !found.filter_subject.is_empty() {
            return Err(wrong(format!(
                "takes `{}` and not `{}`; with `durableName: {name}-{{topic}}` each topic has its own",
                found.filter_subject, self.topic
            )));
        }
        if found.deliver_group != settings.group {
            let text = |group: &Option<String>| {
                group.clone().map_or("no queue group".into(), |group| format!("the queue group `{group}`"))
            };
            return Err(wrong(format!(
                "is for {}, and `queueGroupName` asks for {}; choose another `durableName`, or delete it",
                text(&found.deliver_group),
                text(&settings.group)
            )));
        }
        if found.ack_policy != settings.ack_policy {
            let (is, wanted) = (found.ack_policy, settings.ack_policy);
            return Err(wrong(format!("has the `ackPolicy` {is:?} and not {wanted:?}; delete it to change that")));
        }
        if settings.group.is_none() && info.push_bound {
            return Err(taken(stream, name));
        }
        let mut wanted = found.clone();
        if settings.group.is_none() {
            // Of two that begin at the same time, one finds its subject replaced, and leaves.
            wanted.deliver_subject = Some(self.client.new_inbox());
        }
        wanted.ack_wait = settings.ack_wait.unwrap_or(wanted.ack_wait);
        if !settings.back_off.is_empty() {
            wanted.backoff.clone_from(&settings.back_off);
            // The server keeps the first of them there.
            wanted.ack_wait = settings.back_off[0];
        }
        if settings.max_deliver != 0 {
            wanted.max_deliver = settings.max_deliver;
        }
        if settings.max_ack_pending != 0 {
            wanted.max_ack_pending = settings.max_ack_pending.into();
        }
        if settings.rate_limit != 0 {
            wanted.rate_limit = settings.rate_limit;
        }
        if !settings.heartbeat.is_zero() {
            wanted.idle_heartbeat = settings.heartbeat;
        }
        wanted.flow_control |= settings.flow_control;
        Ok(wanted)
    }
}

/// The subscriber that a durable consumer has may leave.
pub(crate) fn taken(stream: &str, name: &str) -> Error {
    Error::unavailable(format!(
        "the durable consumer `{name}` of stream `{stream}` has a subscriber already; give both the same `queueGroupName` to \
         share its messages"
    ))
}

#[derive(Deserialize)]
struct Names {
    streams: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Stream {
    state: State,
}

#[derive(Deserialize)]
struct State {
    last_seq: u64,
}
