//! The derive, the parser and its messages.

use std::time::Duration;

use dapr_spi::Metadata;
use dapr_spi::metadata::{Metadata as _, Properties, unknown_fields};

/// Fields of every kind.
#[derive(Debug, Metadata)]
struct Settings {
    /// Where to connect.
    #[metadata(required, aliases("host"))]
    redis_host: String,
    /// Never shown.
    #[metadata(secret)]
    redis_password: Option<String>,
    /// How long to wait.
    #[metadata(default = "20s")]
    timeout: Duration,
    /// Bare flag.
    #[metadata(name = "enableTLS", default = "false")]
    enable_tls: bool,
    /// How often to retry.
    #[metadata(name = "redisMaxRetries", default = "3")]
    max_retries: u32,
}

fn parse(pairs: &[(&str, &str)]) -> Result<Settings, Vec<String>> {
    Settings::parse(&Properties::from_pairs(pairs.iter().copied()))
        .map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

#[test]
fn names_are_matched_without_regard_to_case_and_defaults_fill_the_rest() {
    let settings = parse(&[("REDISHOST", "a:1"), ("enabletls", "true"), ("redisPassword", "")]).unwrap();
    assert_eq!((settings.redis_host.as_str(), settings.enable_tls, settings.max_retries), ("a:1", true, 3));
    assert_eq!((settings.redis_password, settings.timeout), (None, Duration::from_secs(20)));
    assert_eq!(parse(&[("host", "b")]).unwrap().redis_host, "b");
}

#[test]
fn every_wrong_field_is_reported_with_its_path() {
    let problems = parse(&[("redisHots", "a"), ("timeout", "soon"), ("enableTLS", "maybe")]).unwrap_err();
    assert_eq!(
        problems,
        [
            "missing redis host: spec.metadata needs the field `redisHost`; `redisHots` was given, is it meant to be `redisHost`?",
            "spec.metadata[1].value: field `timeout`: expected a duration such as `20s`, `1h30m` or `500ms`, found `soon`",
            "spec.metadata[2].value: field `enableTLS`: expected `true` or `false`, found `maybe`",
        ]
    );
}

#[test]
fn an_unknown_field_is_a_remark_with_a_suggestion() {
    let properties = Properties::from_pairs([("redisHots", "a"), ("keyPrefix", "name")]);
    let remarks = unknown_fields(Settings::FIELDS, &properties);
    assert_eq!(remarks.len(), 1);
    assert_eq!(
        remarks[0].to_string(),
        "spec.metadata[0].name: unknown metadata field `redisHots`, did you mean `redisHost`?"
    );
    assert!(remarks[0].warning);
}
