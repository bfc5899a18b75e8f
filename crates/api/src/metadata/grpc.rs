//! `Dapr/GetMetadata` and `Dapr/SetMetadata`.

use dapr_errors::Result;
use dapr_proto::runtime::v1 as proto;
use dapr_proto::runtime::v1::actor_runtime::ActorRuntimeStatus;
use dapr_pubsub::{Source, Subscription};
use dapr_resources::subscription::Rule;

use super::{AppConnection, ComponentStatus, NO_PLACEMENT};
use crate::Api;

/// `Dapr/GetMetadata`
pub(crate) fn get(api: &Api) -> proto::GetMetadataResponse {
    let facts = api.metadata.facts();
    proto::GetMetadataResponse {
        id: facts.app_id.clone(),
        runtime_version: facts.version.clone(),
        enabled_features: facts.enabled_features.clone(),
        registered_components: api
            .metadata
            .components()
            .into_iter()
            .filter(ComponentStatus::is_loaded)
            .map(component)
            .collect(),
        extended_metadata: api.metadata.extended().into_iter().collect(),
        http_endpoints: api
            .metadata
            .http_endpoints()
            .into_iter()
            .map(|name| proto::MetadataHttpEndpoint { name })
            .collect(),
        resiliencies: api.metadata.resiliencies().into_iter().map(|name| proto::MetadataResiliency { name }).collect(),
        subscriptions: api.subscriptions.list().iter().map(|one| subscription(one)).collect(),
        app_connection_properties: Some(app(&facts.app)),
        actor_runtime: Some(proto::ActorRuntime {
            runtime_status: ActorRuntimeStatus::Disabled.into(),
            placement: NO_PLACEMENT.to_owned(),
            ..Default::default()
        }),
        ..Default::default()
    }
}

/// `Dapr/SetMetadata`
pub(crate) fn set(api: &Api, request: proto::SetMetadataRequest) -> Result<()> {
    api.metadata.set_extended(request.key, request.value)
}

fn component(status: ComponentStatus) -> proto::RegisteredComponents {
    proto::RegisteredComponents {
        name: status.name,
        r#type: status.kind,
        version: status.version,
        capabilities: status.capabilities.into_iter().map(str::to_owned).collect(),
    }
}

fn subscription(subscription: &Subscription) -> proto::PubsubSubscription {
    let rule = |rule: Rule| proto::PubsubSubscriptionRule { r#match: rule.condition, path: rule.path };
    let kind = match subscription.source {
        Source::Declarative => proto::PubsubSubscriptionType::Declarative,
        Source::Programmatic => proto::PubsubSubscriptionType::Programmatic,
        Source::Streaming => proto::PubsubSubscriptionType::Streaming,
    };
    proto::PubsubSubscription {
        pubsub_name: subscription.spec.pubsubname.clone(),
        topic: subscription.spec.topic.clone(),
        metadata: subscription.spec.metadata.clone().into_iter().collect(),
        rules: Some(proto::PubsubSubscriptionRules { rules: subscription.rules().map(rule).collect() }),
        dead_letter_topic: subscription.spec.dead_letter_topic.clone(),
        r#type: kind.into(),
    }
}

fn app(app: &AppConnection) -> proto::AppConnectionProperties {
    proto::AppConnectionProperties {
        port: i32::from(app.port),
        protocol: app.protocol.clone(),
        channel_address: app.channel_address.clone(),
        max_concurrency: app.max_concurrency,
        health: app.health.as_ref().map(|health| proto::AppConnectionHealthProperties {
            health_check_path: health.path.clone(),
            health_probe_interval: health.interval.clone(),
            health_probe_timeout: health.timeout.clone(),
            health_threshold: health.threshold,
        }),
    }
}
