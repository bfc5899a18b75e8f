//! What an HTTP application says in the body of a good answer.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// What became of an event, in the application's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::delivery) enum Said {
    /// Processed.
    Success,
    /// To be delivered again.
    Retry,
    /// Not wanted.
    Drop,
    /// Something else.
    Other(String),
}

impl Said {
    fn of(text: &str) -> Self {
        match text {
            "" | "SUCCESS" => Self::Success,
            "RETRY" => Self::Retry,
            "DROP" => Self::Drop,
            other => Self::Other(other.to_owned()),
        }
    }
}

/// Reads `{"status": …}`. A body that is something else is a success; what follows the first value does not count.
pub(in crate::delivery) fn said(body: &[u8]) -> Said {
    if body.is_empty() {
        return Said::Success;
    }
    match first::<Fields<OneStatus>>(body) {
        Ok(Fields(OneStatus(status))) => Said::of(&status),
        Err(_) => Said::Success,
    }
}

/// The answer to a bulk delivery: what became of each entry.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::delivery) struct BulkAnswer(pub(in crate::delivery) Vec<(String, String)>);

impl BulkAnswer {
    /// Reads `{"statuses": [{"entryId": …, "status": …}]}`.
    ///
    /// # Errors
    /// It is no such JSON.
    pub(in crate::delivery) fn read(body: &[u8]) -> Result<Self, serde_json::Error> {
        let Fields(Statuses(entries)) = first(body)?;
        Ok(Self(entries.into_iter().map(|Fields(Entry { id, status })| (id, status)).collect()))
    }
}

fn first<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, serde_json::Error> {
    T::deserialize(&mut serde_json::Deserializer::from_slice(body))
}

/// An object whose field names are compared without case, as the incumbent's decoder does. `null` is an empty one.
struct Fields<T>(T);

/// Takes the fields of an object one by one.
trait Take<'de>: Default {
    /// Reads the value of a field that it knows; `false` for one that it does not know, whose value is not read then.
    fn take<A: MapAccess<'de>>(&mut self, name: &str, fields: &mut A) -> Result<bool, A::Error>;
}

#[derive(Default)]
struct OneStatus(String);

impl<'de> Take<'de> for OneStatus {
    fn take<A: MapAccess<'de>>(&mut self, name: &str, fields: &mut A) -> Result<bool, A::Error> {
        let is_known = name.eq_ignore_ascii_case("status");
        if is_known {
            self.0 = fields.next_value::<Option<String>>()?.unwrap_or_default();
        }
        Ok(is_known)
    }
}

#[derive(Default)]
struct Entry {
    id: String,
    status: String,
}

impl<'de> Take<'de> for Entry {
    fn take<A: MapAccess<'de>>(&mut self, name: &str, fields: &mut A) -> Result<bool, A::Error> {
        if name.eq_ignore_ascii_case("entryId") {
            self.id = fields.next_value::<Option<String>>()?.unwrap_or_default();
        } else if name.eq_ignore_ascii_case("status") {
            self.status = fields.next_value::<Option<String>>()?.unwrap_or_default();
        } else {
            return Ok(false);
        }
        Ok(true)
    }
}

#[derive(Default)]
struct Statuses(Vec<Fields<Entry>>);

impl<'de> Take<'de> for Statuses {
    fn take<A: MapAccess<'de>>(&mut self, name: &str, fields: &mut A) -> Result<bool, A::Error> {
        let is_known = name.eq_ignore_ascii_case("statuses");
        if is_known {
            self.0 = fields.next_value::<Option<Vec<Fields<Entry>>>>()?.unwrap_or_default();
        }
        Ok(is_known)
    }
}

impl<'de, T: Take<'de>> Deserialize<'de> for Fields<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object<T>(PhantomData<T>);
        impl<'de, T: Take<'de>> Visitor<'de> for Object<T> {
            type Value = Fields<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_unit<E>(self) -> Result<Fields<T>, E> {
                Ok(Fields(T::default()))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Fields<T>, A::Error> {
                let mut taken = T::default();
                while let Some(name) = fields.next_key::<String>()? {
                    if !taken.take(&name, &mut fields)? {
                        fields.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(Fields(taken))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<Fields<T>, A::Error> {
                Err(serde::de::Error::custom("a list is no object"))
            }
        }
        deserializer.deserialize_any(Object(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_status_that_is_read_counts() {
        for body in ["", " ", "null", "{}", "ok", "[]", "5", r#"{"status":""}"#, r#"{"status":"SUCCESS"}"#] {
            assert_eq!(said(body.as_bytes()), Said::Success, "{body}");
        }
        for body in [r#"{"status":null}"#, r#"{"status":5}"#, r#"{"status":"RETRY""#, "\u{0}"] {
            assert_eq!(said(body.as_bytes()), Said::Success, "{body}");
        }
        assert_eq!(said(br#" {"a":[1],"status":"RETRY"} more"#), Said::Retry);
        assert_eq!(said(br#"{"STATUS":"DROP"}"#), Said::Drop);
        assert_eq!(said(br#"{"status":"retry"}"#), Said::Other("retry".into()));
    }

    #[test]
    fn a_bulk_answer_names_entries() {
        let read = |body: &str| BulkAnswer::read(body.as_bytes()).map(|answer| answer.0);
        let body = r#"{"statuses":[{"entryId":"1","status":"SUCCESS"},{"entryid":"2","other":[{}]},{}]}"#;
        let expected = [("1", "SUCCESS"), ("2", ""), ("", "")].map(|(id, status)| (id.to_owned(), status.to_owned()));
        assert_eq!(read(body).unwrap(), expected);
        assert_eq!(read("{}").unwrap(), []);
        assert_eq!(read(r#"{"statuses":null}"#).unwrap(), []);
        for broken in ["", "[]", r#"{"statuses":{}}"#, r#"{"statuses":[5]}"#, r#"{"statuses":[{"status":5}]}"#] {
            assert!(read(broken).is_err(), "{broken}");
        }
    }
}
