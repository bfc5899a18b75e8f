//! SQL's LIKE on a key: `%` any text, `_` one character, `\` takes the next character as it is.

/// A pattern, read once.
pub(super) struct Pattern(Vec<Token>);

#[derive(PartialEq, Eq)]
enum Token {
    AnyText,
    AnyCharacter,
    Character(char),
}

impl Pattern {
    /// Any text is a pattern; a `\` at the end stands for itself.
    pub(super) fn new(text: &str) -> Self {
        let mut characters = text.chars();
        let mut tokens = Vec::with_capacity(text.len());
        while let Some(character) = characters.next() {
            tokens.push(match character {
                '%' => Token::AnyText,
                '_' => Token::AnyCharacter,
                '\\' => Token::Character(characters.next().unwrap_or('\\')),
                other => Token::Character(other),
            });
        }
        Self(tokens)
    }

    /// Walks text and pattern together; on a mismatch, the last `%` takes one character more. At worst the time is the
    /// product of both lengths.
    pub(super) fn matches(&self, text: &str) -> bool {
        let tokens = &self.0;
        let (mut rest, mut position) = (text.chars(), 0);
        let mut last_any: Option<(usize, std::str::Chars<'_>)> = None;
        loop {
            if tokens.get(position) == Some(&Token::AnyText) {
                position += 1;
                last_any = Some((position, rest.clone()));
                continue;
            }
            let character = rest.next();
            match (character, tokens.get(position)) {
                (None, None) => return true,
                (Some(_), Some(Token::AnyCharacter)) => position += 1,
                (Some(found), Some(Token::Character(wanted))) if found == *wanted => position += 1,
                _ => {
                    let Some((after, taken)) = &mut last_any else { return false };
                    if taken.next().is_none() {
                        return false;
                    }
                    (rest, position) = (taken.clone(), *after);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_in_sql() {
        let cases = [
            ("%", "", true),
            ("%", "anything", true),
            ("", "", true),
            ("", "a", false),
            ("a%c", "abbbc", true),
            ("a%c", "abbb", false),
            ("%b%", "abc", true),
            ("a_c", "abc", true),
            ("a_c", "ac", false),
            ("_", "日", true),
            (r"10\%", "10%", true),
            (r"10\%", "10x", false),
            (r"a\_b", "axb", false),
            (r"end\", r"end\", true),
            ("%aab", "aaaaab", true),
            ("a%b%c", "a1b2b3c", true),
            ("A", "a", false),
        ];
        for (pattern, text, expected) in cases {
            assert_eq!(Pattern::new(pattern).matches(text), expected, "`{text}` like `{pattern}`");
        }
    }

    #[test]
    fn a_hostile_pattern_ends_soon() {
        let pattern = Pattern::new(&"%a".repeat(50));
        assert!(!pattern.matches(&format!("{}b", "a".repeat(2_000))));
    }
}
