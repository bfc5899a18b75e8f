//! A RabbitMQ broker as a child of a test, and the daemon that Erlang's nodes find each other by.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};

use crate::process::{Ready, Server, Spec, free_port};

/// Debian's server; the script beside it on `PATH` changes its user.
const SCRIPT: &str = "/usr/lib/rabbitmq/bin/rabbitmq-server";
const SETTINGS: &str = "\
listeners.tcp.1 = 127.0.0.1:{port}
vm_memory_high_watermark.absolute = 400MB
disk_free_limit.absolute = 10MB
log.console = true
log.file = false
";

/// A broker, and what it needs to run.
pub struct Broker {
    /// The broker itself.
    pub server: Server,
    /// The daemon, which is there for as long as the broker runs.
    pub names: Server,
}

/// Starts a broker with the user `guest`; `settings` are further lines of `rabbitmq.conf`, `plugins` the names of plug-ins,
/// separated by commas.
///
/// # Errors
/// RabbitMQ is not installed, or does not start.
pub async fn start(settings: &str, plugins: &str) -> Result<Broker> {
    ensure!(Path::new(SCRIPT).exists(), "RabbitMQ is missing: run `tests/setup`");
    let names = Spec::new("epmd", ["-port", "{port}", "-address", "127.0.0.1", "-relaxed_command_check"]);
    let names = Server::start(names).await.context("start epmd")?;
    let settings = format!("{SETTINGS}{settings}");
    let write = format!("printf '%s' \"$1\" > rabbitmq.conf; echo '[{plugins}].' > plugins");
    let erlang = "-start_epmd false +S 1:1 +sbwt none -kernel inet_dist_use_interface {127,0,0,1}";
    let spec = Spec::new(SCRIPT, [])
        .prepare("sh", ["-c", &write, "sh", &settings])
        // Otherwise a shell stands between the test and the server, which outlives it.
        .env("RUNNING_UNDER_SYSTEMD", "true")
        .env("HOME", "{dir}")
        .env("ERL_EPMD_PORT", &names.port().to_string())
        .env("ERL_EPMD_ADDRESS", "127.0.0.1")
        .env("RABBITMQ_NODENAME", "test{port}@localhost")
        .env("RABBITMQ_DIST_PORT", &free_port().to_string())
        .env("RABBITMQ_CONF_ENV_FILE", "{dir}/none")
        .env("RABBITMQ_CONFIG_FILE", "{dir}/rabbitmq.conf")
        .env("RABBITMQ_ENABLED_PLUGINS_FILE", "{dir}/plugins")
        .env("RABBITMQ_MNESIA_BASE", "{dir}/mnesia")
        .env("RABBITMQ_LOG_BASE", "{dir}/log")
        .env("RABBITMQ_PID_FILE", "{dir}/pid")
        .env("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", erlang)
        .ready(Ready::LogLine("Server startup complete".into()));
    let server = Server::start(spec).await.context("start RabbitMQ")?;
    Ok(Broker { server, names })
}
