//! `docs/errors.md`: the error table for people.

use dapr_errors::{Category, Row, table};

use super::cell;

const INTRODUCTION: &str = "<!-- Written by `cargo xtask docs` from crates/errors/src/table.rs: edit there. -->

# Errors

Every error that the HTTP and gRPC APIs of a sidecar answer. [troubleshooting.md](troubleshooting.md) says how to read one.

- **Code** is `errorCode` of the JSON body, and the label of the metric `dapr_error_code_total`. Below it stands the
  `reason` of the gRPC `ErrorInfo`, where it is another text; it tells rows of one code apart.
- **gRPC** is the status code, with its number.
- **Message**: what stands in braces is filled in; `{cause}` is what the component, the parser or the peer said.
";

pub(super) fn render() -> String {
    let mut page = INTRODUCTION.to_owned();
    for category in categories() {
        page.push_str(&format!("\n## {}\n\n", category.label()));
        page.push_str("| Code | HTTP | gRPC | Message | What to do |\n|---|---|---|---|---|\n");
        for row in table::ALL.iter().filter(|row| row.category == category) {
            page.push_str(&line(row));
        }
    }
    page
}

/// In the order of the table.
fn categories() -> Vec<Category> {
    let mut found = Vec::new();
    for row in table::ALL {
        if !found.contains(&row.category) {
            found.push(row.category);
        }
    }
    found
}

fn line(row: &Row) -> String {
    let reason = if row.reason == row.code { String::new() } else { format!("<br>`{}`", row.reason) };
    format!(
        "| `{}`{reason} | {} | {:?} ({}) | `{}` | {} |\n",
        row.code,
        row.http,
        row.grpc,
        row.grpc as u8,
        cell(row.template),
        cell(row.action)
    )
}
