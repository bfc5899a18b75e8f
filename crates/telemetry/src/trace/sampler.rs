//! Which traces are recorded: the caller's decision, and a share of those that begin here.
//!
//! The share is decided on the trace's id the way OpenTelemetry's `TraceIdRatioBased` does, so that sidecars
//! of both makes decide alike on the same trace.

use std::fmt;

/// The rate of an absent or unreadable `samplingRate`.
const DEFAULT_RATE: f64 = 1e-4;

/// Decides by the parent if there is one, else by the trace's id.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sampler {
    rate: f64,
    /// A trace is sampled when the upper 63 of its id's last 64 bits are below this.
    bound: u64,
}

impl Sampler {
    /// From `spec.tracing.samplingRate`: a number as text. What is empty or not a number means 0.0001.
    pub fn of(rate: &str) -> Self {
        let rate = rate.parse().unwrap_or(DEFAULT_RATE);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "the share of 2^63 that OpenTelemetry compares with; the clamp keeps it in range"
        )]
        let bound = if rate >= 1.0 { u64::MAX } else { (rate.clamp(0.0, 1.0) * (1_u64 << 63) as f64) as u64 };
        Self { rate, bound }
    }

    /// False for a rate of zero, which means no tracing at all, not even of sampled parents.
    pub fn is_on(&self) -> bool {
        self.rate != 0.0
    }

    /// The decision for a trace that begins here.
    pub(super) fn samples(&self, trace_id: [u8; 16]) -> bool {
        let [.., a, b, c, d, e, f, g, h] = trace_id;
        u64::from_be_bytes([a, b, c, d, e, f, g, h]) >> 1 < self.bound
    }
}

impl fmt::Display for Sampler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.rate {
            rate if rate >= 1.0 => f.write_str("ParentBased{root:AlwaysOnSampler}"),
            rate => write!(f, "ParentBased{{root:TraceIDRatioBased{{{}}}}}", rate.max(0.0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_as_written() {
        for (text, on) in [("", true), ("nonsense", true), ("0", false), ("0.0", false), ("1", true), ("-1", true)] {
            assert_eq!(Sampler::of(text).is_on(), on, "{text}");
        }
        assert_eq!(Sampler::of(""), Sampler::of("0.0001"));
    }

    /// The bound of a half is 2^62 in the shifted number: the trace's bit 63 of the last eight bytes decides.
    #[test]
    fn the_trace_id_decides() {
        let id = |last: u64| {
            let mut id = [7; 16];
            id[8..].copy_from_slice(&last.to_be_bytes());
            id
        };
        let half = Sampler::of("0.5");
        assert!(half.samples(id(0x7fff_ffff_ffff_ffff)));
        assert!(!half.samples(id(0x8000_0000_0000_0000)));
        assert!(Sampler::of("1").samples(id(u64::MAX)));
        assert!(Sampler::of("7").samples(id(u64::MAX)));
        assert!(!Sampler::of("-3").samples(id(0)));
        // 0.0001 × 2^63 = 922337203685477 after the cut.
        let rare = Sampler::of("0.0001");
        assert!(rare.samples(id(922_337_203_685_476 << 1)));
        assert!(!rare.samples(id(922_337_203_685_478 << 1)));
    }
}
