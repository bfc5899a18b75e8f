//! `dapr.proto.sentry.v1.CA` over HTTP/2 and TLS. Clients show no certificate: they have none yet.

use std::sync::Arc;
use std::time::Duration;

use dapr_proto::sentry::v1::ca_server::{Ca, CaServer};
use dapr_proto::sentry::v1::{SignCertificateRequest, SignCertificateResponse};
use dapr_security::SpiffeId;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use pbjson_types::{StringValue, Timestamp};
use rustls::ServerConfig;
use rustls::pki_types::pem::SectionKind;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tonic::codegen::Service as _;
use tonic::{Request, Response, Status};
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::prelude::FromDer as _;

use crate::ca::{Workload, chain, pem};
use crate::core::{Core, State};
use crate::listen;

/// Audiences of one request: each one costs a signature.
const MAX_AUDIENCES: usize = 128;
/// The largest request.
const MAX_REQUEST: usize = 1 << 20;
/// Requests at once on a connection.
const MAX_STREAMS: u32 = 100;
/// Time between pings to a quiet client, and how long one may go unanswered.
const PING_INTERVAL: Duration = Duration::from_secs(60);
const PING_TIMEOUT: Duration = Duration::from_secs(20);

/// Serves until `stop` turns true, then finishes what is in flight.
pub(crate) async fn serve(listener: TcpListener, tls: Arc<ServerConfig>, core: Arc<Core>, stop: watch::Receiver<bool>) {
    let service = CaServer::new(Authority(core)).max_decoding_message_size(MAX_REQUEST);
    listen::accept(listener, stop, move |stream, stop| connection(stream, tls.clone(), service.clone(), stop)).await;
}

async fn connection(
    stream: TcpStream,
    tls: Arc<ServerConfig>,
    service: CaServer<Authority>,
    mut stop: watch::Receiver<bool>,
) {
    let stream = match listen::handshake(tls, stream).await {
        Ok(stream) => stream,
        Err(error) => {
            tracing::debug!(target: "dapr.sentry.server", "a TLS handshake failed: {error}");
            return;
        }
    };
    let service = service_fn(move |request| {
        let mut service = service.clone();
        async move { service.call(request).await }
    });
    let connection = http2::Builder::new(Executor)
        .timer(TokioTimer::new())
        .keep_alive_interval(PING_INTERVAL)
        .keep_alive_timeout(PING_TIMEOUT)
        .max_concurrent_streams(MAX_STREAMS)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = listen::asked(&mut stop) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(target: "dapr.sentry.server", "a connection ended: {error}");
    }
}

/// Runs the requests of a connection.
#[derive(Clone, Copy)]
struct Executor;

impl<F> hyper::rt::Executor<F> for Executor
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    fn execute(&self, future: F) {
        dapr_kit::task::spawn_detached("sentry request", future);
    }
}

/// The service. Cheap to clone.
struct Authority(Arc<Core>);

#[tonic::async_trait]
impl Ca for Authority {
    async fn sign_certificate(
        &self,
        request: Request<SignCertificateRequest>,
    ) -> Result<Response<SignCertificateResponse>, Status> {
        self.0.metrics.received();
        let answered = self.sign(&request.into_inner()).await;
        match &answered {
            Ok(_) => self.0.metrics.signed(),
            Err(_) => self.0.metrics.failed(),
        }
        answered.map(Response::new)
    }
}

impl Authority {
    async fn sign(&self, request: &SignCertificateRequest) -> Result<SignCertificateResponse, Status> {
        let (namespace, app_id) = (&request.namespace, &request.id);
        let verdict = self.0.validators.validate(request).await?;
        let invalid = || Status::invalid_argument("invalid certificate signing request");
        // Old sidecars call the block a certificate.
        let block = pem::blocks(&request.certificate_signing_request).ok().and_then(|blocks| blocks.into_iter().next());
        let (kind, der) = block.ok_or_else(invalid)?;
        if !matches!(kind, SectionKind::Csr | SectionKind::Certificate) {
            return Err(invalid());
        }
        let (_, signing_request) = X509CertificationRequest::from_der(&der).map_err(|error| {
            Status::invalid_argument(format!("failed to parse certificate signing request: {error}"))
        })?;
        if let Err(error) = chain::proves_possession(&signing_request) {
            tracing::debug!(target: "dapr.sentry.server", "Invalid CSR of {namespace}/{app_id}: {error}");
            return Err(Status::invalid_argument("invalid signature"));
        }
        if request.jwt_audiences.len() > MAX_AUDIENCES {
            return Err(Status::invalid_argument(format!("more than {MAX_AUDIENCES} JWT audiences")));
        }
        let id = SpiffeId::new(&verdict.trust_domain, namespace, app_id).map_err(|error| failed(&error))?;
        let state = self.0.state.load_full();
        let workload = Workload {
            id: &id,
            public_key_info: signing_request.certification_request_info.subject_pki.raw,
            dns: &self.dns_names(&id),
            images: verdict.images.as_deref(),
        };
        let issued = state.authority.sign(&workload).map_err(|error| failed(&error))?;
        let (jwt, per_audience_jwts) = self.tokens(&state, &id, &request.jwt_audiences)?;
        tracing::debug!(target: "dapr.sentry.server", "Successfully signed certificate for {namespace}/{app_id}");
        Ok(SignCertificateResponse {
            workload_certificate: issued.to_pem().into(),
            trust_chain_certificates: vec![state.authority.trust_anchors().into()],
            valid_until: Some(Timestamp { seconds: issued.not_after.as_second(), nanos: 0 }),
            jwt,
            per_audience_jwts,
        })
    }

    /// Names of Kubernetes services, for peers of the control plane that know nothing of SPIFFE.
    fn dns_names(&self, id: &SpiffeId) -> Vec<String> {
        let namespace = id.namespace();
        if namespace != self.0.settings.id.namespace() {
            return Vec::new();
        }
        match id.app_id() {
            "dapr-injector" => vec![format!("dapr-sidecar-injector.{namespace}.svc")],
            "dapr-operator" => vec![format!("dapr-webhook.{namespace}.svc")],
            "dapr-scheduler" => {
                let domain = &self.0.cluster_domain;
                let name = |n| format!("dapr-scheduler-server-{n}.dapr-scheduler-server.{namespace}.svc.{domain}");
                (0..3).map(name).collect()
            }
            _ => Vec::new(),
        }
    }

    /// One token for all audiences, and one for each.
    fn tokens(
        &self,
        state: &State,
        id: &SpiffeId,
        requested: &[String],
    ) -> Result<(Option<StringValue>, std::collections::HashMap<String, StringValue>), Status> {
        let (Some(key), Some(settings)) = (&state.token_key, &self.0.tokens) else { return Ok(Default::default()) };
        let audiences: Vec<&str> =
            [id.trust_domain()].into_iter().chain(requested.iter().map(String::as_str)).collect();
        let sign = |audiences: &[&str]| {
            let token = key.sign(id.as_str(), audiences, settings, &self.0.clock);
            token.map(StringValue::from).map_err(|error| Status::internal(format!("failed to generate JWT: {error}")))
        };
        let each = audiences.iter().map(|audience| Ok(((*audience).to_owned(), sign(&[*audience])?)));
        let each = each.collect::<Result<_, Status>>()?;
        Ok((Some(sign(&audiences)?), each))
    }
}

fn failed(error: &dyn std::fmt::Display) -> Status {
    tracing::error!(target: "dapr.sentry.server", "Error signing identity: {error}");
    Status::internal(format!("failed to sign certificate: {error}"))
}
