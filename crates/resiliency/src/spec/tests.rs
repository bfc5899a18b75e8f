//! What resources say, what they leave out, and what is wrong in them.

use serde_json::json;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn resource(name: &str, spec: serde_json::Value) -> Resiliency {
    serde_json::from_value(json!({ "metadata": { "name": name }, "spec": spec })).unwrap()
}

fn read(spec: serde_json::Value) -> (Spec, Vec<Problem>) {
    Spec::read(&[resource("r", spec)])
}

#[test]
fn what_is_left_out_has_its_default() {
    let (spec, problems) = read(json!({ "policies": {
        "retries": { "r": {}, "e": { "policy": "Exponential" } },
        "circuitBreakers": { "c": {} },
    }}));
    assert_eq!(problems, []);
    let constant = Retry { delay: Delay::Constant(5 * SECOND), max_retries: None, matching: Matching::default() };
    assert_eq!(*spec.retries["r"], constant);
    assert_eq!(*spec.retries["e"], Retry::exponential(60 * SECOND, 900 * SECOND, None));
    let breaker = &spec.breakers["c"];
    assert_eq!((breaker.max_requests, breaker.interval, breaker.timeout), (1, Duration::ZERO, 60 * SECOND));
    assert!(breaker.trip.is_none());
}

#[test]
fn values_are_read_as_go_reads_them() {
    let (spec, problems) = read(json!({ "policies": {
        "timeouts": { "a": "1m30s", "b": "250", "c": "0" },
        "retries": { "r": {
            "policy": "exponential", "maxInterval": "15s", "maxRetries": 7,
            "matching": { "httpStatusCodes": "429", "gRPCStatusCodes": "1" },
        }, "n": { "maxRetries": -2, "duration": "20" } },
        "circuitBreakers": { "c": { "maxRequests": 2, "interval": "8s", "timeout": "45000", "trip": "requests > 1" } },
    }}));
    assert_eq!(problems, []);
    assert_eq!(spec.timeouts["a"], 90 * SECOND);
    assert_eq!(spec.timeouts["b"], SECOND / 4);
    assert_eq!(spec.timeouts["c"], Duration::ZERO);
    assert_eq!(spec.retries["r"].delay, Delay::Exponential { max_interval: 15 * SECOND, max_elapsed: MAX_ELAPSED });
    assert_eq!(spec.retries["r"].max_retries, Some(7));
    assert!(spec.retries["r"].matching.retries(429) && !spec.retries["r"].matching.retries(500));
    assert_eq!(spec.retries["n"].max_retries, None);
    assert_eq!(spec.retries["n"].delay, Delay::Constant(SECOND / 50));
    let breaker = &spec.breakers["c"];
    assert_eq!((breaker.max_requests, breaker.interval, breaker.timeout), (2, 8 * SECOND, 45 * SECOND));
    assert!(breaker.trip.is_some());
}

#[test]
fn what_is_wrong_is_named_and_the_rest_is_used() {
    let (spec, problems) = read(json!({
        "policies": {
            "timeouts": { "good": "1s", "bad": "1x", "negative": "-1s" },
            "retries": {
                "good": {}, "policy": { "policy": "linear" }, "duration": { "duration": "soon" },
                "codes": { "matching": { "httpStatusCodes": "11", "gRPCStatusCodes": "" } },
                "DaprBuiltInActorNotFoundRetries": { "maxRetries": 9 },
            },
            "circuitBreakers": {
                "good": {}, "requests": { "maxRequests": -1 }, "trip": { "trip": "failures > 1" },
                "both": { "interval": "x", "timeout": "y" },
            },
        },
        "targets": {
            "apps": { "a": { "timeout": "good", "retry": "missing", "circuitBreakerCacheSize": -1 } },
            "actors": {
                "scopeless": { "circuitBreaker": "good" },
                "wrong": { "circuitBreaker": "good", "circuitBreakerScope": "all" },
            },
            "components": { "c": { "inbound": { "circuitBreaker": "trip" } } },
        },
    }));
    let fields: Vec<_> = problems.iter().map(|problem| problem.field.trim_start_matches("spec.")).collect();
    assert_eq!(
        fields,
        [
            "policies.timeouts.bad",
            "policies.timeouts.negative",
            "policies.retries.DaprBuiltInActorNotFoundRetries",
            "policies.retries.codes.matching.httpStatusCodes",
            "policies.retries.duration.duration",
            "policies.retries.policy.policy",
            "policies.circuitBreakers.both.interval",
            "policies.circuitBreakers.both.timeout",
            "policies.circuitBreakers.requests.maxRequests",
            "policies.circuitBreakers.trip.trip",
            "targets.apps.a.circuitBreakerCacheSize",
            "targets.actors.scopeless.circuitBreakerScope",
            "targets.actors.wrong.circuitBreakerScope",
            "targets.apps.a.retry",
            "targets.components.c.inbound.circuitBreaker",
        ]
    );
    assert!(problems[0].to_string().starts_with("Could not read resiliency policy r: spec.policies.timeouts.bad: "));
    assert!(spec.timeouts.contains_key("good") && !spec.timeouts.contains_key("negative"));
    assert!(spec.retries.contains_key("good") && !spec.retries.contains_key("codes"));
    assert!(spec.breakers.contains_key("good") && !spec.breakers.contains_key("trip"));
    assert_eq!(spec.apps["a"].names.timeout, "good");
    assert_eq!(spec.apps["a"].breakers, APP_BREAKERS);
    assert_eq!(spec.actors["wrong"].names.breaker, "");
    assert_eq!(spec.retries["DaprBuiltInActorNotFoundRetries"].max_retries, Some(5));
}

#[test]
fn later_resources_win_and_give_the_name() {
    let one = json!({
        "policies": { "timeouts": { "t": "1s", "u": "1s" } },
        "targets": { "apps": { "a": { "timeout": "t", "retry": "later" } } },
    });
    let two = json!({ "policies": { "timeouts": { "t": "2s" }, "retries": { "later": {} } } });
    let (spec, problems) = Spec::read(&[resource("one", one), resource("two", two)]);
    assert_eq!(problems, [], "a target may name a policy of a later resource");
    assert_eq!((spec.timeouts["t"], spec.timeouts["u"]), (2 * SECOND, SECOND));
    assert_eq!(spec.name, "two");
}

#[test]
fn built_in_retries_can_be_changed_but_not_below_three() {
    let (spec, _) = Spec::read(&[]);
    assert_eq!(*spec.retries["DaprBuiltInServiceRetries"], Retry::constant(SECOND, 3));
    assert_eq!(*spec.retries["DaprBuiltInActorRetries"], Retry::constant(SECOND, 3));
    assert_eq!(*spec.retries["DaprBuiltInActorReminderRetries"], Retry::exponential(60 * SECOND, MAX_ELAPSED, None));
    assert_eq!(*spec.retries["DaprBuiltInInitializationRetries"], Retry::exponential(SECOND, 10 * SECOND, Some(3)));
    assert_eq!(*spec.retries["DaprBuiltInActorNotFoundRetries"], Retry::constant(SECOND, 5));
    for (given, used) in [(1, 3), (0, 3), (-1, 3), (3, 3), (10, 10)] {
        let retry = json!({ "duration": "10ms", "maxRetries": given });
        let (spec, problems) = read(json!({ "policies": { "retries": { "DaprBuiltInServiceRetries": retry } } }));
        assert_eq!(problems, []);
        assert_eq!(*spec.retries["DaprBuiltInServiceRetries"], Retry::constant(SECOND / 100, used), "{given}");
    }
}
