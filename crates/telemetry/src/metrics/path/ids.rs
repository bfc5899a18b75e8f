//! Replaces what varies in the paths of Dapr's own API, as the published metrics do
//! (`pkg/diagnostics/http_monitoring_legacy.go`).

use std::borrow::Cow;

/// The path with actor ids, workflow instances and keys replaced or cut. A path that names none of them
/// is kept, whatever its cardinality.
pub(super) fn replaced(path: &str) -> Cow<'_, str> {
    if path.is_empty() {
        return Cow::Borrowed("");
    }
    match super::normalized(path) {
        Cow::Borrowed(path) => replaced_in(path),
        Cow::Owned(path) => Cow::Owned(replaced_in(&path).into_owned()),
    }
}

fn replaced_in(path: &str) -> Cow<'_, str> {
    // The sixth part is the rest of the path. Nothing has fewer parts than three and an id.
    let mut parts = [""; 6];
    let mut count = 0;
    for part in path[1..].splitn(6, '/') {
        parts[count] = part;
        count += 1;
    }
    match (parts[0], parts[1]) {
        _ if count < 3 => Cow::Borrowed(path),
        // A callback to an actor of the application. The published label has no slash in front.
        ("actors", _) => {
            parts[2] = "{id}";
            Cow::Owned(parts[..count].join("/"))
        }
        (_, "state" | "secrets") => Cow::Borrowed(first_parts(path, 3)),
        (_, "actors") if count >= 5 => {
            parts[3] = "{id}";
            join(&parts[..5])
        }
        (_, "workflows") if count >= 4 => workflow(parts, count),
        _ => Cow::Borrowed(path),
    }
}

/// `/v1.0/workflows/<component>/…`: either `<name>/start` or an instance and what to do with it.
fn workflow<'p>(mut parts: [&'p str; 6], count: usize) -> Cow<'p, str> {
    if count == 5 && parts[4].starts_with("start") {
        parts[4] = "start";
        return join(&parts[..5]);
    }
    parts[3] = "{instanceId}";
    if count == 6 && parts[4] == "raiseEvent" && !parts[5].is_empty() {
        parts[5] = "{eventName}";
        return join(&parts);
    }
    join(&parts[..count.min(5)])
}

fn join<'p>(parts: &[&str]) -> Cow<'p, str> {
    let mut out = String::with_capacity(64);
    for part in parts {
        out.push('/');
        out.push_str(part);
    }
    Cow::Owned(out)
}

/// Cuts behind the first `count` parts.
fn first_parts(path: &str, count: usize) -> &str {
    path.match_indices('/').nth(count).map_or(path, |(end, _)| &path[..end])
}
