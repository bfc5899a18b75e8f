//! `middleware.http.wasm`: a guest sees every request, and answers it or passes it on.

use std::sync::Arc;

use async_trait::async_trait;
use dapr_net::body::CollectError;
use dapr_spi::http_middleware::{HttpMiddleware, Next, Request, Response, answer_status};
use dapr_spi::{Context, Error, Factory, Metadata, Result};
use http::StatusCode;

use crate::exchange::Exchange;
use crate::guest::{GuestError, Guests, Limits};
use crate::source::Source;

/// Fields of `middleware.http.wasm`.
#[derive(Clone, Debug, Metadata)]
pub struct WasmMetadata {
    /// Where the guest's module is: `file://` and a path, or a URL of `http` or `https`.
    #[metadata(required)]
    pub url: String,
    /// Text that the guest gets as its configuration.
    #[metadata(default = "")]
    pub guest_config: String,
    /// Whether clocks and random numbers tell the guest nothing: clocks count calls, and the numbers are always the same.
    #[metadata(default = "false")]
    pub strict_sandbox: bool,
}

/// Makes `middleware.http.wasm`.
pub struct Wasm;

/// Checked settings.
#[derive(Clone)]
pub struct Valid {
    source: Source,
    config: String,
    strict: bool,
}

#[async_trait]
impl Factory for Wasm {
    type Metadata = WasmMetadata;
    type Valid = Valid;
    type Component = dyn HttpMiddleware;

    fn validate(metadata: WasmMetadata) -> Result<Valid> {
        let source = Source::new(&metadata.url)?;
        Ok(Valid { source, config: metadata.guest_config, strict: metadata.strict_sandbox })
    }

    async fn init(valid: Valid, _: Context) -> Result<Arc<dyn HttpMiddleware>> {
        let module = valid.source.load().await?;
        let guests = Guests::new(&module, &valid.config, valid.strict, Limits::default())
            .await
            .map_err(|error| Error::invalid(format!("the guest {} cannot be used: {error}", valid.source)))?;
        Ok(Arc::new(Runs(guests)))
    }
}

struct Runs(Guests);

#[async_trait]
impl HttpMiddleware for Runs {
    async fn handle(&self, request: Request, next: Next<'_>) -> Response {
        self.run(request, next).await.unwrap_or_else(|error| {
            let status = match &error {
                GuestError::Body(CollectError::TooLarge(_)) => StatusCode::PAYLOAD_TOO_LARGE,
                GuestError::Body(CollectError::Broken(_)) => StatusCode::BAD_REQUEST,
                GuestError::Busy(_) => StatusCode::SERVICE_UNAVAILABLE,
                GuestError::Trap(_) | GuestError::TooLong(_) => StatusCode::INTERNAL_SERVER_ERROR,
            };
            tracing::error!(%error, "a guest failed");
            answer_status(status)
        })
    }
}

impl Runs {
    async fn run(&self, request: Request, next: Next<'_>) -> Result<Response, GuestError> {
        let steps = self.0.steps();
        // An instance whose call fails or is given up is dropped: nobody knows what its memory holds.
        let (_permit, mut instance) = self.0.take().await?;
        let exchange = Exchange::new(request, instance.features());
        let (context, wants_next) = instance.handle_request(exchange, steps).await?;
        if wants_next && let Some(exchange) = instance.exchange() {
            let response = next.run(exchange.take_request()).await;
            let exchange = instance.exchange().ok_or_else(|| wasmi::Error::new("there is no request"))?;
            if let Err(error) = exchange.take_response(response).await {
                tracing::error!(%error, "an answer cannot be shown to the guest");
                return Ok(answer_status(StatusCode::INTERNAL_SERVER_ERROR));
            }
            instance.handle_response(context, false, steps).await?;
        }
        let exchange = instance.take_exchange().ok_or_else(|| wasmi::Error::new("there is no request"))?;
        self.0.give_back(instance);
        Ok(exchange.into_response())
    }
}

#[cfg(test)]
mod tests;
