//! Structured and flat fields, and what is refused.

use dapr_spi::metadata::{Metadata as _, Properties};
use proptest::prelude::*;

use super::*;

fn settings(pairs: &[(&str, &str)]) -> Result<ConsulSettings, String> {
    let metadata = ConsulMetadata::parse(&Properties::from_pairs(pairs.iter().copied()));
    ConsulSettings::new(metadata.map_err(|problems| problems[0].to_string())?).map_err(|error| error.to_string())
}

#[test]
fn nothing_is_needed() {
    let settings = settings(&[]).unwrap();
    assert_eq!((settings.client.address.as_str(), settings.client.scheme.as_str()), ("127.0.0.1:8500", "http"));
    assert!(settings.query.use_cache && settings.registration.is_none() && !settings.deregister);
    assert_eq!(settings.port_key, "DAPR_PORT");
}

#[test]
fn structured_fields_are_read_without_regard_to_case() {
    let client = r#"{"Address":"consul.test:8501","SCHEME":"https","datacenter":"dc2","httpAuth":{"Username":"u","password":5},
        "waitTime":"5s","tlsConfig":{"CAFile":"/ca","insecureskipverify":"true"},"tokenFile":null,"tokn":"t"}"#;
    let query = r#"{"useCache":false,"Filter":"Checks.ServiceTags contains dapr","nodeMeta":{"Rack":"R1"},"maxAge":"30s",
        "staleIfError":5000000000,"waitIndex":7,"allowStale":true,"relayFactor":2,"namespace":"n","partition":"p"}"#;
    let settings = settings(&[("client", client), ("queryOptions", query)]).unwrap();
    let (client, query) = (settings.client, settings.query);
    assert_eq!(
        (client.address.as_str(), client.scheme.as_str(), client.datacenter.as_str()),
        ("consul.test:8501", "https", "dc2")
    );
    let auth = client.http_auth.unwrap();
    assert_eq!((auth.username.as_str(), auth.password.as_str()), ("u", "5"));
    assert_eq!((client.tls.ca_file.as_str(), client.tls.insecure_skip_verify), ("/ca", true));
    assert_eq!(query.node_meta["Rack"], "R1", "names of others keep their case");
    assert_eq!((query.max_age, query.stale_if_error), (Some(Duration::from_secs(30)), Some(Duration::from_secs(5))));
    assert!(query.allow_stale && !query.use_cache && query.relay_factor == 2);
    assert_eq!((query.namespace.as_str(), query.partition.as_str()), ("n", "p"));
    assert_eq!(settings.remarks, ["`client` has no field `tokn`, did you mean `token`?; it is passed over"]);
}

#[test]
fn flat_fields_stand_for_the_structured_ones() {
    let settings = settings(&[
        ("address", "https://consul.test/"),
        ("token", "t"),
        ("username", "u"),
        ("password", "p"),
        ("queryDatacenter", "dc3"),
        ("namespace", "n"),
        ("allowStale", "true"),
        ("tlsAddress", "name.test:8501"),
        ("tags", "dapr, v1"),
        ("selfRegister", "true"),
    ])
    .unwrap();
    assert_eq!((settings.client.address.as_str(), settings.client.scheme.as_str()), ("consul.test", "https"));
    assert_eq!((settings.client.token.as_str(), settings.client.tls.address.as_str()), ("t", "name.test:8501"));
    assert_eq!(settings.client.http_auth.unwrap().password, "p");
    assert!(settings.query.allow_stale && settings.query.use_cache);
    assert_eq!((settings.query.datacenter.as_str(), settings.query.namespace.as_str()), ("dc3", "n"));
    let Some(Registration::Plain { tags, .. }) = settings.registration else { panic!("a registration") };
    assert_eq!(tags, ["dapr", "v1"]);
}

#[test]
fn the_whole_registration_goes_before_the_parts() {
    let whole = settings(&[("selfRegister", "true"), ("advancedRegistration", r#"{"name":"x"}"#)]).unwrap();
    assert!(matches!(whole.registration, Some(Registration::Whole(_))));
    let parts = settings(&[("selfRegister", "true"), ("meta", r#"{"A":1,"b":"c"}"#), ("checks", "[{}]")]).unwrap();
    let Some(Registration::Plain { meta, checks, .. }) = parts.registration else { panic!("a registration") };
    assert_eq!((meta["A"].as_str(), meta["b"].as_str(), checks.len()), (Some("1"), Some("c"), 1));
}

#[test]
fn wrong_fields_are_named_and_no_secret_is_shown() {
    let register = ("selfRegister", "true");
    for (pairs, name) in [
        (&[("client", "127.0.0.1:8500")][..], "`client`"),
        (&[("client", "[1]")], "`client`"),
        (&[("client", r#"{"token":["s3cret"]}"#)], "`client.token`"),
        (&[("client", r#"{"tlsConfig":5}"#)], "`client.tlsConfig`"),
        (&[("client", r#"{"httpAuth":{"password":{"s3cret":1}}}"#)], "`client.httpAuth.password`"),
        (&[("client", r#"{"scheme":"unix"}"#)], "`client.scheme`"),
        (&[("address", "unix:///run/consul.sock")], "`client.scheme`"),
        (&[("address", "a b")], "`client.address`"),
        (&[("address", "user:s3cret@host")], "`client.address`"),
        (&[("certFile", "/c")], "`client.tlsConfig.certFile`"),
        (&[("queryOptions", r#"{"maxAge":"soon"}"#)], "`queryOptions.maxAge`"),
        (&[("queryOptions", r#"{"nodeMeta":[]}"#)], "`queryOptions.nodeMeta`"),
        (&[register, ("checks", "{}")], "`checks`"),
        (&[register, ("checks", "[5]")], "`checks`"),
        (&[register, ("tags", "[{}]")], "`tags`"),
        (&[register, ("meta", r#"{"a":{}}"#)], "`meta.a`"),
        (&[("advancedRegistration", "[]")], "`advancedRegistration`"),
        (&[("selfRegister", "perhaps")], "`selfRegister`"),
    ] {
        let error = settings(pairs).unwrap_err();
        assert!(error.contains(name), "{pairs:?}: {error}");
        assert!(!error.contains("s3cret") || name == "`client.address`", "{error}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,40}|[{}\\[\\]\":,a-z0-9]{0,40}") {
        for field in ["client", "queryOptions", "checks", "tags", "meta", "advancedRegistration", "address"] {
            let _ = settings(&[("selfRegister", "true"), (field, &text)]);
        }
    }
}
