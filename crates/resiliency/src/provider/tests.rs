//! Which policy each target gets, where breakers are shared, and what the metrics say.

use dapr_telemetry::metrics::MetricsConfig;
use serde_json::{Value, json};

use super::*;
use crate::Verdict;

fn metrics() -> Metrics {
    Metrics::new(&MetricsConfig { app_id: "me".into(), ..MetricsConfig::default() }).unwrap()
}

fn provider(spec: Value) -> Provider {
    with_metrics(spec, &metrics())
}

fn with_metrics(spec: Value, metrics: &Metrics) -> Provider {
    let resource = serde_json::from_value(json!({ "metadata": { "name": "myresiliency" }, "spec": spec })).unwrap();
    let (provider, problems) = Provider::new(&[resource], metrics);
    assert_eq!(problems, []);
    provider
}

fn milliseconds(policy: &Policy) -> Option<u128> {
    policy.timeout().map(|limit| limit.as_millis())
}

async fn fail(policy: &Policy) -> bool {
    policy
        .run_once(|_| Verdict::Retriable, async { Err::<(), ()>(()) })
        .await
        .is_err_and(|error| matches!(error, crate::Error::Failed { .. }))
}

#[test]
fn without_resources_only_the_built_in_retries_apply() {
    let (provider, problems) = Provider::new(&[], &metrics());
    assert_eq!(problems, []);
    assert!(provider.app("a", "m").is_none() && !provider.names_app("a"));
    assert!(provider.actor_pre_lock("t", "i").is_none() && provider.actor_post_lock("t", "i").is_none());
    for kind in ComponentType::ALL {
        assert!(provider.component_inbound("c", kind).is_none() && provider.component_outbound("c", kind).is_none());
    }
    for built_in in BuiltIn::ALL {
        assert!(provider.built_in(built_in).retries(), "{built_in:?}");
    }
}

/// The timeout tells which default was found: each is one millisecond longer than the one before.
#[test]
fn the_most_specific_default_policy_is_found() {
    let levels = [
        "",
        "App",
        "Actor",
        "Component",
        "ComponentInbound",
        "ComponentOutbound",
        "StatestoreComponentOutbound",
        "PubsubComponentInbound",
    ];
    let timeouts: serde_json::Map<_, _> = levels
        .iter()
        .enumerate()
        .map(|(index, level)| (format!("Default{level}TimeoutPolicy"), json!((index + 1).to_string())))
        .collect();
    let given = |leave_out: &[&str]| {
        let mut timeouts = timeouts.clone();
        timeouts.retain(|name, _| !leave_out.iter().any(|level| *name == format!("Default{level}TimeoutPolicy")));
        provider(json!({ "policies": { "timeouts": timeouts } }))
    };
    let all = given(&[]);
    assert_eq!(milliseconds(&all.app("a", "m")), Some(2));
    assert_eq!(milliseconds(&all.actor_post_lock("t", "i")), Some(3));
    assert!(all.actor_pre_lock("t", "i").is_none(), "a timeout does not include waiting for the lock");
    assert_eq!(milliseconds(&all.component_outbound("c", ComponentType::Statestore)), Some(7));
    assert_eq!(milliseconds(&all.component_inbound("c", ComponentType::Pubsub)), Some(8));
    assert_eq!(milliseconds(&all.component_outbound("c", ComponentType::Pubsub)), Some(6));
    assert_eq!(milliseconds(&all.component_inbound("c", ComponentType::Binding)), Some(5));
    let fewer = given(&["App", "Actor", "ComponentInbound"]);
    assert_eq!(milliseconds(&fewer.app("a", "m")), Some(1));
    assert_eq!(milliseconds(&fewer.actor_post_lock("t", "i")), Some(1));
    assert_eq!(milliseconds(&fewer.component_inbound("c", ComponentType::Binding)), Some(4));
    let fewest = given(&["Component", "ComponentInbound", "PubsubComponentInbound"]);
    assert_eq!(milliseconds(&fewest.component_inbound("c", ComponentType::Pubsub)), Some(1));
}

#[test]
fn defaults_of_different_kinds_are_found_apart() {
    let provider = provider(json!({ "policies": {
        "timeouts": { "DefaultTimeoutPolicy": "1s" },
        "retries": { "DefaultAppRetryPolicy": { "maxRetries": 2 } },
        "circuitBreakers": { "DefaultComponentCircuitBreakerPolicy": {} },
    }}));
    let app = provider.app("a", "m");
    assert!(app.retries() && app.timeout().is_some() && !format!("{app:?}").contains("Breaker {"));
    let component = provider.component_outbound("c", ComponentType::Lock);
    assert!(!component.retries() && component.timeout().is_some() && format!("{component:?}").contains("Breaker {"));
}

#[test]
fn a_named_target_has_what_it_names_and_no_defaults() {
    let provider = provider(json!({
        "policies": {
            "timeouts": { "DefaultTimeoutPolicy": "1s", "t": "7ms" },
            "retries": { "DefaultRetryPolicy": {}, "r": {} },
        },
        "targets": {
            "apps": { "a": { "timeout": "t" }, "bare": {} },
            "actors": { "x": { "timeout": "t", "retry": "r" } },
            "components": { "c": { "outbound": { "timeout": "t", "retry": "r" } } },
        },
    }));
    let app = provider.app("a", "m");
    assert_eq!((milliseconds(&app), app.retries()), (Some(7), false));
    assert!(provider.app("bare", "m").is_none() && provider.names_app("bare"));
    assert!(provider.app("other", "m").retries() && !provider.names_app("other"));
    let (pre, post) = (provider.actor_pre_lock("x", "1"), provider.actor_post_lock("x", "1"));
    assert_eq!((milliseconds(&pre), pre.retries()), (None, true));
    assert_eq!((milliseconds(&post), post.retries()), (Some(7), false));
    let component = provider.component_outbound("c", ComponentType::Binding);
    assert_eq!((milliseconds(&component), component.retries()), (Some(7), true));
    assert!(provider.component_inbound("c", ComponentType::Binding).is_none());
}

fn with_breakers(targets: Value) -> Provider {
    provider(json!({
        "policies": { "circuitBreakers": { "cb": { "trip": "totalFailures >= 1" }, "cb2": { "trip": "totalFailures >= 1" } } },
        "targets": targets,
    }))
}

#[tokio::test]
async fn endpoints_of_an_app_have_breakers_of_their_own_as_many_as_are_kept() {
    let provider = with_breakers(json!({ "apps": { "a": { "circuitBreaker": "cb", "circuitBreakerCacheSize": 2 } } }));
    assert!(fail(&provider.app("a", "one")).await);
    assert!(!fail(&provider.app("a", "one")).await, "it is open");
    assert!(fail(&provider.app("a", "two")).await, "but not for another endpoint");
    assert!(fail(&provider.app("a", "three")).await);
    assert!(!fail(&provider.app("a", "three")).await);
    assert!(fail(&provider.app("a", "one")).await, "it was forgotten");
}

#[tokio::test]
async fn breakers_of_actors_are_for_the_type_or_for_each() {
    let target = |scope: &str| json!({ "circuitBreaker": "cb", "circuitBreakerScope": scope });
    let provider = with_breakers(json!({ "actors": { "t": target("type"), "i": target("id"), "b": target("both") } }));
    assert!(fail(&provider.actor_pre_lock("t", "1")).await);
    assert!(!fail(&provider.actor_pre_lock("t", "2")).await);
    for actor_type in ["i", "b"] {
        assert!(fail(&provider.actor_pre_lock(actor_type, "1")).await);
        assert!(!fail(&provider.actor_pre_lock(actor_type, "1")).await);
        assert!(fail(&provider.actor_pre_lock(actor_type, "2")).await);
    }
}

#[tokio::test]
async fn both_directions_of_a_component_share_the_breaker_of_one_policy() {
    let both =
        |inbound: &str| json!({ "inbound": { "circuitBreaker": inbound }, "outbound": { "circuitBreaker": "cb" } });
    let provider = with_breakers(json!({ "components": { "same": both("cb"), "apart": both("cb2") } }));
    for (name, shared) in [("same", true), ("apart", false)] {
        assert!(fail(&provider.component_outbound(name, ComponentType::Pubsub)).await);
        assert_eq!(!fail(&provider.component_inbound(name, ComponentType::Pubsub)).await, shared, "{name}");
    }
}

#[tokio::test]
async fn default_breakers_are_kept_between_calls() {
    let provider = provider(json!({ "policies": {
        "circuitBreakers": { "DefaultCircuitBreakerPolicy": { "trip": "totalFailures >= 1" } },
    }}));
    assert!(fail(&provider.app("a", "m")).await && !fail(&provider.app("a", "m")).await);
    assert!(fail(&provider.app("b", "m")).await && fail(&provider.app("a", "n")).await);
    assert!(fail(&provider.actor_pre_lock("t", "1")).await && !fail(&provider.actor_pre_lock("t", "2")).await);
    let component = || provider.component_outbound("c", ComponentType::Crypto);
    assert!(fail(&component()).await && !fail(&component()).await);
}

#[test]
fn a_reload_is_seen_by_all_clones() {
    let running = provider(json!({}));
    let clone = running.clone();
    assert!(clone.app("a", "m").is_none());
    running.replace(&provider(json!({ "policies": { "timeouts": { "DefaultTimeoutPolicy": "1s" } } })));
    assert_eq!(milliseconds(&clone.app("a", "m")), Some(1_000));
}

/// The series that the incumbent's own cases ask for.
#[tokio::test(start_paused = true)]
async fn metrics_of_a_breaker_that_opens_and_closes() {
    let metrics = metrics();
    let provider = with_metrics(
        json!({
            "policies": {
                "timeouts": { "t": "1s" },
                "retries": { "r": { "maxRetries": 2, "duration": "1ms" } },
                "circuitBreakers": { "cb": { "trip": "consecutiveFailures >= 3", "timeout": "5s" } },
            },
            "targets": { "apps": { "server": { "circuitBreaker": "cb" }, "slow": { "timeout": "t", "retry": "r" } } },
        }),
        &metrics,
    );
    let value = |metric: &str, policy: &str, status: &str, target: &str| {
        let series = format!(
            "dapr_resiliency_{metric}{{app_id=\"me\",flow_direction=\"outbound\",name=\"myresiliency\",namespace=\"\",\
             policy=\"{policy}\",status=\"{status}\",target=\"{target}\"}} "
        );
        metrics.encode().lines().find_map(|line| line.strip_prefix(&series).map(str::to_owned))
    };
    let breaker = |metric, status| value(metric, "circuitbreaker", status, "app_server").unwrap_or("0".into());
    for _ in 0..4 {
        fail(&provider.app("server", "m")).await;
    }
    assert_eq!((breaker("count", "closed"), breaker("count", "open")), ("3".into(), "1".into()));
    assert_eq!((breaker("activations_total", "open"), breaker("cb_state", "open")), ("1".into(), "1".into()));
    tokio::time::advance(Duration::from_secs(5)).await;
    let succeed = || async {
        let policy = provider.app("server", "m");
        policy.run_once(|_| Verdict::Success, async { Ok::<(), ()>(()) }).await.unwrap();
    };
    succeed().await;
    assert_eq!((breaker("cb_state", "open"), breaker("cb_state", "half-open")), ("0".into(), "1".into()));
    assert_eq!(breaker("activations_total", "closed"), "1");
    succeed().await;
    assert_eq!((breaker("cb_state", "closed"), breaker("cb_state", "half-open")), ("1".into(), "0".into()));

    let slow = provider.app("slow", "m");
    assert!(slow.run(|_| Verdict::Success, |_| std::future::pending::<Result<(), ()>>()).await.is_err());
    for (policy, metric) in
        [("timeout", "count"), ("retry", "count"), ("timeout", "activations_total"), ("retry", "activations_total")]
    {
        assert_eq!(value(metric, policy, "", "app_slow").as_deref(), Some("1"), "{metric} {policy}");
    }
    provider.built_in(BuiltIn::ServiceRetries);
    assert!(!metrics.encode().contains("DaprBuiltIn"));
    assert!(metrics.encode().contains("dapr_resiliency_loaded{app_id=\"me\",name=\"myresiliency\",namespace=\"\"} 1"));
}

/// Not a test of speed on any machine; run it with `--release -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement"]
fn how_long_the_path_without_policies_takes() {
    const ROUNDS: u32 = 1_000_000;
    let named = provider(json!({
        "policies": { "timeouts": { "t": "1s" } },
        "targets": { "apps": { "a": { "timeout": "t" } } },
    }));
    let (none, _) = Provider::new(&[], &metrics());
    for (what, provider, app) in
        [("no policy", &none, "orders"), ("other app named", &named, "orders"), ("a timeout", &named, "a")]
    {
        let started = tokio::time::Instant::now();
        for _ in 0..ROUNDS {
            std::hint::black_box(provider.app(std::hint::black_box(app), "method"));
        }
        println!("{what}: {:?} for each look-up", started.elapsed() / ROUNDS);
    }
}
