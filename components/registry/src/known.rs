//! Every component type of the 1.18 release, so that one this binary lacks is told from one that does not exist.

use dapr_spi::registry::Registry;

/// Types that a cargo feature of this crate brings.
#[rustfmt::skip]
const BY_FEATURE: &[(&str, &str)] = &[
    ("middleware.http.bearer", "oauth2"),
    ("middleware.http.oauth2", "oauth2"),
    ("middleware.http.oauth2clientcredentials", "oauth2"),
    ("middleware.http.opa", "opa"),
    ("middleware.http.sentinel", "sentinel"),
    ("middleware.http.wasm", "wasm"),
    ("nameresolution.consul", "consul"),
    ("nameresolution.hashicorp.consul", "consul"),
    ("nameresolution.sqlite", "sqlite"),
    ("pubsub.jetstream", "jetstream"),
    ("pubsub.kafka", "kafka"),
    ("pubsub.mqtt", "mqtt"),
    ("pubsub.mqtt3", "mqtt"),
    ("pubsub.rabbitmq", "rabbitmq"),
    ("pubsub.redis", "redis"),
    ("pubsub.sqlite", "sqlite"),
    ("state.cockroachdb", "postgresql"),
    ("state.mysql", "mysql"),
    ("state.postgres", "postgresql"),
    ("state.postgresql", "postgresql"),
    ("state.redis", "redis"),
    ("state.sqlite", "sqlite"),
    ("state.sqlite3", "sqlite"),
    ("state.yugabyte", "postgresql"),
    ("state.yugabytedb", "postgresql"),
];

/// Types that no feature brings yet.
#[rustfmt::skip]
const OTHERS: &[&str] = &[
    "bindings.alicloud.dingtalk.webhook", "bindings.alicloud.dubbo", "bindings.alicloud.oss", "bindings.alicloud.sls",
    "bindings.alicloud.tablestore", "bindings.apns", "bindings.aws.dynamodb", "bindings.aws.kinesis",
    "bindings.aws.s3", "bindings.aws.ses", "bindings.aws.sns", "bindings.aws.sqs", "bindings.azure.blobstorage",
    "bindings.azure.cosmosdb", "bindings.azure.cosmosdb.gremlinapi", "bindings.azure.eventgrid",
    "bindings.azure.eventhubs", "bindings.azure.openai", "bindings.azure.servicebus.queues",
    "bindings.azure.servicebusqueues", "bindings.azure.signalr", "bindings.azure.storagequeues",
    "bindings.cloudflare.queues", "bindings.commercetools", "bindings.dingtalk.webhook",
    "bindings.dubbo", "bindings.gcp.bucket", "bindings.gcp.pubsub", "bindings.graphql",
    "bindings.huawei.obs", "bindings.influx", "bindings.kafka", "bindings.kubemq", "bindings.kubernetes",
    "bindings.mqtt", "bindings.mqtt3", "bindings.mysql", "bindings.postgres",
    "bindings.postgresql", "bindings.postmark", "bindings.rabbitmq", "bindings.redis",
    "bindings.rethinkdb.statechange", "bindings.rocketmq", "bindings.sftp", "bindings.smtp",
    "bindings.twilio.sendgrid", "bindings.twilio.sms", "bindings.wasm", "bindings.zeebe.command",
    "bindings.zeebe.jobworker", "configuration.azure.appconfig", "configuration.kubernetes", "configuration.postgres",
    "configuration.postgresql", "configuration.redis", "conversation.anthropic", "conversation.aws.bedrock",
    "conversation.deepseek", "conversation.echo", "conversation.googleai", "conversation.huggingface",
    "conversation.mistral", "conversation.ollama", "conversation.openai", "crypto.azure.keyvault", "crypto.dapr.jwks",
    "crypto.dapr.kubernetes.secrets", "lock.redis",
    "nameresolution.aws.cloudmap", "pubsub.aws.snssqs", "pubsub.azure.eventhubs",
    "pubsub.azure.servicebus", "pubsub.azure.servicebus.queues", "pubsub.azure.servicebus.topics",
    "pubsub.azure.servicebusqueues", "pubsub.gcp.pubsub", "pubsub.kubemq",
    "pubsub.pulsar", "pubsub.rocketmq",
    "pubsub.snssqs", "pubsub.solace.amqp", "secretstores.alicloud.parameterstore", "secretstores.aws.parameterstore",
    "secretstores.aws.secretmanager", "secretstores.azure.keyvault", "secretstores.gcp.secretmanager",
    "secretstores.hashicorp.vault", "secretstores.huaweicloud.csms", "secretstores.kubernetes",
    "secretstores.tencentcloud.ssm", "state.aerospike", "state.alicloud.tablestore", "state.aws.dynamodb",
    "state.azure.blobstorage", "state.azure.cosmosdb", "state.azure.tablestorage", "state.cassandra",
    "state.cloudflare.workerskv", "state.coherence", "state.consul", "state.couchbase", "state.etcd",
    "state.gcp.firestore", "state.hashicorp.consul", "state.hazelcast", "state.jetstream", "state.memcached",
    "state.mongodb", "state.oci.objectstorage", "state.oracledatabase", "state.ravendb", "state.rethinkdb",
    "state.sqlserver", "state.zookeeper",
];

/// Notes all of them as absent; a crate that registers a type later overrides its note.
pub(crate) fn note(registry: &mut Registry) {
    for (name, feature) in BY_FEATURE {
        registry.absent(name, &format!("it was built without feature `{feature}`"));
    }
    for name in OTHERS {
        registry.absent(name, "this version does not support it yet");
    }
}
