//! Where the Configuration and the resources come from: files, or the operator of a Kubernetes cluster.

use dapr_control_plane::operator::{Client, Error, Listed};
use dapr_resources::{Configuration, LoadError, Loaded, Loader, Resource, configuration};
use dapr_security::Security;

use super::StartError;
use crate::Config;

/// Where the Configuration and the resources come from.
pub(crate) enum Source {
    /// `--config` and `--resources-path` name files and directories.
    Files,
    /// `--config` names a Configuration of this namespace; resources are those of the namespace.
    Operator(Client),
}

impl Source {
    /// The operator at `--control-plane-address`. It is called later.
    ///
    /// # Errors
    /// The address is none.
    pub(super) fn operator(config: &Config, security: &Security) -> Result<Self, StartError> {
        tracing::info!(target: "dapr.runtime", "Initializing the operator client");
        if !config.resource_paths.is_empty() {
            tracing::warn!(target: "dapr.runtime", "--resources-path has no effect with --mode kubernetes: resources come from the operator");
        }
        let namespace = &security.settings().namespace;
        Client::new(&config.control_plane_address, namespace, security).map(Self::Operator).map_err(StartError::new)
    }

    /// The Configuration that decides how everything else behaves; the default one when none is named.
    ///
    /// # Errors
    /// It cannot be had, or contradicts itself.
    pub(super) async fn configuration(&self, config: &Config) -> Result<Configuration, StartError> {
        if config.configurations.is_empty() {
            tracing::info!(target: "dapr.runtime", "loading default configuration");
        }
        let configuration = match self {
            Self::Files => configuration_of_files(config)?,
            Self::Operator(client) => configuration_of_operator(config, client).await?,
        };
        let features = configuration.enabled_features();
        if !features.is_empty() {
            tracing::info!(target: "dapr.runtime", "Enabled features: {}", features.join(" "));
        }
        Ok(configuration)
    }

    /// The resources that this app may see.
    ///
    /// # Errors
    /// They cannot be had, or contradict each other.
    pub(super) async fn resources(&self, config: &Config) -> Result<Loaded, StartError> {
        let loaded = match self {
            Self::Files => resources_of_files(config),
            Self::Operator(client) => Box::pin(resources_of_operator(config, client)).await,
        }?;
        for problem in &loaded.problems {
            tracing::warn!(target: "dapr.runtime", "{problem}");
        }
        Ok(loaded)
    }
}

fn configuration_of_files(config: &Config) -> Result<Configuration, StartError> {
    let lookup = |name: &str| config.environment.get(name).map(str::to_owned);
    let loaded = configuration::load_files(&config.configurations, lookup).map_err(StartError::new)?;
    for problem in &loaded.problems {
        tracing::warn!(target: "dapr.runtime", "{problem}");
    }
    Ok(loaded.configuration)
}

async fn configuration_of_operator(config: &Config, client: &Client) -> Result<Configuration, StartError> {
    let Some(name) = config.configurations.first() else { return Ok(Configuration::default()) };
    if config.configurations.len() > 1 {
        tracing::warn!(
            target: "dapr.runtime",
            "Multiple configurations are not supported in Kubernetes mode; only the first one will be loaded"
        );
    }
    client.configuration(name).await.map_err(|error| StartError(format!("error loading configuration: {error}")))
}

fn namespace(config: &Config) -> Option<&str> {
    Some(config.namespace.as_str()).filter(|namespace| !namespace.is_empty())
}

fn resources_of_files(config: &Config) -> Result<Loaded, StartError> {
    load_files(config).map_err(|error| StartError(format!("failed to load components: {error}")))
}

/// The resources of the directories of `--resources-path` that this app may see.
///
/// # Errors
/// A directory cannot be read, or two resources have one name.
pub(crate) fn load_files(config: &Config) -> Result<Loaded, LoadError> {
    Loader { app_id: Some(&config.app_id), namespace: namespace(config) }.directories(&config.resource_paths)
}

/// All kinds. A component, a subscription, an MCP server or a policy that cannot be read ends the start, as the
/// incumbent has it; an HTTPEndpoint or a Resiliency is left out.
async fn resources_of_operator(config: &Config, client: &Client) -> Result<Loaded, StartError> {
    // One kind alone waits for an operator that is still away; then it is there for the others.
    let components = needed("components", client.list().await)?;
    let (http_endpoints, subscriptions, resiliencies, mcp_servers, workflow_access_policies) =
        tokio::join!(tolerant(client), client.list(), tolerant(client), client.list(), client.list());
    let mine = Mine(config);
    Ok(Loaded {
        components: mine.of(components),
        http_endpoints: mine.of(http_endpoints),
        // Whoever runs subscriptions looks at their scopes.
        subscriptions: needed("declarative subscriptions", subscriptions)?,
        resiliencies: mine.of(resiliencies),
        mcp_servers: mine.of(needed("MCP servers", mcp_servers)?),
        workflow_access_policies: mine.of(needed("workflow access policies", workflow_access_policies)?),
        ..Loaded::default()
    })
}

fn needed<R>(what: &str, listed: Result<Vec<R>, Error>) -> Result<Vec<R>, StartError> {
    listed.map_err(|error| StartError(format!("failed to load {what}: {error}")))
}

/// The resources that can be read; the others are reported.
async fn tolerant<R: Listed>(client: &Client) -> Vec<R> {
    let listed = client.list_each().await.unwrap_or_else(|error| vec![Err(error)]);
    let report = |error: &Error| tracing::error!(target: "dapr.runtime", "{error}; the sidecar goes on without it");
    listed.into_iter().filter_map(|resource| resource.inspect_err(report).ok()).collect()
}

/// What this app may see of what an operator sent: it is not believed to have looked at scopes.
struct Mine<'a>(&'a Config);

impl Mine<'_> {
    fn of<R: Resource>(&self, resources: Vec<R>) -> Vec<R> {
        let Self(config) = self;
        let is_mine = |resource: &R| resource.in_namespace(namespace(config)) && resource.in_scope(&config.app_id);
        resources.into_iter().filter(is_mine).collect()
    }
}
