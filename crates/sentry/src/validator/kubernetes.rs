//! Proof by a service account's token: the API server says whose it is, and the pod says who it may be.

use std::sync::Arc;
use std::time::Duration;

use dapr_proto::sentry::v1::SignCertificateRequest;
use dapr_security::SpiffeId;
use dapr_security::spiffe::is_trust_domain;
use serde_json::{Value, json};

use super::{PUBLIC, Verdict, claims, common};
use crate::health::{Health, target};
use crate::kubernetes::Client;

const TOKEN_REVIEWS: &str = "/apis/authentication.k8s.io/v1/tokenreviews";
const PODS: &str = "/api/v1/pods";
const CONFIGURATIONS: &str = "/apis/dapr.io/v1alpha1/configurations";
/// The audience of tokens that are older than the one with Sentry's id.
const LEGACY_AUDIENCE: &str = "dapr.io/sentry";
/// The control plane's services, as the annotation names them.
const CONTROL_PLANE: [&str; 5] = ["operator", "placement", "injector", "sentry", "scheduler"];
/// A certificate with more than this about images would be a burden to every handshake.
const MAX_IMAGES: usize = 16 * 1024;

/// Asks the API server about each request. Nothing is cached: a pod that is gone gets no certificate.
pub(crate) struct Kubernetes {
    client: Arc<Client>,
    sentry: SpiffeId,
}

impl Kubernetes {
    pub(crate) fn new(client: Arc<Client>, sentry: SpiffeId) -> Self {
        Self { client, sentry }
    }

    /// Tells health once the API server lets us see what requests will need.
    pub(crate) async fn watch(self: Arc<Self>, health: Arc<Health>) {
        let mut backoff = dapr_kit::backoff::Backoff::new(Duration::from_millis(500), Duration::from_secs(10));
        loop {
            let seen = async {
                self.client.get(&format!("{PODS}?limit=1")).await?;
                self.client.get(&format!("{CONFIGURATIONS}?limit=1")).await
            };
            match seen.await {
                Ok(_) => return health.set(target::KUBERNETES, true),
                Err(error) => tracing::warn!(
                    target: "dapr.sentry.identity.kubernetes",
                    "not ready, pods and Configurations cannot be listed: {error}"
                ),
            }
            tokio::time::sleep(backoff.next_delay()).await;
        }
    }

    pub(crate) async fn validate(&self, request: &SignCertificateRequest) -> Result<Verdict, String> {
        // The trust domain of the request is checked and then ignored: the cluster decides.
        common(request)?;
        let user = self.review(&request.token).await?;
        let parts: Vec<&str> = user.split(':').collect();
        let ["system", _, namespace, service_account] = parts[..] else {
            return Err("provided token is not a properly structured service account token".into());
        };
        let token = claims::unverified(&request.token);
        let token = token.map_err(|error| format!("failed to parse Kubernetes token: {error}"))?;
        let name = token["kubernetes.io"]["pod"]["name"].as_str().filter(|name| !name.is_empty());
        let name = name.ok_or("kubernetes.io/pod/name claim is missing from Kubernetes token")?;
        let pod = self.find(PODS, namespace, name).await.ok_or("failed to get pod of identity")?;
        if namespace != request.namespace {
            return Err(format!("namespace mismatch; received namespace: {}", request.namespace));
        }
        if pod["spec"]["serviceAccountName"] != service_account {
            tracing::error!(
                target: "dapr.sentry.identity.kubernetes",
                "Service account on pod {namespace}/{name} does not match token"
            );
            return Err("pod service account mismatch".into());
        }
        let expected = self.expected(&pod, namespace, name)?;
        if expected.id != request.id {
            return Err(format!("app-id mismatch. expected: {}, received: {}", expected.id, request.id));
        }
        let trust_domain = match expected.is_control_plane {
            true => self.sentry.trust_domain().to_owned(),
            false => self.trust_domain(&pod, namespace).await?,
        };
        Ok(Verdict { trust_domain, images: images(&pod) })
    }

    /// The name of the user whose token it is.
    async fn review(&self, token: &str) -> Result<String, String> {
        let review = json!({
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenReview",
            "spec": { "token": token, "audiences": [LEGACY_AUDIENCE, self.sentry.as_str()] },
        });
        let answer = self.client.post(TOKEN_REVIEWS, &review).await;
        let status = answer.map_err(|error| format!("token review failed: {error}"))?["status"].take();
        match status["error"].as_str() {
            Some(error) if !error.is_empty() => return Err(format!("invalid token: {error}")),
            _ => {}
        }
        if status["authenticated"] != true {
            return Err("authentication failed".into());
        }
        Ok(status["user"]["username"].as_str().unwrap_or_default().to_owned())
    }

    async fn find(&self, list: &str, namespace: &str, name: &str) -> Option<Value> {
        let why = match self.client.find(list, namespace, name).await {
            Ok(Some(object)) => return Some(object),
            Ok(None) => "not found".to_owned(),
            Err(error) => error.to_string(),
        };
        tracing::error!(
            target: "dapr.sentry.identity.kubernetes",
            "Failed to get {namespace}/{name} of {list}: {why}"
        );
        None
    }

    fn expected(&self, pod: &Value, namespace: &str, name: &str) -> Result<Expected, String> {
        let annotation = |key: &str| pod["metadata"]["annotations"][key].as_str();
        let app_id = annotation("dapr.io/app-id");
        let Some(service) = annotation("dapr.io/control-plane") else {
            return Ok(Expected { id: app_id.unwrap_or(name).to_owned(), is_control_plane: false });
        };
        if namespace != self.sentry.namespace() {
            return Err(format!("control plane service in namespace '{namespace}' is not allowed"));
        }
        if !CONTROL_PLANE.contains(&service) {
            return Err(format!("unknown control plane service '{name}'"));
        }
        if app_id.is_some() {
            return Err(format!("control plane service '{name}' cannot have annotation 'dapr.io/app-id'"));
        }
        Ok(Expected { id: format!("dapr-{service}"), is_control_plane: true })
    }

    /// The trust domain of the Configuration that the pod names.
    async fn trust_domain(&self, pod: &Value, namespace: &str) -> Result<String, String> {
        let Some(name) = pod["metadata"]["annotations"]["dapr.io/config"].as_str() else {
            return Ok(PUBLIC.to_owned());
        };
        let configuration = self.find(CONFIGURATIONS, namespace, name).await.ok_or("failed to get configuration")?;
        match configuration["spec"]["accessControl"]["trustDomain"].as_str() {
            None | Some("") => Ok(PUBLIC.to_owned()),
            Some(trust_domain) if is_trust_domain(trust_domain) => Ok(trust_domain.to_owned()),
            Some(other) => Err(format!("failed to parse trust domain {other:?}")),
        }
    }
}

/// Who a pod may be.
struct Expected {
    id: String,
    is_control_plane: bool,
}

/// The images of the pod's containers, and of init containers that keep running beside them, as JSON.
fn images(pod: &Value) -> Option<String> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let mut images = Vec::new();
    for (containers, statuses) in [("initContainers", "initContainerStatuses"), ("containers", "containerStatuses")] {
        for container in list(&pod["spec"][containers]) {
            if containers == "initContainers" && container["restartPolicy"] != "Always" {
                continue;
            }
            let Some((name, image)) = container["name"].as_str().zip(container["image"].as_str()) else { continue };
            let role = if name == "daprd" { "daprd" } else { "app" };
            let mut entry = json!({ "role": role, "containerName": name, "image": image });
            let status = list(&pod["status"][statuses]).into_iter().find(|status| status["name"] == name);
            if let Some(digest) = status.as_ref().and_then(|status| digest(status["imageID"].as_str()?)) {
                entry["digest"] = digest.into();
            }
            images.push(entry);
        }
    }
    let text = Value::Array(images).to_string();
    (text != "[]" && text.len() <= MAX_IMAGES).then_some(text)
}

/// What follows `@` in `registry/image@sha256:…`.
fn digest(image_id: &str) -> Option<&str> {
    match image_id.rsplit_once('@') {
        Some((_, digest)) => Some(digest),
        None => Some(image_id).filter(|id| id.starts_with("sha256:")),
    }
}
