//! `state.mysql` on a real MariaDB server.

#![expect(clippy::unwrap_used, reason = "a test may end at whatever it does not expect")]

mod failures;
mod layout;
mod server;
mod speed;
mod tls;

use dapr_testkit::state::{Quirks, Suite};

use crate::server::{shared, store};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conforms() {
    let server = shared().await;
    let store = store(&server, "conformance", &[]).await;
    Suite::new(store, Quirks { keys_ignore_case: true, ..Quirks::default() }).run().await;
}
