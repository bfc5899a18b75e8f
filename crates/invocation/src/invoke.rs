//! Calls that the local application makes: where to, under which policy, and how often.

use std::borrow::Cow;

use bytes::Bytes;
use dapr_net::Body;
use dapr_net::body::CollectError;
use dapr_resiliency::{BuiltIn, Error as PolicyError, Policy, Verdict};
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
use crate::wire::{RequestHead, VERBS, entries};
use crate::{CALLEE_APP_ID, CALLER_APP_ID, CALLER_NAMESPACE, Invocation, Settings};

const DESTINATION_APP_ID: HeaderName = HeaderName::from_static("destination-app-id");

/// A body up to this length, whose length is known, is read before the call, so that it fits one message.
const SMALL: u64 = 64 << 10;

/// What a sidecar says of itself in the headers of a call that it forwards.
pub(crate) struct Own {
    forwarded: Vec<(HeaderName, HeaderValue)>,
    /// Everything, ready to be put into a call whose headers say nothing of this yet.
    encoded: Bytes,
    /// The caller alone, for a call that was forwarded before.
    caller: Bytes,
}

impl Own {
    pub(crate) fn new(settings: &Settings) -> Self {
        let Settings { app_id, namespace, host_address: address, host_name: host, .. } = settings;
        // RFC 7239: an IPv6 address is quoted and bracketed.
        let node = if address.contains(':') { format!("\"[{address}]\"") } else { address.to_owned() };
        let node = if address.is_empty() { String::new() } else { format!("for={node};by={node}") };
        let separator = if node.is_empty() || host.is_empty() { "" } else { ";" };
        let host_part = if host.is_empty() { String::new() } else { format!("host={host}") };
        let both = format!("{node}{separator}{host_part}");
        let all = [("X-Forwarded-For", address), ("X-Forwarded-Host", host), ("Forwarded", &both)];
        let is_header = |(_, value): &(&str, &String)| !value.is_empty() && HeaderValue::from_str(value).is_ok();
        let all: Vec<(&str, &str)> =
            all.into_iter().filter(is_header).map(|(name, value)| (name, value.as_str())).collect();
        let names = [CALLER_APP_ID, CALLER_NAMESPACE];
        let caller = [(names[0].as_str(), app_id.as_str()), (names[1].as_str(), namespace.as_str())];
        let header = |(name, value): &(&str, &str)| {
            Some((HeaderName::try_from(*name).ok()?, HeaderValue::from_str(value).ok()?))
        };
        Self {
            forwarded: all.iter().filter_map(header).collect(),
            encoded: entries(&[all.as_slice(), caller.as_slice()].concat()),
            caller: entries(&caller),
        }
    }

    /// Takes what a caller must not say of itself out of the headers; returns what the sidecar says instead.
    fn replace(&self, headers: &mut HeaderMap) -> Bytes {
        for name in [&CALLER_APP_ID, &CALLER_NAMESPACE, &CALLEE_APP_ID, &DESTINATION_APP_ID] {
            headers.remove(name);
        }
        if !self.forwarded.iter().any(|(name, _)| headers.contains_key(name)) {
            return self.encoded.clone();
        }
        // One more hop of several.
        for (name, value) in &self.forwarded {
            headers.append(name.clone(), value.clone());
        }
        self.caller.clone()
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
    pub fn invoke(&self, call: Call) -> impl Future<Output = Result<Answer, Status>> + Send {
        // Boxed, so that the future of a call that waits stays small: the call is moved on its way.
        self.invoke_boxed(Box::new(call))
    }

    async fn invoke_boxed(&self, mut call: Box<Call>) -> Result<Answer, Status> {
        let target = target_of(&call.target, self)?;
        let policy = self.resiliency().app(&call.target, &self.endpoint_key(&target, &call));
        // So is what most calls do not need.
        let is_whole = call.body.bytes().is_some();
        let is_stream = !is_whole && Box::pin(self.gather(&mut call, policy.retries())).await?;
        if policy.is_none() {
            return self.attempt(&target, call).await;
        }
        Box::pin(self.under_policy(&policy, &target, call, is_stream)).await
    }

    async fn under_policy(
        &self,
        policy: &Policy,
        target: &Target,
        call: Box<Call>,
        is_stream: bool,
    ) -> Result<Answer, Status> {
        if is_stream || !policy.retries() {
            return policy.run_once(judge, self.attempt(target, call)).await.map_err(of_policy);
        }
        let attempt = |_| {
            let again = call.again();
            async {
                let again = again.ok_or_else(|| Status::internal("the body is gone"))?;
                self.attempt(target, Box::new(again)).await
            }
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

    async fn attempt(&self, target: &Target, call: Box<Call>) -> Result<Answer, Status> {
        match target {
            Target::App { app_id, namespace, .. }
                if *app_id == self.settings.app_id && *namespace == self.settings.namespace =>
            {
                Box::pin(self.call_own_app(*call)).await
            }
            Target::App { app_id, namespace, is_named } => {
                self.call_app(app_id, self.query(app_id, namespace, *is_named), call).await
            }
            Target::Endpoint(name) => {
                let endpoints = self.endpoints()?;
                let began = self.begin(name);
                self.end(name, began, Box::pin(endpoints.call(name, *call)).await)
            }
            Target::Url(url) => {
                let endpoints = self.endpoints()?;
                let began = self.begin(url);
                self.end(url, began, Box::pin(endpoints.call_url(url, *call)).await)
            }
        }
    }

    /// Counts a call that begins.
    fn begin(&self, name: &str) -> Instant {
        self.request_sent(name, false);
        Instant::now()
    }

    /// Counts the answer to a call. (Not one function around the call: that would hold its future twice.)
    fn end(&self, name: &str, began: Instant, answer: Result<Answer, Status>) -> Result<Answer, Status> {
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

    async fn call_app(&self, app_id: &str, query: Query, call: Box<Call>) -> Result<Answer, Status> {
        let names = self.names()?;
        let outgoing = self.outgoing(app_id, *call)?;
        let again = if self.resiliency().names_app(app_id) { None } else { outgoing.again() };
        let app = match names.known(&query) {
            Some(app) => Ok(app),
            None => Box::pin(names.app(&query)).await,
        };
        let answer = match app {
            Ok(app) => {
                let began = self.begin(app_id);
                let answer = remote::call(names, &app, outgoing, self.max_message()).await;
                self.end(app_id, began, answer)
            }
            Err(error) => Err(not_found(&error)),
        };
        match again {
            Some(again) if judge_built_in(&answer) == Verdict::Retriable => {
                Box::pin(self.repeat(app_id, &query, again, answer)).await
            }
            _ => answer,
        }
    }

    /// Repeats a call that found nobody, as `DaprBuiltInServiceRetries` says; `first` is how it went so far.
    async fn repeat(
        &self,
        app_id: &str,
        query: &Query,
        outgoing: Outgoing,
        first: Result<Answer, Status>,
    ) -> Result<Answer, Status> {
        let names = self.names()?;
        let mut first = Some(first);
        let attempt = |_| {
            let (first, again) = (first.take(), outgoing.again());
            async {
                if let Some(first) = first {
                    return first;
                }
                let app = names.app(query).await.map_err(|error| not_found(&error))?;
                let outgoing = again.ok_or_else(|| Status::internal("the body is gone"))?;
                let began = self.begin(app_id);
                self.end(app_id, began, remote::call(names, &app, outgoing, self.max_message()).await)
            }
        };
        let policy = self.resiliency().built_in(BuiltIn::ServiceRetries);
        policy.run(judge_built_in, attempt).await.map_err(of_policy)
    }

    /// The leading message of a call, with what this sidecar says of itself.
    fn outgoing(&self, app_id: &str, call: Call) -> Result<Outgoing, Status> {
        let Call { path, verb, query, mut headers, from_grpc, content_type, type_url, body, span, .. } = call;
        let own = self.own.replace(&mut headers);
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
            own,
            callee: app_id.to_owned(),
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
