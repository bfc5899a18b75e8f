//! What fields become, and which are refused.

use dapr_spi::metadata::{Metadata, Properties};

use super::*;

pub(crate) fn checked(fields: &[(&str, &str)]) -> Result<Settings, String> {
    let given = [("brokers", "a:9092"), ("authType", "none")].into_iter().chain(fields.iter().copied());
    let metadata = KafkaMetadata::parse(&Properties::from_pairs(given)).map_err(|problems| format!("{problems:?}"))?;
    Settings::check(metadata).map_err(|error| error.to_string())
}

#[test]
fn defaults_are_those_of_the_incumbent() {
    let settings = checked(&[]).unwrap();
    assert_eq!(settings.retry_interval, Some(Duration::from_millis(100)));
    assert_eq!(settings.initial_offset, InitialOffset::Newest);
    assert_eq!(settings.acknowledgements, Acknowledgements::All);
    assert_eq!((settings.retries, settings.max_message_bytes), (5, 1 << 20));
    assert_eq!((settings.assignment_strategy, settings.compression), ("range", "none"));
    assert_eq!((settings.client_id.as_str(), settings.group), ("sarama", None));
}

#[test]
fn what_is_given_is_taken() {
    let settings = checked(&[
        ("brokers", " a:1 , b:2,"),
        ("consumerID", "orders"),
        ("initialOffset", "Oldest"),
        ("consumeRetryInterval", "250"),
        ("compression", "ZSTD"),
        ("consumerGroupRebalanceStrategy", "sticky"),
    ])
    .unwrap();
    assert_eq!(settings.brokers, "a:1,b:2");
    assert_eq!(settings.group.as_deref(), Some("orders"));
    assert_eq!(settings.initial_offset, InitialOffset::Oldest);
    assert_eq!(settings.retry_interval, Some(Duration::from_millis(250)), "a bare number is milliseconds");
    assert_eq!((settings.compression, settings.assignment_strategy), ("zstd", "cooperative-sticky"));
    let group = checked(&[("consumerID", "orders"), ("consumerGroup", "all")]).unwrap().group;
    assert_eq!(group.as_deref(), Some("all"));
    assert_eq!(checked(&[("consumeRetryEnabled", "false")]).unwrap().retry_interval, None);
}

#[test]
fn what_cannot_work_is_refused_with_the_field() {
    for (field, value) in [
        ("brokers", ","),
        ("initialOffset", "first"),
        ("producerRequiredAcks", "most"),
        ("producerRetryMax", "-1"),
        ("compression", "rar"),
        ("consumerGroupRebalanceStrategy", "fair"),
        ("excludeHeaderMetaRegex", "("),
        ("heartbeatInterval", "11s"),
        ("authType", "secret"),
        ("schemaRegistryURL", "registry"),
    ] {
        let error = checked(&[(field, value)]).unwrap_err();
        assert!(error.contains(field), "{field}: {error}");
    }
}
