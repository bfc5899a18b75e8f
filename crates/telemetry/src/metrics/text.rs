//! The Prometheus text format, with numbers written as Go writes them so that `le` values stay equal.

use std::fmt::Write as _;

/// One series' name and its rendered labels (`app_id="x",path=""`).
pub(super) struct SampleName<'a> {
    pub(super) metric: &'a str,
    pub(super) labels: &'a str,
}

impl SampleName<'_> {
    /// Writes one line. An empty `le` means the line has no such label.
    pub(super) fn write(&self, suffix: &str, le: &str, value: f64, out: &mut String) {
        // Writing to a String cannot fail.
        let _ = match (self.labels, le) {
            ("", "") => write!(out, "{}{suffix}", self.metric),
            (labels, "") => write!(out, "{}{suffix}{{{labels}}}", self.metric),
            ("", le) => write!(out, "{}{suffix}{{le=\"{le}\"}}", self.metric),
            (labels, le) => write!(out, "{}{suffix}{{{labels},le=\"{le}\"}}", self.metric),
        };
        out.push(' ');
        out.push_str(&go_float(value));
        out.push('\n');
    }
}

pub(super) fn header(name: &str, help: &str, kind: &str, out: &mut String) {
    let _ = write!(out, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
}

/// Appends `name="value"`, after a comma unless it is the first.
pub(super) fn label(name: &str, value: &str, out: &mut String) {
    if !out.is_empty() {
        out.push(',');
    }
    out.push_str(name);
    out.push_str("=\"");
    for c in value.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            c => out.push(c),
        }
    }
    out.push('"');
}

/// Go's shortest `%g`: an exponent from 1e+06 up and below 1e-04.
pub(super) fn go_float(value: f64) -> String {
    let scientific = format!("{value:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    match exponent.parse::<i32>() {
        Ok(exponent) if !(-4..6).contains(&exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.abs())
        }
        _ => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::go_float;

    #[test]
    fn numbers_as_go_writes_them() {
        let cases = [
            (0.0, "0"),
            (1.0, "1"),
            (0.25, "0.25"),
            (100_000.0, "100000"),
            (1_048_576.0, "1.048576e+06"),
            (4_294_967_296.0, "4.294967296e+09"),
            (0.000_01, "1e-05"),
        ];
        for (value, text) in cases {
            assert_eq!(go_float(value), text);
        }
    }
}
