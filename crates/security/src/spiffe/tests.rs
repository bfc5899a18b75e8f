//! Parsing and formatting of SPIFFE ids, and what is refused.

use proptest::prelude::*;

use super::*;

fn parse(text: &str) -> SpiffeId {
    text.parse().unwrap()
}

#[test]
fn an_id_gives_its_parts() {
    let id = parse("spiffe://cluster.local/ns/dapr-system/dapr-sentry");
    assert_eq!((id.trust_domain(), id.namespace(), id.app_id()), ("cluster.local", "dapr-system", "dapr-sentry"));
    assert_eq!(id.path(), "/ns/dapr-system/dapr-sentry");
    assert_eq!(id, SpiffeId::new("cluster.local", "dapr-system", "dapr-sentry").unwrap());
    assert_eq!(id.to_string(), "spiffe://cluster.local/ns/dapr-system/dapr-sentry");
}

#[test]
fn more_segments_make_another_id_of_the_same_app() {
    let id = parse("spiffe://public/ns/default/app/replica/2");
    assert_eq!((id.namespace(), id.app_id(), id.path()), ("default", "app", "/ns/default/app/replica/2"));
    assert_ne!(id, SpiffeId::new("public", "default", "app").unwrap());
}

#[test]
fn what_is_malformed_is_refused() {
    for text in [
        "",
        "spiffe://",
        "spiffe://public",
        "spiffe://public/",
        "spiffe:///ns/default/app",
        "spiffe://public/ns",
        "spiffe://public/ns/default",
        "spiffe://public/ns/default/",
        "spiffe://public/ns//app",
        "spiffe://public/ns/default/app/",
        "spiffe://public/sa/default/app",
        "spiffe://public/NS/default/app",
        "spiffe://Public/ns/default/app",
        "spiffe://public:80/ns/default/app",
        "spiffe://user@public/ns/default/app",
        "SPIFFE://public/ns/default/app",
        "https://public/ns/default/app",
        "spiffe://public/ns/../app",
        "spiffe://public/ns/./app",
        "spiffe://public/ns/default/a%2fb",
        "spiffe://public/ns/default/app?query",
        "spiffe://public/ns/default/app#fragment",
        "spiffe://public/ns/default/äpp",
        " spiffe://public/ns/default/app",
        "spiffe://public/ns/default/app\0",
    ] {
        let error = text.parse::<SpiffeId>().expect_err(text);
        assert!(error.to_string().starts_with("malformed SPIFFE ID"), "{error}");
    }
    assert!(format!("spiffe://{}/ns/a/b", "d".repeat(256)).parse::<SpiffeId>().is_err());
    assert!(format!("spiffe://{}/ns/a/b", "d".repeat(255)).parse::<SpiffeId>().is_ok());
    assert!(format!("spiffe://d/ns/a/{}", "b".repeat(2048)).parse::<SpiffeId>().is_err());
}

#[test]
fn parts_cannot_smuggle_another_path() {
    for (trust_domain, namespace, app_id) in
        [("", "a", "b"), ("d", "", "b"), ("d", "a", ""), ("d", "a/b", "c"), ("d/ns/x", "a", "b"), ("d", "a", "b/c")]
    {
        assert!(SpiffeId::new(trust_domain, namespace, app_id).is_err_and(|error| error.id.len() <= 200));
    }
}

proptest! {
    #[test]
    fn any_text_is_parsed_or_refused_and_a_parsed_one_is_written_as_it_came(text in ".{0,80}") {
        if let Ok(id) = text.parse::<SpiffeId>() {
            prop_assert_eq!(id.as_str(), text);
        }
    }

    #[test]
    fn near_misses_keep_their_parts_apart(text in "spiffe://[a-z.]{0,3}/ns/[a-zA-Z./%-]{0,6}/[a-zA-Z./%-]{0,6}") {
        if let Ok(id) = text.parse::<SpiffeId>() {
            let front = format!("spiffe://{}/ns/{}/{}", id.trust_domain(), id.namespace(), id.app_id());
            let longer = text.starts_with(&format!("{front}/"));
            prop_assert!(longer || text == front);
            prop_assert!(!id.app_id().contains('/') && !id.namespace().contains('/'));
        }
    }

    #[test]
    fn valid_parts_come_back(
        trust_domain in "[a-z0-9._-]{1,40}",
        namespace in "[a-zA-Z0-9_-]{1,40}",
        app_id in "[a-zA-Z0-9_-]{1,40}",
    ) {
        let id = SpiffeId::new(&trust_domain, &namespace, &app_id).unwrap();
        prop_assert_eq!((id.trust_domain(), id.namespace(), id.app_id()),
            (trust_domain.as_str(), namespace.as_str(), app_id.as_str()));
        prop_assert_eq!(parse(id.as_str()), id);
    }
}
