//! The expression that opens a circuit breaker: CEL over the breaker's counts.

use std::sync::{Arc, LazyLock};

use cel::{Context, Env, Program, Value};

use crate::breaker::Counts;

/// An expression longer or nested deeper than this is refused. People write a comparison or two; the parser recurses.
const MAX_LENGTH: usize = 1024;
const MAX_NESTING: usize = 32;
/// The parser's recursion is deep for its input, above all in unoptimized builds.
const PARSER_STACK: usize = 32 << 20;

const VARIABLES: [&str; 5] =
    ["requests", "totalSuccesses", "totalFailures", "consecutiveSuccesses", "consecutiveFailures"];

static ENVIRONMENT: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(Env::stdlib()));

/// A compiled expression.
pub(crate) struct Trip {
    text: Box<str>,
    program: Program,
}

impl Trip {
    /// Reads an expression such as `consecutiveFailures > 5`.
    ///
    /// # Errors
    /// It is no CEL, uses a variable that breakers do not have, is too long, or does not yield true or false.
    pub(crate) fn compile(text: &str) -> Result<Self, String> {
        let trip = Trip { text: text.into(), program: parse(text)? };
        let references = trip.program.references();
        if let Some(unknown) = references.variables().into_iter().find(|name| !VARIABLES.contains(name)) {
            return Err(format!(
                "the expression `{text}` uses `{unknown}`, but a circuit breaker has only {}",
                VARIABLES.join(", ")
            ));
        }
        // Not all mistakes show at these counts, but wrong types and unknown functions do.
        let sample = Counts { requests: 1, total_failures: 1, consecutive_failures: 1, ..Counts::default() };
        match trip.evaluate(&sample) {
            Ok(Value::Bool(_)) => Ok(trip),
            Ok(_) => Err(format!("the expression `{text}` does not yield true or false")),
            // A division by a count that may be zero is the author's to know.
            Err(error) if is_arithmetic(&error) => Ok(trip),
            Err(error) => Err(format!("the expression `{text}` cannot be evaluated: {error}")),
        }
    }

    /// Whether the breaker opens at these counts. An expression that fails, say by dividing by zero, does not open it.
    pub(crate) fn trips(&self, counts: &Counts) -> bool {
        matches!(self.evaluate(counts), Ok(Value::Bool(true)))
    }

    fn evaluate(&self, counts: &Counts) -> Result<Value, cel::ExecutionError> {
        let mut context = Context::with_env(Arc::clone(&ENVIRONMENT));
        let values = [
            counts.requests,
            counts.total_successes,
            counts.total_failures,
            counts.consecutive_successes,
            counts.consecutive_failures,
        ];
        for (name, value) in VARIABLES.into_iter().zip(values) {
            context.add_variable_from_value(name, i64::from(value));
        }
        self.program.execute(&context)
    }
}

impl std::fmt::Debug for Trip {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Trip({})", self.text)
    }
}

fn is_arithmetic(error: &cel::ExecutionError) -> bool {
    use cel::ExecutionError::{DivisionByZero, Overflow, RemainderByZero};
    matches!(error, DivisionByZero(_) | RemainderByZero(_) | Overflow(..))
}

/// Parses on a thread of its own, whose stack is large and whose panic would end nothing else.
fn parse(text: &str) -> Result<Program, String> {
    let nesting = text.bytes().filter(|byte| matches!(byte, b'(' | b'[' | b'{' | b'!' | b'?' | b'-')).count();
    if text.len() > MAX_LENGTH || nesting > MAX_NESTING {
        return Err(format!(
            "the expression has {} bytes and {nesting} brackets and signs; at most {MAX_LENGTH} and {MAX_NESTING} are allowed",
            text.len()
        ));
    }
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

    fn counts(requests: u32, failures: u32, consecutive: u32) -> Counts {
        Counts {
            requests,
            total_failures: failures,
            total_successes: requests - failures,
            consecutive_failures: consecutive,
            consecutive_successes: 0,
        }
    }

    #[test]
    fn expressions_people_write() {
        for (text, at, trips) in [
            ("consecutiveFailures >= 3", counts(3, 3, 3), true),
            ("consecutiveFailures >= 3", counts(3, 2, 2), false),
            ("consecutiveFailures > 5 || requests > 10", counts(11, 0, 0), true),
            ("requests >= 10 && totalFailures * 100 / requests >= 50", counts(10, 5, 1), true),
            ("requests >= 10 && totalFailures * 100 / requests >= 50", counts(10, 4, 1), false),
            ("double(totalFailures) / double(requests) > 0.5", counts(4, 3, 1), true),
            ("totalSuccesses == 0 && totalFailures > 2", counts(3, 3, 0), true),
            ("consecutiveSuccesses < 1", counts(0, 0, 0), true),
            ("requests > 2 ? totalFailures > 1 : false", counts(3, 2, 1), true),
            ("totalFailures > 2.5", counts(3, 3, 3), true),
        ] {
            assert_eq!(Trip::compile(text).unwrap_or_else(|error| panic!("{error}")).trips(&at), trips, "{text}");
        }
    }

    #[test]
    fn a_division_by_zero_does_not_trip() {
        let trip = Trip::compile("totalFailures / totalSuccesses > 1").unwrap();
        assert!(!trip.trips(&counts(2, 2, 2)));
        assert!(trip.trips(&counts(3, 2, 2)));
    }

    #[test]
    fn mistakes_are_named() {
        for (text, part) in [
            ("consecutiveFailure > 5", "`consecutiveFailure`"),
            ("consecutiveFailures >", "no CEL"),
            ("requests + 1", "true or false"),
            ("'a' > requests", "cannot be evaluated"),
            ("nothing(requests)", "cannot be evaluated"),
            ("", "no CEL"),
            (&"(".repeat(40), "brackets"),
            (&"[".repeat(32), "no CEL"),
            (&format!("{} > 1", "requests".repeat(200)), "bytes"),
        ] {
            let error = Trip::compile(text).expect_err(text);
            assert!(error.contains(part), "{error}");
        }
        let deepest = format!("{}requests > 1{}", "(".repeat(MAX_NESTING), ")".repeat(MAX_NESTING));
        assert!(Trip::compile(&deepest).unwrap().trips(&counts(2, 0, 0)));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_text_is_compiled_or_refused(text in "[a-z0-9()\\[\\]{}!<>=&|?:.,'\"+*/ -]{0,60}") {
            if let Ok(trip) = Trip::compile(&text) {
                trip.trips(&Counts::default());
            }
        }
    }
}
