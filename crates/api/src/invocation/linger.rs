//! A request's body that is read to its end even when nobody wants it.
//!
//! An HTTP/1.1 client that is still sending when the answer comes and the connection closes sees a broken pipe, and
//! never the answer. So what is left of a body when the call is over is read and dropped, within bounds.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use dapr_net::{Body, BoxError};
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::BodyExt;

/// How much is read, and for how long.
const MOST: usize = 64 << 20;
const LONGEST: Duration = Duration::from_secs(2);

/// Passes a body on, and reads what is left of it when it is dropped.
pub(super) struct Lingering(Body);

impl Lingering {
    /// The same body, lingering.
    pub(super) fn body(body: Body) -> Body {
        Body::stream(Self(body))
    }
}

impl http_body::Body for Lingering {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        Pin::new(&mut self.0).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}

impl Drop for Lingering {
    fn drop(&mut self) {
        if self.0.is_end_stream() {
            return;
        }
        let mut body = std::mem::take(&mut self.0);
        dapr_kit::task::spawn_detached("rest of a request", async move {
            let rest = async {
                let mut seen = 0;
                while let Some(Ok(frame)) = body.frame().await {
                    seen += frame.data_ref().map_or(0, Bytes::len);
                    if seen > MOST {
                        break;
                    }
                }
            };
            let _ = tokio::time::timeout(LONGEST, rest).await;
        });
    }
}
