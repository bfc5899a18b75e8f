//! Listing keys by pattern.
//!
//! SCAN has no order, so every page scans all keys of the database and keeps the smallest ones behind the last page's
//! end. The token is the last key listed: it stays right when other keys come and go, which the incumbent's offset does
//! not.

use std::collections::BTreeSet;

use dapr_spi::state::{KeysLikeRequest, KeysLikeResponse};
use dapr_spi::{Error, Result};
use redis::Value;

use crate::client::Client;

/// Keys that the server looks at in one step; it serves others in between.
const SCAN_STEP: usize = 1000;

/// The keys that match, in order of their bytes.
pub(super) async fn list(client: &Client, request: &KeysLikeRequest) -> Result<KeysLikeResponse> {
    if request.pattern.is_empty() {
        return Err(Error::invalid("the pattern of keys is empty"));
    }
    let pattern = Pattern::parse(&request.pattern);
    let mut page = Page::new(request);
    for server in client.servers() {
        let mut cursor = "0".to_owned();
        loop {
            let mut scan = redis::cmd("SCAN");
            scan.arg(&cursor).arg("MATCH").arg(pattern.glob()).arg("COUNT").arg(SCAN_STEP);
            let reply = server.ask(&scan).await?;
            let (next, keys) = scanned(&reply).ok_or_else(|| client.strange("SCAN", &reply))?;
            keys.into_iter().filter(|key| pattern.matches(key)).for_each(|key| page.add(key));
            if next == "0" {
                break;
            }
            cursor = next;
        }
    }
    Ok(page.finish())
}

fn scanned(reply: &Value) -> Option<(String, Vec<String>)> {
    let Value::Array(parts) = reply else { return None };
    let [Value::BulkString(cursor), Value::Array(keys)] = parts.as_slice() else { return None };
    let text = |value: &Value| match value {
        Value::BulkString(bytes) => String::from_utf8(bytes.clone()).ok(),
        _ => None,
    };
    Some((String::from_utf8(cursor.clone()).ok()?, keys.iter().filter_map(text).collect()))
}

/// The smallest keys behind `after`, one more than fit on the page.
struct Page {
    after: Option<String>,
    size: Option<usize>,
    keys: BTreeSet<String>,
}

impl Page {
    fn new(request: &KeysLikeRequest) -> Self {
        let size = request.page_size.filter(|size| *size > 0).and_then(|size| usize::try_from(size).ok());
        let after = request.continuation_token.clone().filter(|token| !token.is_empty());
        Self { after, size, keys: BTreeSet::new() }
    }

    fn add(&mut self, key: String) {
        if self.after.as_ref().is_some_and(|after| key <= *after) {
            return;
        }
        self.keys.insert(key);
        if self.size.is_some_and(|size| self.keys.len() > size + 1) {
            self.keys.pop_last();
        }
    }

    fn finish(mut self) -> KeysLikeResponse {
        let more = self.size.is_some_and(|size| self.keys.len() > size);
        if more {
            self.keys.pop_last();
        }
        let continuation_token = if more { self.keys.last().cloned() } else { None };
        KeysLikeResponse { keys: self.keys.into_iter().collect(), continuation_token }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece {
    Exact(char),
    AnyOne,
    AnyMany,
}

/// A pattern of SQL's LIKE.
struct Pattern(Vec<Piece>);

impl Pattern {
    fn parse(pattern: &str) -> Self {
        let mut pieces = Vec::with_capacity(pattern.len());
        let mut letters = pattern.chars();
        while let Some(letter) = letters.next() {
            pieces.push(match letter {
                '%' => Piece::AnyMany,
                '_' => Piece::AnyOne,
                '\\' => Piece::Exact(letters.next().unwrap_or('\\')),
                other => Piece::Exact(other),
            });
        }
        Self(pieces)
    }

    /// A pattern for SCAN that lets through all that match, and perhaps more: its `?` is one byte, not one letter.
    fn glob(&self) -> String {
        let mut glob = String::new();
        for piece in &self.0 {
            match piece {
                Piece::AnyOne | Piece::AnyMany if glob.ends_with('*') && !glob.ends_with("\\*") => {}
                Piece::AnyOne | Piece::AnyMany => glob.push('*'),
                Piece::Exact(letter) => {
                    if matches!(letter, '*' | '?' | '[' | ']' | '\\') {
                        glob.push('\\');
                    }
                    glob.push(*letter);
                }
            }
        }
        glob
    }

    /// Matches from the left; after a mismatch, the last `%` takes one letter more.
    fn matches(&self, key: &str) -> bool {
        let letters: Vec<char> = key.chars().collect();
        let (mut piece, mut letter) = (0, 0);
        let mut last_many: Option<(usize, usize)> = None;
        while letter < letters.len() {
            match self.0.get(piece) {
                Some(Piece::AnyMany) => {
                    last_many = Some((piece, letter));
                    piece += 1;
                }
                Some(Piece::AnyOne) => (piece, letter) = (piece + 1, letter + 1),
                Some(Piece::Exact(wanted)) if *wanted == letters[letter] => (piece, letter) = (piece + 1, letter + 1),
                _ => match last_many {
                    Some((many, from)) => {
                        last_many = Some((many, from + 1));
                        (piece, letter) = (many + 1, from + 1);
                    }
                    None => return false,
                },
            }
        }
        self.0[piece..].iter().all(|rest| *rest == Piece::AnyMany)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_as_like_does() {
        for (pattern, key, expected) in [
            ("a%", "abc", true),
            ("a%", "ba", false),
            ("%c", "abcc", true),
            ("a_c", "aüc", true),
            ("a_c", "ac", false),
            ("%b%d", "abcbd", true),
            (r"10\%", "10%", true),
            (r"10\%", "100", false),
            (r"c\\d", r"c\d", true),
            ("a*[x]?", "a*[x]?", true),
            ("a*", "ab", false),
            ("%", "", true),
            ("_", "", false),
        ] {
            assert_eq!(Pattern::parse(pattern).matches(key), expected, "{pattern} {key}");
        }
    }

    #[test]
    fn globs_quote_what_like_does_not_know() {
        for (pattern, glob) in
            [("a%b", "a*b"), ("a_b", "a*b"), ("%_%", "*"), (r"*[x]?\%", r"\*\[x\]\?%"), ("*%", r"\**")]
        {
            assert_eq!(Pattern::parse(pattern).glob(), glob, "{pattern}");
        }
    }

    #[test]
    fn a_page_ends_where_the_next_begins() {
        let page = |token: Option<&str>| {
            let continuation_token = token.map(str::to_owned);
            let mut page = Page::new(&KeysLikeRequest { pattern: "%".into(), page_size: Some(2), continuation_token });
            ["d", "a", "c", "b", "a"].into_iter().for_each(|key| page.add(key.to_owned()));
            page.finish()
        };
        let first = page(None);
        assert_eq!((first.keys, first.continuation_token.as_deref()), (vec!["a".into(), "b".into()], Some("b")));
        let last = page(Some("b"));
        assert_eq!((last.keys, last.continuation_token), (vec!["c".to_owned(), "d".to_owned()], None));
    }
}
