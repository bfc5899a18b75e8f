//! The hand-written messages against the generated ones.

use bytes::BytesMut;
use dapr_proto::common::v1 as common;
use dapr_proto::internals::v1 as internals;
use proptest::prelude::*;
use prost::Message as _;

use super::*;
use crate::frames::PREFIX;

fn headers() -> impl Strategy<Value = HeaderMap> {
    let pair = ("[a-z][a-z0-9-]{0,12}", "[ -~]{0,20}");
    proptest::collection::vec(pair, 0..8).prop_map(|pairs| {
        let pairs = pairs.into_iter().map(|(name, value)| (name.parse().unwrap(), value.trim().parse().unwrap()));
        pairs.fold(HeaderMap::new(), |mut headers, (name, value): (http::HeaderName, http::HeaderValue)| {
            headers.append(name, value);
            headers
        })
    })
}

fn lists(headers: &HeaderMap) -> Vec<(String, Vec<String>)> {
    let values = |name| headers.get_all(name).iter().map(|value| value.to_str().unwrap().to_owned()).collect();
    let mut all: Vec<_> = headers.keys().map(|name| (name.to_string(), values(name))).collect();
    all.sort();
    all
}

fn lists_of<'a>(
    map: impl IntoIterator<Item = (&'a String, &'a internals::ListStringValue)>,
) -> Vec<(String, Vec<String>)> {
    let mut all: Vec<_> = map.into_iter().map(|(name, list)| (name.to_lowercase(), list.values.clone())).collect();
    all.sort();
    all
}

proptest! {
    #[test]
    fn a_request_is_what_the_generated_code_reads_and_writes(
        metadata in headers(), method in "\\PC{0,20}", content_type in "[a-z/]{0,10}", type_url in "[a-z./]{0,10}",
        verb in proptest::option::of(0i32..10), query in "[a-z=&]{0,12}", from_http: bool,
        body in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..300)),
    ) {
        let head = RequestHead { metadata, method, content_type, type_url, verb, query, from_http, ..RequestHead::default() };
        let mut buffer = BytesMut::new();
        put_request(&mut buffer, &head, body.as_deref());
        let wire = buffer.freeze().slice(PREFIX..);
        let read = internals::InternalInvokeRequestStream::decode(wire).unwrap();
        let request = read.request.clone().unwrap();
        let message = request.message.clone().unwrap();
        prop_assert_eq!(request.ver, 1);
        prop_assert_eq!(lists_of(&request.metadata), lists(&head.metadata));
        prop_assert_eq!(&message.method, &head.method);
        prop_assert_eq!(&message.content_type, &head.content_type);
        prop_assert_eq!(message.data.map(|any| any.type_url).unwrap_or_default(), head.type_url.as_str());
        prop_assert_eq!(message.http_extension.as_ref().map(|extension| extension.verb), head.verb);
        prop_assert_eq!(read.payload.as_ref().map(|payload| payload.data.to_vec()), body.clone());

        let back = super::request(read.encode_to_vec().into()).unwrap();
        let again = back.head.unwrap();
        prop_assert_eq!(lists(&again.metadata), lists(&head.metadata));
        prop_assert_eq!(again.method, head.method);
        prop_assert_eq!(again.type_url, head.type_url);
        prop_assert_eq!(again.verb, head.verb);
        prop_assert_eq!(back.payload.map(|(data, _)| data.to_vec()), body);
    }

    #[test]
    fn a_response_is_what_the_generated_code_reads_and_writes(
        headers in headers(), trailers in headers(), code in 0i32..600, text in "\\PC{0,20}",
        content_type in "[a-z/]{0,10}", type_url in "[a-z./]{0,10}",
        body in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..300)),
    ) {
        let head = ResponseHead {
            code, message: text, details: Vec::new(), headers, trailers, content_type, type_url, from_http: true,
        };
        let mut buffer = BytesMut::new();
        put_response(&mut buffer, &head, body.as_deref());
        let read = internals::InternalInvokeResponseStream::decode(buffer.freeze().slice(PREFIX..)).unwrap();
        let response = read.response.clone().unwrap();
        prop_assert_eq!(response.status.clone().unwrap().code, code);
        prop_assert_eq!(lists_of(&response.headers), lists(&head.headers));
        prop_assert_eq!(lists_of(&response.trailers), lists(&head.trailers));
        let message: common::InvokeResponse = response.message.clone().unwrap();
        prop_assert_eq!(&message.content_type, &head.content_type);
        let back = super::response(read.encode_to_vec().into()).unwrap();
        let again = back.head.unwrap();
        prop_assert_eq!(again.code, code);
        prop_assert_eq!(lists(&again.headers), lists(&head.headers));
        prop_assert_eq!(again.message, head.message);
        prop_assert_eq!(back.payload.map(|(data, _)| data.to_vec()), body);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = super::request(bytes.clone().into());
        let _ = super::response(bytes.into());
    }
}

#[test]
fn a_piece_of_a_body_is_what_the_generated_code_reads() {
    for sequence in [0, 1, 300] {
        let mut buffer = BytesMut::new();
        payload_prefix(&mut buffer, 4, sequence);
        buffer.extend_from_slice(b"data");
        let read = internals::InternalInvokeRequestStream::decode(buffer.freeze().slice(PREFIX..)).unwrap();
        let payload = read.payload.unwrap();
        assert_eq!((payload.data.as_ref(), payload.seq), (&b"data"[..], sequence));
    }
}

#[test]
fn what_the_sidecar_says_of_itself_is_metadata_too() {
    let own = entries(&[("X-Forwarded-For", "10.0.0.1"), ("dapr-caller-app-id", "me")]);
    let head = RequestHead { own, callee: "you".into(), ..RequestHead::default() };
    let mut buffer = BytesMut::new();
    put_request(&mut buffer, &head, None);
    let read = internals::InternalInvokeRequestStream::decode(buffer.freeze().slice(PREFIX..)).unwrap();
    let metadata = read.request.unwrap().metadata;
    let value = |name: &str| metadata[name].values.clone();
    assert_eq!(metadata.len(), 4);
    assert_eq!(value("X-Forwarded-For"), ["10.0.0.1"]);
    assert_eq!(value("dapr-caller-app-id"), ["me"]);
    assert_eq!((value("destination-app-id"), value("dapr-callee-app-id")), (vec!["you".into()], vec!["you".into()]));
}

#[test]
fn an_empty_head_in_front_of_a_piece_is_none() {
    let payload = Some(dapr_proto::common::v1::StreamPayload { data: "data: 1".into(), seq: 1 });
    let event = internals::InternalInvokeResponseStream { response: Some(Default::default()), payload };
    let read = super::response(event.encode_to_vec().into()).unwrap();
    assert!(read.head.is_none() && read.payload.is_some(), "{read:?}");
}
