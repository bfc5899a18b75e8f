//! Hot reload: resources that change while the sidecar runs.
//!
//! [`files`] and [`operator`] tell what there is, [`plan`] says what that asks for, and this does it, one change after
//! the other. What cannot be exchanged while calls run makes the sidecar start over, as `SIGHUP` does.

mod files;
mod operator;
mod parts;
mod plan;
mod watch;

use std::time::Duration;

use dapr_invocation::EndpointSettings;
use dapr_resources::configuration::features;
use dapr_resources::{Configuration, Loaded};
use tokio::time::{Instant, sleep_until};

use crate::Config;
use crate::sidecar::calls;
use crate::sidecar::source::Source;
use files::Files;
use operator::Operator;
pub(crate) use parts::Parts;
use plan::{Actions, Event, Plan, Reconfigure, Rules};
use watch::Watcher;

/// Why a reload ends the sidecar.
#[derive(Debug)]
pub(crate) enum End {
    /// To start again: something has changed that is fixed while it runs.
    StartOver,
    /// For good.
    Failed(String),
}

/// Follows changes until the sidecar ends.
pub(crate) struct Reload {
    parts: Parts,
    plan: Plan,
    feed: Feed,
    /// Files that secret stores have read.
    secret_files: Watcher,
    /// The HTTPEndpoints as they were put in, to tell whether a secret of one has changed.
    endpoints: Vec<EndpointSettings>,
    /// How often middleware had changed when the pipelines were made.
    links: u64,
    interval: Duration,
}

/// Where changes are told from; nowhere when hot reload is switched off.
enum Feed {
    Off,
    Files(Box<Files>),
    Operator(Operator),
}

/// Why the loop goes round.
enum Wake {
    /// A secret store is there at last.
    Appeared,
    SecretFiles,
    Files,
    Event(Box<Event>),
    /// It is time to look, in case that something was not told.
    Due,
}

impl Reload {
    /// Follows changes from now on; `resources` and `configuration` are those that the sidecar starts with, read a moment
    /// ago: what has changed since is found by a first look.
    pub(crate) fn new(
        config: &Config,
        source: Source,
        configuration: Configuration,
        resources: &Loaded,
        endpoints: Vec<EndpointSettings>,
        parts: Parts,
    ) -> Self {
        let interval = config.reconcile_interval;
        let is_on = configuration.is_feature_enabled(features::HOT_RELOAD);
        let namespace = matches!(source, Source::Operator(_)).then(|| config.namespace.clone());
        let feed = match source {
            _ if !is_on => Feed::Off,
            Source::Files => Feed::Files(Box::new(Files::new(config.clone()))),
            Source::Operator(client) => {
                Feed::Operator(Operator::new(&client, config.configurations.first().cloned(), interval))
            }
        };
        if is_on {
            tracing::info!(
                target: "dapr.runtime.hotreload",
                "Hot reloading enabled. Daprd will reload 'Component', 'Subscription', 'Configuration', 'HTTPEndpoint' and \
                 'Resiliency' resources when they are added, updated or deleted."
            );
        } else {
            tracing::debug!(target: "dapr.runtime.hotreload", "Hot reloading disabled");
        }
        let rules = Rules { app_id: config.app_id.clone(), namespace };
        let secret_files = if is_on { parts.components.secret_files() } else { Vec::new() };
        Self {
            plan: Plan::new(rules, resources, configuration),
            secret_files: Watcher::new(Vec::new(), secret_files),
            links: parts.links.changes(),
            parts,
            feed,
            endpoints,
            interval,
        }
    }

    /// Ends when the sidecar has to.
    pub(crate) async fn run(mut self) -> End {
        // What has changed between the reading and the watching.
        if let Err(end) = self.look().await {
            return end;
        }
        let mut due = Instant::now() + self.interval;
        loop {
            let wake = self.wake(due).await;
            if matches!(wake, Wake::Due) {
                due = Instant::now() + self.interval;
            }
            if let Err(end) = self.handle(wake).await {
                return end;
            }
        }
    }

    async fn wake(&mut self, due: Instant) -> Wake {
        let is_on = !matches!(self.feed, Feed::Off);
        let told = async {
            match &mut self.feed {
                Feed::Off => std::future::pending().await,
                Feed::Files(files) => {
                    files.changed().await;
                    Wake::Files
                }
                Feed::Operator(operator) => Wake::Event(Box::new(operator.next().await)),
            }
        };
        tokio::select! {
            () = self.parts.components.appeared() => Wake::Appeared,
            () = self.secret_files.changed(), if is_on => Wake::SecretFiles,
            wake = told => wake,
            () = sleep_until(due), if is_on => Wake::Due,
        }
    }

    async fn handle(&mut self, wake: Wake) -> Result<(), End> {
        match wake {
            Wake::Appeared => self.refresh().await,
            Wake::SecretFiles => {
                self.secret_files.renew();
                self.parts.components.read_secret_files().await;
                self.refresh().await
            }
            Wake::Files => self.look().await,
            Wake::Event(event) => {
                self.plan.take(*event);
                if let Feed::Operator(operator) = &mut self.feed {
                    while let Some(event) = operator.at_hand() {
                        self.plan.take(event);
                    }
                }
                self.act().await
            }
            Wake::Due => {
                self.look().await?;
                self.refresh().await
            }
        }
    }

    /// Reads the files, and does what they ask for.
    async fn look(&mut self) -> Result<(), End> {
        let Feed::Files(files) = &mut self.feed else { return Ok(()) };
        let now = files.read().await.map_err(|contradiction| End::Failed(contradiction.to_string()))?;
        if let Some(resources) = now.resources {
            self.plan.take_files(resources);
        }
        if let Some(configuration) = now.configuration {
            self.plan.take(Event::Configuration(Box::new(configuration)));
        }
        self.act().await
    }

    /// Does what the plan asks for.
    async fn act(&mut self) -> Result<(), End> {
        let Actions { configuration, resiliencies, components, http_endpoints, subscriptions } = self.plan.actions();
        match configuration {
            None => {}
            Some(Reconfigure::StartOver) => return Err(End::StartOver),
            Some(Reconfigure::InPlace(configuration)) => self.parts.reconfigure(&configuration)?,
        }
        if let Some(resiliencies) = resiliencies {
            self.parts.set_resiliencies(&resiliencies);
        }
        if !components.is_empty() {
            self.parts.components.apply(components).await.map_err(failed)?;
            self.put_pipelines();
            self.secret_files.set_files(self.parts.components.secret_files());
            self.put_endpoints().await;
        } else if http_endpoints.is_some() {
            self.put_endpoints().await;
        }
        if let Some(subscriptions) = subscriptions {
            self.parts.set_subscriptions(subscriptions);
        }
        Ok(())
    }

    /// Does what secrets that are there now, or are others, ask for.
    async fn refresh(&mut self) -> Result<(), End> {
        self.parts.components.refresh().await.map_err(failed)?;
        self.put_pipelines();
        for endpoint in self.plan.http_endpoints() {
            // A store that does not answer for a moment empties no header.
            if !self.parts.components.has_secrets_for(endpoint).await {
                return Ok(());
            }
        }
        self.put_endpoints().await;
        Ok(())
    }

    /// Makes the pipelines anew, when a middleware is another than before.
    fn put_pipelines(&mut self) {
        let changes = self.parts.links.changes();
        if self.links != changes {
            self.links = changes;
            self.parts.set_pipelines(&self.plan.configuration().spec);
        }
    }

    /// Puts the HTTPEndpoints in, when one of them or of their secrets is another than before.
    async fn put_endpoints(&mut self) {
        let endpoints = self.plan.http_endpoints();
        let settings = calls::endpoint_settings(&self.parts.components, endpoints.to_vec()).await;
        if settings == self.endpoints {
            return;
        }
        self.endpoints.clone_from(&settings);
        let names = endpoints.iter().map(|endpoint| endpoint.metadata.name.clone()).collect();
        self.parts.api.invocation.set_endpoints(calls::endpoints(settings));
        self.parts.api.metadata.set_http_endpoints(names);
    }
}

fn failed(failure: crate::components::Failure) -> End {
    End::Failed(failure.to_string())
}
