//! Why the application did not answer, in words that help whoever runs it.

use std::error::Error;
use std::io;

use dapr_net::{Origin, SendError};
use dapr_spi::app_channel::CallError;

use crate::settings::Protocol;

/// An HTTP verb that applications are not called with.
pub(crate) fn invalid_verb() -> CallError {
    CallError::Invalid("invalid HTTP verb".to_owned())
}

/// What a failed transport means to the caller.
pub(crate) fn unreachable(error: &SendError, origin: &Origin, protocol: Protocol) -> CallError {
    let text = match error {
        SendError::Connect(cause) if is_refused(cause) => format!(
            "the application does not accept connections on {origin}: {cause}; is it running, and is --app-port its port?"
        ),
        SendError::Connect(cause) if is_handshake(cause) => format!(
            "the application on {origin} could not be reached: {cause}; does it speak {}? If not, set --app-protocol",
            protocol.name()
        ),
        SendError::Connect(cause) => format!("the application on {origin} could not be reached: {cause}"),
        SendError::Unsent(cause) | SendError::Broken(cause) => {
            let chain = chain(cause.as_ref());
            let hint = if is_other_protocol(&chain) {
                format!("; does it speak {}? If not, set --app-protocol", protocol.name())
            } else {
                String::new()
            };
            format!("the application on {origin} closed the connection before it answered: {chain}{hint}")
        }
    };
    CallError::Unreachable(text)
}

fn is_refused(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::ConnectionRefused
}

/// What rustls reports through a socket, and HTTP/2 when its handshake meets something else.
fn is_handshake(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof)
}

/// Errors of the parsers of HTTP/1.1 and HTTP/2 that mean that the peer speaks something else.
fn is_other_protocol(chain: &str) -> bool {
    const SIGNS: [&str; 6] =
        ["parse", "PROTOCOL_ERROR", "FRAME_SIZE_ERROR", "frame with invalid size", "http2 error", "protocol error"];
    SIGNS.iter().any(|sign| chain.contains(sign))
}

/// An error and its causes, each once.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        cause = error.source();
    }
    text
}
