//! Events of input bindings on their way to the application, and what its answers want kept.

use std::sync::Arc;

use dapr_api::Api;
use dapr_app_channel::App;
use dapr_bindings::{Answer, Application, Bindings, Call, CallFailure, Reply, StateKeeper};
use dapr_kit::task::{self, Task};
use dapr_net::Body;
use dapr_proto::pbjson_types::Empty;
use dapr_proto::runtime::v1::binding_event_response::BindingEventConcurrency;
use dapr_proto::runtime::v1::{BindingEventRequest, BindingEventResponse, ListInputBindingsResponse};
use dapr_spi::app_channel::CallError;
use dapr_spi::state::SetRequest;
use dapr_state::Stores;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode};

const LIST_INPUT_BINDINGS: &str = "/dapr.proto.runtime.v1.AppCallback/ListInputBindings";
const ON_BINDING_EVENT: &str = "/dapr.proto.runtime.v1.AppCallback/OnBindingEvent";
const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// The gRPC code of a method that an application does not have.
const UNIMPLEMENTED: i32 = 12;

/// Says to the engine who takes events.
pub(super) fn set_application(api: &Api, app: &Arc<App>, max_body_size: Option<usize>) {
    let callee = Callee { app: app.clone(), max_answer: max_body_size.unwrap_or(usize::MAX) };
    api.bindings.set_application(Arc::new(callee), Arc::new(Keeper(api.state.clone())));
}

/// Has events read whenever the application is healthy.
pub(super) fn follow_health(app: &App, bindings: &Arc<Bindings>) -> Task<()> {
    let (mut health, bindings) = (app.health(), bindings.clone());
    task::spawn("input bindings", async move {
        loop {
            if *health.borrow_and_update() {
                bindings.read();
            } else {
                bindings.pause();
            }
            if health.changed().await.is_err() {
                return;
            }
        }
    })
}

/// The application.
struct Callee {
    app: Arc<App>,
    /// Bytes of an answer.
    max_answer: usize,
}

#[async_trait::async_trait]
impl Application for Callee {
    async fn takes(&self, name: &str, route: &str) -> Result<bool, String> {
        if self.is_grpc() {
            return match self.app.unary(LIST_INPUT_BINDINGS, &Empty {}, HeaderMap::new()).await {
                Ok(reply) => {
                    let ListInputBindingsResponse { bindings } = reply.message;
                    Ok(bindings.iter().any(|known| known == name))
                }
                Err(CallError::Status { code: UNIMPLEMENTED, .. }) => Ok(false),
                Err(error) => Err(error.to_string()),
            };
        }
        let mut request = request(Method::OPTIONS, route, Body::empty())?;
        request.headers_mut().insert(CONTENT_TYPE, JSON);
        let status = self.app.request(request).await.map_err(|error| error.to_string())?.status();
        Ok(status.is_success() || status == StatusCode::METHOD_NOT_ALLOWED)
    }

    async fn deliver(&self, call: Call) -> Result<Reply, CallFailure> {
        if self.is_grpc() { self.deliver_grpc(call).await } else { self.deliver_http(call).await }
    }

    fn is_grpc(&self) -> bool {
        self.app.protocol().is_grpc()
    }
}

impl Callee {
    async fn deliver_http(&self, call: Call) -> Result<Reply, CallFailure> {
        let plain = |message: String| CallFailure { code: None, message };
        let mut request = request(Method::POST, &call.route, Body::full(call.data)).map_err(plain)?;
        let headers = request.headers_mut();
        for (name, value) in &call.metadata {
            let name = HeaderName::try_from(name.as_str());
            if let (Ok(name), Ok(value)) = (name, HeaderValue::try_from(value.as_str())) {
                headers.insert(name, value);
            }
        }
        let content_type = call.content_type.and_then(|kind| HeaderValue::try_from(kind).ok());
        headers.insert(CONTENT_TYPE, content_type.unwrap_or(JSON));
        headers.extend(call.trace);
        let response = self.app.request(request).await.map_err(failure)?;
        let status = response.status().as_u16();
        let body = response.into_body().collect(self.max_answer).await;
        let body = body.map_err(|error| plain(format!("failed to read response body: {error}")))?;
        Ok(Reply::Http { status, body })
    }

    async fn deliver_grpc(&self, call: Call) -> Result<Reply, CallFailure> {
        let request = BindingEventRequest { name: call.name, data: call.data, metadata: call.metadata };
        let reply = self.app.unary(ON_BINDING_EVENT, &request, call.trace).await.map_err(failure)?;
        let answer: BindingEventResponse = reply.message;
        let is_parallel = answer.concurrency() == BindingEventConcurrency::Parallel;
        let BindingEventResponse { store_name, states, to, data, .. } = answer;
        let states = states.into_iter().map(dapr_api::set_request).collect::<Result<_, _>>();
        let states = states.map_err(|error| CallFailure { code: None, message: error.message().to_owned() })?;
        Ok(Reply::Grpc(Answer { data, to, is_parallel, store: store_name, states }))
    }
}

fn request(method: Method, route: &str, body: Body) -> Result<Request<Body>, String> {
    let request = Request::builder().method(method).uri(format!("/{route}")).body(body);
    request.map_err(|error| format!("`{route}` is no path of an application: {error}"))
}

fn failure(error: CallError) -> CallFailure {
    let code = if let CallError::Status { code, .. } = &error { Some(*code) } else { None };
    CallFailure { code, message: error.to_string() }
}

/// The state stores of the sidecar.
struct Keeper(Arc<Stores>);

#[async_trait::async_trait]
impl StateKeeper for Keeper {
    async fn keep(&self, store: &str, items: Vec<SetRequest>) -> Result<(), String> {
        let store = self.0.find(store).map_err(|error| error.message().to_owned())?;
        store.save(items).await.map_err(|error| error.message().to_owned())
    }
}
