//! Reading JSON bodies as the incumbent's decoder does: field names without regard to case, unknown fields ignored.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The fields of an object, each as raw text of the body it was read from.
#[derive(Debug, Default)]
pub(crate) struct Object<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Object<'a> {
    /// The last field of that name; `null` counts as absent.
    pub(crate) fn raw(&self, name: &str) -> Option<&'a RawValue> {
        let found = self.0.iter().rev().find(|(field, _)| field.eq_ignore_ascii_case(name));
        found.map(|(_, value)| *value).filter(|value| value.get() != "null")
    }

    /// The last field of that name, read as `T`.
    ///
    /// # Errors
    /// The field is of another type.
    pub(crate) fn get<T: Deserialize<'a>>(&self, name: &str) -> Result<Option<T>, String> {
        self.raw(name)
            .map(|value| serde_json::from_str(value.get()).map_err(|error| format!("field `{name}`: {error}")))
            .transpose()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Object<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
                let mut fields = Vec::with_capacity(4);
                while let Some((Name(name), value)) = map.next_entry::<Name<'de>, &'de RawValue>()? {
                    fields.push((name, value));
                }
                Ok(Object(fields))
            }
        }
        deserializer.deserialize_map(Fields)
    }
}

/// A field name, borrowed where it has no escapes.
struct Name<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Name<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Name<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a field name")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

/// The text of a value without insignificant white space.
///
/// Shares the body's memory where the value is most of it; a small value of a large body is copied, so that it
/// does not keep the body alive.
pub(crate) fn compact(body: &Bytes, value: &RawValue) -> Bytes {
    let text = value.get().as_bytes();
    if !dapr_kit::json::is_compact(text) {
        let mut compact = Vec::new();
        dapr_kit::json::append_compact(text, &mut compact);
        return compact.into();
    }
    if text.len() * 2 >= body.len() { body.slice_ref(text) } else { Bytes::copy_from_slice(text) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_matched_without_regard_to_case_and_null_is_absent() {
        let object: Object<'_> = serde_json::from_str(r#"{"Key":"a","etag":null,"\u006beyx":1}"#).unwrap();
        assert_eq!(object.get::<String>("key").unwrap().unwrap(), "a");
        assert_eq!(object.get::<String>("etag").unwrap(), None);
        assert_eq!(object.get::<u8>("keyx").unwrap(), Some(1));
        assert!(object.get::<u8>("key").unwrap_err().starts_with("field `key`: "));
    }

    #[test]
    fn white_space_goes_outside_strings_only() {
        let body = Bytes::from_static(b"{ \"a b\" : [ 1 ,\n\"\\\" x\" ] }");
        let value: &RawValue = serde_json::from_slice(&body).unwrap();
        assert_eq!(compact(&body, value), r#"{"a b":[1,"\" x"]}"#);
    }

    proptest! {
        #[test]
        fn compact_text_means_the_same(text in "\\PC{0,30}", number in any::<i64>()) {
            let value = serde_json::json!({ "t": text, "n": [number, null, { " ": true }] });
            let body = Bytes::from(serde_json::to_vec_pretty(&value).unwrap());
            let raw: &RawValue = serde_json::from_slice(&body).unwrap();
            prop_assert_eq!(compact(&body, raw), serde_json::to_vec(&value).unwrap());
        }
    }
}
