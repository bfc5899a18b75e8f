//! `/v1.0-alpha1/crypto/…`.

use bytes::{Bytes, BytesMut};
use dapr_errors::{Error, Result, table};
use dapr_net::Body;
use dapr_spi::metadata::parse_bool;
use futures_util::{Stream, StreamExt, stream};
use http::HeaderMap;
use http::header::{CONTENT_TYPE, HeaderValue};
use http_body::Frame;
use http_body_util::{BodyStream, StreamBody};

use super::transform::{EncryptOptions, Piece, Transform};
use crate::Api;
use crate::http::{Call, Response, response};

const OCTETS: HeaderValue = HeaderValue::from_static("application/octet-stream");
const KEY_NAME: &str = "dapr-key-name";
const ALGORITHM: &str = "dapr-key-wrap-algorithm";
/// An answer up to this length is complete before its head is sent, so that a failure has a status; a longer one streams,
/// and a failure breaks it off.
const BUFFERED: usize = 4 << 20;

/// `PUT /crypto/{name}/encrypt`
pub(crate) async fn encrypt(api: &Api, mut call: Call) -> Result<Response> {
    let provider = api.crypto.find(&call.params.take("name"))?;
    let headers = &call.parts.headers;
    let options = EncryptOptions {
        key_name: required(headers, KEY_NAME)?,
        algorithm: required(headers, ALGORITHM)?,
        cipher: text(headers, "dapr-data-encryption-cipher"),
        omits_key_name: parse_bool(&text(headers, "dapr-omit-decryption-key-name")).unwrap_or(false),
        decryption_key_name: text(headers, "dapr-decryption-key-name"),
    };
    respond(Transform::encrypt(&provider, options, pieces(call)).await?).await
}

/// `PUT /crypto/{name}/decrypt`
pub(crate) async fn decrypt(api: &Api, mut call: Call) -> Result<Response> {
    let provider = api.crypto.find(&call.params.take("name"))?;
    let key_name = text(&call.parts.headers, KEY_NAME);
    respond(Transform::decrypt(&provider, &key_name, pieces(call)).await?).await
}

fn text(headers: &HeaderMap, name: &str) -> String {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).unwrap_or_default()
}

fn required(headers: &HeaderMap, name: &str) -> Result<String> {
    let value = text(headers, name);
    if value.is_empty() {
        return Err(Error::new(&table::BAD_REQUEST, &[&format_args!("missing header '{name}'")]));
    }
    Ok(value)
}

type Pieces = std::pin::Pin<Box<dyn Stream<Item = Piece> + Send>>;

/// The body as it comes, within `--max-body-size`.
fn pieces(call: Call) -> Pieces {
    let limit = call.max_body_size.unwrap_or(usize::MAX);
    let mut seen = 0_usize;
    Box::pin(BodyStream::new(call.body).filter_map(move |frame| {
        let piece = match frame.map(Frame::into_data) {
            Ok(Ok(data)) => {
                seen = seen.saturating_add(data.len());
                let too_large = || {
                    format!(
                        "http: request body too large: more than {limit} bytes; raise `--max-body-size` to allow it"
                    )
                };
                Some(if seen > limit { Err(too_large()) } else { Ok(data) })
            }
            Ok(Err(_)) => None,
            Err(error) => Some(Err(format!("the request's body ended early: {error}"))),
        };
        std::future::ready(piece)
    }))
}

async fn respond(mut transform: Transform<Pieces>) -> Result<Response> {
    let mut whole = BytesMut::new();
    while whole.len() < BUFFERED {
        match transform.next().await? {
            Some(piece) => whole.extend_from_slice(&piece),
            None => return Ok(octets(Body::full(whole.freeze()))),
        }
    }
    let rest = stream::try_unfold(transform, |mut transform| async {
        let piece = transform.next().await.map_err(|error| std::io::Error::other(error.message().to_owned()))?;
        Ok::<_, std::io::Error>(piece.map(|piece| (piece, transform)))
    });
    let all = stream::once(std::future::ready(Ok(whole.freeze()))).chain(rest).map(|piece| piece.map(Frame::data));
    Ok(octets(Body::stream(StreamBody::new(all))))
}

fn octets(body: Body) -> Response {
    let mut response = response::status(http::StatusCode::OK, Bytes::new());
    response.headers_mut().insert(CONTENT_TYPE, OCTETS);
    response.map(|_| body)
}
