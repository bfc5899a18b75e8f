//! Bodies that count what passes, so that a call is measured when its answer has ended.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Instant;

use bytes::Bytes;
use dapr_telemetry::trace::Span;
use http::{HeaderMap, Response};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use crate::Api;

/// The length of a message's prefix on the wire.
const PREFIX: u64 = 5;

/// A request body that counts its bytes.
pub(super) struct Counted {
    body: Incoming,
    seen: Arc<AtomicU64>,
}

impl Counted {
    /// Counts into `seen`.
    pub(super) fn new(body: Incoming, seen: Arc<AtomicU64>) -> Self {
        Self { body, seen }
    }
}

impl Body for Counted {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if let Some(data) = frame.as_ref().and_then(|frame| frame.as_ref().ok()).and_then(Frame::data_ref) {
            self.seen.fetch_add(data.len() as u64, Ordering::Relaxed);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// An answer's body; records the call when it has ended or was dropped.
pub(super) struct Recorded {
    body: dapr_net::Body,
    call: Measured,
    /// Added to the trailers.
    trailers: Option<Trailers>,
}

/// What an answer adds to its trailers, put into its extensions.
#[derive(Clone)]
pub(crate) struct Trailers(pub(crate) HeaderMap);

/// A call that is being measured.
pub(super) struct Measured {
    pub(super) api: Arc<Api>,
    /// Full method name.
    pub(super) method: String,
    pub(super) started: Instant,
    pub(super) received: Arc<AtomicU64>,
    pub(super) sent: u64,
    /// gRPC code, once known.
    pub(super) code: Option<i32>,
    pub(super) user_agent: Option<String>,
    pub(super) span: Span,
    /// What went wrong, once known.
    pub(super) message: String,
}

impl Recorded {
    /// Measures an answer to `call`.
    pub(super) fn new(mut answer: Response<dapr_net::Body>, call: Measured) -> Response<Self> {
        let trailers = answer.extensions_mut().remove::<Trailers>();
        answer.map(|body| Self { body, call, trailers })
    }
}

/// The gRPC code in headers or trailers.
pub(super) fn code_of(headers: &HeaderMap) -> Option<i32> {
    headers.get("grpc-status")?.to_str().ok()?.parse().ok()
}

impl Body for Recorded {
    type Data = Bytes;
    type Error = dapr_net::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let mut frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if let Some(Ok(frame)) = &mut frame {
            if let Some(more) = frame.trailers_mut().and(self.trailers.take())
                && let Some(trailers) = frame.trailers_mut()
            {
                trailers.extend(more.0);
            }
            if let Some(data) = frame.data_ref() {
                self.call.sent += data.len() as u64;
            } else if let Some(trailers) = frame.trailers_ref() {
                self.call.code = code_of(trailers).or(self.call.code);
                self.call.note(trailers);
            }
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    /// Not told: the library would make a `content-length` of it, which gRPC does not have.
    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

impl Drop for Measured {
    fn drop(&mut self) {
        const CANCELLED: i32 = 1;
        let code = self.code.unwrap_or(CANCELLED);
        let elapsed = self.started.elapsed();
        let received = self.received.load(Ordering::Relaxed).saturating_sub(PREFIX);
        self.api.metrics.grpc_server.record(&self.method, code, elapsed, received, self.sent.saturating_sub(PREFIX));
        if self.api.options.logging.enabled {
            self.log(code);
        }
        std::mem::take(&mut self.span).end_grpc(code, &self.message);
    }
}

impl Measured {
    /// Keeps what an answer says of its failure, for the span.
    pub(super) fn note(&mut self, headers: &HeaderMap) {
        if self.span.is_recording()
            && let Some(status) = tonic::Status::from_header_map(headers)
        {
            status.message().clone_into(&mut self.message);
        }
    }

    fn log(&self, code: i32) {
        tracing::info!(
            target: "dapr.runtime.grpc.api-info",
            method = self.method,
            useragent = self.user_agent.as_deref(),
            code,
            duration = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX),
            "gRPC API Called"
        );
    }
}
