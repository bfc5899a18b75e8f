//! What a reload changes in a running sidecar, beside its components.

use std::sync::Arc;

use dapr_api::Api;
use dapr_app_channel::App;
use dapr_invocation::AccessControl;
use dapr_kit::task;
use dapr_resiliency::Provider;
use dapr_resources::{Configuration, ConfigurationSpec, Resiliency, Subscription};
use futures_util::FutureExt as _;

use super::End;
use crate::components::{Components, Links};

/// What changes are made to.
pub(crate) struct Parts {
    pub(crate) api: Arc<Api>,
    pub(crate) app: Option<Arc<App>>,
    pub(crate) components: Components,
    pub(crate) links: Arc<Links>,
    pub(crate) resiliency: Provider,
}

impl Parts {
    /// Exchanges what a Configuration says of things that can be exchanged while calls run.
    pub(super) fn reconfigure(&self, configuration: &Configuration) -> Result<(), End> {
        let spec = &configuration.spec;
        let rules = AccessControl::new(&spec.access_control).map_err(|error| End::Failed(error.to_string()))?;
        self.api.invocation.set_access_control(rules);
        self.api.secrets.set_scopes(&spec.secrets.scopes);
        self.set_pipelines(spec);
        Ok(())
    }

    /// Makes both pipelines of the middleware that is there now. A request under way ends with the one it began with.
    pub(super) fn set_pipelines(&self, spec: &ConfigurationSpec) {
        if let Some(app) = &self.app {
            app.set_pipeline(self.links.pipeline("spec.appHttpPipeline", &spec.app_http_pipeline));
        }
        self.api.pipeline.set(self.links.pipeline("spec.httpPipeline", &spec.http_pipeline));
    }

    /// These are the resources from now on. Deliveries of those that are gone end in the background.
    pub(super) fn set_subscriptions(&self, resources: Vec<Subscription>) {
        let subscriptions = self.api.subscriptions.clone();
        let mut setting = Box::pin(async move { subscriptions.set_declared(resources).await });
        // What is wanted is noted at once, so that changes keep their order.
        if (&mut setting).now_or_never().is_none() {
            task::spawn_detached("subscriptions of a reload", setting);
        }
    }

    /// Exchanges the policies. Calls under way keep theirs; circuit breakers begin anew.
    pub(super) fn set_resiliencies(&self, resiliencies: &[Resiliency]) {
        let (provider, problems) = Provider::new(resiliencies, &self.api.metrics);
        for problem in problems {
            tracing::warn!(target: "dapr.runtime.hotreload", "{problem}");
        }
        for resiliency in resiliencies {
            tracing::info!(target: "dapr.runtime.hotreload", "Loading Resiliency configuration: {}", resiliency.metadata.name);
        }
        self.resiliency.replace(&provider);
        let names = resiliencies.iter().map(|resiliency| resiliency.metadata.name.clone()).collect();
        self.api.metadata.set_resiliencies(names);
    }
}
