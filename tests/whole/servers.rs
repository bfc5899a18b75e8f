//! The databases of these tests, each on a port of its own, gone with its test.

use std::path::PathBuf;

use dapr_testkit::process::{Ready, Server, Spec};

/// A Redis that keeps its data over a restart.
///
/// # Panics
/// It does not start.
pub(crate) async fn redis() -> Server {
    let arguments = ["--port", "{port}", "--bind", "127.0.0.1", "--dir", "{dir}", "--save", "", "--appendonly", "yes"];
    Server::start(Spec::new("redis-server", arguments)).await.expect("a redis server: `tests/setup` installs it")
}

/// A Redis that has on the disk what it acknowledges.
///
/// # Panics
/// It does not start.
pub(crate) async fn redis_that_syncs() -> Server {
    let arguments = ["--port", "{port}", "--bind", "127.0.0.1", "--dir", "{dir}", "--save", "", "--appendonly", "yes"];
    let arguments = arguments.into_iter().chain(["--appendfsync", "always"]);
    Server::start(Spec::new("redis-server", arguments)).await.expect("a redis server: `tests/setup` installs it")
}

/// A PostgreSQL with the user and the database `postgres`, that trusts everybody on this machine.
///
/// # Panics
/// It does not start.
pub(crate) async fn postgresql() -> Server {
    let arguments = ["-D", "{dir}/data", "-p", "{port}", "-h", "127.0.0.1", "-k", "{dir}", "-F"];
    let spec = Spec::new(&postgresql_program("postgres"), arguments)
        .prepare(&postgresql_program("initdb"), ["-D", "{dir}/data", "-U", "postgres", "--auth=trust", "--no-sync"])
        .ready(Ready::LogLine("ready to accept connections".into()))
        .unprivileged()
        .stops_on_interrupt();
    Server::start(spec).await.expect("a PostgreSQL server")
}

/// A program of the newest PostgreSQL: Debian puts them beside the versions, not on `PATH`.
fn postgresql_program(name: &str) -> String {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> =
        versions.map(|version| version.path().join("bin").join(name)).filter(|path| path.is_file()).collect();
    found.sort();
    found.pop().map_or_else(|| name.to_owned(), |path| path.to_string_lossy().into_owned())
}
