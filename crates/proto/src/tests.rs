//! What the generated code promises to the rest: JSON names, leniency, and a complete descriptor set.

use std::collections::BTreeSet;

use prost::Message;
use serde_json::{Value, json};

use crate::internals::v1::JobHttpRequest;
use crate::runtime::v1::*;
use crate::{FILE_DESCRIPTOR_SET, common};

fn to_json(message: &impl serde::Serialize) -> Value {
    serde_json::to_value(message).unwrap()
}

#[test]
fn metadata_keeps_the_names_of_the_older_api() {
    let metadata = GetMetadataResponse {
        id: "app".into(),
        active_actors_count: vec![ActiveActorsCount { r#type: "cat".into(), count: 2 }],
        registered_components: vec![RegisteredComponents { name: "store".into(), ..Default::default() }],
        extended_metadata: [("k".to_owned(), "v".to_owned())].into(),
        subscriptions: vec![PubsubSubscription { pubsub_name: "bus".into(), ..Default::default() }],
        runtime_version: "1.18.0".into(),
        ..Default::default()
    };
    assert_eq!(
        to_json(&metadata),
        json!({
            "id": "app",
            "actors": [{"type": "cat", "count": 2}],
            "components": [{"name": "store"}],
            "extended": {"k": "v"},
            "subscriptions": [{"pubsubname": "bus"}],
            "runtimeVersion": "1.18.0",
        })
    );
}

#[test]
fn explicit_names_of_actors_and_workflows() {
    let actor_id = || "7".to_owned();
    let expected = json!({"actorID": "7"});
    assert_eq!(to_json(&GetActorReminderRequest { actor_id: actor_id(), ..Default::default() }), expected);
    assert_eq!(to_json(&GetActorReminderResponse { actor_id: actor_id(), ..Default::default() }), expected);
    assert_eq!(to_json(&ActorReminder { actor_id: actor_id(), ..Default::default() }), expected);

    let policy = Some(common::v1::JobFailurePolicy::default());
    let reminder = RegisterActorReminderRequest { failure_policy: policy, ..Default::default() };
    assert_eq!(to_json(&reminder), json!({"failure_policy": {}}));

    let instance_id = || "w".to_owned();
    let expected = json!({"instanceID": "w"});
    assert_eq!(to_json(&GetWorkflowRequest { instance_id: instance_id(), ..Default::default() }), expected);
    assert_eq!(to_json(&GetWorkflowResponse { instance_id: instance_id(), ..Default::default() }), expected);
    assert_eq!(to_json(&StartWorkflowRequest { instance_id: instance_id(), ..Default::default() }), expected);
    assert_eq!(to_json(&StartWorkflowResponse { instance_id: instance_id() }), expected);
    assert_eq!(to_json(&TerminateWorkflowRequest { instance_id: instance_id(), ..Default::default() }), expected);
    assert_eq!(to_json(&PauseWorkflowRequest { instance_id: instance_id(), ..Default::default() }), expected);
    assert_eq!(to_json(&ResumeWorkflowRequest { instance_id: instance_id(), ..Default::default() }), expected);
    assert_eq!(to_json(&RaiseEventWorkflowRequest { instance_id: instance_id(), ..Default::default() }), expected);
    assert_eq!(to_json(&PurgeWorkflowRequest { instance_id: instance_id(), ..Default::default() }), expected);
}

#[test]
fn parsing_takes_both_spellings_and_ignores_the_unknown() {
    let expected =
        PubsubSubscription { pubsub_name: "bus".into(), dead_letter_topic: "dead".into(), ..Default::default() };
    for text in [
        r#"{"pubsubname": "bus", "deadLetterTopic": "dead"}"#,
        r#"{"pubsub_name": "bus", "dead_letter_topic": "dead", "later": {"a": [1]}}"#,
        r#"{"pubsubname": "bus", "deadLetterTopic": "dead", "type": "A_LATER_KIND"}"#,
    ] {
        assert_eq!(serde_json::from_str::<PubsubSubscription>(text).unwrap(), expected, "{text}");
    }
}

#[test]
fn bytes_enums_and_any_value_survive_json() {
    let text = json!({"storeName": "s", "key": "k", "consistency": "CONSISTENCY_STRONG"});
    let request: GetStateRequest = serde_json::from_value(text.clone()).unwrap();
    assert_eq!(request.consistency(), common::v1::state_options::StateConsistency::ConsistencyStrong);
    assert_eq!(to_json(&request), text);

    let reply = InvokeActorResponse { data: bytes::Bytes::from_static(b"hi") };
    assert_eq!(to_json(&reply), json!({"data": "aGk="}));

    let text = json!({
        "schedule": "@every 1s",
        "data": {"a": [1.0, "two", null]},
        "failurePolicy": {"constant": {"interval": "3s", "maxRetries": 2}},
    });
    let job: JobHttpRequest = serde_json::from_value(text.clone()).unwrap();
    assert_eq!(to_json(&job), text);
}

/// The two places where pbjson and Go differ: the edges rely on knowing them.
#[test]
fn well_known_types_differ_from_go_as_documented() {
    let any = pbjson_types::Any { type_url: "t".into(), value: bytes::Bytes::from_static(b"hi") };
    assert_eq!(to_json(&any), json!({"typeUrl": "t", "value": "aGk="}));

    let event = crate::internals::v1::TimerFiredEvent {
        fire_at: Some(pbjson_types::Timestamp { seconds: 0, nanos: 500_000_000 }),
        timer_id: 1,
        generation: 2,
    };
    assert_eq!(to_json(&event), json!({"fireAt": "1970-01-01T00:00:00.500+00:00", "timerId": 1, "generation": "2"}));
    let from_go = json!({"fireAt": "1970-01-01T00:00:00.500Z", "timerId": 1, "generation": "2"});
    assert_eq!(serde_json::from_value::<crate::internals::v1::TimerFiredEvent>(from_go).unwrap(), event);
}

#[test]
fn descriptor_set_is_complete() {
    let set = prost_types::FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).unwrap();
    let names: BTreeSet<_> = set.file.iter().map(|file| file.name()).collect();
    for file in &set.file {
        for import in &file.dependency {
            assert!(names.contains(import.as_str()), "{} imports {import}", file.name());
        }
    }

    let services: BTreeSet<_> = set
        .file
        .iter()
        .flat_map(|file| file.service.iter().map(|service| format!("{}.{}", file.package(), service.name())))
        .collect();
    let expected = [
        "components.v1.InputBinding",
        "components.v1.OutputBinding",
        "components.v1.PubSub",
        "components.v1.QueriableStateStore",
        "components.v1.SecretStore",
        "components.v1.StateStore",
        "components.v1.TransactionalStateStore",
        "components.v1.TransactionalStoreMultiMaxSize",
        "internals.v1.ServiceInvocation",
        "operator.v1.Operator",
        "placement.v1.Placement",
        "runtime.v1.AppCallback",
        "runtime.v1.AppCallbackAlpha",
        "runtime.v1.AppCallbackHealthCheck",
        "runtime.v1.Dapr",
        "scheduler.v1.Scheduler",
        "sentry.v1.CA",
    ];
    assert_eq!(services, expected.iter().map(|name| format!("dapr.proto.{name}")).collect());
}

#[test]
fn every_method_of_the_public_api_is_there() {
    let set = prost_types::FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).unwrap();
    let file = set.file.iter().find(|file| file.name() == "dapr/proto/runtime/v1/dapr.proto").unwrap();
    let methods = &file.service[0].method;
    assert_eq!(methods.len(), 72);

    let deprecated =
        methods.iter().filter(|method| method.options.as_ref().is_some_and(|options| options.deprecated())).count();
    assert_eq!(deprecated, 13);

    let stream = |name: &str| {
        let method = methods.iter().find(|method| method.name() == name).unwrap();
        (method.client_streaming(), method.server_streaming())
    };
    assert_eq!(stream("GetState"), (false, false));
    assert_eq!(stream("SubscribeConfiguration"), (false, true));
    assert_eq!(stream("EncryptAlpha1"), (true, true));
}

/// A server overrides only what it serves.
#[tokio::test]
async fn missing_methods_answer_unimplemented() {
    struct Nothing;

    #[tonic::async_trait]
    impl dapr_server::Dapr for Nothing {}

    let error =
        dapr_server::Dapr::get_state(&Nothing, tonic::Request::new(GetStateRequest::default())).await.unwrap_err();
    assert_eq!(error.code(), tonic::Code::Unimplemented);
}
