//! One condition: CEL that yields true or false.

use std::fmt;
use std::sync::{Arc, LazyLock};

use cel::{Context, Env, Program, Value};

use super::EventValue;

/// A longer or deeper condition is refused: the parser recurses.
const MAX_LENGTH: usize = 4096;
const MAX_NESTING: usize = 64;
/// The parser's recursion is deep for its input, above all in unoptimized builds.
const PARSER_STACK: usize = 64 << 20;

static ENVIRONMENT: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(Env::stdlib()));

/// A condition that was read.
pub(crate) struct Expression {
    text: Box<str>,
    program: Program,
}

impl Expression {
    /// Reads a condition such as `event.type == "order"`.
    ///
    /// # Errors
    /// It is no CEL, or too long; the text has line and column.
    pub(crate) fn compile(text: &str) -> Result<Self, String> {
        let nesting = text.bytes().filter(|byte| matches!(byte, b'(' | b'[' | b'{' | b'!' | b'?' | b'-')).count();
        if text.len() > MAX_LENGTH || nesting > MAX_NESTING {
            return Err(format!(
                "the expression has {} bytes and {nesting} brackets and signs; at most {MAX_LENGTH} and {MAX_NESTING} are allowed",
                text.len()
            ));
        }
        Ok(Self { text: text.into(), program: parse(text)? })
    }

    /// Whether the event fulfils the condition.
    ///
    /// # Errors
    /// It cannot be evaluated for this event, or does not yield true or false.
    pub(crate) fn matches(&self, event: &EventValue) -> Result<bool, String> {
        let mut context = Context::with_env(Arc::clone(&ENVIRONMENT));
        context.add_variable_from_value("event", event.0.clone());
        match self.program.execute(&context) {
            Ok(Value::Bool(matches)) => Ok(matches),
            Ok(_) => Err(format!("the expression `{}` does not yield true or false", self.text)),
            Err(error) => Err(format!("the expression `{}` cannot be evaluated: {error}", self.text)),
        }
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Expression({})", self.text)
    }
}

/// Parses on a thread of its own, whose stack is large and whose panic would end nothing else.
fn parse(text: &str) -> Result<Program, String> {
    let owned = text.to_owned();
    let thread = std::thread::Builder::new().name("cel".to_owned()).stack_size(PARSER_STACK);
    let parsed = thread.spawn(move || Program::compile(&owned).map_err(|errors| errors.to_string()));
    match parsed.map(std::thread::JoinHandle::join) {
        Ok(Ok(Ok(program))) => Ok(program),
        Ok(Ok(Err(errors))) => Err(format!("the expression `{text}` is no CEL: {}", errors.trim())),
        Ok(Err(_)) => Err(format!("the expression `{text}` is no CEL")),
        Err(error) => Err(format!("cannot start a thread to read the expression: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn mistakes_are_refused_before_any_event_comes() {
        for (text, part) in
            [("event.type ==", "no CEL"), ("", "no CEL"), (&"(".repeat(70), "brackets"), (&"a".repeat(5000), "bytes")]
        {
            let error = Expression::compile(text).expect_err(text);
            assert!(error.contains(part), "{error}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_text_is_read_or_refused(text in "[a-z0-9()\\[\\]{}!<>=&|?:.,'\"+*/ -]{0,60}") {
            if let Ok(expression) = Expression::compile(&text) {
                let _ = expression.matches(&EventValue::from_json(b"{\"a\":[1,{\"b\":null}]}").unwrap());
            }
        }
    }
}
