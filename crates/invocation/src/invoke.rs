//! Calls that the local application makes: where to, under which policy, and how often.

use std::borrow::Cow;

use dapr_net::Body;
use dapr_net::body::CollectError;
use dapr_resiliency::{BuiltIn, Error as PolicyError, Verdict};
use dapr_spi::app_channel::Invoke;
use dapr_spi::name_resolver::Query;
use http::HeaderMap;
use http::header::{HeaderName, HeaderValue};
use tokio::time::Instant;
use tonic::{Code, Status};

use crate::call::{Answer, Call};
use crate::remote::{self, Outgoing, not_found};
use crate::serve::{app_request, of_app, set_content_type, span_headers};
use crate::target::Target;
use crate::wire::{RequestHead, VERBS};
use crate::{CALLEE_APP_ID, CALLER_APP_ID, CALLER_NAMESPACE, Invocation};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED: HeaderName = HeaderName::from_static("forwarded");
const DESTINATION_APP_ID: HeaderName = HeaderName::from_static("destination-app-id");

/// A body up to this length, whose length is known, is read before the call, so that it fits one message.
const SMALL: u64 = 64 << 10;

/// What a sidecar says of itself in the headers of a forwarded call.
pub(crate) struct Forwarded {
    address: Option<HeaderValue>,
    host: Option<HeaderValue>,
    both: Option<HeaderValue>,
}

impl Forwarded {
    pub(crate) fn new(address: &str, host: &str) -> Self {
        let value = |text: &str| HeaderValue::from_str(text).ok().filter(|value| !value.is_empty());
        // RFC 7239: an IPv6 address is quoted and bracketed.
        let node = if address.contains(':') { format!("\"[{address}]\"") } else { address.to_owned() };
        let node = if address.is_empty() { String::new() } else { format!("for={node};by={node}") };
        let separator = if node.is_empty() || host.is_empty() { "" } else { ";" };
        let host_part = if host.is_empty() { String::new() } else { format!("host={host}") };
        Self { address: value(address), host: value(host), both: value(&format!("{node}{separator}{host_part}")) }
    }

    fn put(&self, headers: &mut HeaderMap) {
        let all = [(X_FORWARDED_FOR, &self.address), (X_FORWARDED_HOST, &self.host), (FORWARDED, &self.both)];
        for (name, value) in all {
            if let Some(value) = value {
                headers.append(name, value.clone());
            }
        }
    }
}

/// Reads the target of a call.
pub(crate) fn target_of(text: &str, invocation: &Invocation) -> Result<Target, Status> {
    let is_endpoint = |name: &str| invocation.is_endpoint(name);
    Target::parse(text, &invocation.settings.namespace, is_endpoint)
        .map_err(|error| Status::invalid_argument(error.to_string()))
}

/// The status of a call that its policy ended.
pub(crate) fn of_policy(error: PolicyError<Status>) -> Status {
    match error {
        PolicyError::Failed { error, .. } => error,
        PolicyError::Timeout { .. } => Status::deadline_exceeded(error.to_string()),
        PolicyError::Rejected(_) => Status::unknown(error.to_string()),
    }
}

/// How a policy sees a call.
fn judge(answer: &Result<Answer, Status>) -> Verdict {
    match answer {
        Ok(answer) if answer.status.is_success() => Verdict::Success,
        Ok(answer) => Verdict::Code(answer.status.code()),
        Err(status) => match status.code() {
            Code::PermissionDenied | Code::InvalidArgument => Verdict::Permanent,
            _ => Verdict::Retriable,
        },
    }
}

/// What Dapr itself repeats: calls that found nobody.
fn judge_built_in(answer: &Result<Answer, Status>) -> Verdict {
    match answer {
        Ok(_) => Verdict::Success,
        Err(status) if matches!(status.code(), Code::Unavailable | Code::Unauthenticated) => Verdict::Retriable,
        Err(_) => Verdict::Permanent,
    }
}

impl Invocation {
    /// Calls an app, an HTTPEndpoint or a URL.
    ///
    /// A request of unknown length is a stream: it is sent once. Others are repeated as the target's policy says; a
    /// call that finds no sidecar is repeated in any case (`DaprBuiltInServiceRetries`).
    ///
    /// # Errors
    /// There was no answer: the app is not known or not reachable, it may not be called, the policy's time is over or
    /// its circuit breaker open. An app's own refusal is an answer.
    pub async fn invoke(&self, mut call: Call) -> Result<Answer, Status> {
        let target = target_of(&call.target, self)?;
        let policy = self.resiliency().app(&call.target, &self.endpoint_key(&target, &call));
        let is_stream = self.gather(&mut call, policy.retries()).await?;
        if policy.is_none() {
            return self.attempt(&target, call).await;
        }
        if is_stream || !policy.retries() {
            return policy.run_once(judge, self.attempt(&target, call)).await.map_err(of_policy);
        }
        let attempt = |_| {
            let again = call.again();
            async { self.attempt(&target, again.ok_or_else(|| Status::internal("the body is gone"))?).await }
        };
        policy.run(judge, attempt).await.map_err(of_policy)
    }

    /// What has a circuit breaker of its own within the target.
    fn endpoint_key<'a>(&self, target: &Target, call: &'a Call) -> Cow<'a, str> {
        match target {
            Target::Endpoint(name) => {
                self.endpoints().ok().and_then(|endpoints| endpoints.base_url(name)).unwrap_or_default().into()
            }
            Target::App { .. } | Target::Url(_) => call.path.wire().into(),
        }
    }

    /// Reads a small body, and one that may be needed again; tells whether the rest is a stream.
    async fn gather(&self, call: &mut Call, keeps: bool) -> Result<bool, Status> {
        if call.body.bytes().is_some() {
            return Ok(false);
        }
        let Some(length) = call.body.length() else { return Ok(true) };
        let limit = self.max_message();
        if length > SMALL && !(keeps && length <= limit as u64) {
            return Ok(true);
        }
        let body = std::mem::take(&mut call.body);
        call.body = Body::full(body.collect(limit).await.map_err(|error| match error {
            CollectError::TooLarge(limit) => Status::resource_exhausted(format!(
                "request body too large: more than {limit} bytes; raise `--max-body-size` to allow it"
            )),
            CollectError::Broken(error) => Status::cancelled(format!("the request's body ended early: {error}")),
        })?);
        Ok(false)
    }

    async fn attempt(&self, target: &Target, call: Call) -> Result<Answer, Status> {
        match target {
            Target::App { app_id, namespace, .. }
                if *app_id == self.settings.app_id && *namespace == self.settings.namespace =>
            {
                self.call_own_app(call).await
            }
            Target::App { app_id, namespace, is_named } => {
                self.call_app(app_id, self.query(app_id, namespace, *is_named), call).await
            }
            Target::Endpoint(name) => self.counted(name, self.endpoints()?.call(name, call)).await,
            Target::Url(url) => self.counted(url, self.endpoints()?.call_url(url, call)).await,
        }
    }

    async fn counted(
        &self,
        name: &str,
        calling: impl Future<Output = Result<Answer, Status>>,
    ) -> Result<Answer, Status> {
        self.request_sent(name, false);
        let began = Instant::now();
        let answer = calling.await;
        if let Ok(answer) = &answer {
            self.response_received(name, answer.status.code(), began.elapsed(), false);
        }
        answer
    }

    /// The sidecar's own application, without a detour over the network and without access control.
    async fn call_own_app(&self, call: Call) -> Result<Answer, Status> {
        let app = self
            .app_channel()
            .ok_or_else(|| Status::internal("cannot invoke local endpoint: app channel not initialized"))?;
        let Call { path, verb, query, mut headers, from_grpc, content_type, type_url, body, span, .. } = call;
        for name in [&CALLER_APP_ID, &CALLER_NAMESPACE, &CALLEE_APP_ID] {
            headers.remove(name);
        }
        set_content_type(&mut headers, &content_type);
        span_headers(&span, &mut headers, from_grpc);
        let request = app_request(&verb, &path, app.is_grpc(), &query, headers, body)?;
        of_app(app.invoke(Invoke { request, type_url, from_grpc }).await)
    }

    async fn call_app(&self, app_id: &str, query: Query, call: Call) -> Result<Answer, Status> {
        let names = self.names()?;
        let outgoing = self.outgoing(app_id, call)?;
        if outgoing.rest.is_some() || self.resiliency().names_app(app_id) {
            let app = names.app(&query).await.map_err(|error| not_found(&error))?;
            return self.counted(app_id, remote::call(names, &app, outgoing, self.max_message())).await;
        }
        let attempt = |_| {
            let again = outgoing.again();
            async {
                let app = names.app(&query).await.map_err(|error| not_found(&error))?;
                let outgoing = again.ok_or_else(|| Status::internal("the body is gone"))?;
                self.counted(app_id, remote::call(names, &app, outgoing, self.max_message())).await
            }
        };
        let policy = self.resiliency().built_in(BuiltIn::ServiceRetries);
        policy.run(judge_built_in, attempt).await.map_err(of_policy)
    }

    /// The leading message of a call, with what this sidecar says of itself.
    fn outgoing(&self, app_id: &str, call: Call) -> Result<Outgoing, Status> {
        let Call { path, verb, query, mut headers, from_grpc, content_type, type_url, body, span, .. } = call;
        self.forwarded.put(&mut headers);
        let callee = HeaderValue::from_str(app_id).map_err(|_| Status::invalid_argument("invalid app id"))?;
        headers.insert(DESTINATION_APP_ID, callee.clone());
        headers.insert(CALLEE_APP_ID, callee);
        headers.insert(CALLER_APP_ID, self.own_app_id.clone());
        headers.insert(CALLER_NAMESPACE, self.own_namespace.clone());
        span_headers(&span, &mut headers, from_grpc);
        let number = VERBS.iter().position(|known| *known == verb);
        let number = number.or_else(|| (!from_grpc).then_some(3)).and_then(|number| i32::try_from(number).ok());
        let head = RequestHead {
            metadata: headers,
            method: path.wire().to_owned(),
            content_type,
            type_url,
            verb: number,
            query,
            from_http: !from_grpc,
        };
        Ok(Outgoing::new(&head, body, span.context().cloned()))
    }
}

impl Call {
    /// The same call once more; none when its body is a stream.
    fn again(&self) -> Option<Self> {
        Some(Self {
            target: self.target.clone(),
            path: self.path.clone(),
            verb: self.verb.clone(),
            query: self.query.clone(),
            headers: self.headers.clone(),
            from_grpc: self.from_grpc,
            content_type: self.content_type.clone(),
            type_url: self.type_url.clone(),
            body: Body::full(self.body.bytes()?),
            span: self.span.clone(),
        })
    }
}
