//! `nameresolution.nameformat`: a pattern that holds the app id.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use dapr_spi::name_resolver::{Instance, NameResolver, Query};
use dapr_spi::{Context, Error, Factory, Metadata, Result};

use crate::{LIFETIME, is_safe, problem_of, with_port};

const PLACEHOLDER: &str = "{appid}";

/// Fields of `nameresolution.nameformat`.
#[derive(Clone, Debug, Metadata)]
pub struct NameFormatMetadata {
    /// Address of an app, with `{appid}` where its id belongs: `service-{appid}.default.svc.cluster.local`. One without a
    /// port gets that of internal gRPC servers.
    #[metadata(required)]
    pub format: String,
}

/// Makes `nameresolution.nameformat`.
pub struct NameFormat;

#[async_trait]
impl Factory for NameFormat {
    type Metadata = NameFormatMetadata;
    type Valid = String;
    type Component = dyn NameResolver;

    fn validate(metadata: NameFormatMetadata) -> Result<String> {
        let format = metadata.format;
        if format.is_empty() {
            return Err(Error::invalid("field `format`: format is required in metadata"));
        }
        if !format.contains(PLACEHOLDER) {
            return Err(Error::invalid(format!(
                "field `format`: format must contain {PLACEHOLDER} placeholder, found `{format}`"
            )));
        }
        match problem_of(&format.replace(PLACEHOLDER, "app")) {
            Some(problem) => Err(Error::invalid(format!("field `format`: `{format}` {problem}"))),
            None => Ok(format),
        }
    }

    async fn init(format: String, _: Context) -> Result<Arc<dyn NameResolver>> {
        Ok(Arc::new(Resolver(format)))
    }
}

struct Resolver(String);

#[async_trait]
impl NameResolver for Resolver {
    /// Somebody else gives apps their names.
    async fn register(&self, _: &Instance) -> Result<()> {
        Ok(())
    }

    async fn resolve(&self, query: &Query) -> Result<Vec<String>> {
        if !is_safe(query) {
            return Ok(Vec::new());
        }
        Ok(vec![with_port(self.0.replace(PLACEHOLDER, &query.app_id), query.port)])
    }

    fn lifetime(&self) -> Duration {
        LIFETIME
    }

    fn hint(&self) -> &'static str {
        "check that DNS knows the name which `format` gives for this app id, and that its sidecar listens there"
    }
}
