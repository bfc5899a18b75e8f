//! What an HTTP application may make of a path that it is sent.
//!
//! A canonical path can still hold escapes (of escapes), backslashes and `;` parameters. Applications differ in what
//! they make of them: frameworks resolve escapes once or twice, some take a backslash for a slash, some leave
//! parameters out before they route, some end a path at an escaped `?` or at a zero byte. Access control must not allow a path that one of them takes for a denied one.

use percent_encoding::percent_decode_str;

use crate::method_path::clean;

/// The most readings that are looked at; a path with more is nobody's honest spelling.
const LIMIT: usize = 64;

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading<'a> {
    /// A canonical path.
    Path(&'a str),
    /// There are more than [`LIMIT`].
    TooMany,
}

/// Whether a path may be read in more than one way.
pub(super) fn is_ambiguous(path: &str) -> bool {
    path.bytes().any(|byte| matches!(byte, b'%' | b'\\' | b';'))
}

/// Whether `fits` says yes to every reading of a canonical path, other than the path itself.
pub(super) fn all(path: &str, fits: impl Fn(Reading<'_>) -> bool) -> bool {
    let mut readings = vec![path.to_owned()];
    let mut next = 0;
    while let Some(reading) = readings.get(next) {
        let slashes = reading.replace('\\', "/");
        let steps = [clean(reading), decoded(reading), slashes, without_parameters(reading), cut(reading)];
        // Only clean paths are compared; the others lead on to clean ones.
        if next > 0 && steps[0] == *reading && !fits(Reading::Path(reading)) {
            return false;
        }
        for step in steps {
            if !readings.contains(&step) {
                readings.push(step);
            }
        }
        if readings.len() > LIMIT {
            return fits(Reading::TooMany);
        }
        next += 1;
    }
    true
}

fn decoded(path: &str) -> String {
    percent_decode_str(path).decode_utf8_lossy().into_owned()
}

/// The path up to where a URL's path would end, or a string of C.
fn cut(path: &str) -> String {
    let end = path.find(|c: char| matches!(c, '?' | '#') || c.is_ascii_control());
    path[..end.unwrap_or(path.len())].to_owned()
}

/// Each segment up to its first semicolon.
fn without_parameters(path: &str) -> String {
    let segments = path.split('/').map(|segment| segment.split_once(';').map_or(segment, |(name, _)| name));
    segments.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    fn readings(path: &str) -> Vec<String> {
        let found = RefCell::new(Vec::new());
        all(path, |reading| {
            found.borrow_mut().push(match reading {
                Reading::Path(path) => path.to_owned(),
                Reading::TooMany => "too many".to_owned(),
            });
            true
        });
        let mut found = found.into_inner();
        found.sort();
        found
    }

    #[test]
    fn readings_of_paths() {
        assert_eq!(readings("/plain"), [""; 0]);
        assert_eq!(readings("/%61dmin"), ["/admin"]);
        assert_eq!(readings("/%2561dmin"), ["/%61dmin", "/admin"]);
        assert_eq!(readings("/public/..%2fadmin"), ["/admin"]);
        assert_eq!(readings(r"/public\..\admin"), ["/admin"]);
        assert_eq!(readings("/public/..;/admin"), ["/admin"]);
        assert_eq!(readings("/admin;v=1"), ["/admin"]);
        assert!(readings("/admin%3fx").contains(&"/admin".to_owned()));
        assert!(readings("/admin%00x").contains(&"/admin".to_owned()));
        assert!(readings("/public%5c..%5cadmin").contains(&"/admin".to_owned()));
        assert!(readings("/public%3bx/%2e%2e/admin").contains(&"/admin".to_owned()));
    }

    #[test]
    fn a_path_with_too_many_readings_is_not_read_to_the_end() {
        let deep = format!("/{}", "%25".repeat(3_000));
        assert!(readings(&deep).len() <= LIMIT + 1);
        let nested = format!("/%{}61", "25".repeat(200));
        assert!(readings(&nested).contains(&"too many".to_owned()));
    }
}
