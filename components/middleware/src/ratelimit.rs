//! `middleware.http.ratelimit`: a token bucket for each client and path.
//!
//! Who the client is, what a bucket is and the headers of an answer are the incumbent's (tollbooth 7).

mod buckets;
mod client;

use std::sync::Arc;

use async_trait::async_trait;
use dapr_spi::http_middleware::{HttpMiddleware, Next, Peer, Request, Response, answer};
use dapr_spi::metadata::FieldValue;
use dapr_spi::{Context, Error, Factory, Metadata, Result};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use tokio::time::Instant;

use self::buckets::{Buckets, Verdict};
use self::client::FORWARDED_FOR;

const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");
const OLD_LIMIT: HeaderName = HeaderName::from_static("x-rate-limit-limit");
const OLD_DURATION: HeaderName = HeaderName::from_static("x-rate-limit-duration");
const OLD_FORWARDED: HeaderName = HeaderName::from_static("x-rate-limit-request-forwarded-for");
const OLD_ADDRESS: HeaderName = HeaderName::from_static("x-rate-limit-request-remote-addr");

/// Fields of `middleware.http.ratelimit`.
#[derive(Clone, Debug, Metadata)]
pub struct RateLimitMetadata {
    /// Requests that one client may send to one path each second, on average and in one burst; more get 429. The client
    /// is the last address of `X-Forwarded-For`, else `X-Real-IP`, else the one that is connected; an IPv6 address stands
    /// for its /64 network.
    #[metadata(default = "100")]
    pub max_requests_per_second: Rate,
}

/// A number of requests per second, with decimals.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate(f64);

impl FieldValue for Rate {
    const KIND: &'static str = "number";

    fn read(text: &str) -> Result<Self, String> {
        let number = text.trim().parse().ok().filter(|number: &f64| number.is_finite());
        number.map(Self).ok_or_else(|| format!("expected a number, found `{text}`"))
    }
}

/// Makes `middleware.http.ratelimit`.
pub struct RateLimit;

#[async_trait]
impl Factory for RateLimit {
    type Metadata = RateLimitMetadata;
    type Valid = f64;
    type Component = dyn HttpMiddleware;

    fn validate(metadata: RateLimitMetadata) -> Result<f64> {
        let Rate(rate) = metadata.max_requests_per_second;
        if rate > 0.0 { Ok(rate) } else { Err(Error::invalid("field `maxRequestsPerSecond` must be greater than 0")) }
    }

    async fn init(rate: f64, _: Context) -> Result<Arc<dyn HttpMiddleware>> {
        Ok(Arc::new(Limiter::new(rate)))
    }
}

struct Limiter {
    buckets: Buckets,
    limit: HeaderValue,
    old_limit: HeaderValue,
}

impl Limiter {
    fn new(rate: f64) -> Self {
        // A finite number in plain digits is a header value; `unwrap_or` is for the type only.
        let number = |text: String| HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("0"));
        Self {
            buckets: Buckets::new(rate),
            limit: number(format!("{:.0}", rate.round())),
            old_limit: number(format!("{rate:.2}")),
        }
    }

    /// The headers that every answer gets, whether the request passed or not.
    fn describe(&self, headers: &mut HeaderMap, verdict: Verdict, asked: Asked) {
        headers.insert(OLD_LIMIT, self.old_limit.clone());
        headers.insert(OLD_DURATION, HeaderValue::from_static("1"));
        if let Some(forwarded) = asked.forwarded {
            headers.insert(OLD_FORWARDED, forwarded);
        }
        headers.insert(OLD_ADDRESS, asked.address);
        headers.insert(LIMIT, self.limit.clone());
        headers.insert(RESET, HeaderValue::from_static("1"));
        headers.insert(REMAINING, HeaderValue::from(verdict.left()));
    }
}

/// What answers repeat about who asked.
struct Asked {
    forwarded: Option<HeaderValue>,
    address: HeaderValue,
}

#[async_trait]
impl HttpMiddleware for Limiter {
    async fn handle(&self, mut request: Request, next: Next<'_>) -> Response {
        let peer = request.extensions().get::<Peer>().map(|peer| peer.0);
        let mut client = client::of(request.headers(), peer);
        if client.is_empty() {
            // The application sees what the limit was counted for.
            request.headers_mut().insert(FORWARDED_FOR, HeaderValue::from_static("0.0.0.0"));
            client = b"0.0.0.0".to_vec();
        }
        let asked = Asked {
            forwarded: request
                .headers()
                .get(FORWARDED_FOR)
                .filter(|value| !value.as_bytes().trim_ascii().is_empty())
                .cloned(),
            address: peer
                .and_then(|peer| HeaderValue::try_from(peer.to_string()).ok())
                .unwrap_or(HeaderValue::from_static("")),
        };
        let path: Vec<u8> = percent_encoding::percent_decode_str(request.uri().path()).collect();
        let verdict = self.buckets.take(&client, &path, Instant::now());
        let mut response = match verdict {
            Verdict::Passed { .. } => next.run(request).await,
            Verdict::Limited => answer(StatusCode::TOO_MANY_REQUESTS, "You have reached maximum request limit."),
        };
        self.describe(response.headers_mut(), verdict, asked);
        response
    }
}

#[cfg(test)]
mod tests;
