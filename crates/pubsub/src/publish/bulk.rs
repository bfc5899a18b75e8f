//! Publishing many messages in one request, each with its own result.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use dapr_errors::{Error, Result, table};
use dapr_spi::Error as BrokerError;
use dapr_spi::pubsub::{Map, Message};

use super::{Event, Failure, Protocol, Publisher, Target, error, judge};

/// One message of a bulk request.
#[derive(Debug)]
pub struct Entry<'a> {
    /// The application's name of it, unique in the request.
    pub id: String,
    /// The message. Its metadata are the entry's and the request's, or none when the entry has none.
    pub event: Event<'a>,
}

/// What became of a bulk request.
#[derive(Debug)]
pub struct Bulk {
    /// Why not all messages were published; `None` when all were.
    pub error: Option<Error>,
    /// Those that were not.
    pub failed: Vec<FailedEntry>,
}

/// A message that was not published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedEntry {
    /// The application's name of it.
    pub entry_id: String,
    /// Why.
    pub error: String,
}

impl Publisher {
    /// Publishes all entries, in envelopes unless the request's `metadata` say `rawPayload`. A retry repeats those that
    /// failed.
    ///
    /// # Errors
    /// Nothing was published: the request is wrong, or the app may not publish there.
    pub async fn bulk_publish(
        &self,
        target: &Target,
        entries: Vec<Entry<'_>>,
        metadata: Map,
        protocol: Protocol,
    ) -> Result<Bulk> {
        let raw = target.is_raw(&metadata)?;
        self.check_ids(target, &entries)?;
        let (ids, messages) = self.messages(target, entries, raw)?;
        let started = Instant::now();
        let done = match self.check_scope(target) {
            Ok(()) => self.send_all(target, messages, &metadata, protocol).await,
            Err(failure) => Err((failure, Vec::new())),
        };
        let failed = done.as_ref().err().map_or(0, |(_, failed)| failed.len());
        let forbidden = matches!(done, Err((Failure::Forbidden, _)));
        let published = if forbidden { 0 } else { ids.len() - failed };
        let metrics = &self.settings.metrics.pubsub_egress;
        let latency = started.elapsed();
        metrics.record_bulk(target.broker.name(), &target.topic, done.is_ok(), published as u64, latency);
        match done {
            Ok(()) => Ok(Bulk { error: None, failed: Vec::new() }),
            Err((failure @ Failure::Forbidden, _)) => Err(self.error(target, failure)),
            Err((failure, failed)) => {
                let entry = |(index, error): (usize, String)| FailedEntry { entry_id: ids[index].clone(), error };
                let failed = failed.into_iter().map(entry).collect();
                Ok(Bulk { error: Some(self.error(target, failure)), failed })
            }
        }
    }

    /// The error of an entry whose event does not fit its content type; for the edge that decodes it.
    pub fn unfit_entry(&self, target: &Target, cause: &str) -> Error {
        error::entries(&table::PUBSUB_MARSHAL_ENVELOPE, target, &self.settings.app_id, cause)
    }

    /// The error of a bulk request that is no list of entries.
    pub fn no_entries(&self, target: &Target, cause: &str) -> Error {
        error::entries(&table::PUBSUB_UNMARSHAL_EVENTS, target, &self.settings.app_id, cause)
    }

    fn check_ids(&self, target: &Target, entries: &[Entry<'_>]) -> Result<()> {
        let mut seen = HashSet::with_capacity(entries.len());
        if entries.iter().all(|entry| !entry.id.is_empty() && seen.insert(entry.id.as_str())) {
            return Ok(());
        }
        let cause = "entryId is duplicated or not present for entry";
        Err(error::entries(&table::PUBSUB_MARSHAL_EVENTS, target, &self.settings.app_id, cause))
    }

    fn messages(&self, target: &Target, entries: Vec<Entry<'_>>, raw: bool) -> Result<(Vec<String>, Vec<Message>)> {
        let time = self.time();
        let mut ids = Vec::with_capacity(entries.len());
        let mut messages = Vec::with_capacity(entries.len());
        for Entry { id, event } in entries {
            let content_type = Some(event.content_type).filter(|text| raw && !text.is_empty()).map(str::to_owned);
            let mut message = self.message(target, event, raw, &time)?;
            message.content_type = content_type;
            ids.push(id);
            messages.push(message);
        }
        Ok((ids, messages))
    }

    /// Hands all messages to the broker; what failed comes back by its place, with the reason.
    async fn send_all(
        &self,
        target: &Target,
        messages: Vec<Message>,
        metadata: &Map,
        protocol: Protocol,
    ) -> std::result::Result<(), (Failure, Vec<(usize, String)>)> {
        if messages.is_empty() {
            return Ok(());
        }
        let (policy, component) = (self.policy(&target.broker), target.broker.component());
        let count = messages.len();
        if policy.is_none() {
            let results = component.bulk_publish(messages, metadata).await;
            return match failures(0..count, results) {
                Failed { first: None, .. } => Ok(()),
                Failed { first: Some(first), reasons } => Err((Failure::Broker(first.to_string()), reasons)),
            };
        }
        // What is still to be published, and why it was not: an attempt that runs out of time leaves it as it was.
        let pending = Mutex::new(Pending { places: (0..count).collect(), reasons: Vec::new() });
        let attempt = |_| async {
            let places = lock(&pending).places.clone();
            let again = places.iter().map(|place| messages[*place].clone()).collect();
            let results = component.bulk_publish(again, metadata).await;
            let Failed { first, reasons } = failures(places, results);
            let mut pending = lock(&pending);
            pending.places = reasons.iter().map(|(place, _)| *place).collect();
            pending.reasons = reasons;
            first.map_or(Ok(()), Err)
        };
        let done = policy.run(|done| judge(done, protocol), attempt).await;
        let Err(error) = done else { return Ok(()) };
        let pending = pending.into_inner().unwrap_or_else(PoisonError::into_inner);
        let cause = error.to_string();
        let failed = match error {
            dapr_resiliency::Error::Failed { .. } => pending.reasons,
            _ => pending.places.into_iter().map(|place| (place, cause.clone())).collect(),
        };
        Err((Failure::Broker(cause), failed))
    }
}

struct Pending {
    places: Vec<usize>,
    reasons: Vec<(usize, String)>,
}

fn lock(pending: &Mutex<Pending>) -> MutexGuard<'_, Pending> {
    pending.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Which messages failed, and the first failure.
struct Failed {
    first: Option<BrokerError>,
    reasons: Vec<(usize, String)>,
}

/// A message without a result counts as failed.
fn failures(places: impl IntoIterator<Item = usize>, results: Vec<dapr_spi::Result<()>>) -> Failed {
    let mut failed = Failed { first: None, reasons: Vec::new() };
    let mut results = results.into_iter();
    for place in places {
        let result = results.next().unwrap_or_else(|| Err(BrokerError::failed("the broker gave no result")));
        if let Err(error) = result {
            failed.reasons.push((place, error.to_string()));
            failed.first.get_or_insert(error);
        }
    }
    failed
}
