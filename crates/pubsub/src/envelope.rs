//! `CloudEvents` as JSON: reading their top-level fields, and writing them.
//!
//! No value is ever turned into a tree, so numbers keep their digits and a large payload is only looked through.

mod content_type;
mod protobuf;
mod read;
mod write;

pub use content_type::ContentType;
pub use read::Envelope;
pub(crate) use read::text_of;
pub use write::{Attributes, Data, adopt, with_fields, wrap, wrap_raw};

/// Media type of a `CloudEvent` in JSON.
pub const CLOUD_EVENT: &str = "application/cloudevents+json";
/// `specversion` of the events that the sidecar makes.
pub const SPEC_VERSION: &str = "1.0";
/// `type` of an event that does not say another.
pub const TYPE: &str = "com.dapr.event.sent";
/// `type` of the envelope around a bulk delivery.
pub const BULK_TYPE: &str = "com.dapr.event.sent.bulk";
/// `source` of an event that does not say another.
pub const SOURCE: &str = "Dapr";
/// `datacontenttype` of an event that does not say another.
pub const DATA_CONTENT_TYPE: &str = "text/plain";
/// The `traceparent` of a message that belongs to no trace.
pub const NO_TRACE: &str = "00-00000000000000000000000000000000-0000000000000000-00";
