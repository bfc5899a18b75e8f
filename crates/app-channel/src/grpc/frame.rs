//! A message on the wire of gRPC: one byte that says whether it is compressed, four bytes of length, the message.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use dapr_spi::app_channel::CallError;
use prost::Message;

use super::status::{self, Code};

/// Bytes before a message.
pub(super) const HEAD: usize = 5;

/// `length` is that of the encoded message.
pub(super) fn encode<M: Message>(message: &M, length: usize) -> Bytes {
    let mut bytes = BytesMut::with_capacity(HEAD + length);
    bytes.put_u8(0);
    bytes.put_u32(u32::try_from(length).unwrap_or(u32::MAX));
    message.encode_raw(&mut bytes);
    bytes.freeze()
}

/// Frames a message that is encoded already.
pub(super) fn of_encoded(message: &[u8]) -> Bytes {
    let mut bytes = BytesMut::with_capacity(HEAD + message.len());
    bytes.put_u8(0);
    bytes.put_u32(u32::try_from(message.len()).unwrap_or(u32::MAX));
    bytes.put_slice(message);
    bytes.freeze()
}

/// The one message of a unary answer.
///
/// # Errors
/// There is none, it is compressed though nobody asked for that, or something follows it.
pub(super) fn decode(mut body: Bytes) -> Result<Bytes, CallError> {
    if body.is_empty() {
        return Err(status::error(Code::Internal, "the application's answer has a good status but no message"));
    }
    if body.len() < HEAD {
        return Err(status::error(Code::Internal, "the application's answer ends inside the head of its message"));
    }
    let compressed = body.get_u8() != 0;
    let length = body.get_u32() as usize;
    if compressed {
        return Err(status::error(Code::Internal, "the application compressed its answer without being asked to"));
    }
    if body.len() != length {
        return Err(status::error(
            Code::Internal,
            format!("the application's answer announces one message of {length} bytes and has {} bytes", body.len()),
        ));
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use dapr_proto::pbjson_types::Any;

    #[test]
    fn what_is_framed_is_found_again() {
        let message = Any { type_url: "a".into(), value: Bytes::from_static(b"b") };
        let framed = encode(&message, message.encoded_len());
        assert_eq!(framed[..HEAD], [0, 0, 0, 0, 6]);
        assert_eq!(Any::decode(decode(framed).unwrap()).unwrap(), message);
    }

    #[test]
    fn a_bad_frame_is_an_error() {
        for bytes in [&[][..], &[0, 0], &[1, 0, 0, 0, 0], &[0, 0, 0, 0, 2, 1], &[0, 0, 0, 0, 0, 1]] {
            assert!(decode(Bytes::copy_from_slice(bytes)).is_err(), "{bytes:?}");
        }
    }
}
