//! App ids for those who gave none: two words, easy to say and to type.

const FIRST: [&str; 24] = [
    "amber", "brisk", "calm", "clever", "copper", "dapper", "eager", "fuzzy", "gentle", "golden", "happy", "hidden",
    "jolly", "lucky", "mellow", "nimble", "plucky", "proud", "quiet", "rapid", "silver", "sunny", "swift", "witty",
];
const SECOND: [&str; 24] = [
    "badger", "beaver", "crane", "dolphin", "falcon", "ferret", "gecko", "heron", "ibex", "jackal", "koala", "lemur",
    "lynx", "magpie", "marten", "otter", "panda", "puffin", "raven", "robin", "seal", "tapir", "walrus", "wombat",
];

/// A random app id that `is_taken` does not know.
pub(crate) fn random_app_id(is_taken: impl Fn(&str) -> bool) -> String {
    let name = || format!("{}-{}", FIRST[fastrand::usize(..FIRST.len())], SECOND[fastrand::usize(..SECOND.len())]);
    let numbered = || format!("{}-{}", name(), fastrand::u32(..));
    (0..50).map(|_| name()).find(|name| !is_taken(name)).unwrap_or_else(numbered)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_no_dots_and_avoid_those_taken() {
        assert!(!random_app_id(|_| false).contains('.'));
        assert!(random_app_id(|_| true).matches('-').count() == 2, "falls back to a number");
    }
}
