//! `dapr subscriptions`: what the running sidecars are subscribed to.

use std::process::ExitCode;

use anyhow::{Result, bail};
use serde::Serialize;

use crate::cli::Context;
use crate::instances::{self, Instance};
use crate::say;
use crate::sidecar::{Rule, Subscription};
use crate::table::{self, Format};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only the subscriptions of this app
    #[arg(short, long)]
    app_id: Option<String>,
    /// Only the subscriptions to this pub/sub component
    #[arg(short, long)]
    pubsub: Option<String>,
    /// Only the subscriptions to this topic
    #[arg(short, long)]
    topic: Option<String>,
    /// How to print
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

/// One subscription of one sidecar.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    app_id: String,
    #[serde(flatten)]
    subscription: Subscription,
}

const COLUMNS: [&str; 6] = ["PUBSUB", "TOPIC", "ROUTES", "DEAD LETTER TOPIC", "TYPE", "APP ID"];

pub(crate) async fn execute(args: &Args, context: &Context) -> Result<ExitCode> {
    let mut running = instances::discover().await;
    if let Some(app_id) = &args.app_id {
        running.retain(|instance| &instance.flags.app_id == app_id);
        if running.is_empty() {
            bail!("app ID {app_id} not found");
        }
    }
    for silent in running.iter().filter(|instance| instance.metadata.is_none()) {
        let app_id = &silent.flags.app_id;
        context.say.failure(&format!("the sidecar of {app_id} does not answer; its subscriptions are not listed"));
    }
    let rows: Vec<Row> = running.iter().flat_map(rows).filter(|row| args.wants(row)).collect();
    match (args.output, running.is_empty(), rows.is_empty()) {
        (Format::Table, true, _) => say::to_stdout("No Dapr instances found.\n"),
        (Format::Table, _, true) => say::to_stdout("No subscriptions found.\n"),
        _ => table::print(args.output, &rows, &COLUMNS, Row::cells)?,
    }
    Ok(ExitCode::SUCCESS)
}

impl Args {
    fn wants(&self, row: &Row) -> bool {
        let is = |wanted: &Option<String>, found: &str| wanted.as_ref().is_none_or(|wanted| wanted == found);
        is(&self.pubsub, &row.subscription.pubsub) && is(&self.topic, &row.subscription.topic)
    }
}

fn rows(instance: &Instance) -> Vec<Row> {
    let subscriptions =
        instance.metadata.as_ref().map(|metadata| metadata.subscriptions.as_slice()).unwrap_or_default();
    let row =
        |subscription: &Subscription| Row { app_id: instance.flags.app_id.clone(), subscription: subscription.clone() };
    subscriptions.iter().map(row).collect()
}

impl Row {
    fn cells(&self) -> Vec<String> {
        let Subscription { pubsub, topic, dead_letter_topic, kind, rules, .. } = &self.subscription;
        let routes = rules.iter().map(route).collect::<Vec<_>>().join(", ");
        vec![
            pubsub.clone(),
            topic.clone(),
            routes,
            dead_letter_topic.clone(),
            kind.to_ascii_lowercase(),
            self.app_id.clone(),
        ]
    }
}

fn route(rule: &Rule) -> String {
    match rule.condition.as_str() {
        "" => rule.path.clone(),
        condition => format!("{} if {condition}", rule.path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_shows_the_routes_in_order() {
        let text = r#"{"pubsubname":"p","topic":"t","deadLetterTopic":"d","type":"DECLARATIVE",
            "rules":[{"match":"event.type == \"x\"","path":"/x"},{"path":"/all"}]}"#;
        let row = Row { app_id: "a".into(), subscription: serde_json::from_str(text).unwrap() };
        assert_eq!(row.cells(), ["p", "t", "/x if event.type == \"x\", /all", "d", "declarative", "a"]);
    }
}
