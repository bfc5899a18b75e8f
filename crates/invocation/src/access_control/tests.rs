//! The incumbent's decisions, and proof that no spelling of a denied path passes.

use dapr_resources::configuration::{AccessControl as Spec, AppOperation, AppPolicy as PolicySpec};
use dapr_telemetry::metrics::MetricsConfig;
use percent_encoding::percent_decode_str;
use proptest::prelude::*;

use super::*;

fn operation(name: &str, verbs: &[&str], action: &str) -> AppOperation {
    AppOperation {
        name: name.into(),
        http_verb: verbs.iter().map(|verb| (*verb).to_owned()).collect(),
        action: action.into(),
    }
}

fn policy(app: &str, namespace: &str, domain: &str, default: &str, operations: Vec<AppOperation>) -> PolicySpec {
    PolicySpec {
        app_id: app.into(),
        namespace: namespace.into(),
        trust_domain: domain.into(),
        default_action: default.into(),
        operations,
    }
}

fn control(default: &str, policies: Vec<PolicySpec>) -> AccessControl {
    let spec = Spec { default_action: default.into(), trust_domain: "abcd".into(), policies };
    AccessControl::new(&spec).unwrap().unwrap()
}

/// The policies of the incumbent's own unit tests.
fn sample() -> AccessControl {
    control(
        "deny",
        vec![
            policy(
                "app1",
                "ns1",
                "public",
                "allow",
                vec![operation("/op1", &["POST", "GET"], "allow"), operation("/op2", &["*"], "deny")],
            ),
            policy(
                "app2",
                "ns2",
                "domain1",
                "deny",
                vec![operation("/op3/a/*", &["PUT", "GET"], "allow"), operation("/op4", &["POST"], "allow")],
            ),
            policy("app3", "ns1", "domain1", "", vec![operation("/op5", &["POST"], "allow")]),
            policy("app4", "ns2", "domain1", "deny", vec![operation("/op7/c/**", &[], "allow")]),
            policy("app1", "ns4", "public", "allow", vec![operation("/op6", &["*"], "allow")]),
        ],
    )
}

fn id(domain: &str, namespace: &str, app: &str) -> SpiffeId {
    SpiffeId::new(domain, namespace, app).unwrap()
}

fn allowed(control: &AccessControl, caller: &SpiffeId, method: &str, protocol: Protocol<'_>) -> bool {
    control.check(Some(caller), &MethodPath::from_grpc(method).unwrap(), protocol).allowed
}

const GET: Protocol<'_> = Protocol::Http { verb: "GET" };
const POST: Protocol<'_> = Protocol::Http { verb: "POST" };
const PUT: Protocol<'_> = Protocol::Http { verb: "PUT" };
const NO_VERB: Protocol<'_> = Protocol::Http { verb: "NONE" };

#[test]
fn decisions_of_the_incumbent() {
    let control = sample();
    let (app1, app2) = (id("public", "ns1", "app1"), id("domain1", "ns2", "app2"));
    let (app3, app4) = (id("domain1", "ns1", "app3"), id("domain1", "ns2", "app4"));
    for (caller, method, protocol, expected) in [
        (&id("public", "ns1", "appX"), "op1", POST, false),
        (&id("private", "ns1", "app1"), "op1", POST, false),
        (&id("public", "abcd", "app1"), "op1", POST, false),
        (&app1, "op1", POST, true),
        (&app1, "opX", POST, true),
        (&app1, "Op2", POST, false),
        (&app1, "op2", PUT, false),
        (&app1, "op1", PUT, true),
        (&app2, "op4", PUT, false),
        (&app2, "op4", POST, true),
        (&app2, "/op4", POST, true),
        (&app2, "op4", NO_VERB, false),
        (&app2, "/op3/a", PUT, true),
        (&app2, "/op3/b/b", PUT, false),
        (&app2, "/op3/a/b", PUT, true),
        (&app2, "/OP4", Protocol::Grpc, false),
        (&app2, "op4", Protocol::Grpc, true),
        (&app3, "op5", PUT, false),
        (&app3, "op5", NO_VERB, false),
        (&app4, "op7/c/d/e", Protocol::Grpc, true),
        (&id("public", "ns4", "app1"), "op6", PUT, true),
    ] {
        assert_eq!(allowed(&control, caller, method, protocol), expected, "{caller} {method} {protocol:?}");
    }
    let op1 = MethodPath::from_grpc("op1").unwrap();
    assert!(!control.check(None, &op1, POST).allowed);
    assert_eq!(control.check(None, &op1, POST).decided_by, DecidedBy::Global);
    assert_eq!(control.check(Some(&app1), &op1, POST).decided_by, DecidedBy::App);
    let op5 = MethodPath::from_grpc("op5").unwrap();
    assert_eq!(control.check(Some(&app3), &op5, POST).decided_by, DecidedBy::Global, "it has no default of its own");
    assert!(control.check(Some(&app3), &op5, POST).allowed);
}

#[test]
fn default_actions() {
    let spec = |default: &str, domain: &str, policies| Spec {
        default_action: default.into(),
        trust_domain: domain.into(),
        policies,
    };
    assert!(AccessControl::new(&spec("", "", vec![])).unwrap().is_none());
    let one = || vec![policy("a", "n", "t", "", vec![])];
    for (spec, expected) in [
        (spec("", "public", vec![]), true),
        (spec("", "", one()), false),
        (spec("ALLOW", "", one()), true),
        (spec("Deny", "", vec![]), false),
        (spec("perhaps", "", vec![]), false),
        (Spec::default(), true),
    ] {
        let control = AccessControl::new(&spec).unwrap().unwrap();
        assert_eq!(control.check(None, &MethodPath::from_grpc("m").unwrap(), GET).allowed, expected, "{spec:?}");
        assert_eq!(allowed(&control, &id("t", "n", "a"), "m", GET), expected, "{spec:?}");
    }
}

#[test]
fn policies_must_say_whom_they_are_for() {
    let policies = vec![
        policy("app1", "ns", "", "allow", vec![]),
        policy("app2", "", "td", "allow", vec![]),
        policy("", "ns", "td", "allow", vec![]),
    ];
    let error = AccessControl::new(&Spec { policies, ..Spec::default() }).unwrap_err();
    assert!(
        error.to_string().starts_with(
            "invalid access control spec. missing trustdomain for apps: [app1], missing namespace for apps: [app2], \
             missing app name on at least one of the app policies: true"
        ),
        "{error}"
    );
}

#[test]
fn what_the_caller_is_told_and_what_is_counted() {
    let control = sample();
    let (caller, path) = (id("public", "ns1", "app1"), MethodPath::from_http("a/../op2").unwrap());
    let decision = control.check(Some(&caller), &path, GET);
    assert_eq!(
        decision.message(),
        "access control policy has denied access to id: spiffe://public/ns/ns1/app1 operation: op2 verb: GET"
    );
    let unknown = control.check(None, &path, Protocol::Grpc);
    assert!(unknown.message().ends_with("to id:  operation: op2 verb: NONE"), "{}", unknown.message());
    let metrics = Metrics::new(&MetricsConfig::default()).unwrap();
    decision.record(&metrics);
    let text = metrics.encode();
    let series =
        r#"dapr_runtime_acl_app_policy_action_blocked_total{app_id="app1",namespace="ns1",trustDomain="public"} 1"#;
    assert!(text.contains(series), "{text}");
}

/// The public cases: only `/public` is allowed.
#[test]
fn public_spellings() {
    let caller = id("public", "default", "caller");
    let operations = vec![operation("/public", &["*"], "allow")];
    let control = control("deny", vec![policy("caller", "default", "public", "deny", operations)]);
    let check = |path: &MethodPath, protocol| control.check(Some(&caller), path, protocol).allowed;
    for (escaped, expected) in [
        ("public", true),
        ("public%2F..%2Fpublic", true),
        ("public///extra", true),
        ("admin%2F..%2Fpublic", true),
        ("a%2Fb%2Fc%2F..%2F..%2F..%2Fpublic", true),
        ("admin", false),
        ("admin%25stream", false),
        ("admin%22stream", false),
        ("admin%2Astream", false),
        ("admin%5C..%5Cpublic", false),
        ("admin%2F..%5C..%2Fpublic", false),
        ("public%25%2F..%2Fadmin", false),
        ("public%2F..%2Funauthorized", false),
    ] {
        assert_eq!(check(&MethodPath::from_http(escaped).unwrap(), GET), expected, "{escaped}");
    }
    for (method, expected) in [
        ("/public", true),
        ("admin/../public", true),
        ("/admin%09/../public", true),
        ("admin%2Fsecret/../public", true),
        ("admin%2F..%2Fpublic", false),
        ("admin%2Fsecret%2F..%2F..%2Fpublic", false),
        ("public/../admin%2Fsecret", false),
        (r"admin\..\public", false),
        ("/admin\u{ff0f}..\u{ff0f}public", false),
    ] {
        for protocol in [GET, Protocol::Grpc] {
            assert_eq!(check(&MethodPath::from_grpc(method).unwrap(), protocol), expected, "{method} {protocol:?}");
        }
    }
}

#[test]
fn what_an_operator_spelled_out_is_not_denied_for_its_other_readings() {
    let caller = id("t", "n", "a");
    let operations = vec![operation("/items;v=1", &["*"], "allow"), operation("/my%20file/", &["GET"], "allow")];
    let control = control("deny", vec![policy("a", "n", "t", "deny", operations)]);
    assert!(allowed(&control, &caller, "items;v=1", GET));
    assert!(!allowed(&control, &caller, "items;v=2", GET));
    assert!(!allowed(&control, &caller, "items", GET));
    let file = MethodPath::from_http("my%20file").unwrap();
    assert!(control.check(Some(&caller), &file, GET).allowed);
    assert!(allowed(&control, &caller, "my%20file", GET));
}

/// How a lenient application framework may read the path that it is sent: escapes once to three times, backslashes as
/// slashes, without parameters, any case.
fn lenient_readings(dispatched: &str) -> Vec<String> {
    let mut readings = Vec::new();
    for times in 1..=3 {
        let mut path = dispatched.to_owned();
        for _ in 0..times {
            path = percent_decode_str(&path).decode_utf8_lossy().into_owned();
        }
        for backslashes in [false, true] {
            for parameters in [false, true] {
                let mut path = path.clone();
                if backslashes {
                    path = path.replace('\\', "/");
                }
                if parameters {
                    let names: Vec<_> = path.split('/').map(|segment| segment.split(';').next().unwrap()).collect();
                    path = names.join("/");
                }
                readings.push(crate::method_path::clean(&path).to_lowercase());
            }
        }
    }
    readings
}

#[derive(Clone, Debug)]
enum Mutation {
    Escape { at: usize, times: u8, lower: bool },
    Upper(usize),
    Insert { at: usize, what: &'static str },
    Replace { at: usize, what: &'static str },
}

fn mutations() -> impl Strategy<Value = Vec<Mutation>> {
    let inserted = proptest::sample::select(vec![
        "./",
        "../",
        "x/../",
        "//",
        "/",
        "\\",
        "..\\",
        ";",
        ";p=1",
        "%",
        "%2e",
        "%2f",
        "%5c",
        "%3b",
        "%25",
        "%252f",
        "%00",
        "%23",
        "%3f",
        "#",
        "?",
        "\0",
        "..;/",
        "/public/..",
        "public/../",
        "files/../",
        ".",
    ]);
    let slashes =
        proptest::sample::select(vec!["\\", "%2f", "%252F", "%5C", "%255c", "//", "/./", "/%2e/", "/x/%2e%2e/"]);
    let mutation = prop_oneof![
        3 => (any::<usize>(), 1u8..4, any::<bool>()).prop_map(|(at, times, lower)| Mutation::Escape { at, times, lower }),
        1 => any::<usize>().prop_map(Mutation::Upper),
        3 => (any::<usize>(), inserted).prop_map(|(at, what)| Mutation::Insert { at, what }),
        2 => (any::<usize>(), slashes).prop_map(|(at, what)| Mutation::Replace { at, what }),
    ];
    proptest::collection::vec(mutation, 0..7)
}

fn spelling(path: &str, mutations: &[Mutation]) -> String {
    let mut text = path.to_owned();
    for mutation in mutations {
        let at = |at: &usize| at % text.len().max(1);
        match mutation {
            _ if text.is_empty() => {}
            Mutation::Escape { at: position, times, lower } => {
                let position = at(position);
                let byte = text.as_bytes()[position];
                let hex = if *lower { format!("{byte:02x}") } else { format!("{byte:02X}") };
                let escape = format!("%{}{hex}", "25".repeat(usize::from(*times) - 1));
                text.replace_range(position..=position, &escape);
            }
            Mutation::Upper(position) => {
                let position = at(position);
                let upper = text[position..=position].to_uppercase();
                text.replace_range(position..=position, &upper);
            }
            Mutation::Insert { at: position, what } => text.insert_str(at(position), what),
            Mutation::Replace { at: position, what } => {
                let slashes: Vec<_> = text.match_indices('/').map(|(at, _)| at).collect();
                if let Some(position) = slashes.get(position % slashes.len().max(1)) {
                    text.replace_range(*position..=*position, what);
                }
            }
        }
    }
    text
}

/// Both ways in. What cannot be parsed never reaches an application.
fn paths(spelling: &str) -> impl Iterator<Item = MethodPath> {
    [MethodPath::from_http(spelling).ok(), MethodPath::from_grpc(spelling).ok()].into_iter().flatten()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn no_spelling_of_a_denied_path_reaches_the_application(
        denied in proptest::sample::select(vec!["/admin", "/admin/secret", "/a/b/c", "/files/private"]),
        mutations in mutations(),
    ) {
        let caller = id("t", "n", "a");
        let operations = vec![operation(denied, &["*"], "deny"), operation("/files/**", &["*"], "allow")];
        let control = control("deny", vec![policy("a", "n", "t", "allow", operations)]);
        for path in paths(&spelling(denied, &mutations)) {
            let Ok(dispatched) = path.dispatch(false) else { continue };
            if control.check(Some(&caller), &path, GET).allowed {
                for reading in lenient_readings(&dispatched) {
                    let below = reading.strip_prefix(denied).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
                    prop_assert!(!below, "{path:?} is {reading}");
                }
            }
        }
    }

    #[test]
    fn only_what_is_allowed_reaches_the_application(
        start in proptest::sample::select(vec!["/public", "/public/more", "/files/x", "/admin", "/public/../admin", "/files/../admin"]),
        mutations in mutations(),
    ) {
        let caller = id("t", "n", "a");
        let operations = vec![operation("/public", &["*"], "allow"), operation("/files/*", &["*"], "allow")];
        let control = control("deny", vec![policy("a", "n", "t", "deny", operations)]);
        for path in paths(&spelling(start, &mutations)) {
            let Ok(dispatched) = path.dispatch(false) else { continue };
            if control.check(Some(&caller), &path, GET).allowed {
                for reading in lenient_readings(&dispatched) {
                    let mut segments = reading[1..].split('/');
                    let within = match segments.next() {
                        Some("public") => true,
                        Some("files") => segments.count() <= 1,
                        _ => false,
                    };
                    prop_assert!(within, "{path:?} is {reading}");
                }
            }
        }
    }

    #[test]
    fn grpc_applications_are_told_what_was_decided_about(mutations in mutations()) {
        let caller = id("t", "n", "a");
        let operations = vec![operation("/admin/secret", &["*"], "deny")];
        let control = control("deny", vec![policy("a", "n", "t", "allow", operations)]);
        for path in paths(&spelling("/admin/secret", &mutations)) {
            if control.check(Some(&caller), &path, Protocol::Grpc).allowed {
                prop_assert_ne!(path.wire().trim_matches('/'), "admin/secret");
            }
        }
    }
}

/// Not a test of speed on any machine; run it with `--release -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement"]
fn how_long_a_decision_takes() {
    const ROUNDS: u32 = 1_000_000;
    let caller = id("t", "n", "a");
    let operations = (0..20).map(|index| operation(&format!("/api/v1/operation{index}/*"), &["GET", "POST"], "allow"));
    let control = control("deny", vec![policy("a", "n", "t", "deny", operations.collect())]);
    for method in ["api/v1/operation19/order", "API/v1/Operation19/order", "api/v1/operation19/a%20b"] {
        let path = MethodPath::from_grpc(method).unwrap();
        let started = tokio::time::Instant::now();
        for _ in 0..ROUNDS {
            assert!(std::hint::black_box(&control).check(Some(&caller), &path, POST).allowed);
        }
        println!("{method}: {:?} for each decision", started.elapsed() / ROUNDS);
        let started = tokio::time::Instant::now();
        for _ in 0..ROUNDS {
            std::hint::black_box(MethodPath::from_http(std::hint::black_box(method)).unwrap());
        }
        println!("{method}: {:?} for each parse", started.elapsed() / ROUNDS);
    }
}
