//! `nameresolution.kubernetes`: `<app>-dapr.<namespace>.svc.<cluster domain>:<port>`, the headless service of each app.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use dapr_spi::name_resolver::{Instance, NameResolver, Query};
use dapr_spi::{Context, Error, Factory, Metadata, Result};

use crate::template::Template;
use crate::{LIFETIME, is_safe, problem_of, with_port};

/// Fields of `nameresolution.kubernetes`.
#[derive(Clone, Debug, Metadata)]
pub struct KubernetesMetadata {
    /// Domain of the cluster's services.
    #[metadata(default = "cluster.local")]
    pub cluster_domain: String,
    /// Address of an app, instead of its service's: text with `{{.ID}}`, `{{.Namespace}}` and `{{.Port}}`. One without a
    /// port gets that of internal gRPC servers.
    pub template: Option<String>,
}

/// How an address is written.
#[derive(Clone, Debug)]
pub enum Pattern {
    #[doc(hidden)]
    Service(String),
    #[doc(hidden)]
    #[expect(private_interfaces, reason = "only this module looks into it")]
    Template(Template),
}

/// Makes `nameresolution.kubernetes`.
pub struct Kubernetes;

#[async_trait]
impl Factory for Kubernetes {
    type Metadata = KubernetesMetadata;
    type Valid = Pattern;
    type Component = dyn NameResolver;

    fn validate(metadata: KubernetesMetadata) -> Result<Pattern> {
        let (field, pattern) = match metadata.template.filter(|text| !text.is_empty()) {
            Some(text) => {
                ("template", Pattern::Template(Template::parse(&text).map_err(|problem| wrong("template", &problem))?))
            }
            None if metadata.cluster_domain.is_empty() => ("clusterDomain", Pattern::Service("cluster.local".into())),
            None => ("clusterDomain", Pattern::Service(metadata.cluster_domain)),
        };
        let sample = Query { app_id: "app".into(), namespace: "default".into(), port: 50_002, ..Query::default() };
        problem_of(&pattern.address(&sample)).map_or(Ok(pattern), |problem| Err(wrong(field, &problem)))
    }

    async fn init(pattern: Pattern, _: Context) -> Result<Arc<dyn NameResolver>> {
        Ok(Arc::new(Resolver(pattern)))
    }
}

fn wrong(field: &str, problem: &str) -> Error {
    Error::invalid(format!("field `{field}`: {problem}"))
}

impl Pattern {
    fn address(&self, query: &Query) -> String {
        match self {
            Self::Service(domain) => {
                format!("{}-dapr.{}.svc.{domain}:{}", query.app_id, query.namespace, query.port)
            }
            Self::Template(template) => with_port(template.render(query), query.port),
        }
    }
}

struct Resolver(Pattern);

#[async_trait]
impl NameResolver for Resolver {
    /// The operator does that, by the service.
    async fn register(&self, _: &Instance) -> Result<()> {
        Ok(())
    }

    async fn resolve(&self, query: &Query) -> Result<Vec<String>> {
        Ok(if is_safe(query) { vec![self.0.address(query)] } else { Vec::new() })
    }

    fn lifetime(&self) -> Duration {
        LIFETIME
    }

    fn hint(&self) -> &'static str {
        "check that the app runs with the Dapr annotations in that namespace (the service `<app id>-dapr` should exist), and \
         that `clusterDomain` is the cluster's"
    }
}
