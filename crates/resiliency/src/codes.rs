//! Lists of status codes, such as `429,500-599`, that say which failures are worth a retry.

use std::ops::RangeInclusive;

const HTTP: RangeInclusive<i32> = 100..=599;
const GRPC: RangeInclusive<i32> = 0..=16;

/// The `matching` part of a retry policy. Without a list, every code of that protocol is retried.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Matching {
    http: Option<Codes>,
    grpc: Option<Codes>,
}

impl Matching {
    /// Reads both lists; an empty text is no list.
    ///
    /// # Errors
    /// The field that is wrong, and why.
    pub(crate) fn parse(http: &str, grpc: &str) -> Result<Self, (&'static str, String)> {
        let http = Codes::parse(http, &HTTP).map_err(|reason| ("httpStatusCodes", reason))?;
        let grpc = Codes::parse(grpc, &GRPC).map_err(|reason| ("gRPCStatusCodes", reason))?;
        Ok(Matching { http, grpc })
    }

    /// Whether a failure with this code is retried. Codes up to 16 are taken for gRPC, from 100 to 599 for HTTP;
    /// others are never retried.
    pub(crate) fn retries(&self, code: i32) -> bool {
        let list = match code {
            code if GRPC.contains(&code) => &self.grpc,
            code if HTTP.contains(&code) => &self.http,
            _ => return false,
        };
        list.as_ref().is_none_or(|codes| codes.contain(code))
    }
}

/// One list. It may be empty though its text was not: `,` matches nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Codes(Box<[RangeInclusive<i32>]>);

impl Codes {
    fn parse(text: &str, valid: &RangeInclusive<i32>) -> Result<Option<Self>, String> {
        if text.is_empty() {
            return Ok(None);
        }
        let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
        items.map(|item| range(item, valid)).collect::<Result<_, _>>().map(|ranges| Some(Codes(ranges)))
    }

    fn contain(&self, code: i32) -> bool {
        self.0.iter().any(|range| range.contains(&code))
    }
}

fn range(item: &str, valid: &RangeInclusive<i32>) -> Result<RangeInclusive<i32>, String> {
    let (first, last) = item.split_once('-').unwrap_or((item, item));
    let first = code(item, first.trim(), valid)?;
    let last = code(item, last.trim(), valid)?;
    if first > last {
        return Err(format!("the range `{item}` ends before it begins"));
    }
    Ok(first..=last)
}

fn code(item: &str, text: &str, valid: &RangeInclusive<i32>) -> Result<i32, String> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(code) if digits && valid.contains(&code) => Ok(code),
        _ => Err(format!(
            "expected codes from {} to {} or ranges of them, such as `{}`, found `{item}`",
            valid.start(),
            valid.end(),
            if valid == &HTTP { "429,500-599" } else { "1,4-8" },
        )),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lists_of_codes_and_ranges() {
        let matching = Matching::parse("429, 500-599,", "1,4-8").unwrap();
        for code in [429, 500, 503, 599, 1, 4, 8] {
            assert!(matching.retries(code), "{code}");
        }
        for code in [428, 499, 600, 0, 2, 3, 9, 16, 17, 99, -1] {
            assert!(!matching.retries(code), "{code}");
        }
    }

    #[test]
    fn without_a_list_every_code_of_the_protocol_is_retried() {
        let matching = Matching::parse("", "4").unwrap();
        assert!(matching.retries(404) && matching.retries(500) && matching.retries(4) && !matching.retries(5));
        assert!(Matching::default().retries(16) && Matching::default().retries(100));
        assert!(!Matching::default().retries(17) && !Matching::default().retries(600));
        assert!(!Matching::parse(",", "").unwrap().retries(500), "a list of nothing matches nothing");
    }

    #[test]
    fn what_is_no_list_is_refused_with_its_field() {
        for text in
            ["11", "600", "500-", "-500", "500-400", "a", "5e2", "100-200-300", "+500", "500;501", "99999999999"]
        {
            let (field, reason) = Matching::parse(text, "").unwrap_err();
            assert_eq!(field, "httpStatusCodes", "{text}");
            assert!(reason.contains(text), "{reason}");
        }
        for text in ["17", "400", "-1", "4-17"] {
            assert_eq!(Matching::parse("", text).unwrap_err().0, "gRPCStatusCodes", "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_code_is_retried_exactly_if_a_range_holds_it(
            ranges in proptest::collection::vec((100i32..=599, 0i32..60), 1..6),
            code in 100i32..=599,
        ) {
            let ranges: Vec<_> = ranges.into_iter().map(|(first, more)| (first, (first + more).min(599))).collect();
            let text: Vec<_> = ranges
                .iter()
                .map(|(first, last)| if first == last { first.to_string() } else { format!("{first}-{last}") })
                .collect();
            let matching = Matching::parse(&text.join(","), "").unwrap();
            prop_assert_eq!(matching.retries(code), ranges.iter().any(|(first, last)| (*first..=*last).contains(&code)));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[0-9,\\- a+]{0,20}") {
            let _ = Matching::parse(&text, &text);
        }
    }
}
