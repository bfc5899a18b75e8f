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

/// What a failed transport means to the caller. `answered` is whether the application ever answered: if not, it may
/// speak something else.
pub(crate) fn unreachable(error: &SendError, origin: &Origin, protocol: Protocol, answered: bool) -> CallError {
    let hint = if answered {
        String::new()
    } else {
        format!("; does it speak {}? If not, set --app-protocol", protocol.name())
    };
    let text = match error {
        SendError::Connect(cause) if cause.kind() == io::ErrorKind::ConnectionRefused => format!(
            "the application does not accept connections on {origin}: {cause}; is it running, and is --app-port its port?"
        ),
        SendError::Connect(cause) => format!("the application on {origin} could not be reached: {cause}{hint}"),
        SendError::Unsent(cause) | SendError::Broken(cause) => {
            let chain = chain(cause.as_ref());
            format!("the application on {origin} closed the connection before it answered: {chain}{hint}")
        }
    };
    CallError::Unreachable(text)
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
