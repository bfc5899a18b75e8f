//! Topics and patterns of topics.
//!
//! `+` stands for one level, `#` at the end for any number of them. `$share/<group>/<pattern>` is a subscription that the
//! members of a group share, where the broker has that; messages come with their own topic.

use dapr_spi::{Error, Result};

/// Bytes of a topic that MQTT can tell.
const LONGEST: usize = 65_535;

/// A subscription's pattern, as the broker is told and as topics are compared with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Filter {
    /// What the broker is told.
    pub(crate) text: String,
    pattern: String,
}

impl Filter {
    /// Checks a pattern; a broker would end the connection over a wrong one.
    pub(crate) fn new(text: &str) -> Result<Self> {
        let shared = text.strip_prefix("$share/").map(|rest| rest.split_once('/'));
        let pattern = match shared {
            None => text,
            Some(Some((group, pattern))) if !group.is_empty() => pattern,
            Some(_) => return Err(Error::invalid(format!("`{text}`: expected `$share/<group>/<topic>`"))),
        };
        check(text)?;
        if !rumqttc::valid_filter(pattern) {
            let why = "`#` must be the last level of a topic and `+` a level of its own";
            return Err(Error::invalid(format!("`{text}`: {why}")));
        }
        Ok(Self { text: text.to_owned(), pattern: pattern.to_owned() })
    }

    /// Whether it is that topic, rather than a pattern that takes it.
    pub(crate) fn is(&self, topic: &str) -> bool {
        self.pattern == topic
    }

    /// Whether it takes that topic.
    pub(crate) fn takes(&self, topic: &str) -> bool {
        self.is(topic) || rumqttc::matches(topic, &self.pattern)
    }
}

/// Checks a topic to publish to.
pub(crate) fn check_topic(topic: &str) -> Result<()> {
    check(topic)?;
    if rumqttc::valid_topic(topic) {
        return Ok(());
    }
    Err(Error::invalid(format!("`{topic}`: a topic that is published to must not hold `+` or `#`")))
}

fn check(topic: &str) -> Result<()> {
    match topic {
        "" => Err(Error::invalid("the topic is empty")),
        long if long.len() > LONGEST => Err(Error::invalid(format!("the topic is {} bytes long", long.len()))),
        text if text.contains('\0') => Err(Error::invalid("the topic holds a zero character")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_take_what_the_specification_says() {
        for (filter, takes, leaves) in [
            ("a/b", &["a/b"][..], &["a", "a/b/c", "A/b"][..]),
            ("a/+/c", &["a/b/c", "a//c"], &["a/c", "a/b/b/c"]),
            ("a/#", &["a", "a/b", "a/b/c"], &["ab", "b"]),
            ("#", &["a", "a/b"], &["$SYS/broker"]),
            ("$share/group/a/+", &["a/b"], &["$share/group/a/b", "a"]),
            ("$SYS/up", &["$SYS/up"], &[]),
        ] {
            let filter = Filter::new(filter).unwrap();
            assert!(takes.iter().all(|topic| filter.takes(topic)), "{filter:?} takes {takes:?}");
            assert!(!leaves.iter().any(|topic| filter.takes(topic)), "{filter:?} leaves {leaves:?}");
        }
    }

    #[test]
    fn what_a_broker_would_hang_up_over_is_refused() {
        for wrong in ["", "a/#/b", "a+", "a#", "$share/group", "$share//a", "a\0"] {
            assert!(Filter::new(wrong).is_err(), "{wrong:?}");
        }
        assert!(check_topic("a/b").is_ok() && check_topic("a/+").is_err() && check_topic("").is_err());
    }
}
