//! Patterns of paths: text, `{name}` for one segment, `{name:expression}` for what a regular expression matches.

use std::fmt::Write as _;

use regex::{Regex, RegexBuilder};

/// How much memory one compiled pattern may take.
const COMPILED_BYTES: usize = 1 << 20;

/// A pattern that matches whole paths.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    regex: Regex,
    names: Vec<String>,
}

impl Pattern {
    /// # Errors
    /// What is wrong, as the end of a sentence that begins with the pattern.
    pub(super) fn compile(template: &str) -> Result<Self, String> {
        if !template.starts_with('/') {
            return Err("does not begin with `/`".into());
        }
        let mut expression = String::from("^");
        let mut names = Vec::new();
        let mut rest = template;
        while let Some((text, variable, after)) = next_variable(rest)? {
            let (name, matched) = variable.split_once(':').unwrap_or((variable, "[^/]+"));
            if name.is_empty() || matched.is_empty() {
                return Err(format!("has a name or an expression missing in `{{{variable}}}`"));
            }
            let inner = Regex::new(matched).map_err(|error| format!("has a wrong expression `{matched}`: {error}"))?;
            if inner.captures_len() > 1 {
                return Err(format!("has a group in `{matched}`; write `(?:...)` for it"));
            }
            // Writing to a string does not fail.
            let _ = write!(expression, "{}({matched})", regex::escape(text));
            names.push(name.to_owned());
            rest = after;
        }
        expression.push_str(&regex::escape(rest));
        expression.push('$');
        let regex = RegexBuilder::new(&expression)
            .size_limit(COMPILED_BYTES)
            .build()
            .map_err(|error| format!("cannot be compiled: {error}"))?;
        Ok(Self { regex, names })
    }

    /// The variables and what they stand for, if the whole path matches.
    pub(super) fn find<'a>(&'a self, path: &'a str) -> Option<Vec<(&'a str, &'a str)>> {
        let captures = self.regex.captures(path)?;
        let values = captures.iter().skip(1).map(|group| group.map_or("", |group| group.as_str()));
        Some(self.names.iter().map(String::as_str).zip(values).collect())
    }
}

/// The text before the first variable, the variable without its braces, and the rest. Braces nest: `{id:[0-9]{3}}`.
fn next_variable(template: &str) -> Result<Option<(&str, &str, &str)>, String> {
    let mut depth = 0_usize;
    let mut start = 0;
    for (at, byte) in template.bytes().enumerate() {
        match byte {
            b'{' => {
                if depth == 0 {
                    start = at;
                }
                depth += 1;
            }
            b'}' if depth == 0 => return Err("closes a brace that it did not open".into()),
            b'}' => {
                depth -= 1;
                if depth == 0 {
                    return Ok(Some((&template[..start], &template[start + 1..at], &template[at + 1..])));
                }
            }
            _ => {}
        }
    }
    if depth > 0 { Err("opens a brace that it does not close".into()) } else { Ok(None) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(pattern: &str, path: &str) -> Option<Vec<(String, String)>> {
        let pattern = Pattern::compile(pattern).unwrap();
        let found = pattern.find(path)?;
        Some(found.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn variables_match_segments() {
        assert_eq!(found("/a/{id}/b", "/a/7/b"), Some(vec![pair("id", "7")]));
        assert_eq!(found("/a/{id}/b", "/a/7/8/b"), None);
        assert_eq!(found("/a/{id}", "/a/"), None);
        assert_eq!(found("/a.b", "/a.b"), Some(vec![]));
        assert_eq!(found("/a.b", "/axb"), None, "a dot is a dot");
        assert_eq!(found("/{x}-{y}", "/1-2"), Some(vec![pair("x", "1"), pair("y", "2")]));
    }

    #[test]
    fn expressions_match_what_they_say() {
        assert_eq!(found("/a/{id:[0-9]{3}}", "/a/123"), Some(vec![pair("id", "123")]));
        assert_eq!(found("/a/{id:[0-9]{3}}", "/a/12"), None);
        assert_eq!(found("/files/{path:.*}", "/files/a/b/c"), Some(vec![pair("path", "a/b/c")]));
        assert_eq!(found("/{kind:(?:cat|dog)}", "/dog"), Some(vec![pair("kind", "dog")]));
        assert_eq!(found("/{kind:cat|dog}/x", "/cat/x"), Some(vec![pair("kind", "cat")]), "alternatives stay inside");
    }

    #[test]
    fn wrong_patterns_are_named() {
        for (wrong, reason) in [
            ("a", "does not begin"),
            ("/{a", "does not close"),
            ("/a}", "did not open"),
            ("/{}", "missing"),
            ("/{a:}", "missing"),
            ("/{:a}", "missing"),
            ("/{a:(b)}", "group"),
            ("/{a:(}", "wrong expression"),
            ("/{a:[0-9]{1000}{1000}}", "wrong expression"),
            ("/{a:\\w{30}}/{b:\\w{30}}/{c:\\w{30}}", "cannot be compiled"),
        ] {
            let error = Pattern::compile(wrong).unwrap_err();
            assert!(error.contains(reason), "{wrong}: {error}");
        }
    }

    proptest! {
        #[test]
        fn no_pattern_breaks_it(pattern in "/[a-z{}:.*+()\\[\\]/|?\\\\é-]{0,24}", path in "/\\PC{0,24}") {
            if let Ok(pattern) = Pattern::compile(&pattern) {
                let _ = pattern.find(&path);
            }
        }

        #[test]
        fn text_matches_itself_only(text in "/[a-zA-Z0-9.*+?()$^|/-]{0,20}", other in "/[a-z.*+/]{0,20}") {
            let pattern = Pattern::compile(&text).unwrap();
            prop_assert_eq!(pattern.find(&text), Some(vec![]));
            prop_assert_eq!(pattern.find(&other).is_some(), text == other);
        }
    }
}
