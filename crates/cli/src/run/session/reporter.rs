//! Where the status lines of one run go: to people when it is alone on the console, else to its
//! log, so that many runs do not talk over each other.

use std::path::PathBuf;

use super::explain::{Who, explain};
use crate::guard::Exit;
use crate::log_lines::Sink;
use crate::run::board::Progress;
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
    pub(crate) progress: Progress,
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

    /// An app or a sidecar ended as it should not. `said` holds its last lines.
    pub(super) fn ended(&self, who: Who, exit: Exit, said: &Sink) {
        match self {
            // Its lines are right above.
            Self::Console(say) => say.failure(&who.sentence(exit)),
            Self::Log(log) => {
                log.sink.write(who.sentence(exit).as_bytes());
                let text = explain(who, exit, said, log.progress.others());
                log.say.failure(&format!("{}: {text}", log.app_id));
            }
        }
    }

    /// The app ended and is started again after `pause`.
    pub(super) fn restarts(&self, exit: Exit, pause: std::time::Duration) {
        let message = format!("{}. Starting it again in {:.1} s", Who::App.sentence(exit), pause.as_secs_f64());
        self.report(Status::Warning, &message);
        if let Self::Log(log) = self {
            log.say.warning(&format!("{}: {message}", log.app_id));
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
