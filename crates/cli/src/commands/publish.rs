//! `dapr publish`: publishes an event, or many, through the sidecar of a running app.

mod bulk;

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use bytes::Bytes;
use http::Method;
use serde_json::{Map, Value};

use crate::cli::Context;
use crate::http_client::{Answer, Ask, Target};
use crate::instances;

/// In place of a file: standard input.
const STDIN: &str = "-";
/// No payload is read beyond this.
const LONGEST: u64 = 256 << 20;
const LIMIT: Duration = Duration::from_secs(60);
/// The content type of bytes that nobody has described.
const BYTES: &str = "application/octet-stream";
/// The attributes that make a JSON object a CloudEvent in the eyes of the incumbent's CLI.
const CLOUD_EVENT: [&str; 5] = ["id", "source", "specversion", "type", "data"];

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The app whose sidecar publishes
    #[arg(short = 'i', long)]
    publish_app_id: String,
    /// The name of the pub/sub component
    #[arg(short, long)]
    pubsub: String,
    /// The topic
    #[arg(short, long)]
    topic: String,
    /// The event, as JSON
    #[arg(short, long, allow_hyphen_values = true)]
    data: Option<String>,
    /// A file that holds the event; - is standard input
    #[arg(short = 'f', long)]
    data_file: Option<PathBuf>,
    /// The data holds many events: a JSON array, or one JSON value a line
    #[arg(long, conflicts_with = "raw")]
    bulk: bool,
    /// Send the data as they are, without a CloudEvent around them
    #[arg(long)]
    raw: bool,
    /// The media type of the data; found out when it is not given
    #[arg(long, value_name = "TYPE")]
    content_type: Option<String>,
    /// Metadata of the publish, as a JSON object
    #[arg(short, long)]
    metadata: Option<String>,
    /// The directory of the sidecar's Unix sockets
    #[arg(short, long, value_name = "DIR")]
    unix_domain_socket: Option<PathBuf>,
}

pub(crate) async fn execute(args: &Args, context: &Context) -> Result<ExitCode> {
    let body = payload(args.data.as_deref(), args.data_file.as_deref(), "publish")?;
    let query = query(args.metadata.as_deref(), args.raw)?;
    if args.bulk {
        return bulk::execute(args, &query, &body, context).await;
    }
    publish(args, &query, body).await.with_context(|| format!("Error publishing topic {}", args.topic))?;
    context.say.success("Event published successfully");
    Ok(ExitCode::SUCCESS)
}

async fn publish(args: &Args, query: &str, body: Bytes) -> Result<()> {
    let content_type = args.content_type.as_deref().unwrap_or(if args.raw { BYTES } else { content_type(&body) });
    let path = format!("/v1.0/publish/{}/{}{query}", args.pubsub, args.topic);
    let answer = post(args, &path, content_type, body).await?;
    if !answer.status.is_success() {
        return Err(refusal(args, &answer));
    }
    Ok(())
}

/// Sends to the sidecar of the app.
async fn post(args: &Args, path: &str, content_type: &str, body: Bytes) -> Result<Answer> {
    let running = instances::discover().await;
    let instance = running.iter().find(|instance| instance.flags.app_id == args.publish_app_id);
    let instance = instance.context("couldn't find a running Dapr instance")?;
    let target = match &args.unix_domain_socket {
        Some(directory) => Target::socket_in(directory, &args.publish_app_id),
        None => instance.target(),
    };
    let ask = Ask { method: Method::POST, path, content_type: Some(content_type), body, ..Ask::default() };
    target.send(ask, LIMIT).await
}

fn refusal(args: &Args, answer: &Answer) -> anyhow::Error {
    let (status, why) = (answer.status.as_u16(), String::from_utf8_lossy(&answer.body));
    anyhow!("unexpected status code {status} on publishing to {} in {} {}", args.topic, args.pubsub, why.trim())
}

/// The bytes to send: given directly, in a file, or none.
pub(super) fn payload(data: Option<&str>, file: Option<&Path>, command: &str) -> Result<Bytes> {
    match (data.filter(|data| !data.is_empty()), file) {
        (Some(_), Some(_)) => bail!("Only one of --data and --data-file allowed in the same {command} command"),
        (Some(data), None) => Ok(Bytes::copy_from_slice(data.as_bytes())),
        (None, Some(path)) => {
            let read = if path == Path::new(STDIN) { read(std::io::stdin()) } else { File::open(path).and_then(read) };
            Ok(read.with_context(|| format!("Error reading payload from '{}'", path.display()))?.into())
        }
        (None, None) => Ok(Bytes::new()),
    }
}

fn read(from: impl Read) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(LONGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LONGEST {
        return Err(std::io::Error::other(format!("it is longer than {LONGEST} bytes")));
    }
    Ok(bytes)
}

/// Metadata as query parameters. Values go out as they are: callers escape them if they must.
fn query(metadata: Option<&str>, raw: bool) -> Result<String> {
    let mut object: Map<String, Value> = match metadata.filter(|text| !text.is_empty()) {
        Some(text) => serde_json::from_str(text).context("Error parsing metadata as JSON")?,
        None => Map::new(),
    };
    if raw {
        object.insert("rawPayload".to_owned(), Value::Bool(true));
    }
    let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let pairs: Vec<String> = object.iter().map(|(key, value)| format!("metadata.{key}={}", plain(value))).collect();
    Ok(if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) })
}

fn content_type(body: &[u8]) -> &'static str {
    match serde_json::from_slice::<Map<String, Value>>(body) {
        Ok(object) if CLOUD_EVENT.iter().all(|key| object.contains_key(*key)) => "application/cloudevents+json",
        _ => "application/json",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_becomes_query_parameters() {
        assert_eq!(
            query(Some(r#"{"rawPayload":"true","ttlInSeconds":10}"#), false).unwrap(),
            "?metadata.rawPayload=true&metadata.ttlInSeconds=10"
        );
        assert_eq!(query(Some("{}"), false).unwrap(), "");
        assert_eq!(query(None, true).unwrap(), "?metadata.rawPayload=true");
        assert!(query(Some("nonsense"), false).is_err());
    }

    #[test]
    fn only_whole_cloud_events_are_sent_as_such() {
        let event = br#"{"id":"1","source":"s","specversion":"1.0","type":"t","data":{}}"#;
        assert_eq!(content_type(event), "application/cloudevents+json");
        assert_eq!(content_type(br#"{"id":"1"}"#), "application/json");
        assert_eq!(content_type(b"plain"), "application/json");
    }

    #[test]
    fn data_comes_from_one_place() {
        assert!(payload(Some("x"), Some(Path::new("f")), "publish").is_err());
        assert_eq!(payload(Some("x"), None, "publish").unwrap(), "x");
        assert_eq!(payload(None, None, "publish").unwrap(), "");
    }
}
