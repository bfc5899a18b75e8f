//! The error table: every error that an API may answer, one row each.
//!
//! Codes, reasons, statuses and the messages that clients match on are interface
//! (interface/http-api.md 1.13 and 1.14, checked against release 1.18.3); `action` is
//! ours and is printed in `docs/errors.md`.

use crate::row::{Category::*, Code, Row, Shape::*};

macro_rules! table {
    ($($name:ident: $code:literal, $reason:literal, $category:ident, $http:literal, $grpc:ident, $shape:ident, $template:literal, $action:literal;)*) => {
        $(
            #[doc = $action]
            pub static $name: Row = Row {
                name: stringify!($name),
                code: $code,
                reason: $reason,
                category: $category,
                http: $http,
                grpc: Code::$grpc,
                shape: $shape,
                template: $template,
                action: $action,
            };
        )*

        /// All rows, in the order of the table.
        pub static ALL: &[&Row] = &[$(&$name),*];
    };
}

#[rustfmt::skip]
table! {
    // State
    STATE_STORE_NOT_CONFIGURED: "ERR_STATE_STORE_NOT_CONFIGURED", "DAPR_STATE_NOT_CONFIGURED", State, 500, FailedPrecondition, Standard, "state store {store} is not configured", "Add a Component of type `state.*` to the resources path; none is loaded.";
    STATE_STORE_NOT_FOUND: "ERR_STATE_STORE_NOT_FOUND", "DAPR_STATE_NOT_FOUND", State, 400, InvalidArgument, Standard, "state store {store} is not found", "Use the `metadata.name` of a loaded Component; `dapr components` lists them. Check its `scopes`.";
    STATE_STORE_UNAVAILABLE: "ERR_STATE_STORE_NOT_CONFIGURED", "DAPR_STATE_NOT_READY", State, 503, Unavailable, Standard, "state store {store} is not ready: {cause}", "Retry; the component is still starting or could not be initialised. `dapr components` shows why.";
    STATE_ILLEGAL_KEY: "ERR_MALFORMED_REQUEST", "DAPR_STATE_ILLEGAL_KEY", State, 400, InvalidArgument, Standard, "{cause}", "Leave `||` out of keys; it separates the key prefix from the key.";
    STATE_TRANSACTIONS_NOT_SUPPORTED: "ERR_STATE_STORE_NOT_SUPPORTED", "DAPR_STATE_TRANSACTIONS_NOT_SUPPORTED", State, 500, Unimplemented, Standard, "state store {store} doesn't support transactions", "Use a store whose capabilities list TRANSACTIONAL.";
    STATE_QUERY_NOT_SUPPORTED: "ERR_STATE_STORE_NOT_SUPPORTED", "DAPR_STATE_QUERYING_NOT_SUPPORTED", State, 500, Internal, Standard, "state store does not support querying", "Use a store whose capabilities list QUERY_API.";
    STATE_TOO_MANY_TRANSACTIONS: "ERR_STATE_STORE_TOO_MANY_TRANSACTIONS", "DAPR_STATE_TOO_MANY_TRANSACTIONS", State, 400, InvalidArgument, Standard, "the transaction contains {count} operations, which is more than what the state store supports: {max}", "Split the transaction.";
    STATE_QUERY: "ERR_STATE_QUERY", "DAPR_STATE_QUERY_FAILED", State, 500, Internal, Standard, "state store {store} query failed: {cause}", "Check the query against the state query reference; encrypted stores cannot be queried.";
    STATE_GET: "ERR_STATE_GET", "ERR_STATE_GET", State, 500, Internal, Basic, "fail to get {key} from state store {store}: {cause}", "The cause is the store's own answer; check that the store is reachable.";
    STATE_SAVE: "ERR_STATE_SAVE", "ERR_STATE_SAVE", State, 500, Internal, Basic, "failed saving state in state store {store}: {cause}", "The cause is the store's own answer; nothing was acknowledged.";
    STATE_SAVE_ETAG_MISMATCH: "ERR_STATE_SAVE", "ERR_STATE_SAVE", State, 409, Aborted, Basic, "failed saving state in state store {store}: {cause}", "Somebody else wrote first: read the item again and retry with its new ETag.";
    STATE_SAVE_ETAG_INVALID: "ERR_STATE_SAVE", "ERR_STATE_SAVE", State, 400, InvalidArgument, Basic, "failed saving state in state store {store}: {cause}", "Send the ETag exactly as a read returned it.";
    STATE_SAVE_INVALID: "ERR_STATE_SAVE", "ERR_STATE_SAVE", State, 400, InvalidArgument, Basic, "failed saving state in state store {store}: {cause}", "Correct the request; the cause names the field.";
    STATE_KEY_EMPTY: "ERR_STATE_SAVE", "ERR_STATE_SAVE", State, 400, InvalidArgument, Basic, "state key cannot be empty", "Give every item a key.";
    STATE_DELETE: "ERR_STATE_DELETE", "ERR_STATE_DELETE", State, 500, Internal, Basic, "failed deleting state with key {key}: {cause}", "The cause is the store's own answer.";
    STATE_DELETE_ETAG_MISMATCH: "ERR_STATE_DELETE", "ERR_STATE_DELETE", State, 409, Aborted, Basic, "failed deleting state with key {key}: {cause}", "Somebody else wrote first: read the item again and retry with its new ETag.";
    STATE_DELETE_ETAG_INVALID: "ERR_STATE_DELETE", "ERR_STATE_DELETE", State, 400, InvalidArgument, Basic, "failed deleting state with key {key}: {cause}", "Send the ETag exactly as a read returned it.";
    STATE_DELETE_INVALID: "ERR_STATE_DELETE", "ERR_STATE_DELETE", State, 400, InvalidArgument, Basic, "failed deleting state with key {key}: {cause}", "Correct the request; the cause names the field.";
    STATE_BULK_GET: "ERR_STATE_BULK_GET", "ERR_STATE_BULK_GET", State, 500, Internal, Basic, "failed getting state in bulk from state store {store}: {cause}", "The cause is the store's own answer.";
    STATE_BULK_DELETE: "ERR_STATE_BULK_DELETE", "ERR_STATE_BULK_DELETE", State, 500, Internal, Basic, "failed deleting state in state store {store}: {cause}", "The cause is the store's own answer; some of the keys may have been deleted.";
    STATE_BULK_DELETE_ETAG_MISMATCH: "ERR_STATE_BULK_DELETE", "ERR_STATE_BULK_DELETE", State, 409, Aborted, Basic, "failed deleting state in state store {store}: {cause}", "Read the items again and retry with their new ETags.";
    STATE_BULK_DELETE_ETAG_INVALID: "ERR_STATE_BULK_DELETE", "ERR_STATE_BULK_DELETE", State, 400, InvalidArgument, Basic, "failed deleting state in state store {store}: {cause}", "Send each ETag exactly as a read returned it.";
    STATE_OPERATION_NOT_SUPPORTED: "ERR_NOT_SUPPORTED_STATE_OPERATION", "ERR_NOT_SUPPORTED_STATE_OPERATION", State, 400, Unimplemented, Basic, "operation type {operation} not supported", "Use `upsert` or `delete`.";
    STATE_TRANSACTION: "ERR_STATE_TRANSACTION", "ERR_STATE_TRANSACTION", State, 500, Internal, Basic, "error while executing state transaction: {cause}", "Nothing of the transaction was kept, unless the store's documentation says otherwise.";

    // Secret
    SECRET_STORES_NOT_CONFIGURED: "ERR_SECRET_STORES_NOT_CONFIGURED", "ERR_SECRET_STORES_NOT_CONFIGURED", Secret, 500, FailedPrecondition, Legacy, "secret store is not configured", "Add a Component of type `secretstores.*` to the resources path.";
    SECRET_STORE_NOT_FOUND: "ERR_SECRET_STORE_NOT_FOUND", "ERR_SECRET_STORE_NOT_FOUND", Secret, 401, InvalidArgument, Legacy, "failed finding secret store with key {store}", "Use the `metadata.name` of a loaded secret store; `dapr components` lists them.";
    SECRET_PERMISSION_DENIED: "ERR_PERMISSION_DENIED", "ERR_PERMISSION_DENIED", Secret, 403, PermissionDenied, Legacy, "access denied by policy to get \"{key}\" from \"{store}\"", "Allow the secret in the Configuration's `spec.secrets.scopes`.";
    SECRET_GET: "ERR_SECRET_GET", "ERR_SECRET_GET", Secret, 500, Internal, Legacy, "failed getting secret with key {key} from secret store {store}: {cause}", "The cause is the store's own answer; check the secret's name.";
    SECRET_BULK_GET: "ERR_SECRET_GET", "ERR_SECRET_GET", Secret, 500, Internal, Legacy, "failed getting secrets from secret store {store}: {cause}", "The cause is the store's own answer.";

    // PubSub
    PUBSUB_EMPTY: "ERR_PUBSUB_EMPTY", "DAPR_PUBSUB_NAME_EMPTY", PubSub, 404, InvalidArgument, Standard, "pubsub name is empty", "Name the pub/sub component in the request.";
    PUBSUB_NOT_FOUND: "ERR_PUBSUB_NOT_FOUND", "DAPR_PUBSUB_NOT_FOUND", PubSub, 404, InvalidArgument, Standard, "pubsub {pubsub} is not found", "Use the `metadata.name` of a loaded pub/sub component.";
    PUBSUB_TEST_NOT_FOUND: "ERR_PUBSUB_NOT_FOUND", "DAPR_PUBSUB_TEST_NOT_FOUND", PubSub, 400, NotFound, Standard, "pubsub '{pubsub}' not found", "Use the `metadata.name` of a loaded pub/sub component.";
    PUBSUB_NOT_CONFIGURED: "ERR_PUBSUB_NOT_CONFIGURED", "DAPR_PUBSUB_NOT_CONFIGURED", PubSub, 400, FailedPrecondition, Standard, "pubsub {pubsub} is not configured", "Add a Component of type `pubsub.*` to the resources path.";
    PUBSUB_UNAVAILABLE: "ERR_PUBSUB_NOT_CONFIGURED", "DAPR_PUBSUB_NOT_READY", PubSub, 503, Unavailable, Standard, "pubsub {pubsub} is not ready: {cause}", "Retry; the component is still starting or could not be initialised. `dapr components` shows why.";
    PUBSUB_TOPIC_EMPTY: "ERR_TOPIC_NAME_EMPTY", "DAPR_PUBSUB_TOPIC_NAME_EMPTY", PubSub, 404, InvalidArgument, Standard, "topic is empty in pubsub {pubsub}", "Name the topic in the request.";
    PUBSUB_FORBIDDEN: "ERR_PUBSUB_FORBIDDEN", "DAPR_PUBSUB_FORBIDDEN", PubSub, 403, PermissionDenied, Standard, "topic {topic} is not allowed for app id {app_id}", "Allow the topic in the component's `publishingScopes` and `allowedTopics`.";
    PUBSUB_PUBLISH_MESSAGE: "ERR_PUBSUB_PUBLISH_MESSAGE", "DAPR_PUBSUB_PUBLISH_MESSAGE", PubSub, 500, Internal, Standard, "error when publishing to topic {topic} in pubsub {pubsub}: {cause}", "The cause is the broker's own answer; the message was not acknowledged.";
    PUBSUB_REQUEST_METADATA: "ERR_PUBSUB_REQUEST_METADATA", "DAPR_PUBSUB_METADATA_DESERIALIZATION", PubSub, 400, InvalidArgument, Standard, "failed deserializing metadata. Error: {cause}", "Correct the `metadata.*` parameter named in the cause.";
    PUBSUB_CLOUD_EVENTS_SER: "ERR_PUBSUB_CLOUD_EVENTS_SER", "DAPR_PUBSUB_CLOUD_EVENT_CREATION", PubSub, 500, InvalidArgument, Standard, "cannot create cloudevent", "Check the body against its content type.";
    PUBSUB_MARSHAL_ENVELOPE: "ERR_PUBSUB_EVENTS_SER", "DAPR_PUBSUB_MARSHAL_ENVELOPE", PubSub, 400, InvalidArgument, Standard, "error when marshalling cloud event envelope for topic {topic} pubsub {pubsub}: {cause}", "Check the body against its content type.";
    PUBSUB_MARSHAL_EVENTS: "ERR_PUBSUB_EVENTS_SER", "DAPR_PUBSUB_MARSHAL_EVENTS", PubSub, 400, InvalidArgument, Standard, "error marshaling events to bytes for topic {topic} pubsub {pubsub}. error: {cause}", "Give every entry a unique `entryId` and an event that fits its content type.";
    PUBSUB_UNMARSHAL_EVENTS: "ERR_PUBSUB_EVENTS_SER", "DAPR_PUBSUB_UNMARSHAL_EVENTS", PubSub, 400, InvalidArgument, Standard, "error when unmarshaling the request for topic {topic} pubsub {pubsub}: {cause}", "Send a JSON array of entries.";
    PUBSUB_SUBSCRIBE: "ERR_PUBSUB_SUBSCRIBE", "DAPR_PUBSUB_SUBSCRIBE", PubSub, 500, Unknown, Legacy, "{cause}", "The cause says why: the topic is not allowed, or the broker refused.";
    PUBSUB_BROWSE: "ERR_PUBSUB_BROWSE", "DAPR_PUBSUB_BROWSE", PubSub, 500, Internal, Standard, "cannot look at topic {topic} in pubsub {pubsub}: {cause}", "The cause is the broker's own answer.";
    PUBSUB_BROWSE_UNSUPPORTED: "ERR_PUBSUB_BROWSE", "DAPR_PUBSUB_BROWSE_UNSUPPORTED", PubSub, 501, Unimplemented, Standard, "pubsub {pubsub}: {cause}", "Use the tools of the broker, or subscribe to the topic; docs/pubsub-brokers.md says which brokers show their messages.";
    PUBSUB_REDRIVE: "ERR_PUBSUB_REDRIVE", "DAPR_PUBSUB_REDRIVE", PubSub, 400, InvalidArgument, Standard, "message {id} of topic {topic} stays where it is: {cause}", "Say which topic the messages go to.";
    PUBLISH_OUTBOX: "ERR_PUBLISH_OUTBOX", "DAPR_PUBSUB_OUTBOX", PubSub, 500, Internal, Standard, "error while publishing outbox message: {cause}", "Check the outbox pub/sub component; the transaction was not written.";

    // Configuration
    CONFIGURATION_STORE_NOT_CONFIGURED: "ERR_CONFIGURATION_STORE_NOT_CONFIGURED", "ERR_CONFIGURATION_STORE_NOT_CONFIGURED", Configuration, 500, FailedPrecondition, Legacy, "configuration stores not configured", "Add a Component of type `configuration.*` to the resources path.";
    CONFIGURATION_STORE_NOT_FOUND: "ERR_CONFIGURATION_STORE_NOT_FOUND", "ERR_CONFIGURATION_STORE_NOT_FOUND", Configuration, 400, InvalidArgument, Legacy, "configuration store {store} not found", "Use the `metadata.name` of a loaded configuration store.";
    CONFIGURATION_GET: "ERR_CONFIGURATION_GET", "ERR_CONFIGURATION_GET", Configuration, 500, Internal, Legacy, "failed to get {keys} from Configuration store {store}: {cause}", "The cause is the store's own answer.";
    CONFIGURATION_SUBSCRIBE: "ERR_CONFIGURATION_SUBSCRIBE", "ERR_CONFIGURATION_SUBSCRIBE", Configuration, 500, InvalidArgument, Legacy, "failed to subscribe {keys} from Configuration store {store}: {cause}", "The cause is the store's own answer.";
    CONFIGURATION_UNSUBSCRIBE: "ERR_CONFIGURATION_UNSUBSCRIBE", "ERR_CONFIGURATION_UNSUBSCRIBE", Configuration, 500, InvalidArgument, Legacy, "failed to unsubscribe to configuration request {id}: {cause}", "Use the id that the subscription returned.";

    // Crypto
    CRYPTO_PROVIDERS_NOT_CONFIGURED: "ERR_CRYPTO_PROVIDERS_NOT_CONFIGURED", "ERR_CRYPTO_PROVIDERS_NOT_CONFIGURED", Crypto, 500, Internal, Legacy, "crypto providers not configured", "Add a Component of type `crypto.*` to the resources path.";
    CRYPTO_PROVIDER_NOT_FOUND: "ERR_CRYPTO_PROVIDER_NOT_FOUND", "ERR_CRYPTO_PROVIDER_NOT_FOUND", Crypto, 400, InvalidArgument, Legacy, "crypto provider {provider} not found", "Use the `metadata.name` of a loaded crypto provider.";
    CRYPTO_KEY: "ERR_CRYPTO_KEY", "ERR_CRYPTO_KEY", Crypto, 500, Internal, Legacy, "failed to retrieve key {key}: {cause}", "Check the key's name and the provider's access to it.";
    CRYPTO: "ERR_CRYPTO", "ERR_CRYPTO", Crypto, 500, Internal, Legacy, "failed to perform operation: {cause}", "The cause names the step that failed.";

    // Conversation
    CONVERSATION_NOT_FOUND: "ERR_CONVERSATION_NOT_FOUND", "ERR_CONVERSATION_NOT_FOUND", Conversation, 400, InvalidArgument, Legacy, "failed finding conversation component {component}", "Use the `metadata.name` of a loaded conversation component.";
    CONVERSATION_INVALID_PARMS: "ERR_CONVERSATION_INVALID_PARMS", "ERR_CONVERSATION_INVALID_PARMS", Conversation, 400, InvalidArgument, Legacy, "failed conversing with component {component}: invalid params", "Check the request's parameters.";
    CONVERSATION_INVOKE: "ERR_CONVERSATION_INVOKE", "ERR_CONVERSATION_INVOKE", Conversation, 500, Internal, Legacy, "failed conversing with component {component}: {cause}", "The cause is the provider's own answer.";
    CONVERSATION_MISSING_INPUTS: "ERR_CONVERSATION_MISSING_INPUTS", "ERR_CONVERSATION_MISSING_INPUTS", Conversation, 400, InvalidArgument, Legacy, "failed conversing with component {component}: missing inputs in request", "Send at least one input.";

    // ServiceInvocation
    DIRECT_INVOKE: "ERR_DIRECT_INVOKE", "ERR_DIRECT_INVOKE", ServiceInvocation, 500, Internal, Legacy, "failed to invoke, id: {app_id}, err: {cause}", "The cause says whether the app was not found, not reachable or refused.";
    DIRECT_INVOKE_NO_APP_ID: "ERR_DIRECT_INVOKE", "ERR_DIRECT_INVOKE", ServiceInvocation, 404, NotFound, Legacy, "failed getting app id either from the URL path or the header dapr-app-id", "No API has this path and method; to call an app, use `/v1.0/invoke/<app-id>/method/<method>` or the header `dapr-app-id`.";
    DIRECT_INVOKE_NOT_READY: "ERR_DIRECT_INVOKE", "ERR_DIRECT_INVOKE", ServiceInvocation, 500, Internal, Legacy, "invoke API is not ready", "Retry once the sidecar is ready.";
    DIRECT_INVOKE_DENIED: "ERR_DIRECT_INVOKE", "ERR_DIRECT_INVOKE", ServiceInvocation, 403, PermissionDenied, Legacy, "failed to invoke, id: {app_id}, err: {cause}", "Allow the call in the callee's Configuration `spec.accessControl`.";

    // Binding
    INVOKE_OUTPUT_BINDING: "ERR_INVOKE_OUTPUT_BINDING", "ERR_INVOKE_OUTPUT_BINDING", Binding, 500, Internal, Basic, "error invoking output binding {binding}: {cause}", "Check the binding's name, its operation and the cause.";

    // Lock
    LOCK_STORE_NOT_CONFIGURED: "ERR_LOCK_STORE_NOT_CONFIGURED", "ERR_LOCK_STORE_NOT_CONFIGURED", Lock, 500, FailedPrecondition, Legacy, "lock store is not configured", "Add a Component of type `lock.*` to the resources path.";
    LOCK_STORE_NOT_FOUND: "ERR_LOCK_STORE_NOT_FOUND", "ERR_LOCK_STORE_NOT_FOUND", Lock, 400, InvalidArgument, Legacy, "lock store {store} not found", "Use the `metadata.name` of a loaded lock store.";
    LOCK_RESOURCE_ID_EMPTY: "ERR_MALFORMED_REQUEST", "ERR_MALFORMED_REQUEST", Lock, 400, InvalidArgument, Legacy, "ResourceId is empty in lock store {store}", "Set `resourceId`.";
    LOCK_OWNER_EMPTY: "ERR_MALFORMED_REQUEST", "ERR_MALFORMED_REQUEST", Lock, 400, InvalidArgument, Legacy, "LockOwner is empty in lock store {store}", "Set `lockOwner`.";
    LOCK_EXPIRY_NOT_POSITIVE: "ERR_MALFORMED_REQUEST", "ERR_MALFORMED_REQUEST", Lock, 400, InvalidArgument, Legacy, "ExpiryInSeconds is not positive in lock store {store}", "Set `expiryInSeconds` to 1 or more.";
    TRY_LOCK: "ERR_TRY_LOCK", "ERR_TRY_LOCK", Lock, 500, Internal, Legacy, "failed to try acquiring lock: {cause}", "The cause is the store's own answer.";
    UNLOCK: "ERR_UNLOCK", "ERR_UNLOCK", Lock, 500, Internal, Legacy, "failed to release lock: {cause}", "The cause is the store's own answer.";

    // Health
    HEALTH_NOT_READY: "ERR_HEALTH_NOT_READY", "ERR_HEALTH_NOT_READY", Health, 500, Internal, Legacy, "dapr is not ready: {targets}", "Wait; the message lists what is not ready yet.";
    OUTBOUND_HEALTH_NOT_READY: "ERR_OUTBOUND_HEALTH_NOT_READY", "ERR_OUTBOUND_HEALTH_NOT_READY", Health, 500, Internal, Legacy, "dapr outbound is not ready", "Wait until every component is ready; `dapr components` shows which is not.";
    HEALTH_APP_ID_NOT_MATCH: "ERR_HEALTH_APPID_NOT_MATCH", "ERR_HEALTH_APPID_NOT_MATCH", Health, 500, Internal, Legacy, "dapr app-id does not match", "The sidecar at this address belongs to another app; check the port.";

    // Actor
    ACTOR_REMINDER_NON_HOSTED: "ERR_ACTOR_REMINDER_NON_HOSTED", "ERR_ACTOR_REMINDER_NON_HOSTED", Actor, 403, PermissionDenied, Legacy, "operations on actor reminders are only possible on hosted actor types", "Host the type in this app, or call the app that does.";
    ACTOR_TYPE_RESERVED: "ERR_ACTOR_TYPE_RESERVED", "ERR_ACTOR_TYPE_RESERVED", Actor, 403, PermissionDenied, Legacy, "actor type \"{type}\" is reserved for the Dapr workflow runtime; direct actor API access is not permitted", "Use the workflow API.";
    ACTOR_RUNTIME_NOT_FOUND: "ERR_ACTOR_RUNTIME_NOT_FOUND", "ERR_ACTOR_RUNTIME_NOT_FOUND", Actor, 500, Internal, Legacy, "the state store is not configured to use the actor runtime. Have you set the - name: actorStateStore value: \"true\" in your state store component file?", "Set `actorStateStore` on one state store.";
    ACTOR_NO_APP_CHANNEL: "ERR_ACTOR_NO_APP_CHANNEL", "ERR_ACTOR_NO_APP_CHANNEL", Actor, 400, Unavailable, Legacy, "app channel is not initialized", "Start the sidecar with `--app-port`.";
    ACTOR_INSTANCE_MISSING: "ERR_ACTOR_INSTANCE_MISSING", "ERR_ACTOR_INSTANCE_MISSING", Actor, 400, Internal, Legacy, "actor instance is missing", "State is open only to an actor that is active on this host.";
    ACTOR_INVOKE_METHOD: "ERR_ACTOR_INVOKE_METHOD", "ERR_ACTOR_INVOKE_METHOD", Actor, 500, Internal, Legacy, "error invoke actor method: {cause}", "The cause is the actor's or the network's answer.";
    ACTOR_STATE_GET: "ERR_ACTOR_STATE_GET", "ERR_ACTOR_STATE_GET", Actor, 500, Internal, Legacy, "error getting actor state: {cause}", "The cause is the store's own answer.";
    ACTOR_STATE_TRANSACTION_SAVE: "ERR_ACTOR_STATE_TRANSACTION_SAVE", "ERR_ACTOR_STATE_TRANSACTION_SAVE", Actor, 500, Internal, Legacy, "error saving actor transaction state: {cause}", "The cause is the store's own answer; nothing was kept.";
    ACTOR_REMINDER_CREATE: "ERR_ACTOR_REMINDER_CREATE", "ERR_ACTOR_REMINDER_CREATE", Actor, 500, Internal, Legacy, "error creating actor reminder: {cause}", "Check the reminder's times; the scheduler must be reachable.";
    ACTOR_REMINDER_GET: "ERR_ACTOR_REMINDER_GET", "ERR_ACTOR_REMINDER_GET", Actor, 500, Internal, Legacy, "error getting actor reminder: {cause}", "The scheduler must be reachable.";
    ACTOR_REMINDER_DELETE: "ERR_ACTOR_REMINDER_DELETE", "ERR_ACTOR_REMINDER_DELETE", Actor, 500, Internal, Legacy, "error deleting actor reminder: {cause}", "The scheduler must be reachable.";
    ACTOR_REMINDER_NOT_FOUND: "ERR_ACTOR_REMINDER_NOT_FOUND", "ERR_ACTOR_REMINDER_NOT_FOUND", Actor, 404, NotFound, Legacy, "actor reminder not found: {name}", "Check the reminder's name.";
    ACTOR_REMINDER_ALREADY_EXISTS: "ERR_ACTOR_REMINDER_ALREADY_EXISTS", "ERR_ACTOR_REMINDER_ALREADY_EXISTS", Actor, 409, AlreadyExists, Legacy, "actor reminder already exists: {name}", "Set `overwrite` to replace it.";
    ACTOR_TIMER_CREATE: "ERR_ACTOR_TIMER_CREATE", "ERR_ACTOR_TIMER_CREATE", Actor, 500, Internal, Legacy, "error creating actor timer: {cause}", "Check the timer's times.";
    ACTOR_STACK_DEPTH: "ERR_ACTOR_STACK_DEPTH", "ERR_ACTOR_STACK_DEPTH", Actor, 500, ResourceExhausted, Legacy, "maximum stack depth exceeded", "Raise `reentrancy.maxStackDepth` or call less deeply.";
    ACTOR_NO_PLACEMENT: "ERR_ACTOR_NO_PLACEMENT", "ERR_ACTOR_NO_PLACEMENT", Actor, 400, Unavailable, Legacy, "placement service is not configured", "Start the sidecar with `--placement-host-address`.";
    ACTOR_RUNTIME_CLOSED: "ERR_ACTOR_RUNTIME_CLOSED", "ERR_ACTOR_RUNTIME_CLOSED", Actor, 503, Unavailable, Legacy, "actor runtime is closed", "Retry; the sidecar is shutting down.";
    ACTOR_NAMESPACE_REQUIRED: "ERR_ACTOR_NAMESPACE_REQUIRED", "ERR_ACTOR_NAMESPACE_REQUIRED", Actor, 412, FailedPrecondition, Legacy, "actors must have a namespace configured when running in Kubernetes mode", "Set the environment variable NAMESPACE.";
    ACTOR_NO_ADDRESS: "ERR_ACTOR_NO_ADDRESS", "ERR_ACTOR_NO_ADDRESS", Actor, 404, FailedPrecondition, Legacy, "did not find address for actor '{actor}'", "No running app hosts the actor's type.";

    // Workflow
    START_WORKFLOW: "ERR_START_WORKFLOW", "ERR_START_WORKFLOW", Workflow, 500, Internal, Legacy, "error starting workflow '{name}': {cause}", "The cause names the step that failed.";
    GET_WORKFLOW: "ERR_GET_WORKFLOW", "ERR_GET_WORKFLOW", Workflow, 500, Internal, Legacy, "error while getting workflow info on instance '{instance}': {cause}", "The cause names the step that failed.";
    PAUSE_WORKFLOW: "ERR_PAUSE_WORKFLOW", "ERR_PAUSE_WORKFLOW", Workflow, 500, Internal, Legacy, "error pausing workflow {instance}: {cause}", "The cause names the step that failed.";
    RESUME_WORKFLOW: "ERR_RESUME_WORKFLOW", "ERR_RESUME_WORKFLOW", Workflow, 500, Internal, Legacy, "error resuming workflow {instance}: {cause}", "The cause names the step that failed.";
    TERMINATE_WORKFLOW: "ERR_TERMINATE_WORKFLOW", "ERR_TERMINATE_WORKFLOW", Workflow, 500, Internal, Legacy, "error terminating workflow '{instance}': {cause}", "The cause names the step that failed.";
    PURGE_WORKFLOW: "ERR_PURGE_WORKFLOW", "ERR_PURGE_WORKFLOW", Workflow, 500, Internal, Legacy, "error purging workflow {instance}: {cause}", "The cause names the step that failed.";
    RAISE_EVENT_WORKFLOW: "ERR_RAISE_EVENT_WORKFLOW", "ERR_RAISE_EVENT_WORKFLOW", Workflow, 500, Internal, Legacy, "error raising event on workflow '{instance}': {cause}", "The cause names the step that failed.";
    WORKFLOW_NAME_MISSING: "ERR_WORKFLOW_NAME_MISSING", "ERR_WORKFLOW_NAME_MISSING", Workflow, 400, InvalidArgument, Legacy, "workflow name is not configured", "Name the workflow in the request.";
    WORKFLOW_EVENT_NAME_MISSING: "ERR_WORKFLOW_EVENT_NAME_MISSING", "ERR_WORKFLOW_EVENT_NAME_MISSING", Workflow, 400, InvalidArgument, Legacy, "missing workflow event name", "Name the event in the request.";
    WORKFLOW_COMPONENT_MISSING: "ERR_WORKFLOW_COMPONENT_MISSING", "ERR_WORKFLOW_COMPONENT_MISSING", Workflow, 400, InvalidArgument, Legacy, "no workflow component was provided", "Name the workflow component, normally `dapr`.";
    WORKFLOW_COMPONENT_NOT_FOUND: "ERR_WORKFLOW_COMPONENT_NOT_FOUND", "ERR_WORKFLOW_COMPONENT_NOT_FOUND", Workflow, 400, InvalidArgument, Legacy, "workflow component '{component}' does not exist", "Use the workflow component `dapr`.";
    WORKFLOW_APP_ID_INVALID: "ERR_WORKFLOW_APP_ID_INVALID", "ERR_WORKFLOW_APP_ID_INVALID", Workflow, 400, InvalidArgument, Legacy, "workflow target app ID '{app_id}' is invalid", "Use an app id without dots or slashes.";
    INSTANCE_ID_TOO_LONG: "ERR_INSTANCE_ID_TOO_LONG", "ERR_INSTANCE_ID_TOO_LONG", Workflow, 400, InvalidArgument, Legacy, "workflow instance ID exceeds the max length of {max} characters", "Shorten the instance id.";
    INSTANCE_ID_INVALID: "ERR_INSTANCE_ID_INVALID", "ERR_INSTANCE_ID_INVALID", Workflow, 400, InvalidArgument, Legacy, "workflow instance ID '{instance}' is invalid: only alphanumeric and underscore characters are allowed", "Use letters, digits, `_` and `-`.";
    INSTANCE_ID_PROVIDED_MISSING: "ERR_INSTANCE_ID_PROVIDED_MISSING", "ERR_INSTANCE_ID_PROVIDED_MISSING", Workflow, 400, InvalidArgument, Legacy, "no instance ID was provided", "Name the instance in the request.";
    INSTANCE_ID_NOT_FOUND: "ERR_INSTANCE_ID_NOT_FOUND", "ERR_INSTANCE_ID_NOT_FOUND", Workflow, 404, NotFound, Legacy, "unable to find workflow with the provided instance ID: {instance}", "Check the instance id; purged instances are gone.";

    // Job
    SCHEDULER_SCHEDULE_JOB: "DAPR_SCHEDULER_SCHEDULE_JOB", "DAPR_SCHEDULER_SCHEDULE_JOB", Job, 500, Internal, Standard, "failed to schedule job due to: {cause}", "The scheduler must be reachable.";
    SCHEDULER_JOB_NAME: "DAPR_SCHEDULER_JOB_NAME", "DAPR_SCHEDULER_JOB_NAME", Job, 400, InvalidArgument, Standard, "Set the job name in the url only", "Leave `name` out of the body.";
    SCHEDULER_JOB_NAME_EMPTY: "DAPR_SCHEDULER_JOB_NAME_EMPTY", "DAPR_SCHEDULER_JOB_NAME_EMPTY", Job, 400, InvalidArgument, Standard, "Name is empty", "Name the job.";
    SCHEDULER_GET_JOB: "DAPR_SCHEDULER_GET_JOB", "DAPR_SCHEDULER_GET_JOB", Job, 500, Internal, Standard, "failed to get job due to: {cause}", "Check the job's name; the scheduler must be reachable.";
    SCHEDULER_LIST_JOBS: "DAPR_SCHEDULER_LIST_JOBS", "DAPR_SCHEDULER_LIST_JOBS", Job, 500, Internal, Standard, "failed to list jobs due to: {cause}", "The scheduler must be reachable.";
    SCHEDULER_DELETE_JOB: "DAPR_SCHEDULER_DELETE_JOB", "DAPR_SCHEDULER_DELETE_JOB", Job, 500, Internal, Standard, "failed to delete job due to: {cause}", "The scheduler must be reachable.";
    SCHEDULER_EMPTY: "DAPR_SCHEDULER_EMPTY", "DAPR_SCHEDULER_EMPTY", Job, 400, InvalidArgument, Standard, "{argument} is empty", "Send the argument.";
    SCHEDULER_SCHEDULE_EMPTY: "DAPR_SCHEDULER_SCHEDULE_EMPTY", "DAPR_SCHEDULER_SCHEDULE_EMPTY", Job, 400, InvalidArgument, Standard, "Schedule is empty", "Set `schedule`, `dueTime` or both.";

    // Common
    BAD_REQUEST: "ERR_BAD_REQUEST", "ERR_BAD_REQUEST", Common, 400, InvalidArgument, Legacy, "invalid request: {cause}", "Correct the request; the cause says what is wrong.";
    API_UNIMPLEMENTED: "ERR_API_UNIMPLEMENTED", "ERR_API_UNIMPLEMENTED", Common, 501, Unimplemented, Legacy, "this API is currently not implemented", "This build does not have the API.";
    BODY_READ: "ERR_BODY_READ", "ERR_BODY_READ", Common, 400, InvalidArgument, Legacy, "failed to read request body: {cause}", "Keep the body below `--max-body-size`.";
    BODY_TOO_LARGE: "ERR_BODY_READ", "ERR_BODY_READ", Common, 413, ResourceExhausted, Legacy, "failed to read request body: {cause}", "Keep the body below `--max-body-size`, or raise it.";
    MALFORMED_BODY: "ERR_MALFORMED_REQUEST", "ERR_MALFORMED_REQUEST", Common, 400, InvalidArgument, Legacy, "failed deserializing HTTP body: {cause}", "Correct the body; the cause gives line and column.";
    MALFORMED_REQUEST: "ERR_MALFORMED_REQUEST", "ERR_MALFORMED_REQUEST", Common, 400, InvalidArgument, Legacy, "{cause}", "Correct the request; the message says what is wrong.";
    MALFORMED_REQUEST_DATA: "ERR_MALFORMED_REQUEST_DATA", "ERR_MALFORMED_REQUEST_DATA", Common, 500, Internal, Legacy, "can't serialize request data field: {cause}", "Correct the `data` field.";
    MALFORMED_RESPONSE: "ERR_MALFORMED_RESPONSE", "ERR_MALFORMED_RESPONSE", Common, 500, Internal, Legacy, "failed deserializing HTTP response: {cause}", "The answer could not be read; the cause says why.";
    APP_CHANNEL_NIL: "ERR_APP_CHANNEL_NIL", "ERR_APP_CHANNEL_NIL", Common, 500, Internal, Legacy, "app channel is not initialized", "Start the sidecar with `--app-port`.";
    INTERNAL: "ERR_INTERNAL", "ERR_INTERNAL", Common, 500, Internal, Legacy, "{cause}", "This is a bug in the sidecar; please report it with the log.";
    GENERIC: "ERROR", "ERROR", Common, 500, Internal, Legacy, "{cause}", "The cause is all that is known.";
}
