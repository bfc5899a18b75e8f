//! How a plan is told to its two processes: the arguments of `daprd` and the environment of
//! the app. Flag names and spellings are interface (two tokens, `--name value`): tools read
//! them back from the process list.

use std::ffi::OsString;

use super::plan::Plan;
use super::settings::DEFAULT_CHANNEL;
use crate::guard::Command;

impl Plan {
    /// The sidecar's process.
    pub(crate) fn sidecar_command(&self) -> Command {
        let mut environment = match std::env::var_os("DAPR_HOST_IP") {
            Some(_) => Vec::new(),
            None => vec![("DAPR_HOST_IP".to_owned(), "127.0.0.1".to_owned())],
        };
        environment.extend(self.trust_anchors.iter().map(|pem| ("DAPR_TRUST_ANCHORS".to_owned(), pem.clone())));
        Command {
            program: self.daprd.clone(),
            arguments: self.sidecar_arguments(),
            environment,
            directory: self.settings.directory.clone(),
            takes_stdin: false,
        }
    }

    /// The app's process; `None` for a sidecar alone.
    pub(crate) fn app_command(&self) -> Option<Command> {
        let (program, arguments) = self.settings.command.split_first()?;
        Some(Command {
            program: program.into(),
            arguments: arguments.iter().map(OsString::from).collect(),
            environment: self.app_environment(),
            directory: self.settings.directory.clone(),
            takes_stdin: self.settings.takes_stdin,
        })
    }

    fn sidecar_arguments(&self) -> Vec<OsString> {
        let s = &self.settings;
        let mut to = Arguments::default();
        to.path("config", s.config.as_deref());
        to.text("app-protocol", &s.app_protocol);
        to.text("dapr-listen-addresses", &s.listen_addresses);
        to.switch("enable-profiling", s.enable_profiling);
        to.text("log-level", &s.log_level);
        to.text("app-max-concurrency", &s.app_max_concurrency.max(-1).to_string());
        to.text("placement-host-address", self.placement.as_deref().unwrap_or_default());
        for path in &s.resources_paths {
            to.path("resources-path", Some(path));
        }
        to.switch("app-ssl", s.app_ssl);
        to.text("max-body-size", &s.max_body_size);
        to.text("read-buffer-size", &s.read_buffer_size);
        to.switch("enable-app-health-check", s.health.enabled);
        to.text("app-health-check-path", &s.health.path);
        to.above_zero("app-health-probe-interval", s.health.interval);
        to.above_zero("app-health-probe-timeout", s.health.timeout);
        to.above_zero("app-health-threshold", s.health.threshold);
        to.switch("enable-api-logging", s.enable_api_logging);
        to.text("scheduler-host-address", self.scheduler.as_deref().unwrap_or_default());
        self.address_arguments(&mut to);
        to.0
    }

    fn address_arguments(&self, to: &mut Arguments) {
        let s = &self.settings;
        to.text("app-id", &s.app_id);
        if s.app_channel_address != DEFAULT_CHANNEL {
            to.text("app-channel-address", &s.app_channel_address);
        }
        to.text("app-port", &s.app_port.max(0).to_string());
        to.text("dapr-http-port", &self.http_port.to_string());
        to.text("dapr-grpc-port", &self.grpc_port.to_string());
        to.text("profile-port", &self.profile_port.map(|port| port.to_string()).unwrap_or_default());
        to.text("metrics-port", &self.metrics_port.to_string());
        to.path("unix-domain-socket", s.unix_domain_socket.as_deref());
        to.text("dapr-internal-grpc-port", &self.internal_grpc_port.to_string());
        to.switch("enable-mtls", self.mtls.is_some());
        to.text("sentry-address", self.mtls.as_ref().map_or("", |mtls| &mtls.sentry));
        to.switch("log-as-json", self.log_as_json);
    }

    fn app_environment(&self) -> Vec<(String, String)> {
        let s = &self.settings;
        let mut environment = vec![
            ("APP_ID".to_owned(), s.app_id.clone()),
            ("APP_CHANNEL_ADDRESS".to_owned(), s.app_channel_address.clone()),
            ("DAPR_HTTP_PORT".to_owned(), self.http_port.to_string()),
            ("DAPR_GRPC_PORT".to_owned(), self.grpc_port.to_string()),
            ("DAPR_METRICS_PORT".to_owned(), self.metrics_port.to_string()),
        ];
        if s.app_port > 0 {
            environment.push(("APP_PORT".to_owned(), s.app_port.to_string()));
        }
        if let Some(protocol) = s.effective_protocol() {
            environment.push(("APP_PROTOCOL".to_owned(), protocol.to_owned()));
        }
        environment.extend(s.env.iter().map(|(key, value)| (key.clone(), value.clone())));
        environment
    }
}

/// A growing command line; empty values are left out.
#[derive(Debug, Default)]
struct Arguments(Vec<OsString>);

impl Arguments {
    fn text(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            self.0.extend([format!("--{name}").into(), value.into()]);
        }
    }

    fn path(&mut self, name: &str, value: Option<&std::path::Path>) {
        if let Some(value) = value {
            self.0.extend([format!("--{name}").into(), value.into()]);
        }
    }

    fn above_zero(&mut self, name: &str, value: i32) {
        if value > 0 {
            self.text(name, &value.to_string());
        }
    }

    fn switch(&mut self, name: &str, on: bool) {
        if on {
            self.0.push(format!("--{name}").into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::mtls::Mtls;
    use super::super::settings::Settings;
    use super::*;
    use crate::home::Home;

    fn plan(settings: Settings) -> Plan {
        Plan {
            settings,
            daprd: "/x/daprd".into(),
            http_port: 1,
            grpc_port: 2,
            internal_grpc_port: 3,
            metrics_port: 4,
            profile_port: None,
            placement: None,
            scheduler: None,
            mtls: None,
            trust_anchors: None,
            home: Home::under(std::path::Path::new("/h")).unwrap(),
            log_as_json: false,
        }
    }

    fn line(plan: &Plan) -> String {
        plan.sidecar_arguments().iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_plain_run_passes_only_what_is_known() {
        let settings =
            Settings { app_id: "a".into(), resources_paths: vec!["/r".into(), "/s".into()], ..Settings::default() };
        assert_eq!(
            line(&plan(settings)),
            "--app-protocol http --log-level info --app-max-concurrency -1 --resources-path /r --resources-path /s --max-body-size 4Mi \
             --read-buffer-size 4Ki --app-id a --app-port 0 --dapr-http-port 1 --dapr-grpc-port 2 --metrics-port 4 --dapr-internal-grpc-port 3"
        );
    }

    #[test]
    fn everything_asked_for_is_passed_on() {
        let mut plan = plan(Settings {
            app_port: 80,
            app_channel_address: "localhost".into(),
            enable_api_logging: true,
            unix_domain_socket: Some("/s".into()),
            ..Settings::default()
        });
        plan.settings.health.enabled = true;
        plan.settings.health.interval = 3;
        plan.mtls = Some(Mtls { sentry: "localhost:50001".to_owned(), config: "/c".into() });
        plan.trust_anchors = Some("PEM".to_owned());
        (plan.log_as_json, plan.profile_port) = (true, Some(9));
        (plan.placement, plan.scheduler) = (Some("p:1".into()), Some("s:2".into()));
        let line = line(&plan);
        for part in [
            "--placement-host-address p:1",
            "--scheduler-host-address s:2",
            "--enable-app-health-check --app-health-probe-interval 3 --enable-api-logging",
            "--app-channel-address localhost --app-port 80",
            "--profile-port 9",
            "--unix-domain-socket /s",
            "--enable-mtls --sentry-address localhost:50001 --log-as-json",
        ] {
            assert!(line.contains(part), "{part} is missing in {line}");
        }
        let anchors = ("DAPR_TRUST_ANCHORS".to_owned(), "PEM".to_owned());
        assert!(plan.sidecar_command().environment.contains(&anchors));
    }

    #[test]
    fn the_app_learns_its_ports_and_the_users_variables_win() {
        let settings = Settings {
            app_id: "a".into(),
            env: [("APP_ID".into(), "b".into())].into(),
            command: vec!["x".into()],
            ..Settings::default()
        };
        let environment = plan(settings).app_command().unwrap().environment;
        assert!(environment.contains(&("DAPR_HTTP_PORT".into(), "1".into())));
        assert!(!environment.iter().any(|(key, _)| key == "APP_PORT"));
        assert_eq!(environment.last(), Some(&("APP_ID".into(), "b".into())));
        assert!(plan(Settings::default()).app_command().is_none());
    }
}
