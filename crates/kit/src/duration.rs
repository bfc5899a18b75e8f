//! Go's duration notation (`1h30m`, `500ms`, `1.5s`), which YAML and flags use.
//!
//! The grammar is that of Go's `time.ParseDuration`.

use std::time::Duration;

const UNITS: [(&str, u128); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// A signed duration, as Go has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GoDuration {
    /// Whether the text began with `-` and the magnitude is not zero.
    pub negative: bool,
    /// The duration without its sign.
    pub magnitude: Duration,
}

/// Parses a duration that may be negative.
///
/// # Errors
/// A sentence that says what was expected.
pub fn parse_signed(text: &str) -> Result<GoDuration, String> {
    let (negative, rest) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let nanoseconds = if rest == "0" { 0 } else { magnitude(rest).ok_or_else(|| expected(text))? };
    let nanoseconds = u64::try_from(nanoseconds)
        .ok()
        .filter(|n| *n <= i64::MAX as u64)
        .ok_or_else(|| format!("duration `{text}` is too large"))?;
    Ok(GoDuration { negative: negative && nanoseconds > 0, magnitude: Duration::from_nanos(nanoseconds) })
}

/// Parses a duration of zero or more.
///
/// # Errors
/// A sentence that says what was expected, also for a negative duration.
pub fn parse(text: &str) -> Result<Duration, String> {
    let parsed = parse_signed(text)?;
    if parsed.negative { Err(format!("duration `{text}` must not be negative")) } else { Ok(parsed.magnitude) }
}

fn expected(text: &str) -> String {
    format!("expected a duration such as `20s`, `1h30m` or `500ms`, found `{text}`")
}

/// Sum of `number unit` pairs in nanoseconds; `None` when the text is not of that form.
fn magnitude(mut text: &str) -> Option<u128> {
    let mut total = 0u128;
    if text.is_empty() {
        return None;
    }
    while !text.is_empty() {
        let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, rest) = text.split_at(digits);
        let length = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
        let (unit, rest) = rest.split_at(length);
        let scale = UNITS.iter().find(|(name, _)| *name == unit)?.1;
        total = total.checked_add(scaled(number, scale)?)?;
        text = rest;
    }
    Some(total)
}

fn scaled(number: &str, scale: u128) -> Option<u128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') || whole.len() > 20 {
        return None;
    }
    let whole: u128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let mut nanoseconds = whole.checked_mul(scale)?;
    let mut place = scale;
    for digit in fraction.bytes() {
        place /= 10;
        nanoseconds = nanoseconds.checked_add(place * u128::from(digit - b'0'))?;
    }
    Some(nanoseconds)
}

/// Writes a duration as Go prints it: `1h30m0s`, `1.5s`, `500ms`, `0s`.
pub fn format(duration: Duration) -> String {
    let nanoseconds = duration.as_nanos();
    match nanoseconds {
        0 => "0s".to_owned(),
        1..1_000 => format!("{nanoseconds}ns"),
        1_000..1_000_000 => format!("{}µs", decimal(nanoseconds, 1_000)),
        1_000_000..1_000_000_000 => format!("{}ms", decimal(nanoseconds, 1_000_000)),
        _ => with_minutes(nanoseconds),
    }
}

fn with_minutes(nanoseconds: u128) -> String {
    let (hours, rest) = (nanoseconds / UNITS[7].1, nanoseconds % UNITS[7].1);
    let (minutes, rest) = (rest / UNITS[6].1, rest % UNITS[6].1);
    let seconds = decimal(rest, UNITS[5].1);
    match (hours, minutes) {
        (0, 0) => format!("{seconds}s"),
        (0, _) => format!("{minutes}m{seconds}s"),
        _ => format!("{hours}h{minutes}m{seconds}s"),
    }
}

fn decimal(value: u128, unit: u128) -> String {
    let (whole, fraction) = (value / unit, value % unit);
    if fraction == 0 {
        return whole.to_string();
    }
    let width = unit.ilog10() as usize;
    format!("{whole}.{fraction:0width$}").trim_end_matches('0').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_go_reads() {
        for (text, milliseconds) in [
            ("0", 0),
            ("1h30m", 5_400_000),
            ("1.5s", 1_500),
            (".5s", 500),
            ("1m0.5s", 60_500),
            ("+2s", 2_000),
            ("500ms", 500),
        ] {
            assert_eq!(parse(text).unwrap(), Duration::from_millis(milliseconds), "{text}");
        }
        for text in ["", "1", "s", "1x", "1..2s", "-", "abc", "1 s", "-1s", "999999999999h"] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(parse_signed("-1s").unwrap().negative);
    }

    #[test]
    fn writes_what_go_writes() {
        for (milliseconds, text) in [(0, "0s"), (1, "1ms"), (1_500, "1.5s"), (60_000, "1m0s"), (5_400_000, "1h30m0s")] {
            assert_eq!(format(Duration::from_millis(milliseconds)), text);
        }
        assert_eq!(format(Duration::from_nanos(1_500)), "1.5µs");
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(nanoseconds in 0u64..i64::MAX as u64) {
            let duration = Duration::from_nanos(nanoseconds);
            prop_assert_eq!(parse(&format(duration)).unwrap(), duration);
        }

        #[test]
        fn any_text_is_answered(text in "\\PC*") {
            let _ = parse(&text);
        }
    }
}
