//! `secretstores.local.file` reads nested JSON, and says where a file is broken.

use std::collections::HashMap;
use std::sync::Arc;

use dapr_component_local::file::LocalFile;
use dapr_spi::secret_store::{Feature, Secret, SecretStore};
use dapr_spi::{ErrorKind, Result, registry};

const FILE: &str = r#"{
    "redisPassword": "p",
    "connectionStrings": { "sql": "s", "mysql": { "a": "1", "deep": ["x", {"y": "z"}] } },
    "number": 5, "float": 1.50, "truth": true, "nothing": null,
    "list": ["one", "two"]
}"#;

async fn open(content: &str, pairs: &[(&str, &str)]) -> Result<Arc<dyn SecretStore>> {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), content).expect("write");
    let mut all = vec![("secretsFile", file.path().to_str().expect("a path of UTF-8"))];
    all.extend_from_slice(pairs);
    registry::open::<LocalFile>(&all).await
}

async fn get(store: &Arc<dyn SecretStore>, name: &str) -> Secret {
    store.get(name, &HashMap::new()).await.unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn secret(pairs: &[(&str, &str)]) -> Secret {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[tokio::test]
async fn nested_values_are_named_by_their_path() {
    let store = open(FILE, &[]).await.expect("a store");
    assert!(store.features().is_empty());
    for (name, value) in [
        ("redisPassword", "p"),
        ("connectionStrings:sql", "s"),
        ("connectionStrings:mysql:a", "1"),
        ("connectionStrings:mysql:deep:0", "x"),
        ("connectionStrings:mysql:deep:1:y", "z"),
        ("number", "5"),
        ("float", "1.5"),
        ("truth", "true"),
        ("nothing", ""),
        ("list:1", "two"),
    ] {
        assert_eq!(get(&store, name).await, secret(&[(name, value)]));
    }
    let missing = store.get("connectionStrings", &HashMap::new()).await.expect_err("an object is no secret");
    assert_eq!(
        (missing.kind(), missing.to_string().as_str()),
        (ErrorKind::NotFound, "secret connectionStrings not found")
    );
    assert_eq!(store.bulk_get(&HashMap::new()).await.expect("bulk").len(), 11);
}

#[tokio::test]
async fn the_separator_can_be_changed() {
    let store = open(FILE, &[("nestedSeparator", "__")]).await.expect("a store");
    assert_eq!(get(&store, "connectionStrings__mysql__a").await, secret(&[("connectionStrings__mysql__a", "1")]));
    let store = open(FILE, &[("nestedSeparator", "")]).await.expect("a store");
    get(&store, "connectionStrings:sql").await;
}

#[tokio::test]
async fn multi_valued_secrets_keep_their_keys() {
    let store = open(FILE, &[("multiValued", "true")]).await.expect("a store");
    assert_eq!(store.features(), [Feature::MultipleKeyValuesPerSecret]);
    assert_eq!(get(&store, "redisPassword").await, secret(&[("redisPassword", "p")]));
    let nested = secret(&[("sql", "s"), ("mysql:a", "1"), ("mysql:deep:0", "x"), ("mysql:deep:1:y", "z")]);
    assert_eq!(get(&store, "connectionStrings").await, nested);
    let mut names: Vec<_> = store.bulk_get(&HashMap::new()).await.expect("bulk").into_keys().collect();
    names.sort();
    assert_eq!(names, ["connectionStrings", "redisPassword"], "other types are left out");
}

#[tokio::test]
async fn of_two_values_of_one_name_the_first_stays() {
    let store = open(r#"{"a:b": "first", "a": {"b": "second"}}"#, &[]).await.expect("a store");
    assert_eq!(get(&store, "a:b").await, secret(&[("a:b", "first")]));
}

#[tokio::test]
async fn a_broken_file_is_named_with_its_line() {
    let error = open("{\n  \"a\": \"hidden\",\n  \"b\" 1\n}", &[]).await.err().expect("an error").to_string();
    assert!(error.contains("`:3:7: broken JSON: expected `:`"), "{error}");
    assert!(!error.contains("hidden"), "{error}");
    let error = open("[]", &[]).await.err().expect("an error").to_string();
    assert!(error.contains("expected a JSON object"), "{error}");
}

#[tokio::test]
async fn a_missing_or_huge_file_is_refused() {
    let error = registry::open::<LocalFile>(&[("secretsFile", "/no/such/file.json")]).await.err().expect("an error");
    assert!(error.to_string().contains("/no/such/file.json"), "{error}");
    let error = open(&" ".repeat((16 << 20) + 1), &[]).await.err().expect("an error").to_string();
    assert!(error.contains("larger than 16 MiB"), "{error}");
    assert!(registry::open::<LocalFile>(&[("secretsFile", "")]).await.is_err());
    assert!(registry::open::<LocalFile>(&[]).await.is_err());
}
