//! The identity of a span as it travels: W3C trace context in headers, and gRPC's older binary form.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use http::header::{HeaderMap, HeaderName, HeaderValue};

use super::state;

#[cfg(test)]
mod tests;

/// `traceparent`
pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// `tracestate`
pub const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");
/// `grpc-trace-bin`
pub const GRPC_TRACE_BIN: HeaderName = HeaderName::from_static("grpc-trace-bin");

/// The `traceparent` of no trace.
const NO_TRACE: &str = "00-00000000000000000000000000000000-0000000000000000-00";
/// A longer `tracestate` is not sent on.
const MAX_STATE: usize = 512;
const SAMPLED: u8 = 1;

/// gRPC writes binary metadata without padding and reads it either way.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_encode_padding(false).with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A trace, the span in it that is meant, and whether the trace is sampled. Cheap to clone.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Context {
    pub(super) trace_id: [u8; 16],
    pub(super) span_id: [u8; 8],
    pub(super) flags: u8,
    /// Valid members in canonical form.
    pub(super) state: Option<Arc<str>>,
}

impl Context {
    /// What the headers of an HTTP request say; `None` without a valid `traceparent`. A `tracestate` that is
    /// not valid is ignored.
    pub fn from_http(headers: &HeaderMap) -> Option<Self> {
        let parent = headers.get(TRACEPARENT)?;
        Some(Self::from_w3c(parent.as_bytes())?.with_state(headers))
    }

    /// What the metadata of a gRPC call say: `grpc-trace-bin` if there is one, `traceparent` otherwise.
    pub fn from_grpc(metadata: &HeaderMap) -> Option<Self> {
        let Some(binary) = metadata.get(GRPC_TRACE_BIN) else { return Self::from_http(metadata) };
        let mut bytes = [0; 32];
        let read = BASE64.decode_slice(binary.as_bytes(), &mut bytes).ok()?;
        Some(Self::from_binary(&bytes[..read])?.with_state(metadata))
    }

    /// What the text of a `traceparent` and of a `tracestate` (empty for none) say.
    pub fn from_text(traceparent: &str, tracestate: &str) -> Option<Self> {
        let mut context = Self::from_w3c(traceparent.as_bytes())?;
        context.state = state::parse(tracestate);
        Some(context)
    }

    /// Versions 0 to 254; version 0 has exactly four parts, later ones at least four.
    fn from_w3c(text: &[u8]) -> Option<Self> {
        // What nearly every header looks like, read without a search for its parts.
        if let Some(text) = <&[u8; 55]>::try_from(text).ok().filter(|text| text.starts_with(b"00-")) {
            let flags = hex(&text[53..], true).filter(|_| text[35] == b'-' && text[52] == b'-')?;
            return Self::of_parts(hex(&text[3..35], false)?, hex(&text[36..52], false)?, flags);
        }
        let mut parts = text.split(|byte| *byte == b'-');
        let version: [u8; 1] = hex(parts.next()?, true)?;
        let trace_id = hex(parts.next()?, false)?;
        let span_id = hex(parts.next()?, false)?;
        let flags = parts.next()?;
        let flags = hex(flags.get(..2)?, true).filter(|_| flags.len() == 2 || version[0] > 0)?;
        if version[0] == u8::MAX || (version[0] == 0 && parts.next().is_some()) {
            return None;
        }
        Self::of_parts(trace_id, span_id, flags)
    }

    fn of_parts(trace_id: [u8; 16], span_id: [u8; 8], [flags]: [u8; 1]) -> Option<Self> {
        let context = Self { trace_id, span_id, flags, state: None };
        context.is_valid().then_some(context)
    }

    /// The binary form: version 0, then the fields trace id (0), span id (1) and flags (2). Only the first is
    /// required.
    pub fn from_binary(bytes: &[u8]) -> Option<Self> {
        let [0, 0, rest @ ..] = bytes else { return None };
        let (trace_id, mut rest) = rest.split_first_chunk::<16>()?;
        let mut context = Self { trace_id: *trace_id, ..Self::default() };
        if let [1, after @ ..] = rest
            && let Some((span_id, after)) = after.split_first_chunk::<8>()
        {
            context.span_id = *span_id;
            rest = after;
        }
        if let [2, flags, ..] = rest {
            context.flags = *flags;
        }
        Some(context)
    }

    fn with_state(mut self, headers: &HeaderMap) -> Self {
        let mut values = headers.get_all(TRACESTATE).iter();
        let Some(first) = values.next() else { return self };
        self.state = match values.next() {
            None => first.to_str().ok().and_then(state::parse),
            Some(second) => {
                let all = [first, second].into_iter().chain(values).map(HeaderValue::to_str);
                all.collect::<Result<Vec<_>, _>>().ok().and_then(|all| state::parse(&all.join(",")))
            }
        };
        self
    }

    /// Whether it names a trace and a span.
    pub fn is_valid(&self) -> bool {
        self.trace_id != [0; 16] && self.span_id != [0; 8]
    }

    /// Whether the spans of this trace are recorded.
    pub fn is_sampled(&self) -> bool {
        self.flags & SAMPLED != 0
    }

    pub(super) fn set_sampled(&mut self, sampled: bool) {
        self.flags = if sampled { self.flags | SAMPLED } else { self.flags & !SAMPLED };
    }

    /// The 16 bytes of the trace's id.
    pub fn trace_id(&self) -> [u8; 16] {
        self.trace_id
    }

    /// The 8 bytes of the span's id.
    pub fn span_id(&self) -> [u8; 8] {
        self.span_id
    }

    /// The text of `tracestate`, `None` when there is none or it is longer than 512 bytes.
    pub fn tracestate(&self) -> Option<&str> {
        self.state.as_deref().filter(|state| state.len() <= MAX_STATE)
    }

    /// The text of `traceparent`.
    pub fn traceparent(&self) -> Traceparent {
        let mut text = *b"00-00000000000000000000000000000000-0000000000000000-00";
        write_hex(&self.trace_id, &mut text[3..35]);
        write_hex(&self.span_id, &mut text[36..52]);
        write_hex(&[self.flags], &mut text[53..55]);
        Traceparent(text)
    }

    /// The 29 bytes of the binary form, as `grpc-trace-bin` has them before base64.
    pub fn to_binary(&self) -> [u8; 29] {
        let mut bytes = [0; 29];
        bytes[2..18].copy_from_slice(&self.trace_id);
        bytes[18] = 1;
        bytes[19..27].copy_from_slice(&self.span_id);
        bytes[27] = 2;
        bytes[28] = self.flags;
        bytes
    }

    /// The value of `grpc-trace-bin` on the wire.
    pub fn grpc_trace_bin(&self) -> HeaderValue {
        let mut text = [0; 39];
        let length = BASE64.encode_slice(self.to_binary(), &mut text).unwrap_or_default();
        ascii(&text[..length])
    }

    /// Sets `traceparent`, and `tracestate` if there is one, in place of what stood there.
    pub fn write_http(&self, headers: &mut HeaderMap) {
        headers.insert(TRACEPARENT, self.traceparent().header());
        match self.tracestate() {
            Some(state) => drop(headers.insert(TRACESTATE, ascii(state.as_bytes()))),
            None => drop(headers.remove(TRACESTATE)),
        }
    }

    /// Sets `traceparent` and `grpc-trace-bin`, and `tracestate` if there is one, in place of what stood there.
    pub fn write_grpc(&self, metadata: &mut HeaderMap) {
        self.write_http(metadata);
        metadata.insert(GRPC_TRACE_BIN, self.grpc_trace_bin());
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.traceparent().as_str())
    }
}

/// The text of a `traceparent`, without an allocation.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Traceparent([u8; 55]);

impl Traceparent {
    /// As in the header.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// As a header's value.
    pub fn header(&self) -> HeaderValue {
        if self.as_str() == NO_TRACE { HeaderValue::from_static(NO_TRACE) } else { ascii(&self.0) }
    }
}

impl fmt::Display for Traceparent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Traceparent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Text that this module made or checked to be printable ASCII.
fn ascii(text: &[u8]) -> HeaderValue {
    HeaderValue::from_bytes(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// The value of each digit; capitals have a bit of their own, everything else has [`NO_DIGIT`].
const DIGITS: [u8; 256] = {
    let mut digits = [NO_DIGIT; 256];
    let mut value = 0_u8;
    while value < 16 {
        let small = b"0123456789abcdef"[value as usize];
        digits[small as usize] = value;
        if value > 9 {
            digits[small.to_ascii_uppercase() as usize] = value | CAPITAL;
        }
        value += 1;
    }
    digits
};
const CAPITAL: u8 = 0x10;
const NO_DIGIT: u8 = 0x80;

/// Reads exactly `N` bytes. Ids are lower case by the specification.
#[inline]
fn hex<const N: usize>(text: &[u8], upper: bool) -> Option<[u8; N]> {
    if text.len() != 2 * N {
        return None;
    }
    let mut seen = 0;
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(text.as_chunks::<2>().0) {
        let [high, low] = pair.map(|digit| DIGITS[usize::from(digit)]);
        seen |= high | low;
        *byte = (high & 15) << 4 | (low & 15);
    }
    let wrong = if upper { NO_DIGIT } else { NO_DIGIT | CAPITAL };
    (seen & wrong == 0).then_some(bytes)
}

/// `out` is twice as long as `bytes`.
pub(super) fn write_hex(bytes: &[u8], out: &mut [u8]) {
    const TEXT: &[u8; 16] = b"0123456789abcdef";
    for (byte, pair) in bytes.iter().zip(out.chunks_exact_mut(2)) {
        pair[0] = TEXT[usize::from(byte >> 4)];
        pair[1] = TEXT[usize::from(byte & 15)];
    }
}

/// The hexadecimal text of an id.
pub(super) fn hex_text(bytes: &[u8]) -> String {
    let mut text = vec![0; bytes.len() * 2];
    write_hex(bytes, &mut text);
    String::from_utf8(text).unwrap_or_default()
}
