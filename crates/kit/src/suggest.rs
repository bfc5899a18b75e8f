//! "Did you mean": the candidate nearest to a misspelt name.

/// The candidate that differs least from `name`, if it is near enough to be a slip of the pen.
///
/// Case is ignored. At most a third of the letters (and at least one) may differ.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = name.to_lowercase();
    let length = lower.chars().count();
    let allowed = (length / 3).max(1);
    candidates
        .into_iter()
        .filter(|candidate| candidate.chars().count().abs_diff(length) <= allowed)
        .map(|candidate| (strsim::damerau_levenshtein(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_a_slip_and_nothing_far_away() {
        let names = ["redisHost", "redisPassword", "enableTLS"];
        assert_eq!(nearest("redishots", names), Some("redisHost"));
        assert_eq!(nearest("enabletls", names), Some("enableTLS"));
        assert_eq!(nearest("connectionString", names), None);
    }
}
