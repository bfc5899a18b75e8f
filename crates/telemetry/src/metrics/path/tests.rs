//! Labels that paths become.

use super::*;

fn labels(increased_cardinality: bool, patterns: &[&str]) -> PathLabels {
    PathLabels::new(&HttpMetricsConfig {
        increased_cardinality,
        path_matching: patterns.iter().map(|pattern| (*pattern).to_owned()).collect(),
        exclude_verbs: false,
    })
}

fn check(labels: &PathLabels, cases: &[(&str, &str)]) {
    for (path, expected) in cases {
        assert_eq!(labels.of_request(path), *expected, "label of {path}");
    }
}

#[test]
fn increased_cardinality_replaces_ids() {
    check(
        &labels(true, &[]),
        &[
            ("/v1.0/state/store/key", "/v1.0/state/store"),
            ("/v1.0/state/store", "/v1.0/state/store"),
            ("//v1.0//state/store/a/b", "/v1.0/state/store"),
            ("/v1.0/secrets/vault/name", "/v1.0/secrets/vault"),
            ("/v1.0/actors/Demo/1/timer/name", "/v1.0/actors/Demo/{id}/timer"),
            ("/v1.0/actors/Demo/1", "/v1.0/actors/Demo/1"),
            ("/actors/Demo/1/method/m", "actors/Demo/{id}/method/m"),
            ("/v1.0/workflows/dapr/abc", "/v1.0/workflows/dapr/{instanceId}"),
            ("/v1.0/workflows/dapr/flow/start", "/v1.0/workflows/dapr/flow/start"),
            ("/v1.0/workflows/dapr/abc/pause", "/v1.0/workflows/dapr/{instanceId}/pause"),
            ("/v1.0/workflows/dapr/abc/raiseEvent/go", "/v1.0/workflows/dapr/{instanceId}/raiseEvent/{eventName}"),
            ("/v1.0/invoke/app/method/orders/5", "/v1.0/invoke/app/method/orders/5"),
            ("/healthz", "/healthz"),
            ("/", "/"),
            ("", ""),
        ],
    );
}

#[test]
fn the_common_case_does_not_allocate() {
    let labels = labels(true, &[]);
    for path in ["/v1.0/state/store/key", "/v1.0/secrets/vault/name", "/v1.0/publish/a/b"] {
        assert!(matches!(labels.of_request(path), Cow::Borrowed(_)), "{path}");
    }
}

#[test]
fn low_cardinality_without_patterns_keeps_nothing_but_static_calls() {
    let labels = labels(false, &[]);
    check(&labels, &[("/v1.0/state/store/key", ""), ("/healthz", "")]);
    assert_eq!(labels.of_call("/dapr/subscribe"), "/dapr/subscribe");
    assert_eq!(labels.of_call("/orders/1"), "");
}

#[test]
fn the_most_specific_pattern_wins() {
    let patterns = [
        "/v1/orders/{orderID}/items/12345",
        "/v1/orders/{orderID}/items/{itemID}",
        "/v1/orders/{orderID}",
        "/v1/items/{itemID}",
        "/v1/",
        "/",
    ];
    check(
        &labels(false, &patterns),
        &[
            ("/v1/orders/7/items/12345", "/v1/orders/{orderID}/items/12345"),
            ("/v1/orders/7/items/1", "/v1/orders/{orderID}/items/{itemID}"),
            ("/v1/orders/7", "/v1/orders/{orderID}"),
            ("/v1/basket", "/v1/"),
            ("/v1", "/v1/"),
            ("/v2/orders/1", "/"),
            ("//v1//items/3", "/v1/items/{itemID}"),
        ],
    );
}

#[test]
fn a_service_invocation_matches_the_apps_pattern() {
    check(
        &labels(false, &["/orders/{id}", "files/{path...}"]),
        &[
            ("/orders/1", "/orders/{id}"),
            ("/orders/", ""),
            ("/v1.0/invoke/shop/method/orders/1", "/v1.0/invoke/{app_id}/method/orders/{id}"),
            ("/files/a/b/c", "/files/{path...}"),
            ("/elsewhere", ""),
        ],
    );
}

#[test]
fn an_actor_path_matches_with_its_id_replaced() {
    let patterns = ["/v1.0/actors/myactortype/{id}/method"];
    for increased in [true, false] {
        let labels = labels(increased, &patterns);
        check(&labels, &[("//v1.0/actors/myactortype/me/method/foo", patterns[0])]);
    }
    check(&labels(false, &patterns), &[("/v1.0/actors/unknown/me/method/foo", "")]);
    check(
        &labels(true, &patterns),
        &[("/v1.0/actors/unknown/me/method/foo", "/v1.0/actors/unknown/{id}/method"), ("/v2/basket/1", "/v2/basket/1")],
    );
}

#[test]
fn a_dollar_pins_the_slash() {
    check(&labels(false, &["/a/{$}"]), &[("/a/", "/a/{$}"), ("/a/b", "")]);
}
