//! Which calls list and watch which kind.

use std::future::Future;

use bytes::Bytes;
use dapr_proto::operator::v1 as proto;
use dapr_proto::operator::v1::operator_client::OperatorClient;
use dapr_resources::http_endpoint::TlsDocument;
use dapr_resources::{
    Component, Configuration, HttpEndpoint, McpServer, NameValuePair, Resiliency, Resource, SecretKeyRef, Subscription,
    Value, WorkflowAccessPolicy,
};
use serde::de::DeserializeOwned;
use tonic::transport::Channel;
use tonic::{Status, Streaming};

/// A kind whose changes the operator streams.
pub trait Watched: Resource + DeserializeOwned + Send + 'static {
    /// One change, as it arrives.
    type Event: Send + 'static;

    /// Opens the stream of changes in a namespace.
    fn stream(
        client: OperatorClient<Channel>,
        namespace: String,
    ) -> impl Future<Output = Result<Streaming<Self::Event>, Status>> + Send;

    /// The resource as JSON, and what happened to it.
    fn parts(event: Self::Event) -> (Bytes, proto::ResourceEventType);

    /// Decodes secrets that are not among [`Resource::pairs`]. Returns the places of those that cannot be.
    fn decode_more_secrets(&mut self) -> Vec<String> {
        Vec::new()
    }
}

/// A kind that the operator lists.
pub trait Listed: Watched {
    /// All resources of a namespace as JSON.
    fn list(
        client: OperatorClient<Channel>,
        namespace: String,
    ) -> impl Future<Output = Result<Vec<Bytes>, Status>> + Send;
}

macro_rules! watched {
    ($kind:ty, $call:ident, $request:ident, $event:ident, $field:ident $(, $more:path)?) => {
        impl Watched for $kind {
            type Event = proto::$event;

            async fn stream(
                mut client: OperatorClient<Channel>,
                namespace: String,
            ) -> Result<Streaming<Self::Event>, Status> {
                let request = proto::$request { namespace };
                Ok(client.$call(request).await?.into_inner())
            }

            fn parts(event: Self::Event) -> (Bytes, proto::ResourceEventType) {
                let happened = event.r#type();
                (event.$field, happened)
            }

            $(fn decode_more_secrets(&mut self) -> Vec<String> {
                $more(self)
            })?
        }
    };
}

macro_rules! listed {
    ($kind:ty, $call:ident, $request:ident, $field:ident) => {
        impl Listed for $kind {
            async fn list(mut client: OperatorClient<Channel>, namespace: String) -> Result<Vec<Bytes>, Status> {
                let request = proto::$request { namespace };
                Ok(client.$call(request).await?.into_inner().$field)
            }
        }
    };
}

watched!(Component, component_update, ComponentUpdateRequest, ComponentUpdateEvent, component);
watched!(Configuration, configuration_update, ConfigurationUpdateRequest, ConfigurationUpdateEvent, configuration);
watched!(
    HttpEndpoint,
    http_endpoint_update,
    HttpEndpointUpdateRequest,
    HttpEndpointUpdateEvent,
    http_endpoints,
    tls_documents
);
watched!(McpServer, mcp_server_update, McpServerUpdateRequest, McpServerUpdateEvent, mcp_server, environment);
watched!(Resiliency, resiliency_update, ResiliencyUpdateRequest, ResiliencyUpdateEvent, resiliency);
watched!(Subscription, subscription_update, SubscriptionUpdateRequest, SubscriptionUpdateEvent, subscription);
watched!(
    WorkflowAccessPolicy,
    workflow_access_policy_update,
    WorkflowAccessPolicyUpdateRequest,
    WorkflowAccessPolicyUpdateEvent,
    policy
);

listed!(Component, list_components, ListComponentsRequest, components);
listed!(HttpEndpoint, list_http_endpoints, ListHttpEndpointsRequest, http_endpoints);
listed!(McpServer, list_mcp_servers, ListMcpServersRequest, mcp_servers);
listed!(Resiliency, list_resiliency, ListResiliencyRequest, resiliencies);
listed!(Subscription, list_subscriptions_v2, ListSubscriptionsRequest, subscriptions);
listed!(WorkflowAccessPolicy, list_workflow_access_policy, ListWorkflowAccessPolicyRequest, policies);

fn tls_documents(endpoint: &mut HttpEndpoint) -> Vec<String> {
    let Some(tls) = &mut endpoint.spec.client_tls else { return Vec::new() };
    let documents = [
        ("clientTLS.rootCA", &mut tls.root_ca),
        ("clientTLS.certificate", &mut tls.certificate),
        ("clientTLS.privateKey", &mut tls.private_key),
    ];
    let mut failed = Vec::new();
    for (place, document) in documents {
        if let Some(TlsDocument { value, secret_key_ref }) = document
            && secret_key_ref.as_ref().is_some_and(|reference| !reference.is_absent())
        {
            match decoded(value) {
                Some(text) => (*value, *secret_key_ref) = (text, None),
                None => failed.push(place.to_owned()),
            }
        }
    }
    failed
}

fn environment(server: &mut McpServer) -> Vec<String> {
    let Some(stdio) = &mut server.spec.endpoint.stdio else { return Vec::new() };
    let mut failed = Vec::new();
    for NameValuePair { name, value, secret_key_ref, .. } in &mut stdio.env {
        if secret_key_ref.is_absent() {
            continue;
        }
        match decoded(value) {
            Some(text) => (*value, *secret_key_ref) = (text, SecretKeyRef::default()),
            None => failed.push(format!("stdio.env.{name}")),
        }
    }
    failed
}

/// The text behind a value of base64.
fn decoded(value: &Value) -> Option<Value> {
    dapr_resources::component::secrets::decode(value)
}
