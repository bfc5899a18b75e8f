//! `EncryptAlpha1` and `DecryptAlpha1`: streams both ways.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use dapr_errors::{Error, Result as Outcome, table};
use dapr_proto::common::v1::StreamPayload;
use dapr_proto::runtime::v1::{DecryptRequest, DecryptResponse, EncryptRequest, EncryptResponse};
use futures_util::{Stream, stream};
use tonic::{Request, Response, Status, Streaming};

use super::transform::{EncryptOptions, Piece, Transform};
use crate::Api;
use crate::grpc::status;

/// How long a caller may take to send the first message, which has the options.
const FIRST_MESSAGE: Duration = Duration::from_secs(5);

/// What comes back.
pub(crate) type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// A message of either method.
trait Message: Send + 'static {
    fn has_options(&self) -> bool;
    fn take_payload(&mut self) -> Option<StreamPayload>;
}

impl Message for EncryptRequest {
    fn has_options(&self) -> bool {
        self.options.is_some()
    }

    fn take_payload(&mut self) -> Option<StreamPayload> {
        self.payload.take()
    }
}

impl Message for DecryptRequest {
    fn has_options(&self) -> bool {
        self.options.is_some()
    }

    fn take_payload(&mut self) -> Option<StreamPayload> {
        self.payload.take()
    }
}

/// `Dapr/EncryptAlpha1`
pub(crate) async fn encrypt(
    api: &Arc<Api>,
    request: Request<Streaming<EncryptRequest>>,
) -> Result<Response<Answers<EncryptResponse>>, Status> {
    let begun = async {
        let mut messages = request.into_inner();
        let mut first = first(&mut messages).await?;
        let options = first.options.take().ok_or_else(no_options)?;
        require(&options.key_name, "keyName")?;
        require(&options.key_wrap_algorithm, "keyWrapAlgorithm")?;
        let provider = api.crypto.find(&options.component_name)?;
        let options = EncryptOptions {
            key_name: options.key_name,
            algorithm: options.key_wrap_algorithm,
            cipher: options.data_encryption_cipher,
            omits_key_name: options.omit_decryption_key_name,
            decryption_key_name: options.decryption_key_name,
        };
        Transform::encrypt(&provider, options, pieces(first, messages)).await
    };
    let transform = begun.await.map_err(|error| refused(api, &error))?;
    Ok(Response::new(answers(api.clone(), transform, |payload| EncryptResponse { payload: Some(payload) })))
}

/// `Dapr/DecryptAlpha1`
pub(crate) async fn decrypt(
    api: &Arc<Api>,
    request: Request<Streaming<DecryptRequest>>,
) -> Result<Response<Answers<DecryptResponse>>, Status> {
    let begun = async {
        let mut messages = request.into_inner();
        let mut first = first(&mut messages).await?;
        let options = first.options.take().ok_or_else(no_options)?;
        let provider = api.crypto.find(&options.component_name)?;
        Transform::decrypt(&provider, &options.key_name, pieces(first, messages)).await
    };
    let transform = begun.await.map_err(|error| refused(api, &error))?;
    Ok(Response::new(answers(api.clone(), transform, |payload| DecryptResponse { payload: Some(payload) })))
}

async fn first<M: Message + Default>(messages: &mut Streaming<M>) -> Outcome<M> {
    let bad =
        |cause: &str| Error::new(&table::BAD_REQUEST, &[&format_args!("error waiting for first message: {cause}")]);
    match tokio::time::timeout(FIRST_MESSAGE, messages.message()).await {
        Ok(Ok(Some(message))) => Ok(message),
        Ok(Ok(None)) => Err(Error::new(&table::CRYPTO, &[&"error receiving the first message: EOF"])),
        Ok(Err(status)) => {
            let cause = format!("error receiving the first message: {}", status.message());
            Err(Error::new(&table::CRYPTO, &[&cause]))
        }
        Err(_) => Err(bad("context deadline exceeded")),
    }
}

fn no_options() -> Error {
    Error::new(&table::BAD_REQUEST, &[&"first message does not contain the required options"])
}

fn require(value: &str, name: &str) -> Outcome<()> {
    if value.is_empty() {
        let cause = format!("missing property '{name}' in the options message");
        return Err(Error::new(&table::BAD_REQUEST, &[&cause]));
    }
    Ok(())
}

fn refused(api: &Api, error: &Error) -> Status {
    tracing::debug!(target: "dapr.runtime.grpc.api", "{error}");
    let (code, category) = error.labels();
    api.metrics.error_codes.record(code, category);
    status::of(error)
}

type Pieces = Pin<Box<dyn Stream<Item = Piece> + Send>>;

/// The payloads, in the order that their numbers must have.
struct Reader<M> {
    /// What of the first message is left.
    first: Option<M>,
    messages: Streaming<M>,
    expected: u64,
}

fn pieces<M: Message>(first: M, messages: Streaming<M>) -> Pieces {
    let reader = Reader { first: Some(first), messages, expected: 0 };
    Box::pin(stream::try_unfold(reader, |mut reader| async {
        let piece = reader.next().await?;
        Ok(piece.map(|piece| (piece, reader)))
    }))
}

impl<M: Message> Reader<M> {
    async fn next(&mut self) -> Result<Option<Bytes>, String> {
        loop {
            let mut message = match self.first.take() {
                Some(first) => first,
                None => match self.messages.message().await {
                    Ok(Some(message)) if message.has_options() => {
                        return Err("options found in non-leading message".to_owned());
                    }
                    Ok(Some(message)) => message,
                    Ok(None) => return Ok(None),
                    Err(status) => return Err(format!("error receiving message: {}", status.message())),
                },
            };
            let Some(payload) = message.take_payload() else { continue };
            if payload.seq != self.expected {
                return Err(format!("invalid sequence number received: {} (expected: {})", payload.seq, self.expected));
            }
            self.expected += 1;
            if !payload.data.is_empty() {
                return Ok(Some(payload.data));
            }
        }
    }
}

fn answers<T: Send + 'static>(
    api: Arc<Api>,
    transform: Transform<Pieces>,
    wrap: impl Fn(StreamPayload) -> T + Send + 'static,
) -> Answers<T> {
    Box::pin(stream::try_unfold((transform, 0, api, wrap), |(mut transform, seq, api, wrap)| async move {
        match transform.next().await {
            Ok(Some(data)) => Ok(Some((wrap(StreamPayload { data, seq }), (transform, seq + 1, api, wrap)))),
            Ok(None) => Ok(None),
            Err(error) => Err(refused(&api, &error)),
        }
    }))
}
