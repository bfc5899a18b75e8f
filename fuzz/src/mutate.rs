//! Small changes to an input: bytes, chunks, splices, and words that parsers look for.

use crate::corpus::Corpus;

/// Inputs do not grow beyond this: parsers are quadratic at worst, and long inputs are few inputs.
const LONGEST: usize = 8 << 10;
/// Changes to one input, at most.
const CHANGES: usize = 6;

/// What the formats at hand give a meaning to.
const WORDS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "\"",
    "'",
    "\\",
    "\n",
    "\r\n",
    "\t",
    " ",
    "---",
    "...",
    "- ",
    "? ",
    "&a ",
    "*a",
    "<<: ",
    "!!str ",
    "|",
    ">",
    "#",
    "%",
    "%2F",
    "%zz",
    "?",
    "=",
    "&",
    "@",
    "/",
    "//",
    "..",
    "tcp(",
    "unix(",
    ")",
    "file:",
    "_pragma=",
    "mode=memory",
    "sslmode=",
    "host=",
    "||",
    "null",
    "true",
    "-0",
    "1e999",
    "-1",
    "18446744073709551616",
    "9223372036854775807",
    "\\u0000",
    "\\ud800",
    "\u{feff}",
    "\u{2028}",
    "\u{0}",
    "kind: Component",
    "spec:",
    "metadata:",
    "{\"key\":",
    "\"operations\":",
    "\"ttlInSeconds\"",
    "{uuid}",
    "{appID}",
    "1h1m1s1ms",
    "Ki",
    "µs",
];

pub(crate) struct Mutator {
    state: u64,
}

impl Mutator {
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// A changed copy of some input of the corpus.
    pub(crate) fn mutate(&mut self, corpus: &Corpus) -> Vec<u8> {
        let mut input = corpus.get(self.below(corpus.len())).to_vec();
        for _ in 0..=self.below(CHANGES) {
            self.change(&mut input, corpus);
        }
        input.truncate(LONGEST);
        input
    }

    fn change(&mut self, input: &mut Vec<u8>, corpus: &Corpus) {
        let at = self.below(input.len() + 1);
        let end = at + self.below((input.len() - at).min(64) + 1);
        match self.below(8) {
            0 if at < input.len() => input[at] ^= 1 << self.below(8),
            1 if at < input.len() => input[at] = self.byte(),
            2 => input.insert(at, self.byte()),
            3 => drop(input.drain(at..end)),
            4 => {
                let chunk = input[at..end].to_vec();
                let to = self.below(input.len() + 1);
                insert(input, to, &chunk.repeat(1 + self.below(4)));
            }
            5 => {
                let other = corpus.get(self.below(corpus.len()));
                let from = self.below(other.len() + 1);
                input.truncate(at);
                input.extend_from_slice(&other[from..]);
            }
            6 => input.truncate(at),
            _ => insert(input, at, WORDS[self.below(WORDS.len())].as_bytes()),
        }
    }

    /// Any byte, text more often.
    fn byte(&mut self) -> u8 {
        let byte = self.next().to_le_bytes()[0];
        if self.below(4) == 0 { byte } else { b' ' + byte % 95 }
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit.max(1) as u64).unwrap_or(0)
    }

    /// SplitMix64: a few lines, and the same sequence everywhere and for ever.
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

fn insert(input: &mut Vec<u8>, at: usize, chunk: &[u8]) {
    input.splice(at..at, chunk.iter().copied());
}
