//! Which group of the Configuration's `spec.api` a method belongs to (interface/grpc-api.md 2.2).

/// Methods with this prefix are filtered; other services never are.
pub(super) const DAPR: &str = "/dapr.proto.runtime.v1.Dapr/";

/// Group and version of a method of the service `Dapr`; `None` for a method that nobody knows.
#[rustfmt::skip]
pub(super) fn of(method: &str) -> Option<(&'static str, &'static str)> {
    Some(match method {
        "InvokeService" => ("invoke", "v1"),
        "GetState" | "GetBulkState" | "SaveState" | "DeleteState" | "DeleteBulkState" | "ExecuteStateTransaction" => ("state", "v1"),
        "QueryStateAlpha1" => ("state", "v1alpha1"),
        "PublishEvent" | "BulkPublishEvent" => ("publish", "v1"),
        "BulkPublishEventAlpha1" => ("publish", "v1alpha1"),
        "SubscribeTopicEventsAlpha1" => ("subscribe", "v1alpha1"),
        "InvokeBinding" => ("bindings", "v1"),
        "GetSecret" | "GetBulkSecret" => ("secrets", "v1"),
        "RegisterActorTimer" | "UnregisterActorTimer" | "RegisterActorReminder" | "GetActorReminder"
        | "UnregisterActorReminder" | "UnregisterActorRemindersByType" | "ListActorReminders" | "GetActorState"
        | "ExecuteActorStateTransaction" | "InvokeActor" => ("actors", "v1"),
        "SubscribeActorEventsAlpha1" => ("actors", "v1alpha1"),
        "GetMetadata" | "SetMetadata" => ("metadata", "v1"),
        "GetConfiguration" | "SubscribeConfiguration" | "UnsubscribeConfiguration" => ("configuration", "v1"),
        "GetConfigurationAlpha1" | "SubscribeConfigurationAlpha1" | "UnsubscribeConfigurationAlpha1" => ("configuration", "v1alpha1"),
        "TryLockAlpha1" => ("lock", "v1alpha1"),
        "UnlockAlpha1" => ("unlock", "v1alpha1"),
        "SubtleGetKeyAlpha1" | "SubtleEncryptAlpha1" | "SubtleDecryptAlpha1" | "SubtleSignAlpha1"
        | "SubtleVerifyAlpha1" | "SubtleWrapKeyAlpha1" | "SubtleUnwrapKeyAlpha1" => ("subtlecrypto", "v1alpha1"),
        "EncryptAlpha1" | "DecryptAlpha1" => ("crypto", "v1alpha1"),
        "ScheduleJob" | "GetJob" | "DeleteJob" | "DeleteJobsByPrefix" | "ListJobs" => ("jobs", "v1"),
        "ScheduleJobAlpha1" | "GetJobAlpha1" | "DeleteJobAlpha1" | "DeleteJobsByPrefixAlpha1" | "ListJobsAlpha1" => ("jobs", "v1alpha1"),
        "Shutdown" => ("shutdown", "v1"),
        "ConverseAlpha1" => ("conversation", "v1alpha1"),
        "ConverseAlpha2" => ("conversation", "v1alpha2"),
        _ if method.ends_with("WorkflowAlpha1") => ("workflows", "v1alpha1"),
        _ if method.ends_with("WorkflowBeta1") => ("workflows", "v1beta1"),
        _ => return None,
    })
}
