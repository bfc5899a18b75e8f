//! What a media type says of a payload.

/// How a payload stands in an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentType {
    /// `application/cloudevents+json`: it is an event already.
    CloudEvent,
    /// `application/json`.
    Json,
    /// `application/octet-stream` and events as protobuf: `data_base64`.
    Binary,
    /// `text/*` and `application/xml`.
    Text,
    /// `application/x-protobuf`: binary if it is an event.
    Protobuf,
    /// Any other, or none: taken for text.
    Other,
}

impl ContentType {
    /// Reads a media type; parameters and case do not count.
    pub fn of(text: &str) -> Self {
        let media = text.split(';').next().unwrap_or_default();
        let is = |known: &str| media.eq_ignore_ascii_case(known);
        let is_text = || text.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("text/"));
        match () {
            () if is("application/json") => Self::Json,
            () if is("application/cloudevents+json") => Self::CloudEvent,
            () if is("application/octet-stream") || is("application/cloudevents+protobuf") => Self::Binary,
            () if is_text() || is("application/xml") => Self::Text,
            () if is("application/x-protobuf") => Self::Protobuf,
            () => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_and_case_do_not_count() {
        for (text, expected) in [
            ("Application/JSON; charset=utf-8", ContentType::Json),
            ("application/cloudevents+json", ContentType::CloudEvent),
            ("application/cloudevents+json;x=y", ContentType::CloudEvent),
            ("application/octet-stream", ContentType::Binary),
            ("application/cloudevents+protobuf", ContentType::Binary),
            ("TEXT/html", ContentType::Text),
            ("application/xml", ContentType::Text),
            ("application/x-protobuf", ContentType::Protobuf),
            ("application/jsonx", ContentType::Other),
            ("application/vnd.api+json", ContentType::Other),
            ("", ContentType::Other),
            ("tëxt/", ContentType::Other),
        ] {
            assert_eq!(ContentType::of(text), expected, "{text}");
        }
    }
}
