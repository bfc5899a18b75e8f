//! Errors of publishing, with the details that the incumbent gives.

use std::fmt::Display;

use dapr_errors::{Detail, Error, Row, table};
use dapr_spi::pubsub::Map;

use super::Target;

fn about(error: Error, pubsub: &str) -> Error {
    let description = error.message().to_owned();
    error.with_detail(Detail::Resource { kind: "pubsub", name: pubsub.to_owned(), description })
}

fn with_all(mut error: Error, metadata: &Map) -> Error {
    for (key, value) in metadata {
        error = error.with_metadata(key.clone(), value.as_str());
    }
    error
}

/// A name is empty.
pub(super) fn empty(row: &'static Row, arguments: &[&dyn Display], pubsub: &str, metadata: &Map) -> Error {
    with_all(about(Error::new(row, arguments), pubsub), metadata)
}

/// The request's metadata cannot be read.
pub(super) fn metadata(target: &Target, metadata: &Map, cause: &str) -> Error {
    with_all(about(Error::new(&table::PUBSUB_REQUEST_METADATA, &[&cause]), target.broker.name()), metadata)
}

/// What the application sent as an event is none.
pub(super) fn no_event(target: &Target, app_id: &str, cause: &str) -> Error {
    let error = about(Error::new(&table::PUBSUB_CLOUD_EVENTS_SER, &[]), target.broker.name());
    error.with_metadata("appID", app_id).with_metadata("error", cause)
}

/// An entry of a bulk request is wrong.
pub(super) fn entries(row: &'static Row, target: &Target, app_id: &str, cause: &str) -> Error {
    let error = Error::new(row, &[&target.topic, &target.broker.name(), &cause]);
    about(error, target.broker.name()).with_metadata("appID", app_id).with_metadata("error", cause)
}

/// The app may not publish there.
pub(super) fn forbidden(target: &Target, app_id: &str) -> Error {
    let error = about(Error::new(&table::PUBSUB_FORBIDDEN, &[&target.topic, &app_id]), target.broker.name());
    let cause = error.message().to_owned();
    error.with_metadata("topic", target.topic.as_str()).with_metadata("error", cause)
}

/// The broker did not take a message.
pub(super) fn publish(target: &Target, cause: &str) -> Error {
    let row = &table::PUBSUB_PUBLISH_MESSAGE;
    let error = about(Error::new(row, &[&target.topic, &target.broker.name(), &cause]), target.broker.name());
    error.with_metadata("topic", target.topic.as_str()).with_metadata("error", cause)
}
