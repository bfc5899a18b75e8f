//! A member of a consumer group: which partitions it has, and whether it fetches from them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rdkafka::client::OAuthToken;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext, RebalanceProtocol};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{ClientContext, Offset, TopicPartitionList};

use super::{Client, Shared};
use crate::client::Events;

/// What the client's callbacks know.
pub(crate) struct Member {
    events: Events,
    shared: Arc<Shared>,
    paused: AtomicBool,
    leaving: AtomicBool,
    /// Partitions that the group wants back, and whether those are all.
    revoked: Mutex<Option<Revoked>>,
}

struct Revoked {
    partitions: Vec<i32>,
    is_part: bool,
}

impl Member {
    pub(super) fn new(events: Events, shared: Arc<Shared>) -> Self {
        Self {
            events,
            shared,
            paused: AtomicBool::new(false),
            leaving: AtomicBool::new(false),
            revoked: Mutex::default(),
        }
    }

    /// From now on partitions are given back at once.
    pub(super) fn leave(&self) {
        self.leaving.store(true, Ordering::SeqCst);
    }

    pub(super) fn is_paused(&self) -> bool {
        self.paused.load(Ordering::SeqCst)
    }

    /// Fetches nothing from now on, from partitions that come neither.
    pub(super) fn pause(&self, client: &Client) {
        self.paused.store(true, Ordering::SeqCst);
        self.report("pause", client.assignment().and_then(|all| client.pause(&all)));
    }

    /// Fetches again, except from some.
    pub(super) fn resume(&self, client: &Client, topic: &str, except: &[i32]) {
        self.paused.store(false, Ordering::SeqCst);
        let resumed = client.assignment().and_then(|all| {
            let mut list = TopicPartitionList::new();
            for element in all.elements().iter().filter(|element| !except.contains(&element.partition())) {
                list.add_partition(topic, element.partition());
            }
            client.resume(&list)
        });
        self.report("resume", resumed);
    }

    pub(super) fn pause_some(&self, client: &Client, topic: &str, partitions: &[i32]) {
        self.report("pause", client.pause(&list(topic, partitions)));
    }

    pub(super) fn resume_some(&self, client: &Client, topic: &str, partitions: &[i32]) {
        self.report("resume", client.resume(&list(topic, partitions)));
    }

    pub(super) fn store(&self, client: &Client, topic: &str, positions: &[(i32, i64)]) {
        let mut offsets = TopicPartitionList::with_capacity(positions.len());
        for (partition, position) in positions {
            let added = offsets.add_partition_offset(topic, *partition, Offset::Offset(*position));
            self.report("note a position", added);
        }
        self.report("store positions", client.store_offsets(&offsets));
    }

    pub(super) fn has_to_hand_over(&self) -> bool {
        self.revoked.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Gives the partitions back that the group wants. The client commits their positions.
    pub(super) fn hand_over(&self, client: &Client, topic: &str) {
        let Some(revoked) = self.revoked.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
        self.forget(&revoked.partitions);
        let result = match revoked.is_part {
            true => client.incremental_unassign(&list(topic, &revoked.partitions)),
            false => client.unassign(),
        };
        self.report("give partitions back", result);
    }

    fn forget(&self, partitions: &[i32]) {
        let mut ledger = self.shared.ledger();
        partitions.iter().for_each(|partition| ledger.forget(*partition));
    }

    fn on_assigned(&self, consumer: &BaseConsumer<Self>, assigned: &TopicPartitionList, is_part: bool) {
        let partitions = numbers(assigned);
        tracing::debug!("partitions {partitions:?} are ours");
        {
            let mut ledger = self.shared.ledger();
            partitions.iter().for_each(|partition| ledger.assign(*partition));
        }
        let result = match is_part {
            true => consumer.incremental_assign(assigned),
            false => consumer.assign(assigned),
        };
        self.report("take partitions", result);
        if self.is_paused() {
            self.report("pause", consumer.pause(assigned));
        }
    }

    fn on_revoked(&self, consumer: &BaseConsumer<Self>, wanted: &TopicPartitionList, is_part: bool) {
        let partitions = numbers(wanted);
        tracing::debug!("partitions {partitions:?} go to others");
        if self.leaving.load(Ordering::SeqCst) || consumer.assignment_lost() {
            self.forget(&partitions);
            let result = if is_part { consumer.incremental_unassign(wanted) } else { consumer.unassign() };
            self.report("give partitions back", result);
            return;
        }
        {
            let mut ledger = self.shared.ledger();
            partitions.iter().for_each(|partition| ledger.leave(*partition));
        }
        *self.revoked.lock().unwrap_or_else(PoisonError::into_inner) = Some(Revoked { partitions, is_part });
        self.shared.changed.notify_one();
    }

    /// Such a call fails when the partitions have gone meanwhile, which needs nothing.
    fn report(&self, what: &str, result: Result<(), KafkaError>) {
        if let Err(error) = result {
            tracing::debug!("cannot {what}: {error}");
        }
    }
}

fn list(topic: &str, partitions: &[i32]) -> TopicPartitionList {
    let mut list = TopicPartitionList::with_capacity(partitions.len());
    for partition in partitions {
        list.add_partition(topic, *partition);
    }
    list
}

fn numbers(partitions: &TopicPartitionList) -> Vec<i32> {
    partitions.elements().iter().map(|element| element.partition()).collect()
}

impl ClientContext for Member {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = true;

    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.events.log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        ClientContext::error(&self.events, error, reason);
    }

    fn generate_oauth_token(&self, config: Option<&str>) -> Result<OAuthToken, Box<dyn std::error::Error>> {
        self.events.generate_oauth_token(config)
    }
}

impl ConsumerContext for Member {
    /// Partitions come at once, and go when they are handed over.
    fn rebalance(&self, consumer: &BaseConsumer<Self>, what: RDKafkaRespErr, partitions: &mut TopicPartitionList) {
        let is_part = matches!(consumer.rebalance_protocol(), RebalanceProtocol::Cooperative);
        match what {
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS => self.on_assigned(consumer, partitions, is_part),
            _ => self.on_revoked(consumer, partitions, is_part),
        }
    }

    fn commit_callback(&self, result: Result<(), KafkaError>, _: &TopicPartitionList) {
        match result {
            Ok(()) => self.events.recovered(),
            Err(error) if error.rdkafka_error_code() == Some(RDKafkaErrorCode::NoOffset) => {}
            Err(error) => tracing::debug!("cannot commit: {error}"),
        }
    }
}

/// What a person should do something about.
pub(super) fn worth_telling(error: &KafkaError) -> Option<String> {
    use RDKafkaErrorCode as Code;
    match error.rdkafka_error_code()? {
        Code::UnknownTopicOrPartition | Code::UnknownTopic => {
            Some("there is no such topic, and brokers do not create it; it is looked for again and again".into())
        }
        code @ (Code::TopicAuthorizationFailed | Code::GroupAuthorizationFailed | Code::ClusterAuthorizationFailed) => {
            Some(format!("the brokers refuse us: {code}"))
        }
        Code::PollExceeded => Some("the group took us for dead, since nothing was fetched for minutes".into()),
        _ => None,
    }
}
