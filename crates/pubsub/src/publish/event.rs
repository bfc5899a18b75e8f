//! From what an application sends to the message for the broker.

use std::borrow::Cow;
use std::time::Duration;

use dapr_errors::Result;
use dapr_kit::clock::Clock;
use dapr_kit::duration::parse_signed;
use dapr_spi::pubsub::{Feature, Map, Message};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Event, Publisher, Target, error};
use crate::envelope::{self, Attributes, ContentType, Envelope, NO_TRACE};

/// What metadata begin with that go into the envelope.
const OVERRIDE: &str = "cloudevent.";
/// How long a message lives, in the order of their weight.
const TTL: [&str; 2] = ["ttl", "ttlInSeconds"];

impl Publisher {
    /// The message for the broker; `time` is that of the event.
    pub(super) fn message(&self, target: &Target, event: Event<'_>, raw: bool, time: &str) -> Result<Message> {
        let topic = target.broker.topic(&target.topic);
        if raw {
            let data = event.data.bytes().clone();
            return Ok(Message { data, topic, metadata: event.metadata, content_type: None });
        }
        let trace_parent = event.trace.map(|trace| trace.traceparent());
        let expires = !target.broker.component().features().contains(&Feature::MessageTtl);
        let expiration = if expires { self.expiration(&event.metadata) } else { None };
        let mut attributes = Attributes {
            source: self.settings.app_id.as_str().into(),
            topic: &target.topic,
            pubsub: target.broker.name(),
            content_type: event.content_type,
            trace_parent: trace_parent.as_ref().map_or(NO_TRACE, |trace| trace.as_str()).into(),
            trace_state: event.trace.and_then(|trace| trace.tracestate()).unwrap_or_default().into(),
            time,
            expiration: expiration.as_deref(),
            ..Attributes::default()
        };
        let data = if ContentType::of(event.content_type) == ContentType::CloudEvent {
            let own = Envelope::read(event.data.bytes().clone())
                .map_err(|cause| error::no_event(target, &self.settings.app_id, &cause.to_string()))?;
            envelope::adopt(&own, &attributes)
        } else {
            take_overrides(&mut attributes, &event.metadata);
            envelope::wrap(&event.data, &attributes)
        };
        drop(attributes);
        Ok(Message { data, topic, metadata: event.metadata, content_type: None })
    }

    /// When a message expires whose broker does not see to that itself.
    fn expiration(&self, metadata: &Map) -> Option<String> {
        let ttl = time_to_live(metadata)?;
        let at = self.settings.clock.now().as_second().saturating_add(i64::try_from(ttl.as_secs()).unwrap_or(i64::MAX));
        Some(Timestamp::from_second(at).unwrap_or(Timestamp::MAX).to_string())
    }
}

/// Metadata that stand for fields of the envelope; case does not count. `traceparent` wins over `traceid`.
fn take_overrides<'a>(attributes: &mut Attributes<'a>, metadata: &'a Map) {
    let mut trace_parent = None;
    for (name, value) in metadata {
        let field = name.get(..OVERRIDE.len()).filter(|start| start.eq_ignore_ascii_case(OVERRIDE));
        let Some(field) = field.map(|start| &name[start.len()..]) else { continue };
        let value = Cow::Borrowed(value.as_str());
        let is = |known: &str| field.eq_ignore_ascii_case(known);
        match () {
            () if is("id") => attributes.id = value,
            () if is("source") => attributes.source = value,
            () if is("type") => attributes.event_type = value,
            () if is("subject") => attributes.subject = value,
            () if is("traceid") => attributes.trace_parent = value,
            () if is("tracestate") => attributes.trace_state = value,
            () if is("traceparent") && !value.is_empty() => trace_parent = Some(value),
            () => {}
        }
    }
    if let Some(trace_parent) = trace_parent {
        attributes.trace_parent = trace_parent;
    }
}

/// `ttl` or `ttlInSeconds`: whole seconds, or a duration such as `1m30s`. What cannot be read means no limit, as with
/// the incumbent.
fn time_to_live(metadata: &Map) -> Option<Duration> {
    if metadata.is_empty() {
        return None;
    }
    let find = |name: &str| metadata.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    let (_, text) = TTL.into_iter().find_map(find)?;
    match parse_signed(text) {
        Ok(duration) if duration.negative => Some(Duration::ZERO),
        Ok(duration) => Some(duration.magnitude),
        Err(_) => text.parse().ok().filter(|seconds| *seconds > 0).map(Duration::from_secs),
    }
}

/// Now as RFC 3339 has it, to the second, in a time zone.
pub(super) fn time(clock: &Clock, zone: &TimeZone) -> String {
    let now = Timestamp::from_second(clock.now().as_second()).unwrap_or(Timestamp::UNIX_EPOCH);
    let offset = zone.to_offset(now);
    if offset.is_zero() { now.to_string() } else { now.display_with_offset(offset).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> Map {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn every_override_is_taken_whatever_its_case() {
        let metadata = map(&[
            ("cloudevent.id", "i"),
            ("CloudEvent.Source", "s"),
            ("cloudevent.TYPE", "t"),
            ("cloudevent.subject", "u"),
            ("cloudevent.traceid", "not this one"),
            ("cloudevent.traceparent", "p"),
            ("cloudevent.tracestate", "st"),
            ("cloudevent.topic", "cannot be changed"),
            ("source", "no prefix"),
            ("clöudevent.id", "x"),
        ]);
        let mut attributes = Attributes { source: "app".into(), ..Attributes::default() };
        take_overrides(&mut attributes, &metadata);
        let Attributes { id, source, event_type, subject, trace_parent, trace_state, topic, .. } = attributes;
        assert_eq!((&*id, &*source, &*event_type, &*subject), ("i", "s", "t", "u"));
        assert_eq!((&*trace_parent, &*trace_state, topic), ("p", "st", ""));
        let metadata = map(&[("cloudevent.traceid", "t"), ("cloudevent.traceparent", "")]);
        let mut attributes = Attributes::default();
        take_overrides(&mut attributes, &metadata);
        assert_eq!(attributes.trace_parent, "t");
    }

    #[test]
    fn a_time_to_live_is_seconds_or_a_duration() {
        let seconds = |name: &str, value: &str| time_to_live(&map(&[(name, value)])).map(|ttl| ttl.as_secs());
        assert_eq!(seconds("ttlInSeconds", "10"), Some(10));
        assert_eq!(seconds("TTLinSeconds", "1m30s"), Some(90));
        assert_eq!(seconds("ttl", "-5s"), Some(0));
        for none in ["0x", "", "-1", "ten"] {
            assert_eq!(seconds("ttlInSeconds", none), None, "{none}");
        }
        assert_eq!(time_to_live(&map(&[("ttl", "1"), ("ttlInSeconds", "2")])).unwrap().as_secs(), 1);
    }

    #[test]
    fn the_time_has_the_offset_of_the_zone() {
        let clock = Clock::manual(1_767_323_045_678);
        assert_eq!(time(&clock, &TimeZone::UTC), "2026-01-02T03:04:05Z");
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        assert_eq!(time(&clock, &zone), "2026-01-02T05:04:05+02:00");
    }
}
