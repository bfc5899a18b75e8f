//! Failures of the client and of the server, as errors of a component.

use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::context::{PublishError, PublishErrorKind, RequestError, RequestErrorKind};
use dapr_spi::{Error, ErrorKind};

/// Nothing of JetStream answers.
const NO_JETSTREAM: &str =
    "nothing answers for JetStream: start the server with it (`nats-server -js`), or correct `domain` and `apiPrefix`";

pub(crate) fn closed() -> Error {
    Error::failed("component is closed")
}

/// A topic that is in no stream, and what to do about it.
pub(crate) fn no_stream(topic: &str) -> Error {
    Error::failed(format!(
        "no stream takes the topic `{topic}`: create one, for instance `nats stream add EVENTS --subjects '{topic}'`"
    ))
}

/// A publication that the server did not acknowledge.
pub(crate) fn not_published(topic: &str, error: PublishError) -> Error {
    match error.kind() {
        PublishErrorKind::StreamNotFound => no_stream(topic),
        PublishErrorKind::TimedOut => Error::unavailable("the server did not acknowledge the message in time"),
        PublishErrorKind::BrokenPipe => Error::unavailable("the connection was closed before the acknowledgement came"),
        PublishErrorKind::MaxPayloadExceeded => {
            Error::from_source(ErrorKind::Invalid, "the message is larger than the server's `max_payload`", error)
        }
        _ => Error::from_source(ErrorKind::Failed, "the message was not taken", error),
    }
}

/// A request of JetStream's API that got no answer.
pub(crate) fn unanswered(what: &str, error: RequestError) -> Error {
    match error.kind() {
        RequestErrorKind::NoResponders => Error::unavailable(format!("{what}: {NO_JETSTREAM}")),
        RequestErrorKind::TimedOut => {
            Error::unavailable(format!("{what}: no answer in time; may the user publish to JetStream's API?"))
        }
        _ => Error::from_source(ErrorKind::Unavailable, what, error),
    }
}

/// A request of JetStream's API that was refused.
pub(crate) fn refused(what: &str, error: async_nats::jetstream::Error) -> Error {
    let kind = match error.error_code() {
        ErrorCode::JETSTREAM_NOT_ENABLED | ErrorCode::CLUSTER_NOT_AVAILABLE => ErrorKind::Unavailable,
        _ => ErrorKind::Failed,
    };
    Error::from_source(kind, what, error)
}
