//! A few seconds of every target with each test run; `FUZZ_SECONDS` makes them more.

use dapr_fuzz::{fuzz, targets};

#[test]
fn resources() {
    fuzz("resources", targets::resources);
}

#[test]
fn settings() {
    fuzz("settings", targets::settings);
}

#[test]
fn text() {
    fuzz("text", targets::text);
}

#[test]
fn records() {
    fuzz("records", targets::records);
}

#[test]
fn http() {
    let mut server = targets::Http::start();
    fuzz("http", |bytes| server.target(bytes));
}
