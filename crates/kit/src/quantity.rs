//! Kubernetes quantities (`4Mi`, `500k`, `1.5Gi`) as a number of bytes.

const SUFFIXES: [(&str, f64); 14] = [
    ("Ki", 1024.0),
    ("Mi", 1_048_576.0),
    ("Gi", 1_073_741_824.0),
    ("Ti", 1_099_511_627_776.0),
    ("Pi", 1_125_899_906_842_624.0),
    ("Ei", 1_152_921_504_606_846_976.0),
    ("m", 0.001),
    ("k", 1e3),
    ("K", 1e3),
    ("M", 1e6),
    ("G", 1e9),
    ("T", 1e12),
    ("P", 1e15),
    ("E", 1e18),
];

/// Parses a quantity of bytes; negative values are kept, since flags give them a meaning.
///
/// # Errors
/// A sentence that says what was expected.
pub fn parse_bytes(text: &str) -> Result<i64, String> {
    let text = text.trim();
    let (number, scale) = SUFFIXES
        .iter()
        .find_map(|(suffix, scale)| text.strip_suffix(suffix).map(|number| (number, *scale)))
        .unwrap_or((text, 1.0));
    if scale == 1.0
        && let Ok(whole) = number.parse::<i64>()
    {
        return Ok(whole);
    }
    let plain = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b'-' || b == b'+');
    match number.parse::<f64>() {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a float cast saturates, and a size beyond 2^63 bytes is as good as unlimited"
        )]
        Ok(value) if plain => Ok((value * scale).ceil() as i64),
        _ => Err(format!("expected a size such as `4Mi`, `500k` or `1048576`, found `{text}`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_suffixes_of_kubernetes() {
        for (text, bytes) in [
            ("4Mi", 4 << 20),
            ("4Ki", 4096),
            ("1k", 1000),
            ("1.5Gi", 1_610_612_736),
            ("-1", -1),
            ("0", 0),
            ("1048576", 1 << 20),
        ] {
            assert_eq!(parse_bytes(text).unwrap(), bytes, "{text}");
        }
        for text in ["", "Mi", "4 Mi", "4MiB", "inf", "NaN", "1e5x"] {
            assert!(parse_bytes(text).is_err(), "{text}");
        }
    }
}
