//! Values there and back, and what does not fit.

use apache_avro::types::Value as AvroValue;
use proptest::prelude::*;

use super::*;

const ORDER: &str = r#"{"type": "record", "name": "Order", "namespace": "shop", "fields": [
    {"name": "id", "type": "long"},
    {"name": "total", "type": "double"},
    {"name": "note", "type": ["null", "string"], "default": null},
    {"name": "state", "type": {"type": "enum", "name": "State", "symbols": ["NEW", "PAID"]}, "default": "NEW"},
    {"name": "tags", "type": {"type": "array", "items": "string"}},
    {"name": "counts", "type": {"type": "map", "values": "int"}},
    {"name": "raw", "type": "bytes"},
    {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
    {"name": "before", "type": ["null", "Order"], "default": null}
]}"#;

const PLAIN: &str = r#"{"id":-7,"total":1.5,"note":"hi","state":"PAID","tags":["a","b"],"counts":{"x":1},"raw":"\u0000ÿ","at":1700000000000,"before":null}"#;

#[test]
fn plain_json_there_and_back() {
    let codec = Codec::new(ORDER, false).unwrap();
    let avro = codec.encode(PLAIN.as_bytes()).unwrap();
    assert_eq!(String::from_utf8(codec.decode(&avro).unwrap()).unwrap(), PLAIN);
}

#[test]
fn avro_json_names_branches() {
    let codec = Codec::new(ORDER, true).unwrap();
    let json = PLAIN.replace(r#""note":"hi""#, r#""note":{"string":"hi"}"#);
    let avro = codec.encode(json.as_bytes()).unwrap();
    assert_eq!(avro, Codec::new(ORDER, false).unwrap().encode(PLAIN.as_bytes()).unwrap());
    assert_eq!(String::from_utf8(codec.decode(&avro).unwrap()).unwrap(), json);
    assert!(codec.encode(PLAIN.as_bytes()).unwrap_err().contains("fits none of null, string"));
}

#[test]
fn values_within_values_of_their_own_kind() {
    let codec = Codec::new(ORDER, true).unwrap();
    let inner = PLAIN.replace(r#""note":"hi""#, r#""note":null"#);
    let json = inner.replace(r#""before":null"#, &format!(r#""before":{{"shop.Order":{inner}}}"#));
    let avro = codec.encode(json.as_bytes()).unwrap();
    assert_eq!(String::from_utf8(codec.decode(&avro).unwrap()).unwrap(), json);
}

#[test]
fn defaults_fill_in() {
    let codec = Codec::new(ORDER, false).unwrap();
    let avro = codec.encode(br#"{"id":1,"total":2,"tags":[],"counts":{},"raw":"","at":0}"#).unwrap();
    let json = String::from_utf8(codec.decode(&avro).unwrap()).unwrap();
    assert!(json.contains(r#""note":null,"state":"NEW""#), "{json}");
}

#[test]
fn what_does_not_fit_is_refused_with_its_place() {
    let codec = Codec::new(ORDER, false).unwrap();
    for (json, expected) in [
        (r#"{"id":"x"}"#, "`id`: expected a whole number"),
        (r#"{"id":1}"#, "needs field `total`"),
        (r#"{"colour":1}"#, "no field `colour`"),
        (r#"[1]"#, "expected an object"),
        (r#"{"id"#, "no JSON"),
        (r#"{"id":1,"total":1,"state":"LOST"}"#, "no symbol `LOST`"),
    ] {
        let error = codec.encode(json.as_bytes()).unwrap_err();
        assert!(error.contains(expected), "{json}: {error}");
    }
    assert!(Codec::new("{", false).is_err());
    assert!(Codec::new(r#"{"type":"record"}"#, false).is_err());
}

/// The same bytes as the library that we use for schemas only.
#[test]
fn bytes_are_those_of_another_writer() {
    let codec = Codec::new(ORDER, false).unwrap();
    let read = apache_avro::reader::datum::GenericDatumReader::builder(&codec.schema)
        .build()
        .unwrap()
        .read_value(&mut &codec.encode(PLAIN.as_bytes()).unwrap()[..]);
    let AvroValue::Record(fields) = read.unwrap() else { panic!("a record") };
    assert_eq!(fields[0], ("id".into(), AvroValue::Long(-7)));
    assert_eq!(fields[2], ("note".into(), AvroValue::Union(1, Box::new(AvroValue::String("hi".into())))));
    let value = AvroValue::Record(fields);
    let written = apache_avro::writer::datum::GenericDatumWriter::builder(&codec.schema)
        .build()
        .unwrap()
        .write_value_to_vec(value)
        .unwrap();
    assert_eq!(String::from_utf8(codec.decode(&written).unwrap()).unwrap(), PLAIN);
}

#[test]
fn endless_values_are_refused() {
    let codec = Codec::new(r#"{"type":"array","items":"null"}"#, false).unwrap();
    let mut endless = Vec::new();
    write_long(i64::MAX, &mut endless);
    assert!(codec.decode(&endless).unwrap_err().contains("too many"));
    let list = r#"{"type":"record","name":"L","fields":[{"name":"n","type":["null","L"]}]}"#;
    let deep = [2u8; 100_000];
    assert!(Codec::new(list, false).unwrap().decode(&deep).unwrap_err().contains("too many"));
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Codec::new(ORDER, false).unwrap().decode(&bytes);
    }

    #[test]
    fn numbers_there_and_back(number: i64) {
        let mut out = Vec::new();
        write_long(number, &mut out);
        let mut input = Input { bytes: &out, depth: 0, values: 0 };
        prop_assert_eq!(input.long().unwrap(), number);
        prop_assert!(input.bytes.is_empty());
    }
}
