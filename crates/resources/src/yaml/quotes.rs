//! Whether a line of a text begins inside quotes: asked only of texts that are no YAML as they are.

enum State {
    Outside,
    Comment,
    Single,
    Double,
}

/// Whether line number `line`, counted from zero, begins inside a quoted scalar.
pub(super) fn is_inside(text: &str, line: usize) -> bool {
    let begins: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let mut state = State::Outside;
    // What stood before, save for space: a quote opens a scalar only where one may begin.
    let mut before = '\n';
    let mut characters = text[..begins].chars().peekable();
    while let Some(character) = characters.next() {
        state = match (state, character) {
            (State::Outside, '\'') if may_begin(before) => State::Single,
            (State::Outside, '"') if may_begin(before) => State::Double,
            (State::Outside, '#') if before == '\n' => State::Comment,
            (State::Comment, '\n') => State::Outside,
            (State::Single, '\'') if characters.next_if_eq(&'\'').is_some() => State::Single,
            (State::Single, '\'') | (State::Double, '"') => State::Outside,
            (State::Double, '\\') => {
                characters.next();
                State::Double
            }
            (state, _) => state,
        };
        if !matches!(character, ' ' | '\t' | '\r') {
            before = character;
        }
    }
    matches!(state, State::Single | State::Double)
}

fn may_begin(before: char) -> bool {
    matches!(before, '\n' | ':' | '-' | '[' | '{' | ',' | '?')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_text_may_go_on_behind_tabs_and_a_mapping_may_not() {
        let parse =
            |text| crate::yaml::parse(text, &std::path::Path::new("a.yaml").into(), 1, crate::yaml::Dialect::Resource);
        assert!(parse("a:\n  b: '{\n\t\t\"x\": \"/y\",\n\t }'\n").is_ok());
        assert!(parse("a:\n\tb: 1\n").is_err());
    }

    #[test]
    fn quotes_open_where_a_scalar_begins_and_close_once() {
        let text = "a: it's\nb: 'x ''y\n\tz'\nc: \"q\\\"\n\tr\"\nd: 1\n# don't\ne: 2\n";
        let inside: Vec<bool> = (0..8).map(|line| is_inside(text, line)).collect();
        assert_eq!(inside, [false, false, true, false, true, false, false, false]);
    }
}
