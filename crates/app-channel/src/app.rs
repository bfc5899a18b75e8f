//! The application as the engines call it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use dapr_kit::task::Task;
use dapr_net::Body;
use dapr_spi::app_channel::{Answer, AppChannel, CallError, Invoke};
use dapr_spi::http_middleware::HttpMiddleware;
use http::{HeaderMap, HeaderValue, Request, Response};
use prost::Message;
use tokio::sync::watch;

use crate::grpc::{GrpcChannel, Reply};
use crate::http::HttpChannel;
use crate::limit::Limit;
use crate::prober::{self, Probe};
use crate::settings::{HealthSettings, InvalidSettings, Protocol, Settings};
use crate::transport::Transport;

/// Calls one application.
pub struct App {
    protocol: Protocol,
    channel: Channel,
    limit: Limit,
    health: Health,
}

enum Channel {
    Http(HttpChannel),
    Grpc(GrpcChannel),
}

struct Health {
    settings: Option<HealthSettings>,
    /// The same as in `changes`, for the hot path.
    healthy: AtomicBool,
    changes: watch::Sender<bool>,
}

impl App {
    /// An application that is not connected yet. One whose health is probed counts as unhealthy until the first good
    /// probe; see [`App::start_probes`].
    ///
    /// # Errors
    /// The address is none, the token cannot be sent in a header, or this build knows no TLS.
    pub fn new(settings: Settings) -> Result<Self, InvalidSettings> {
        let transport = Transport::new(&settings)?;
        let token = match settings.token.as_deref().filter(|token| !token.is_empty()) {
            Some(token) => {
                let mut value = HeaderValue::try_from(token)
                    .map_err(|_| InvalidSettings::new("APP_API_TOKEN", "has characters that no header can hold"))?;
                value.set_sensitive(true);
                Some(value)
            }
            None => None,
        };
        let channel = if settings.protocol.is_grpc() {
            Channel::Grpc(GrpcChannel::new(transport, token, settings.max_body_size, settings.metrics))
        } else {
            Channel::Http(HttpChannel::new(transport, token, settings.pipeline, settings.metrics))
        };
        let healthy = settings.health.is_none();
        Ok(Self {
            protocol: settings.protocol,
            channel,
            limit: Limit::new(settings.max_concurrency),
            health: Health {
                settings: settings.health,
                healthy: AtomicBool::new(healthy),
                changes: watch::Sender::new(healthy),
            },
        })
    }

    /// What the application speaks.
    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// Puts other middleware around later HTTP calls, from the outside in; calls in flight keep theirs. Without effect
    /// on a gRPC application.
    pub fn set_pipeline(&self, links: Vec<Arc<dyn HttpMiddleware>>) {
        if let Channel::Http(channel) = &self.channel {
            channel.set_pipeline(links);
        }
    }

    /// Whether the application is healthy, and every change of that. Always true when its health is not probed.
    pub fn health(&self) -> watch::Receiver<bool> {
        self.health.changes.subscribe()
    }

    /// Probes the application's health until the task is dropped; the first probe goes out at once. None when the
    /// settings ask for no probes.
    pub fn start_probes(self: &Arc<Self>) -> Option<Task<()>> {
        let settings = self.health.settings.clone()?;
        Some(prober::start(settings, Arc::clone(self)))
    }

    /// Calls an HTTP application without asking whether it is healthy: for `/dapr/config` and the like. The token, the
    /// middleware and the limit are as for [`AppChannel::invoke`]; the URI is a path and a query.
    ///
    /// # Errors
    /// The application gave no answer, or it speaks gRPC.
    pub async fn request(&self, request: Request<Body>) -> Result<Response<Body>, CallError> {
        match &self.channel {
            Channel::Http(channel) => channel.call(request, "", self.limit.acquire().await).await,
            Channel::Grpc(_) => Err(self.wrong_protocol("HTTP")),
        }
    }

    /// Calls a unary method of a gRPC application without asking whether it is healthy, with its token and within its
    /// limit. `path` is `/package.Service/Method`.
    ///
    /// # Errors
    /// The application gave no answer or refused, or it speaks HTTP.
    pub async fn unary<I, O>(&self, path: &str, message: &I, metadata: HeaderMap) -> Result<Reply<O>, CallError>
    where
        I: Message,
        O: Message + Default,
    {
        match &self.channel {
            Channel::Grpc(channel) => {
                let _permit = self.limit.acquire().await;
                channel.unary(path, message, metadata).await
            }
            Channel::Http(_) => Err(self.wrong_protocol("gRPC")),
        }
    }

    fn wrong_protocol(&self, wanted: &str) -> CallError {
        crate::grpc::unimplemented(format!(
            "the application speaks {}, and this call needs {wanted}; see --app-protocol",
            self.protocol.name()
        ))
    }

    fn check_health(&self) -> Result<(), CallError> {
        if self.health.healthy.load(Ordering::Relaxed) { Ok(()) } else { Err(CallError::Unhealthy) }
    }
}

#[async_trait]
impl AppChannel for App {
    async fn invoke(&self, call: Invoke) -> Result<Answer, CallError> {
        self.check_health()?;
        let permit = self.limit.acquire().await;
        match &self.channel {
            Channel::Http(channel) => channel.call(call.request, &call.type_url, permit).await.map(Answer::Http),
            // Boxed, so that calls of HTTP applications stay small.
            Channel::Grpc(channel) => Box::pin(channel.invoke(call)).await,
        }
    }

    /// As with the incumbent, neither the limit nor the health counts here: such a call may last as long as it likes.
    async fn proxy(&self, request: Request<Body>) -> Result<Response<Body>, CallError> {
        match &self.channel {
            Channel::Grpc(channel) => channel.proxy(request).await,
            Channel::Http(_) => Err(self.wrong_protocol("gRPC")),
        }
    }

    async fn call_unary(&self, path: &str, message: Bytes, metadata: HeaderMap) -> Result<Bytes, CallError> {
        match &self.channel {
            Channel::Grpc(channel) => {
                let _permit = self.limit.acquire().await;
                channel.unary_encoded(path, &message, metadata).await.map(|reply| reply.message)
            }
            Channel::Http(_) => Err(self.wrong_protocol("gRPC")),
        }
    }

    fn is_grpc(&self) -> bool {
        self.protocol.is_grpc()
    }
}

#[async_trait]
impl Probe for App {
    /// Asks past the middleware and the limit, and an HTTP application without its token.
    async fn probe(&self, timeout: Duration) -> Result<(), String> {
        match &self.channel {
            Channel::Grpc(channel) => channel.probe(timeout).await,
            Channel::Http(channel) => {
                let path = self.health.settings.as_ref().map_or("/", |settings| settings.path.as_str());
                channel.probe(path, timeout).await
            }
        }
    }

    fn became(&self, healthy: bool) {
        self.health.healthy.store(healthy, Ordering::Relaxed);
        self.health.changes.send_replace(healthy);
    }
}
