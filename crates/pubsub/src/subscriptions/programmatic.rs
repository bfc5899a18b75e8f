//! Asking the application what it subscribes to.

use std::time::Duration;

use bytes::Bytes;
use dapr_net::Body;
use dapr_proto::runtime::v1::{ListTopicSubscriptionsResponse, TopicRoutes, TopicSubscription};
use dapr_resiliency::{BuiltIn, Provider, Verdict};
use dapr_resources::subscription::{BulkSubscribe, Routes, Rule, SubscriptionSpec};
use dapr_spi::app_channel::{Answer, AppChannel, CallError, Invoke};
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode};
use prost::Message as _;
use tokio::time::timeout;

mod json;

const PATH: &str = "/dapr/subscribe";
const METHOD: &str = "/dapr.proto.runtime.v1.AppCallback/ListTopicSubscriptions";
const APP_ID: HeaderName = HeaderName::from_static("dapr-app-id");
/// How long one answer may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
const MAX_ANSWER: usize = 4 << 20;
const UNIMPLEMENTED: i32 = 12;

/// What the application subscribes to.
///
/// # Errors
/// It gave no answer, or one that cannot be read.
pub(super) async fn ask(
    app: &dyn AppChannel,
    app_id: &str,
    resiliency: &Provider,
) -> Result<Vec<SubscriptionSpec>, String> {
    let policy = resiliency.built_in(BuiltIn::InitializationRetries);
    if app.is_grpc() {
        let answer = policy.run(judge, |_| within(ask_grpc(app))).await.map_err(|error| error.to_string())?;
        return Ok(answer.subscriptions.into_iter().map(of_grpc).collect());
    }
    let answer = policy.run(judge, |_| within(ask_http(app, app_id))).await.map_err(|error| error.to_string())?;
    let mut specs = json::read(&answer).map_err(|error| format!("error getting topics from app: {error}"))?;
    specs.retain(|spec| {
        let goes_somewhere = !spec.routes.rules.is_empty() || !spec.routes.default.is_empty();
        if !goes_somewhere {
            tracing::warn!(
                target: "dapr.runtime.processor.subscription",
                "topic {} has an empty routes. removing from subscriptions list", spec.topic
            );
        }
        goes_somewhere
    });
    Ok(specs)
}

fn judge<T>(answer: &Result<T, String>) -> Verdict {
    if answer.is_ok() { Verdict::Success } else { Verdict::Retriable }
}

async fn within<T>(asking: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    timeout(ANSWER_TIMEOUT, asking).await.unwrap_or_else(|_| Err(format!("no answer within {ANSWER_TIMEOUT:?}")))
}

/// The body of a good answer; every other answer is an empty one.
async fn ask_http(app: &dyn AppChannel, app_id: &str) -> Result<Bytes, String> {
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = http::Uri::from_static(PATH);
    if let Ok(app_id) = HeaderValue::from_str(app_id) {
        request.headers_mut().insert(APP_ID, app_id);
    }
    request.headers_mut().insert(http::header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let call = Invoke { request, type_url: String::new(), from_grpc: false };
    let response = match app.invoke(call).await.map_err(|error| error.to_string())? {
        Answer::Http(response) => response,
        Answer::Grpc { .. } => return Ok(Bytes::new()),
    };
    match response.status() {
        StatusCode::OK => response.into_body().collect(MAX_ANSWER).await.map_err(|error| error.to_string()),
        StatusCode::NOT_FOUND => {
            tracing::debug!(target: "dapr.runtime.processor.subscription", "user app did not subscribe to any topic");
            Ok(Bytes::new())
        }
        status => {
            tracing::error!(
                target: "dapr.runtime.processor.subscription",
                "app returned http status code {} from subscription endpoint", status.as_u16()
            );
            Ok(Bytes::new())
        }
    }
}

async fn ask_grpc(app: &dyn AppChannel) -> Result<ListTopicSubscriptionsResponse, String> {
    match app.call_unary(METHOD, Bytes::new(), HeaderMap::new()).await {
        Ok(bytes) => ListTopicSubscriptionsResponse::decode(bytes).map_err(|error| error.to_string()),
        Err(CallError::Status { code: UNIMPLEMENTED, .. }) => {
            tracing::info!(
                target: "dapr.runtime.processor.subscription",
                "pubsub subscriptions: gRPC app does not implement ListTopicSubscriptions"
            );
            Ok(ListTopicSubscriptionsResponse::default())
        }
        Err(error) => Err(error.to_string()),
    }
}

fn of_grpc(given: TopicSubscription) -> SubscriptionSpec {
    let TopicRoutes { rules, default } = given.routes.unwrap_or_default();
    let mut rules: Vec<Rule> =
        rules.into_iter().map(|rule| Rule { condition: rule.r#match, path: rule.path }).collect();
    if rules.is_empty() && default.is_empty() {
        // A gRPC application needs no path.
        rules.push(Rule::default());
    }
    let bulk = given.bulk_subscribe.unwrap_or_default();
    SubscriptionSpec {
        pubsubname: given.pubsub_name,
        topic: given.topic,
        metadata: given.metadata.into_iter().collect(),
        routes: Routes { rules, default },
        dead_letter_topic: given.dead_letter_topic,
        bulk_subscribe: BulkSubscribe {
            enabled: bulk.enabled,
            max_messages_count: bulk.max_messages_count,
            max_await_duration_ms: bulk.max_await_duration_ms,
        },
    }
}
