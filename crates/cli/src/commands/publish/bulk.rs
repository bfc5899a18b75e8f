//! Many events in one call, and which of them the broker did not take.

use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Args, post, refusal};
use crate::cli::Context;

/// Events of one call; more are sent in several.
const MOST: usize = 1_000;
/// Failures that are told one by one.
const SHOWN: usize = 20;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    entry_id: String,
    event: &'a RawValue,
    content_type: &'a str,
}

/// What a sidecar answers when some events were not taken.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Refused {
    failed_entries: Vec<Failed>,
}

#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(default, rename_all = "camelCase")]
struct Failed {
    entry_id: String,
    error: String,
}

pub(super) async fn execute(args: &Args, query: &str, body: &[u8], context: &Context) -> Result<ExitCode> {
    let events = events(body)?;
    let topic = &args.topic;
    if events.is_empty() {
        bail!("Error publishing topic {topic}: there are no events; give a JSON array, or one JSON value a line");
    }
    let mut failed = Vec::new();
    for (part, chunk) in events.chunks(MOST).enumerate() {
        let first = part * MOST + 1;
        let sent = send(args, query, chunk, first).await;
        failed.extend(sent.with_context(|| match first {
            1 => format!("Error publishing topic {topic}"),
            _ => format!("Error publishing topic {topic} from event {first} on"),
        })?);
        if events.len() > MOST {
            context.say.info(&format!("{} of {} events sent", first - 1 + chunk.len(), events.len()));
        }
    }
    if failed.is_empty() {
        context.say.success(&format!("{} events published successfully", events.len()));
        return Ok(ExitCode::SUCCESS);
    }
    for Failed { entry_id, error } in failed.iter().take(SHOWN) {
        context.say.failure(&format!("event {entry_id}: {error}"));
    }
    bail!("{} of {} events were not published to {topic} in {}", failed.len(), events.len(), args.pubsub)
}

/// Sends one call; `first` is the number of its first event.
async fn send(args: &Args, query: &str, events: &[Box<RawValue>], first: usize) -> Result<Vec<Failed>> {
    let content_type = args.content_type.as_deref().unwrap_or("application/json");
    let entries: Vec<Entry<'_>> = events
        .iter()
        .enumerate()
        .map(|(index, event)| Entry { entry_id: (first + index).to_string(), event, content_type })
        .collect();
    let path = format!("/v1.0/publish/bulk/{}/{}{query}", args.pubsub, args.topic);
    let answer = post(args, &path, "application/json", Bytes::from(serde_json::to_vec(&entries)?)).await?;
    if answer.status.is_success() {
        return Ok(Vec::new());
    }
    match serde_json::from_slice::<Refused>(&answer.body) {
        Ok(refused) if !refused.failed_entries.is_empty() => Ok(refused.failed_entries),
        _ => Err(refusal(args, &answer)),
    }
}

/// The events of a JSON array, or of lines.
fn events(body: &[u8]) -> Result<Vec<Box<RawValue>>> {
    if body.trim_ascii_start().starts_with(b"[") {
        return serde_json::from_slice(body).context("the data are no JSON array");
    }
    let text = std::str::from_utf8(body).context("the data are no text")?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(number, line)| {
            serde_json::from_str(line).with_context(|| format!("line {} of the data is no JSON", number + 1))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(body: &str) -> Vec<String> {
        events(body.as_bytes()).unwrap().iter().map(|event| event.get().to_owned()).collect()
    }

    #[test]
    fn events_come_from_an_array_or_from_lines() {
        assert_eq!(texts(" [1, {\"a\": 2.50}]"), ["1", "{\"a\": 2.50}"]);
        assert_eq!(texts("{\"a\":1}\n\n\"x\"\r\n"), ["{\"a\":1}", "\"x\""]);
        assert!(texts("\n").is_empty());
    }

    #[test]
    fn the_line_that_is_no_json_is_named() {
        assert_eq!(events(b"1\n{\n").unwrap_err().to_string(), "line 2 of the data is no JSON");
        assert!(events(b"[1,").is_err());
        assert!(events(b"\xff").is_err());
    }
}
