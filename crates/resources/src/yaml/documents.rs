//! The documents of a file, split as the incumbent splits them: by text, not by grammar, so that
//! one broken document leaves the others readable.

/// One document's text and the line it begins in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Document<'t> {
    pub text: &'t str,
    /// From 1.
    pub first_line: u32,
}

/// Splits at every line that begins with `---`; the rest of such a line is dropped. A separator
/// in the first line belongs to the first document.
pub fn documents(text: &str) -> Vec<Document<'_>> {
    let mut found = Vec::new();
    let (mut rest, mut line) = (text, 1);
    while let Some(end) = rest.find("\n---") {
        found.push(Document { text: &rest[..end], first_line: line });
        let after = &rest[end + 4..];
        let next = after.find('\n').map_or(after.len(), |newline| newline + 1);
        line += count_lines(&rest[..end + 4 + next]);
        rest = &after[next..];
    }
    found.push(Document { text: rest, first_line: line });
    found
}

fn count_lines(text: &str) -> u32 {
    u32::try_from(text.bytes().filter(|byte| *byte == b'\n').count()).unwrap_or(u32::MAX)
}
