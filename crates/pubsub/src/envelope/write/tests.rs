//! Events as they are written.

use base64::Engine;
use proptest::prelude::*;

use super::*;

fn attributes(content_type: &str) -> Attributes<'_> {
    Attributes {
        id: "1".into(),
        source: "app".into(),
        topic: "orders",
        pubsub: "broker",
        content_type,
        trace_parent: NO_TRACE.into(),
        time: "2026-01-02T03:04:05Z",
        ..Attributes::default()
    }
}

fn wrapped(data: &'static [u8], content_type: &str) -> Envelope {
    Envelope::read(wrap(&Data::Bytes(Bytes::from_static(data)), &attributes(content_type))).unwrap()
}

#[test]
fn an_event_has_its_fields_in_order() {
    let event = wrap(&Data::Bytes(Bytes::from_static(b" { \"n\": 1.0 }\n")), &attributes("application/json"));
    let expected = format!(
        r#"{{"data":{{"n":1.0}},"datacontenttype":"application/json","id":"1","pubsubname":"broker","source":"app","specversion":"1.0","time":"2026-01-02T03:04:05Z","topic":"orders","traceid":"{NO_TRACE}","traceparent":"{NO_TRACE}","tracestate":"","type":"com.dapr.event.sent"}}"#
    );
    assert_eq!(event, expected);
}

#[test]
fn the_content_type_says_what_the_payload_is() {
    assert_eq!(wrapped(b"12345678901234567890.10", "application/json").data(), Some("12345678901234567890.10"));
    assert_eq!(wrapped(b"{\"a\":1", "application/json").text("data").unwrap(), "{\"a\":1", "broken JSON is text");
    assert_eq!(wrapped(b"", "application/json").data(), Some("\"\""));
    assert_eq!(wrapped(b"{\"a\":1}", "text/plain").text("data").unwrap(), "{\"a\":1}");
    assert_eq!(wrapped(b"hi", "").data_content_type().unwrap(), "text/plain");
    assert_eq!(wrapped(b"\x00\xff", "application/octet-stream").data_base64().unwrap().unwrap(), b"\x00\xff");
    assert_eq!(wrapped(b"hi", "application/octet-stream; x=y").raw("data"), None);
    assert_eq!(wrapped(b"\xff", "image/png").data_base64().unwrap().unwrap(), b"\xff", "what is no text is not lost");
    let protobuf = wrapped(b"\x0a\x01a\x12\x01b\x1a\x031.0\x22\x01t", "application/x-protobuf");
    assert!(protobuf.data_base64().is_some());
    assert!(wrapped(b"hello", "application/x-protobuf").data().is_some());
}

#[test]
fn what_is_not_given_has_a_default() {
    let given = Attributes { id: "".into(), source: "".into(), ..attributes("") };
    let event = Envelope::read(wrap(&Data::Bytes(Bytes::new()), &given)).unwrap();
    assert_eq!(event.id().unwrap().len(), 36);
    assert_eq!((event.source().unwrap(), event.event_type().unwrap()), (SOURCE.into(), TYPE.into()));
    assert_eq!((event.raw("subject"), event.raw("expiration")), (None, None));
}

#[test]
fn a_given_event_keeps_what_it_says() {
    let own = Envelope::read(Bytes::from_static(
        br#"{"specversion":"1.0", "id":"a","type":null,"topic":"x","data":[1, 2.50],"mine":{"a" : 1},"id":"b","traceparent":"own"}"#,
    ))
    .unwrap();
    let event = adopt(&own, &attributes(""));
    let expected = r#"{"data":[1,2.50],"id":"b","mine":{"a":1},"pubsubname":"broker","source":"Dapr","specversion":"1.0","time":"2026-01-02T03:04:05Z","topic":"orders","traceid":"own","traceparent":"own","tracestate":"","type":"com.dapr.event.sent"}"#;
    assert_eq!(event, expected);
}

#[test]
fn the_trace_of_the_request_wins_unless_the_event_has_a_traceid() {
    let with_trace = Attributes { trace_parent: "request".into(), ..attributes("") };
    let trace = |event: &'static str| {
        let event = Envelope::read(adopt(&Envelope::read(event.into()).unwrap(), &with_trace)).unwrap();
        (event.raw("traceid").map(str::to_owned), event.raw("traceparent").map(str::to_owned))
    };
    assert_eq!(trace(r#"{"traceparent":"own"}"#), (Some("\"request\"".into()), Some("\"request\"".into())));
    assert_eq!(trace(r#"{"traceid":5}"#), (Some("5".into()), None));
}

#[test]
fn a_raw_payload_is_wrapped_where_it_is_delivered() {
    let event = Envelope::read(wrap_raw(b"\x00\xff", "orders", "broker", &[])).unwrap();
    assert_eq!(event.data_base64().unwrap().unwrap(), b"\x00\xff");
    assert_eq!((event.topic().unwrap(), event.pubsub_name().unwrap()), ("orders".into(), "broker".into()));
}

proptest! {
    #[test]
    fn no_payload_is_lost(data in prop::collection::vec(any::<u8>(), 0..60), content_type in "[a-z/+;-]{0,30}") {
        let event = Envelope::read(wrap(&Data::Bytes(data.clone().into()), &attributes(&content_type))).unwrap();
        let found = match event.data_base64() {
            Some(bytes) => bytes.unwrap(),
            None => event.text("data").unwrap().as_bytes().to_vec(),
        };
        prop_assert_eq!(found, data);
    }

    #[test]
    fn every_text_is_written_as_json_has_it(text in "\\PC{0,20}", control in any::<char>()) {
        let text = format!("{text}{control}");
        let given = Attributes { subject: text.as_str().into(), topic: &text, ..attributes("") };
        let event: serde_json::Value = serde_json::from_slice(&wrap(&Data::Bytes(Bytes::new()), &given)).unwrap();
        prop_assert_eq!(event["subject"].as_str().unwrap(), &text);
        prop_assert_eq!(event["topic"].as_str().unwrap(), &text);
    }

    #[test]
    fn json_means_the_same_inside(number in any::<i64>(), text in "\\PC{0,20}", bytes in prop::collection::vec(any::<u8>(), 0..9)) {
        let value = serde_json::json!({ "n": [number, null], &text: STANDARD.encode(&bytes) });
        let json = Bytes::from(serde_json::to_vec_pretty(&value).unwrap());
        let event = wrap(&Data::Bytes(json), &attributes("application/json"));
        let event: serde_json::Value = serde_json::from_slice(&event).unwrap();
        prop_assert_eq!(&event["data"], &value);
    }

    #[test]
    fn any_bytes_are_adopted_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        if let Ok(event) = Envelope::read(bytes.into()) {
            prop_assert!(Envelope::read(adopt(&event, &attributes(""))).is_ok());
        }
    }
}
