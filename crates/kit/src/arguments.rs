//! Command lines in the spelling of Go's flags.

use std::ffi::OsString;

/// A long flag may have one dash, as Go's flags do: `-app-id` becomes `--app-id`; `-1` and `-h` stay.
pub fn with_two_dashes(argument: OsString) -> OsString {
    match argument.to_str() {
        Some(text) if is_single_dash_flag(text) => format!("-{text}").into(),
        _ => argument,
    }
}

/// A dash, then a letter and more.
fn is_single_dash_flag(text: &str) -> bool {
    text.len() > 2 && text.starts_with('-') && text.as_bytes()[1].is_ascii_alphabetic()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_long_flags_get_a_second_dash() {
        for (given, read) in [("-app-id", "--app-id"), ("--app-id", "--app-id"), ("-h", "-h"), ("-1", "-1"), ("-", "-")]
        {
            assert_eq!(with_two_dashes(given.into()), read);
        }
    }
}
