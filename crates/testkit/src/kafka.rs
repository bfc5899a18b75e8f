//! A Kafka broker as a child of a test: one node that is broker and controller. And a schema registry.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::process::{Server, Spec, free_port};

/// What a broker is told beside its listeners.
const PROPERTIES: &str = "\
process.roles=broker,controller
node.id=1
controller.listener.names=CONTROLLER
log.dirs={dir}/data
num.partitions=4
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
";

/// The name that a broker is formatted with; any will do.
const CLUSTER: &str = "5L6g3nShT-eMCtK--X86sw";

/// Starts a broker without TLS and passwords: topics have four partitions and are made when they are first used.
///
/// # Errors
/// Java or Maven is missing, or the broker does not start.
pub async fn start() -> Result<Server> {
    start_with("PLAINTEXT", "", &[], &[]).await
}

/// Starts a broker whose clients speak `protocol` (`SASL_PLAINTEXT`, `SSL`, …), with more lines of properties, in which
/// `{dir}` is the server's directory, more arguments for the command that formats its storage, and more for Java.
///
/// # Errors
/// As [`start`].
pub async fn start_with(protocol: &str, properties: &str, format: &[&str], options: &[&str]) -> Result<Server> {
    let jars = fetched("tests/kafka/fetch")?;
    let jars = format!("{}/*", jars.display());
    let controller = free_port();
    let lines = format!(
        "{PROPERTIES}listeners=CLIENT://127.0.0.1:{{port}},CONTROLLER://127.0.0.1:{controller}\n\
         advertised.listeners=CLIENT://127.0.0.1:{{port}}\n\
         listener.security.protocol.map=CLIENT:{protocol},CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT\n\
         inter.broker.listener.name=CLIENT\n\
         controller.quorum.voters=1@127.0.0.1:{controller}\n{properties}"
    );
    let write = format!("cat >'{{dir}}/server.properties' <<'END'\n{lines}\nEND");
    // Small and soon ready, rather than fast in the long run.
    let java = ["-Xms128m", "-Xmx512m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", jars.as_str()];
    let storage = ["kafka.tools.StorageTool", "format", "-c", "{dir}/server.properties", "-t", CLUSTER];
    let broker = ["kafka.Kafka", "{dir}/server.properties"];
    let spec = Spec::new("java", options.iter().copied().chain(java).chain(broker))
        .prepare("sh", ["-c", write.as_str()])
        .prepare("java", java.into_iter().chain(storage).chain(format.iter().copied()));
    Server::start(spec).await.context("start Kafka")
}

/// Starts an empty schema registry; its API is at `/apis/ccompat/v7`.
///
/// # Errors
/// Java or Maven is missing, or the registry does not start.
pub async fn start_schema_registry() -> Result<Server> {
    let program = fetched("tests/schema-registry/fetch")?;
    let program = program.display().to_string();
    let java = ["-Xmx384m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-jar", program.as_str()];
    let spec = Spec::new("java", java)
        .env("QUARKUS_HTTP_HOST", "127.0.0.1")
        .env("QUARKUS_HTTP_PORT", "{port}")
        .env("QUARKUS_PROFILE", "prod");
    Server::start(spec).await.context("start a schema registry")
}

/// What a script prints that fetches a program.
fn fetched(script: &str) -> Result<PathBuf> {
    let path = format!("{}/../../{script}", env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(path).output().with_context(|| format!("run {script}"))?;
    ensure!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(PathBuf::from(String::from_utf8(output.stdout)?.trim()))
}
