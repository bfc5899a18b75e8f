//! What every gRPC call passes: the allow list, the token, dispatch by service, metrics and the log.

use std::convert::Infallible;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use dapr_proto::runtime::v1::dapr_server::DaprServer;
use http::{HeaderMap, Request, Response};
use hyper::body::Incoming;
use tonic::Status;
use tonic::body::Body;
use tonic_reflection::server::Builder;
use tower::Service as _;
use tower::util::BoxCloneSyncService;

use super::body::{Counted, Measured, Recorded, code_of};
use super::server::Surface;
use super::service::Service as DaprService;
use super::{groups, status};
use crate::{Api, Token};

const REFLECTION_V1: &str = "/grpc.reflection.v1.ServerReflection/";
const REFLECTION_V1_ALPHA: &str = "/grpc.reflection.v1alpha.ServerReflection/";

/// Serves the calls of one listener.
pub(super) struct Service {
    api: Arc<Api>,
    dapr: DaprServer<DaprService>,
    surface: Surface,
    reflection: OnceLock<Option<Reflection>>,
}

/// Both versions of server reflection; made when first asked for, since few ever ask.
struct Reflection {
    v1: Boxed,
    v1_alpha: Boxed,
}

type Boxed = BoxCloneSyncService<Request<Counted>, Response<Body>, Infallible>;

impl Reflection {
    fn new() -> Option<Self> {
        let builder = || Builder::configure().register_encoded_file_descriptor_set(dapr_proto::FILE_DESCRIPTOR_SET);
        Some(Self {
            v1: BoxCloneSyncService::new(builder().build_v1().ok()?),
            v1_alpha: BoxCloneSyncService::new(builder().build_v1alpha().ok()?),
        })
    }
}

impl Service {
    pub(super) fn new(api: Arc<Api>, surface: Surface) -> Self {
        let limit = api.options.max_body_size.unwrap_or(usize::MAX);
        let dapr =
            DaprServer::new(DaprService(api.clone())).max_decoding_message_size(limit).max_encoding_message_size(limit);
        Self { api, dapr, surface, reflection: OnceLock::new() }
    }

    /// Answers one call.
    pub(super) async fn serve(self: Arc<Self>, request: Request<Incoming>) -> Result<Response<Recorded>, Infallible> {
        let received = Arc::new(AtomicU64::new(0));
        let mut call = Measured {
            api: self.api.clone(),
            method: request.uri().path().to_owned(),
            started: Instant::now(),
            received: received.clone(),
            sent: 0,
            code: None,
            user_agent: self.api.options.logging.enabled.then(|| user_agent(request.headers())).flatten(),
        };
        let mut request = request.map(|body| Counted::new(body, received));
        let answer = match self.check(&mut request) {
            Ok(()) => self.dispatch(request).await,
            Err(status) => status.into_http(),
        };
        call.code = code_of(answer.headers());
        Ok(answer.map(|body| Recorded::new(body, call)))
    }

    /// Applies the allow list, then the token, which is taken out so that nothing passes it on.
    fn check(&self, request: &mut Request<Counted>) -> Result<(), Status> {
        if let Some(method) = request.uri().path().strip_prefix(groups::DAPR)
            && let Some((group, version)) = groups::of(method)
            && !self.api.options.access.allows_grpc(group, version)
        {
            return Err(status::not_available());
        }
        let token = self.api.options.token.as_ref().filter(|_| self.surface == Surface::Api);
        let Some(token) = token else { return Ok(()) };
        match request.headers_mut().remove(Token::HEADER) {
            None => Err(Status::unauthenticated("missing api token in request metadata")),
            Some(value) if token.matches(value.as_bytes()) => Ok(()),
            Some(_) => Err(Status::unauthenticated("authentication error: api token mismatch")),
        }
    }

    async fn dispatch(&self, request: Request<Counted>) -> Response<Body> {
        let path = request.uri().path();
        if self.surface == Surface::Api && path.starts_with(groups::DAPR) {
            let Ok(answer) = self.dapr.clone().call(request).await;
            return status::of_too_large(answer);
        }
        let reflection = || self.reflection.get_or_init(Reflection::new).as_ref();
        if path.starts_with(REFLECTION_V1)
            && let Some(reflection) = reflection()
        {
            let Ok(answer) = reflection.v1.clone().call(request).await;
            return answer;
        }
        if path.starts_with(REFLECTION_V1_ALPHA)
            && let Some(reflection) = reflection()
        {
            let Ok(answer) = reflection.v1_alpha.clone().call(request).await;
            return answer;
        }
        Status::unimplemented(format!("unknown method {path}: no service of this sidecar has it")).into_http()
    }
}

fn user_agent(headers: &HeaderMap) -> Option<String> {
    headers.get(http::header::USER_AGENT)?.to_str().ok().map(str::to_owned)
}
