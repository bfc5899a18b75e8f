//! Where the status lines of one run go: to people when it is alone on the console, else to its
//! log, so that many runs do not talk over each other.

use std::path::PathBuf;

use crate::log_lines::Sink;
use crate::run::plan::Plan;
use crate::say::{self, Say, Status};

#[derive(Clone, Debug)]
pub(crate) enum Reporter {
    Console(Say),
    Log(LogReporter),
}

/// For one app among many. Only its start and its failures reach the console.
#[derive(Clone, Debug)]
pub(crate) struct LogReporter {
    pub(crate) say: Say,
    pub(crate) app_id: String,
    pub(crate) sink: Sink,
    /// Named on the console once the app is up.
    pub(crate) directory: PathBuf,
}

impl Reporter {
    pub(super) fn info(&self, message: &str) {
        self.report(Status::Info, message);
    }

    pub(super) fn success(&self, message: &str) {
        self.report(Status::Success, message);
    }

    pub(super) fn warning(&self, message: &str) {
        self.report(Status::Warning, message);
    }

    pub(super) fn failure(&self, message: &str) {
        match self {
            Self::Console(say) => say.failure(message),
            Self::Log(log) => {
                log.say.failure(&format!("{}: {message}", log.app_id));
                log.sink.write(message.as_bytes());
            }
        }
    }

    /// The sidecar answers, and its app was started if it has one.
    pub(super) fn up(&self, plan: &Plan) {
        self.success(match plan.settings.command.is_empty() {
            false => "You're up and running! Both Dapr and your app logs will appear here.\n",
            true => "You're up and running! Dapr logs will appear here.\n",
        });
        if let Self::Log(log) = self {
            let (http, grpc) = (plan.http_port, plan.grpc_port);
            log.say
                .success(&format!("Started Dapr with app id {:?}. HTTP Port: {http}. gRPC Port: {grpc}", log.app_id));
            log.say.info(&format!("Writing log files to directory : {}", log.directory.display()));
        }
    }

    fn report(&self, status: Status, message: &str) {
        match self {
            Self::Console(say) => say::to_stdout(&say.line(status, message)),
            Self::Log(log) => log.sink.write(message.trim().as_bytes()),
        }
    }
}
