//! Defaults, joining of files, expansion, checks and features.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::features::*;
use super::load::expand;
use super::*;

fn parse_all(texts: &[&str]) -> Result<Loaded, ConfigurationError> {
    let texts: Vec<_> = texts
        .iter()
        .enumerate()
        .map(|(i, text)| (Arc::from(Path::new(&format!("{i}.yaml"))), (*text).to_owned()))
        .collect();
    parse(&texts)
}

fn spec(text: &str) -> ConfigurationSpec {
    let loaded = parse_all(&[text]).unwrap();
    assert_eq!(loaded.problems, [], "{text}");
    loaded.configuration.spec
}

const FULL: &str = r#"
apiVersion: dapr.io/v1alpha1
kind: Configuration
metadata:
  name: full
spec:
  appHttpPipeline:
    handlers: [{name: a, type: middleware.http.x, version: v1, selector: {fields: [{field: f, value: v}]}}]
  httpPipeline: {handlers: [{name: b, type: middleware.http.y}]}
  tracing:
    samplingRate: 0.50
    stdout: yes
    zipkin: {endpointAddress: "http://z"}
    otel: {protocol: grpc, endpointAddress: "o:4317", isSecure: false, headers: [{name: a, value: b}, "c=d=e"], timeout: 10s}
  metric:
    enabled: false
    recordErrorCodes: true
    http: {increasedCardinality: false, pathMatching: ['/a/{b}'], excludeVerbs: true}
    rules: [{name: m, labels: [{name: l, regex: {x: y}}]}]
    latencyDistributionBuckets: [1, 2]
    workflow: {latencyDistributionBuckets: [5], latencyDistributionUnits: ms}
  mtls:
    enabled: true
    workloadCertTTL: 24h
    allowedClockSkew: 15m
    sentryAddress: s
    controlPlaneTrustDomain: t
    tokenValidators: [{name: jwks, options: {minRefreshInterval: 2m, n: 1}}]
  secrets: {scopes: [{storeName: s, defaultAccess: Deny, allowedSecrets: [a], deniedSecrets: [b]}]}
  accessControl:
    defaultAction: deny
    trustDomain: td
    policies: [{appId: x, defaultAction: allow, trustDomain: p, namespace: n, operations: [{name: /op, httpVerb: [GET, "*"], action: deny}]}]
  nameResolution: {component: consul, version: v1, configuration: {selfRegister: true}}
  features: [{name: ActorStateTTL, enabled: true}]
  api: {allowed: [{name: state, version: v1.0, protocol: http}], denied: [{name: x, version: v1, protocol: grpc}]}
  components: {deny: [state.redis]}
  logging: {apiLogging: {enabled: true, obfuscateURLs: true, omitHealthChecks: true}}
  wasm: {strictSandbox: true}
  workflow:
    maxConcurrentWorkflowInvocations: 5
    maxConcurrentActivityInvocations: 0
    globalMaxConcurrentWorkflowInvocations: 7
    globalMaxConcurrentActivityInvocations: -1
    workflowConcurrencyLimits: [{name: w, maxConcurrent: 2}]
    activityConcurrencyLimits: [{name: a, maxConcurrent: 3}]
    stateRetentionPolicy: {anyTerminal: 72h, completed: 0s, failed: 1h30m, terminated: 5ms}
"#;

#[test]
fn every_field_is_read() {
    let spec = spec(FULL);
    assert_eq!(spec.app_http_pipeline.handlers[0].selector.fields[0].value, "v");
    assert_eq!(spec.http_pipeline.handlers[0].handler_type, "middleware.http.y");
    assert_eq!((spec.tracing.sampling_rate.as_str(), spec.tracing.stdout), ("0.50", true));
    let otel = &spec.tracing.otel;
    assert_eq!((otel.is_secure, otel.timeout), (false, Some(GoDuration(Duration::from_secs(10)))));
    let headers: Vec<_> = otel.headers.iter().map(|h| format!("{}:{}", h.0.name, h.0.value.text())).collect();
    assert_eq!(headers, ["a:b", "c:d=e"]);
    assert!(!spec.metric.is_enabled() && spec.metric.records_error_codes() && spec.metric.excludes_verbs());
    assert_eq!(spec.metric.increased_cardinality(), Some(false));
    assert_eq!(spec.metric.rules[0].labels[0].regex["x"], "y");
    assert_eq!(spec.metric.workflow.unwrap().latency_distribution_buckets, [5]);
    assert_eq!((spec.mtls.enabled, spec.mtls.workload_cert_ttl.as_str()), (Some(true), "24h"));
    assert_eq!(spec.mtls.token_validators[0].options["minRefreshInterval"], "2m");
    assert_eq!(spec.access_control.policies[0].operations[0].http_verb, ["GET", "*"]);
    assert_eq!(spec.name_resolution.configuration["selfRegister"], true);
    assert_eq!(spec.api.allowed[0].version, "v1.0");
    assert!(spec.logging.api_logging.obfuscate_urls && spec.wasm.strict_sandbox);
    let workflow = &spec.workflow;
    assert_eq!(limit(workflow.max_concurrent_workflow_invocations), Some(5));
    assert_eq!(limit(workflow.max_concurrent_activity_invocations), None);
    assert_eq!(limit(workflow.global_max_concurrent_activity_invocations), None);
    let retention = workflow.state_retention_policy.clone().unwrap();
    assert_eq!(retention.completed, Some(GoDuration(Duration::ZERO)));
    assert_eq!(retention.failed, Some(GoDuration(Duration::from_secs(5400))));
}

#[test]
fn json_reads_back_what_is_written() {
    let configuration = parse_all(&[FULL]).unwrap().configuration;
    let json = serde_json::to_vec(&configuration).unwrap();
    assert_eq!(from_json(&json).unwrap(), configuration);
    serde_json::to_string(&schemars::schema_for!(Configuration)).unwrap();
}

#[test]
fn defaults_hold_without_files() {
    let spec = parse_all(&[]).unwrap().configuration.spec;
    assert!(spec.metric.is_enabled() && spec.tracing.otel.is_secure && !spec.logging.api_logging.enabled);
    assert_eq!(
        (spec.access_control.default_action.as_str(), spec.access_control.trust_domain.as_str()),
        ("allow", "public")
    );
    assert_eq!(spec, self::spec("kind: Configuration\nspec:\n  tracing:\n  accessControl: {}\n"));
    assert_eq!(spec, self::spec(""));
}

#[test]
fn later_files_win_field_by_field() {
    let one = "spec:\n  tracing: {samplingRate: '1', stdout: true}\n  features: [{name: A, enabled: true}, {name: B, enabled: true}]\n  accessControl: {defaultAction: deny}\n  nameResolution: {component: c, configuration: {a: 1}}";
    let two = "spec:\n  tracing: {samplingRate: '0', stdout: }\n  features: [{name: C, enabled: true}]\n  nameResolution: {configuration: {b: 2}}";
    let spec = parse_all(&[one, two]).unwrap().configuration.spec;
    assert_eq!((spec.tracing.sampling_rate.as_str(), spec.tracing.stdout), ("0", true));
    assert_eq!(spec.features.len(), 1, "lists are replaced");
    assert_eq!(
        (spec.access_control.default_action.as_str(), spec.access_control.trust_domain.as_str()),
        ("deny", "public")
    );
    assert_eq!(
        (spec.name_resolution.component.as_str(), spec.name_resolution.configuration),
        ("c", serde_json::json!({"b": 2}))
    );
}

#[test]
fn only_the_first_document_counts() {
    assert!(!spec("---\nspec: {metric: {enabled: false}}\n---\nspec: {metric: {enabled: true}}").metric.is_enabled());
}

#[test]
fn metrics_overrides_metric() {
    let metric = spec("spec:\n  metric: {enabled: true, recordErrorCodes: true, rules: [{name: a}]}\n  metrics: {enabled: false, rules: [], http: {excludeVerbs: true}}").metric;
    assert!(!metric.is_enabled() && metric.records_error_codes() && metric.excludes_verbs());
    assert_eq!(metric.rules.len(), 1);
}

#[test]
fn contradicting_secret_scopes_are_refused() {
    let error =
        |scopes: &str| parse_all(&[&format!("spec: {{secrets: {{scopes: {scopes}}}}}")]).unwrap_err().to_string();
    assert_eq!(error("[{storeName: s}, {storeName: s}]"), "s storeName is repeated in secrets configuration");
    assert_eq!(
        error("[{storeName: s, defaultAccess: maybe}]"),
        "defaultAccess maybe can be either allow or deny (secrets scope of store s)"
    );
}

#[test]
fn secret_scopes_decide() {
    let scope = |default: &str, allowed: &[&str], denied: &[&str]| SecretsScope {
        default_access: default.into(),
        allowed_secrets: allowed.iter().map(ToString::to_string).collect(),
        denied_secrets: denied.iter().map(ToString::to_string).collect(),
        ..SecretsScope::default()
    };
    assert!(scope("", &[], &[]).allows("a") && !scope("DENY", &[], &[]).allows("a"));
    assert!(scope("deny", &["a"], &["a"]).allows("a") && !scope("allow", &["a"], &[]).allows("b"));
    assert!(!scope("allow", &[], &["a"]).allows("a"));
}

#[test]
fn errors_and_warnings_have_a_place() {
    let error = parse_all(&["spec:\n  tracing:\n    stdout: perhaps\n"]).unwrap_err();
    assert_eq!(error.to_string(), "0.yaml:3:13: spec.tracing.stdout: expected true or false, found `perhaps`");
    let loaded = parse_all(&["spec:\n  traicng: {}\n", "spec:\n  tracing: {otel: {timeout: 5x}}"]).unwrap_err();
    assert_eq!(
        loaded.to_string(),
        "1.yaml:2:29: spec.tracing.otel.timeout: expected a duration such as `20s`, `1h30m` or `500ms`, found `5x`"
    );
    let loaded = parse_all(&["kind: Configuration\nspec:\n  traicng: {}\n"]).unwrap();
    assert_eq!(
        loaded.problems[0].to_string(),
        "0.yaml:3:3: spec.traicng: no such field; it has no effect; did you mean `tracing`?"
    );
    let error = parse_all(&["spec:\n  a: 1\n  a: 2"]).unwrap_err();
    assert_eq!(error.to_string(), "0.yaml:3:3: a: the key `a` is already given in line 2");
}

#[test]
fn variables_are_expanded_in_the_whole_file() {
    let env = |name: &str| match name {
        "A" => Some("x".to_owned()),
        "B_1" => Some("y".to_owned()),
        "1" => Some("one".to_owned()),
        _ => None,
    };
    for (text, expected) in [
        ("$A ${A}b ${B_1}$B_1", "x xb yy"),
        ("$A-b $UNSET.", "x-b ."),
        ("${} ${A", " A"),
        ("cost $ 5 $", "cost $ 5 $"),
        ("$1a ${1}a", "onea onea"),
        ("$%", "$%"),
        ("ü$A", "üx"),
        ("$ü", "$ü"),
    ] {
        assert_eq!(expand(text, env), expected, "{text}");
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("c.yaml");
    std::fs::write(&path, "metadata: {name: $A}\nspec: {tracing: {samplingRate: \"${A}\"}}").unwrap();
    let configuration = load_files(&[&path], env).unwrap().configuration;
    assert_eq!((configuration.metadata.name.as_str(), configuration.spec.tracing.sampling_rate.as_str()), ("x", "x"));
    let error = load_files(&[directory.path().join("no.yaml")], env).unwrap_err();
    assert!(matches!(error, ConfigurationError::Read { .. }), "{error}");
}

#[test]
fn features_have_defaults_that_can_be_switched() {
    let with = |features: &str| parse_all(&[&format!("spec: {{features: {features}}}")]).unwrap().configuration;
    let plain = parse_all(&[]).unwrap().configuration;
    assert!(plain.is_feature_enabled(HOT_RELOAD) && !plain.is_feature_enabled(ACTOR_STATE_TTL));
    assert_eq!(plain.enabled_features(), [HOT_RELOAD, WORKFLOWS_REMOTE_ACTIVITY_REMINDER]);
    let switched =
        with("[{name: HotReload, enabled: false}, {name: ActorReentrancy, enabled: true}, {name: '', enabled: true}]");
    assert_eq!(switched.enabled_features(), ["ActorReentrancy", WORKFLOWS_REMOTE_ACTIVITY_REMINDER]);
    assert!(!switched.is_feature_enabled(HOT_RELOAD));
}
