//! Bodies of answers, from the application to the caller.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use dapr_net::{Body, BoxError};
use http_body::{Frame, SizeHint};

use crate::limit::Permit;

/// Up to this declared length, an answer that ends early is passed on as if it were complete.
const FORGIVEN: u64 = 64 << 10;

/// Lets a short answer pass that is shorter than its application declared.
///
/// The incumbent passes on what came of any such answer. Here it is so only for answers that leave an application in
/// one piece: of a longer one that breaks off, the caller is told that it is not whole.
pub(super) fn forgiving(body: Body) -> Body {
    if body.bytes().is_none() && body.length().is_some_and(|length| length <= FORGIVEN) {
        Body::stream(Forgiving(body))
    } else {
        body
    }
}

/// Keeps a permit until the body ends or is dropped.
pub(crate) fn hold(body: Body, permit: Permit) -> Body {
    if !permit.is_held() || body.bytes().is_some() {
        return body;
    }
    Body::stream(Held { body, permit: Some(permit) })
}

/// A body without a declared length, whose early end is an end.
struct Forgiving(Body);

impl http_body::Body for Forgiving {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match ready!(Pin::new(&mut self.0).poll_frame(context)) {
            Some(Err(error)) => {
                tracing::debug!(target: "dapr.runtime", "the application's answer is shorter than it declared: {error}");
                self.0 = Body::empty();
                Poll::Ready(None)
            }
            frame => Poll::Ready(frame),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

/// A body that counts as a call in flight.
struct Held {
    body: Body,
    permit: Option<Permit>,
}

impl http_body::Body for Held {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if !matches!(frame, Some(Ok(_))) || self.body.is_end_stream() {
            self.permit = None;
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
