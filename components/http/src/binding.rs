//! `bindings.http`: one operation for each verb.

use std::sync::Arc;

use async_trait::async_trait;
use dapr_spi::binding::{Binding, Failure, InvokeRequest, InvokeResponse, OutputBinding};
use dapr_spi::metadata::parse_bool;
use dapr_spi::{Context, Error, Factory, Result};

use crate::request::Outgoing;
use crate::response;
use crate::settings::{HttpMetadata, Settings};
use crate::target::Target;

/// `create` is `post`.
const OPERATIONS: [&str; 9] = ["create", "get", "head", "post", "put", "patch", "delete", "options", "trace"];

/// Makes `bindings.http`.
pub struct Http;

#[async_trait]
impl Factory for Http {
    type Metadata = HttpMetadata;
    type Valid = Settings;
    type Component = dyn Binding;

    fn validate(metadata: HttpMetadata) -> Result<Settings> {
        Settings::new(metadata)
    }

    async fn init(settings: Settings, _: Context) -> Result<Arc<dyn Binding>> {
        let target = Target::new(&settings).await?;
        Ok(Arc::new(Caller { settings, target, operations: OPERATIONS.map(str::to_owned) }))
    }
}

struct Caller {
    settings: Settings,
    target: Target,
    operations: [String; OPERATIONS.len()],
}

impl Binding for Caller {
    fn output(&self) -> Option<&dyn OutputBinding> {
        Some(self)
    }
}

#[async_trait]
impl OutputBinding for Caller {
    fn operations(&self) -> &[String] {
        &self.operations
    }

    async fn invoke(&self, call: InvokeRequest) -> Result<InvokeResponse, Failure> {
        match self.settings.timeout {
            None => self.exchange(call).await,
            Some(limit) => tokio::time::timeout(limit, self.exchange(call)).await.unwrap_or_else(|_| {
                let limit = dapr_kit::duration::format(limit);
                Err(Error::unavailable(format!("context deadline exceeded: no answer within {limit}")).into())
            }),
        }
    }
}

impl Caller {
    async fn exchange(&self, call: InvokeRequest) -> Result<InvokeResponse, Failure> {
        let strict = call.metadata.get("errorIfNot2XX").filter(|text| !text.is_empty());
        // Whatever is not a yes is a no, as the incumbent reads it.
        let strict = strict.map_or(self.settings.error_if_not_2xx, |text| parse_bool(text).unwrap_or(false));
        let outgoing = Outgoing::new(&self.settings, call).map_err(Error::invalid)?;
        let (parts, body) = self.target.send(outgoing).await.map_err(Error::unavailable)?.into_parts();
        let data = response::body(body, self.settings.max_body).await.map_err(Error::unavailable)?;
        let metadata = response::metadata(parts.status, &parts.headers);
        if strict && !parts.status.is_success() {
            let error = Error::failed(format!("received status code {}", parts.status.as_u16()));
            return Err(Failure { error, metadata });
        }
        let content_type = response::content_type(&parts.headers);
        Ok(InvokeResponse { data: Some(data), metadata, content_type })
    }
}
