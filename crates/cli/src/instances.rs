//! The sidecars that run on this machine: processes named `daprd`, their arguments, and what
//! they say about themselves.

use std::path::PathBuf;

use futures_util::future::join_all;
use jiff::Timestamp;

use crate::guard;
use crate::http_client::Target;
use crate::processes::{self, Process};
use crate::run::file;
use crate::sidecar::{self, Metadata};

/// The process name that makes a process a sidecar; published CLIs look for the same.
const DAPRD: &str = "daprd";

/// One running sidecar.
#[derive(Clone, Debug)]
pub(crate) struct Instance {
    pub(crate) daprd_pid: i32,
    pub(crate) started: Timestamp,
    pub(crate) flags: Flags,
    /// The `dapr run` above it in the process tree; 0 when there is none.
    runner: i32,
    /// `None`: it did not answer (starting, hanging, or guarded by another token).
    pub(crate) metadata: Option<Metadata>,
}

/// The arguments of a sidecar that tell where it can be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Flags {
    pub(crate) app_id: String,
    pub(crate) http_port: u16,
    pub(crate) grpc_port: u16,
    pub(crate) app_port: u16,
    pub(crate) metrics_enabled: bool,
    pub(crate) max_body_size: i64,
    pub(crate) read_buffer_size: i64,
    pub(crate) socket_directory: Option<PathBuf>,
}

/// All sidecars with an app id, in the order of their start; their metadata is asked for at once.
pub(crate) async fn discover() -> Vec<Instance> {
    let mut found: Vec<Instance> =
        processes::all().iter().filter(|p| p.name == DAPRD).filter_map(from_process).collect();
    found.sort_by_key(|instance| (instance.started, instance.daprd_pid));
    join_all(found.into_iter().map(ask)).await
}

fn from_process(process: &Process) -> Option<Instance> {
    let flags = Flags::parse(&process.command_line());
    (!process.zombie && !flags.app_id.is_empty()).then(|| Instance {
        daprd_pid: process.pid,
        started: process.started_at(),
        flags,
        runner: guard::runner_of(process).unwrap_or_default(),
        metadata: None,
    })
}

async fn ask(mut instance: Instance) -> Instance {
    instance.metadata = sidecar::metadata(&instance.target()).await.ok();
    instance
}

impl Instance {
    /// Where its HTTP API listens.
    pub(crate) fn target(&self) -> Target {
        match &self.flags.socket_directory {
            Some(directory) => Target::socket_in(directory, &self.flags.app_id),
            None => Target::Port(self.flags.http_port),
        }
    }

    /// An extended metadata attribute, empty when it is not known.
    pub(crate) fn extended(&self, key: &str) -> &str {
        self.metadata.as_ref().and_then(|metadata| metadata.extended.get(key)).map_or("", String::as_str)
    }

    /// The `dapr run` it belongs to, as its metadata says; a sidecar that does not answer (yet)
    /// still has its place in the process tree. 0 when it was started without the CLI.
    pub(crate) fn cli_pid(&self) -> i32 {
        match self.pid("cliPID") {
            0 => self.runner,
            pid => pid,
        }
    }

    /// The run file that it was started from. A sidecar that does not answer (yet) is known by the
    /// command line of its `dapr run`.
    pub(crate) fn run_file(&self) -> Option<PathBuf> {
        match self.extended("runTemplatePath") {
            "" => run_file_of(self.runner),
            path => Some(path.into()),
        }
    }

    /// The process that `dapr run` left in the metadata under `key`; 0 when there is none.
    pub(crate) fn pid(&self, key: &str) -> i32 {
        self.extended(key).parse().unwrap_or_default()
    }
}

/// What a `dapr run -f` was started with, made absolute as it does itself.
fn run_file_of(runner: i32) -> Option<PathBuf> {
    let words = processes::read(runner)?.command_line();
    let given = value(&words, "run-file").or_else(|| value(&words, "f"))?;
    let directory = std::fs::read_link(format!("/proc/{runner}/cwd")).ok()?;
    let located = match given {
        "-" => given.into(),
        path => file::locate(&directory.join(path)).ok()?,
    };
    Some(file::absolute(&located, &directory))
}

impl Flags {
    /// Reads a command line in both spellings, `--flag value` and `--flag=value`.
    pub(crate) fn parse(command_line: &[String]) -> Self {
        let words = command_line.get(1..).unwrap_or_default();
        let socket = value(words, "unix-domain-socket").filter(|path| !path.is_empty());
        Self {
            app_id: value(words, "app-id").unwrap_or_default().to_owned(),
            http_port: number(words, "dapr-http-port", 3500),
            grpc_port: number(words, "dapr-grpc-port", 50001),
            app_port: number(words, "app-port", 0),
            metrics_enabled: !matches!(
                value(words, "enable-metrics"),
                Some("false" | "0" | "f" | "F" | "FALSE" | "False")
            ),
            max_body_size: bytes(words, "max-body-size", 4 << 20),
            read_buffer_size: bytes(words, "read-buffer-size", 4 << 10),
            socket_directory: socket.map(PathBuf::from),
        }
    }
}

/// The last value given for `--name` (or `-name`, as Go programs take it).
pub(crate) fn value<'a>(words: &'a [String], name: &str) -> Option<&'a str> {
    words.iter().enumerate().rev().find_map(|(index, word)| {
        let flag = word.strip_prefix("--").or_else(|| word.strip_prefix('-'))?;
        match flag.strip_prefix(name)? {
            "" => words.get(index + 1).filter(|next| !next.starts_with("--")).map(String::as_str),
            rest => rest.strip_prefix('='),
        }
    })
}

/// A port given for `--name`.
pub(crate) fn number(words: &[String], name: &str, default: u16) -> u16 {
    value(words, name).and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn bytes(words: &[String], name: &str, default: i64) -> i64 {
    value(words, name).and_then(|text| dapr_kit::quantity::parse_bytes(text).ok()).unwrap_or(default)
}

#[cfg(test)]
impl Instance {
    /// A sidecar with this command line that was started at `second` and said `extended`.
    pub(crate) fn fake(line: &str, second: i64, extended: &[(&str, &str)]) -> Self {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let extended = extended.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Self {
            daprd_pid: 8,
            started: Timestamp::from_second(second).unwrap_or_default(),
            flags: Flags::parse(&words),
            runner: 6,
            metadata: Some(Metadata { extended, ..Metadata::default() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_tree_tells_the_run_of_a_silent_sidecar() {
        assert_eq!(Instance::fake("daprd --app-id a", 1, &[("cliPID", "7")]).cli_pid(), 7);
        assert_eq!(Instance::fake("daprd --app-id a", 1, &[]).cli_pid(), 6);
    }

    fn parse(line: &str) -> Flags {
        Flags::parse(&line.split(' ').map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn both_spellings_are_read() {
        let flags = parse(
            "/x/daprd --app-id a --dapr-http-port=3501 --dapr-grpc-port 5 --app-port -1 --enable-metrics=false --max-body-size 8Mi",
        );
        assert_eq!((flags.app_id.as_str(), flags.http_port, flags.grpc_port, flags.app_port), ("a", 3501, 5, 0));
        assert_eq!((flags.metrics_enabled, flags.max_body_size, flags.read_buffer_size), (false, 8 << 20, 4096));
    }

    #[test]
    fn defaults_are_those_of_daprd_and_the_last_value_wins() {
        let flags = parse("daprd -app-id=a --enable-api-logging --app-id b --unix-domain-socket /tmp");
        assert_eq!((flags.app_id.as_str(), flags.http_port, flags.metrics_enabled), ("b", 3500, true));
        assert_eq!(flags.socket_directory, Some(PathBuf::from("/tmp")));
    }

    #[test]
    fn a_longer_flag_is_not_mistaken_for_a_shorter_one() {
        assert_eq!(parse("daprd --app-port-x 1 --app-id x").app_port, 0);
    }
}
