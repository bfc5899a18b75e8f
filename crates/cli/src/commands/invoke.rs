//! `dapr invoke`: calls a method of a running app through its own sidecar.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use super::publish::payload;
use crate::cli::Context;
use crate::http_client::{Answer, Ask, Target};
use crate::instances::{self, Instance};
use crate::say;

/// A method may take long; a hanging one shall not hang the CLI for ever.
const LIMIT: Duration = Duration::from_secs(300);

pub(super) const EXAMPLES: &str = "Examples:
  dapr invoke --app-id shop --method order --data '{\"item\":\"tea\"}'    a POST with JSON
  dapr invoke --app-id shop --method order --verb GET
  jq -c . order.json | dapr invoke --app-id shop --method order --data-file -
  dapr invoke --app-id shop --method price --data tea --header 'content-type: text/plain'";

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The app to call
    #[arg(short, long)]
    app_id: String,
    /// The method to call: a path of the app, which may have a query
    #[arg(short, long)]
    method: String,
    /// The data to send, as JSON
    #[arg(short, long, allow_hyphen_values = true)]
    data: Option<String>,
    /// A file that holds the data to send; - is standard input
    #[arg(short = 'f', long)]
    data_file: Option<PathBuf>,
    /// The HTTP verb
    #[arg(short, long, default_value = "POST")]
    verb: String,
    /// A header to send, as `name: value`; may be given more than once
    #[arg(long, value_name = "NAME: VALUE")]
    header: Vec<String>,
    /// The directory of the sidecar's Unix sockets
    #[arg(short, long, value_name = "DIR")]
    unix_domain_socket: Option<PathBuf>,
}

pub(crate) async fn execute(args: &Args, context: &Context) -> Result<ExitCode> {
    if args.unix_domain_socket.is_some() {
        context.say.warning("Unix domain sockets are currently a preview feature");
    }
    let headers = headers(&args.header)?;
    let method = verb(&args.verb)?;
    let path =
        format!("/v1.0/invoke/{}/method/{}", escaped(&args.app_id), escaped(args.method.trim_start_matches('/')));
    let body = payload(args.data.as_deref(), args.data_file.as_deref(), "invoke")?;
    let ask = Ask { method, path: &path, content_type: Some("application/json"), headers, body };
    let answer = call(args, ask).await.with_context(|| format!("error invoking app {}", args.app_id))?;
    if !answer.is_empty() {
        // Byte by byte as the app sent them: they need not be text.
        say::bytes_to_stdout(&[&answer, &b"\n"[..]].concat());
    }
    context.say.success("App invoked successfully");
    Ok(ExitCode::SUCCESS)
}

async fn call(args: &Args, ask: Ask<'_>) -> Result<Bytes> {
    let running = instances::discover().await;
    let target = target(args, &running)?;
    let answer = target.send(ask, LIMIT).await.with_context(|| {
        format!("the sidecar of {} does not answer; look at its log, and at `dapr list`", args.app_id)
    })?;
    if !(200..400).contains(&answer.status.as_u16()) {
        return Err(refusal(&answer));
    }
    Ok(answer.body)
}

fn target(args: &Args, running: &[Instance]) -> Result<Target> {
    let Some(instance) = running.iter().find(|instance| instance.flags.app_id == args.app_id) else {
        bail!("app ID {} not found; {}", args.app_id, what_runs(&args.app_id, running));
    };
    Ok(match &args.unix_domain_socket {
        Some(directory) => Target::socket_in(directory, &args.app_id),
        None => instance.target(),
    })
}

/// The ids that could have been meant.
fn what_runs(wanted: &str, running: &[Instance]) -> String {
    let mut ids: Vec<&str> = running.iter().map(|instance| instance.flags.app_id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    match (dapr_kit::suggest::nearest(wanted, ids.iter().copied()), ids.as_slice()) {
        (_, []) => "no app runs with Dapr on this machine: start it with `dapr run`".to_owned(),
        (Some(near), _) => format!("did you mean {near}? Running: {}", ids.join(", ")),
        (None, _) => format!("running: {}", ids.join(", ")),
    }
}

/// The status line, as the incumbent prints it, and what the sidecar or the app said about it.
fn refusal(answer: &Answer) -> anyhow::Error {
    let text = String::from_utf8_lossy(&answer.body);
    match text.trim() {
        "" => anyhow!("{}", answer.status),
        why => anyhow!("{}: {why}", answer.status),
    }
}

/// A verb in any case; those of HTTP are upper case.
fn verb(given: &str) -> Result<Method> {
    Method::from_bytes(given.to_ascii_uppercase().as_bytes()).ok().with_context(|| format!("`{given}` is no HTTP verb"))
}

fn headers(given: &[String]) -> Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    for text in given {
        let (name, value) =
            text.split_once(':').with_context(|| format!("`{text}` is no header: write `name: value`"))?;
        let name: HeaderName =
            name.trim().parse().ok().with_context(|| format!("`{}` is no name of a header", name.trim()))?;
        let value: HeaderValue =
            value.trim().parse().ok().with_context(|| format!("`{}` cannot be the value of a header", value.trim()))?;
        headers.append(name, value);
    }
    Ok(headers)
}

/// `text` with the bytes escaped that cannot stand in a request line; what is escaped already
/// stays so.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'!'..=b'~' if !b"\"#<>\\^`{|}".contains(&byte) => out.push(char::from(byte)),
            _ => out += &format!("%{byte:02X}"),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn running(ids: &[&str]) -> Vec<Instance> {
        ids.iter().map(|id| Instance::fake(&format!("daprd --app-id {id} --dapr-http-port 7"), 1, &[])).collect()
    }

    fn args(line: &str) -> Args {
        let matches = crate::cli::command().try_get_matches_from(line.split('|')).unwrap();
        <Args as clap::FromArgMatches>::from_arg_matches(matches.subcommand_matches("invoke").unwrap()).unwrap()
    }

    #[test]
    fn an_app_that_does_not_run_is_answered_with_those_that_do() {
        let args = args("dapr|invoke|-a|nodeap|-m|x");
        let why = |ids: &[&str]| target(&args, &running(ids)).unwrap_err().to_string();
        assert_eq!(
            why(&["shop", "nodeapp", "shop"]),
            "app ID nodeap not found; did you mean nodeapp? Running: nodeapp, shop"
        );
        assert_eq!(why(&["shop"]), "app ID nodeap not found; running: shop");
        assert!(why(&[]).contains("start it with `dapr run`"));
        assert_eq!(target(&args, &running(&["nodeap"])).unwrap(), Target::Port(7));
    }

    #[test]
    fn sockets_are_asked_for_by_their_folder() {
        let args = args("dapr|invoke|-a|shop|-m|x|-u|/s");
        let socket = Target::Socket("/s/dapr-shop-http.socket".into());
        assert_eq!(target(&args, &running(&["shop"])).unwrap(), socket);
    }

    #[test]
    fn verbs_and_headers_are_read() {
        let args = args("dapr|invoke|-a|shop|-m|x|-v|get|--header|a: 1|--header|A:2|-d|-1");
        assert_eq!(verb(&args.verb).unwrap(), Method::GET);
        let headers = headers(&args.header).unwrap();
        assert_eq!(headers.get_all("a").iter().collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(args.data.as_deref(), Some("-1"));
        for wrong in ["no header", "a b: c", "a: \u{1}", ": x"] {
            assert!(super::headers(&[wrong.to_owned()]).is_err(), "{wrong}");
        }
        assert!(verb("GE T").is_err());
    }

    #[test]
    fn what_cannot_stand_in_a_request_line_is_escaped() {
        assert_eq!(escaped("a b/ü?q=1&r=%20#x"), "a%20b/%C3%BC?q=1&r=%20%23x");
        let every: String = (0..=255u8).map(char::from).collect();
        assert!(format!("/{}", escaped(&every)).parse::<http::Uri>().is_ok());
    }

    #[test]
    fn a_refusal_shows_the_status_and_the_reason() {
        let answer = |body: &'static str| Answer { status: http::StatusCode::NOT_FOUND, body: Bytes::from(body) };
        assert_eq!(refusal(&answer("")).to_string(), "404 Not Found");
        assert_eq!(refusal(&answer("{\"x\":1}\n")).to_string(), "404 Not Found: {\"x\":1}");
    }
}
