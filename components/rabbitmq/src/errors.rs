//! What RabbitMQ and its client report, as errors of a component.

use dapr_spi::{Error, ErrorKind as Kind};
use lapin::ErrorKind;
use lapin::protocol::{AMQPError, AMQPErrorKind, AMQPHardError, AMQPSoftError};
use lapin::types::ShortString;

/// What RabbitMQ itself answered, if it did.
pub(crate) fn answer(error: &lapin::Error) -> Option<&AMQPError> {
    match error.kind() {
        ErrorKind::ProtocolError(answer) => Some(answer),
        _ => None,
    }
}

/// Whether the same request will be refused again.
pub(crate) fn is_refusal(error: &lapin::Error) -> bool {
    let refusal = |answer: &AMQPError| match answer.kind() {
        AMQPErrorKind::Soft(
            AMQPSoftError::ACCESSREFUSED | AMQPSoftError::PRECONDITIONFAILED | AMQPSoftError::NOTFOUND,
        ) => true,
        AMQPErrorKind::Hard(hard) => {
            matches!(hard, AMQPHardError::NOTALLOWED | AMQPHardError::COMMANDINVALID | AMQPHardError::NOTIMPLEMENTED)
        }
        AMQPErrorKind::Soft(_) => false,
    };
    answer(error).is_some_and(refusal)
}

/// Whether the exchange or queue is not there.
pub(crate) fn is_not_found(error: &lapin::Error) -> bool {
    let found = answer(error).map(AMQPError::kind);
    matches!(found, Some(AMQPErrorKind::Soft(AMQPSoftError::NOTFOUND)))
}

/// `what` failed because of `error`.
pub(crate) fn failed(what: &str, error: &lapin::Error) -> Error {
    let kind = if is_refusal(error) { Kind::Failed } else { Kind::Unavailable };
    let advice = match answer(error).map(AMQPError::get_message).map(ShortString::as_str) {
        Some(text) if text.contains("inequivalent arg") => {
            "; it is there already with other settings: delete it, or set those fields as they were"
        }
        Some(text) if text.starts_with("ACCESS_REFUSED - Login") => "; check username and password",
        Some(text) if text.starts_with("ACCESS_REFUSED") => "; the user lacks a permission there",
        _ => "",
    };
    Error::new(kind, format!("{what}: {error}{advice}"))
}

/// A name of at most 255 bytes, as AMQP has them.
///
/// # Errors
/// It is longer.
pub(crate) fn name(what: &str, text: &str) -> Result<ShortString, Error> {
    ShortString::try_new(text)
        .map_err(|_| Error::invalid(format!("{what} is {} bytes long; RabbitMQ takes at most 255", text.len())))
}
