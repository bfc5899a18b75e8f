//! `dapr invoke`: calls a method of a running app through its own sidecar.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use http::Method;

use super::publish::payload;
use crate::cli::Context;
use crate::http_client::{Ask, Target};
use crate::{instances, say};

/// A method may take long; a hanging one shall not hang the CLI for ever.
const LIMIT: Duration = Duration::from_secs(300);

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The app to call
    #[arg(short, long)]
    app_id: String,
    /// The method to call
    #[arg(short, long)]
    method: String,
    /// The data to send, as JSON
    #[arg(short, long, allow_hyphen_values = true)]
    data: Option<String>,
    /// A file that holds the data to send
    #[arg(short = 'f', long)]
    data_file: Option<PathBuf>,
    /// The HTTP verb
    #[arg(short, long, default_value = "POST")]
    verb: String,
    /// The directory of the sidecar's Unix sockets
    #[arg(short, long, value_name = "DIR")]
    unix_domain_socket: Option<PathBuf>,
}

pub(crate) async fn execute(args: &Args, context: &Context) -> Result<ExitCode> {
    let body = payload(args.data.as_deref(), args.data_file.as_deref(), "invoke")?;
    let method =
        Method::from_bytes(args.verb.as_bytes()).with_context(|| format!("`{}` is no HTTP verb", args.verb))?;
    let path = format!("/v1.0/invoke/{}/method/{}", args.app_id, args.method.trim_start_matches('/'));
    let ask = Ask { method, path: &path, content_type: Some("application/json"), body };
    let answer = call(args, ask).await.with_context(|| format!("error invoking app {}", args.app_id))?;
    if !answer.is_empty() {
        say::to_stdout(&format!("{answer}\n"));
    }
    context.say.success("App invoked successfully");
    Ok(ExitCode::SUCCESS)
}

async fn call(args: &Args, ask: Ask<'_>) -> Result<String> {
    let running = instances::discover().await;
    let instance = running.iter().find(|instance| instance.flags.app_id == args.app_id);
    let instance = instance.with_context(|| format!("app ID {} not found", args.app_id))?;
    let target = match &args.unix_domain_socket {
        Some(directory) => Target::socket_in(directory, &args.app_id),
        None => instance.target(),
    };
    let answer = target.send(ask, LIMIT).await?;
    if !(200..400).contains(&answer.status.as_u16()) {
        bail!("{}{}", answer.status, reason(&answer.body));
    }
    Ok(String::from_utf8_lossy(&answer.body).into_owned())
}

/// What the sidecar or the app said about a failure.
fn reason(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    if text.trim().is_empty() { String::new() } else { format!(": {}", text.trim()) }
}
