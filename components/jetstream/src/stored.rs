//! Messages that a stream keeps, seen and removed without any consumer.

use async_nats::jetstream::message::StreamMessage;
use async_nats::jetstream::stream::{RawMessageErrorKind, Stream};
use dapr_spi::pubsub::{Kept, Message};
use dapr_spi::{Error, ErrorKind, Result};

use crate::consumer::Consumers;
use crate::delivered::metadata;
use crate::ledger::Sequence;

/// The messages of a topic in its stream.
pub(crate) struct Stored<'a> {
    topic: &'a str,
    stream: Stream<()>,
}

impl<'a> Stored<'a> {
    /// # Errors
    /// No stream takes the topic, or the server does not answer.
    pub(crate) async fn of(consumers: &Consumers<'a>) -> Result<Self> {
        let name = consumers.stream().await?;
        let found = consumers.context.get_stream_no_info(&name).await;
        let stream = found.map_err(|error| Error::from_source(ErrorKind::Failed, "cannot use the stream", error))?;
        Ok(Self { topic: consumers.topic, stream })
    }

    pub(crate) async fn browse(&self, after: Option<&str>, most: usize) -> Result<Vec<Kept>> {
        let mut from = after.map_or(Ok(0), number)? + 1;
        let mut found = Vec::new();
        while found.len() < most {
            let Some(message) = self.next(from).await? else { break };
            from = message.sequence + 1;
            found.push(kept(self.topic, message));
        }
        Ok(found)
    }

    pub(crate) async fn discard(&self, ids: &[String]) -> Result<()> {
        for id in ids {
            let sequence = number(id)?;
            // A stream may take other topics, too: what is not of this one stays.
            if self.next(sequence).await?.is_some_and(|message| message.sequence == sequence) {
                let deleted = self.stream.delete_message(sequence).await;
                let what = format!("cannot remove message {id}");
                deleted.map_err(|error| Error::from_source(ErrorKind::Failed, &what, error))?;
            }
        }
        Ok(())
    }

    async fn next(&self, from: Sequence) -> Result<Option<StreamMessage>> {
        match self.stream.get_first_raw_message_by_subject(self.topic, from).await {
            Ok(message) => Ok(Some(message)),
            Err(error) if error.kind() == RawMessageErrorKind::NoMessageFound => Ok(None),
            Err(error) => Err(Error::from_source(ErrorKind::Failed, "cannot look at the stream", error)),
        }
    }
}

fn number(id: &str) -> Result<Sequence> {
    let wrong = || Error::invalid(format!("`{id}` is no message of a stream: expected a number"));
    id.parse().ok().filter(|number| *number < Sequence::MAX).ok_or_else(wrong)
}

fn kept(topic: &str, stored: StreamMessage) -> Kept {
    let published = i64::try_from(stored.time.unix_timestamp_nanos() / 1_000_000).ok();
    let message = Message {
        data: stored.payload,
        topic: topic.to_owned(),
        metadata: metadata(&stored.headers, &stored.subject),
        content_type: None,
    };
    Kept { id: stored.sequence.to_string(), published, message }
}
