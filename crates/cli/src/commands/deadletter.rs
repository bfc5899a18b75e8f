//! `dapr deadletter`: messages that no application could process: where they are, what they say, and once more.

mod api;

use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use serde::Serialize;

use crate::cli::Context;
use crate::http_client::Target;
use crate::instances::{self, Instance};
use crate::say;
use crate::table::{self, Format};
use api::Message;

/// What is shown of a message in a table.
const SHOWN: usize = 80;

pub(super) const EXAMPLES: &str = "Examples:
  dapr deadletter list
  dapr deadletter peek --app-id shop --pubsub pubsub --topic failed
  dapr deadletter redrive --app-id shop --pubsub pubsub --topic failed           each to the topic it came from
  dapr deadletter redrive --app-id shop --pubsub pubsub --topic failed --id 17 --to orders";

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Sub,
}

#[derive(Debug, clap::Subcommand)]
enum Sub {
    /// List the dead-letter topics of running apps, and how many messages are in each
    List {
        /// Only those of this app
        #[arg(short, long)]
        app_id: Option<String>,
        /// How to print
        #[arg(short, long, value_enum, default_value_t)]
        output: Format,
    },
    /// Show messages of a topic, the oldest first, and leave them there
    Peek {
        #[command(flatten)]
        topic: Topic,
        /// How many messages
        #[arg(short, long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=1000))]
        limit: u16,
        /// Only messages behind this one
        #[arg(long, value_name = "ID")]
        after: Option<String>,
        /// How to print
        #[arg(short, long, value_enum, default_value_t)]
        output: Format,
    },
    /// Publish messages of a topic once more, and take them away
    Redrive {
        #[command(flatten)]
        topic: Topic,
        /// The topic they go to; the one that each came from when it is not given
        #[arg(long, value_name = "TOPIC")]
        to: Option<String>,
        /// Only this message; may be given more than once
        #[arg(long)]
        id: Vec<String>,
    },
}

#[derive(Debug, clap::Args)]
struct Topic {
    /// The app whose sidecar is asked
    #[arg(short, long)]
    app_id: String,
    /// The name of the pub/sub component
    #[arg(short, long)]
    pubsub: String,
    /// The dead-letter topic
    #[arg(short, long)]
    topic: String,
}

/// A dead-letter topic of one subscription.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    pubsub: String,
    dead_letter_topic: String,
    topic: String,
    /// `1000+` for more than that; none where the broker does not tell.
    messages: Option<String>,
    app_id: String,
}

const TOPICS: [&str; 5] = ["PUBSUB", "DEAD LETTER TOPIC", "OF TOPIC", "MESSAGES", "APP ID"];
const MESSAGES: [&str; 4] = ["ID", "PUBLISHED", "TYPE", "MESSAGE"];

pub(crate) async fn execute(args: Args, context: &Context) -> Result<ExitCode> {
    match args.command {
        Sub::List { app_id, output } => list(app_id.as_deref(), output).await?,
        Sub::Peek { topic, limit, after, output } => {
            let messages = topic.sidecar().await?.browse(&topic.pubsub, &topic.topic, limit, after.as_deref()).await?;
            match (output, messages.is_empty()) {
                (Format::Table, true) => say::to_stdout("No messages found.\n"),
                _ => table::print(output, &messages, &MESSAGES, cells)?,
            }
        }
        Sub::Redrive { topic, to, id } => return redrive(&topic, to.as_deref(), &id, context).await,
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(app_id: Option<&str>, output: Format) -> Result<()> {
    let mut rows = Vec::new();
    for instance in instances::discover().await {
        let id = &instance.flags.app_id;
        if app_id.is_some_and(|wanted| wanted != id) {
            continue;
        }
        let sidecar = api::Sidecar(instance.target());
        for subscription in instance.metadata.iter().flat_map(|metadata| &metadata.subscriptions) {
            let (pubsub, topic) = (&subscription.pubsub, &subscription.dead_letter_topic);
            if !topic.is_empty() {
                let messages = sidecar.count(pubsub, topic).await;
                let of = subscription.topic.clone();
                let (pubsub, dead_letter_topic) = (pubsub.clone(), topic.clone());
                rows.push(Row { pubsub, dead_letter_topic, topic: of, messages, app_id: id.clone() });
            }
        }
    }
    if rows.is_empty() && output == Format::Table {
        say::to_stdout("No dead-letter topics found.\n");
        return Ok(());
    }
    table::print(output, &rows, &TOPICS, |row| {
        let count = row.messages.clone().unwrap_or_else(|| "?".to_owned());
        vec![row.pubsub.clone(), row.dead_letter_topic.clone(), row.topic.clone(), count, row.app_id.clone()]
    })
}

fn cells(message: &Message) -> Vec<String> {
    let published = message.published.clone().unwrap_or_default();
    vec![message.id.clone(), published, message.kind(), shortened(&message.text())]
}

/// One line of at most [`SHOWN`] characters.
fn shortened(text: &str) -> String {
    let line: String = text.chars().map(|sign| if sign.is_control() { ' ' } else { sign }).collect();
    match line.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

async fn redrive(topic: &Topic, to: Option<&str>, ids: &[String], context: &Context) -> Result<ExitCode> {
    let done = topic.sidecar().await?.redrive(&topic.pubsub, &topic.topic, to, ids).await?;
    for stayed in &done.failed {
        context.say.failure(&stayed.error);
    }
    let (count, name) = (done.redriven, &topic.topic);
    match (count, done.failed.len()) {
        (0, 0) => context.say.info(&format!("there is nothing to redrive in {name}")),
        (_, 0) => context.say.success(&format!("{count} messages of {name} were published once more")),
        (_, failed) => bail!("{count} messages of {name} were published once more, {failed} stay there"),
    }
    Ok(ExitCode::SUCCESS)
}

impl Topic {
    async fn sidecar(&self) -> Result<api::Sidecar> {
        let running = instances::discover().await;
        let found = running.iter().find(|instance| instance.flags.app_id == self.app_id).map(Instance::target);
        let target: Target =
            found.with_context(|| format!("app ID {} not found; `dapr list` shows what runs", self.app_id))?;
        Ok(api::Sidecar(target))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_stays_on_its_line() {
        assert_eq!(shortened("a\nb"), "a b");
        assert_eq!(shortened(&"ü".repeat(SHOWN + 1)), format!("{}…", "ü".repeat(SHOWN)));
    }
}
