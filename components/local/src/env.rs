//! `secretstores.local.env`: environment variables as secrets, save those of Dapr itself.

use std::collections::HashMap;
use std::ffi::OsString;
use std::sync::Arc;

use async_trait::async_trait;
use dapr_spi::secret_store::{Secret, SecretStore};
use dapr_spi::{Context, Factory, Metadata, Result};

/// Fields of `secretstores.local.env`.
#[derive(Clone, Debug, Metadata)]
pub struct EnvMetadata {
    /// Only variables whose names start with this are secrets; it is not part of a secret's name. Case matters, except on
    /// Windows.
    #[metadata(default = "")]
    pub prefix: String,
}

/// Makes `secretstores.local.env`.
pub struct LocalEnv;

#[async_trait]
impl Factory for LocalEnv {
    type Metadata = EnvMetadata;
    type Valid = EnvMetadata;
    type Component = dyn SecretStore;

    fn validate(metadata: EnvMetadata) -> Result<EnvMetadata> {
        Ok(metadata)
    }

    async fn init(valid: EnvMetadata, _: Context) -> Result<Arc<dyn SecretStore>> {
        Ok(Arc::new(Store { prefix: valid.prefix, variables: text_variables(std::env::vars_os()) }))
    }
}

/// The environment of a process does not change, so it is read once.
struct Store {
    prefix: String,
    variables: HashMap<String, String>,
}

#[async_trait]
impl SecretStore for Store {
    /// A variable that is not set, or that may not be read, is an empty secret, as in the incumbent.
    async fn get(&self, name: &str, _: &HashMap<String, String>) -> Result<Secret> {
        let variable = format!("{}{name}", self.prefix);
        let value = if is_readable(&variable) {
            self.variables.get(&variable).cloned()
        } else {
            tracing::warn!("secretstores.local.env: environment variable `{variable}` may not be read");
            None
        };
        Ok(Secret::from([(name.to_owned(), value.unwrap_or_default())]))
    }

    async fn bulk_get(&self, _: &HashMap<String, String>) -> Result<HashMap<String, Secret>> {
        let readable = self.variables.iter().filter(|(name, _)| is_readable(name));
        let named = readable.filter_map(|(name, value)| Some((secret_name(name, &self.prefix)?, value)));
        Ok(named.map(|(name, value)| (name.to_owned(), Secret::from([(name.to_owned(), value.clone())]))).collect())
    }
}

/// The application's token and Dapr's own settings are never given to an application.
fn is_readable(variable: &str) -> bool {
    let upper = variable.to_ascii_uppercase();
    upper != "APP_API_TOKEN" && !upper.starts_with("DAPR_")
}

/// What is left of a variable's name after the prefix; nothing when the prefix is another, or is all.
fn secret_name<'a>(variable: &'a str, prefix: &str) -> Option<&'a str> {
    let fits = match variable.get(..prefix.len()) {
        Some(start) if cfg!(windows) => start.eq_ignore_ascii_case(prefix),
        Some(start) => start == prefix,
        None => false,
    };
    variable.get(prefix.len()..).filter(|rest| fits && !rest.is_empty())
}

/// Variables that are not UTF-8 are left out: an answer could not hold them.
fn text_variables(variables: impl Iterator<Item = (OsString, OsString)>) -> HashMap<String, String> {
    variables.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(prefix: &str) -> Store {
        let pairs = [
            ("DB_PASSWORD", "secret"),
            ("MYAPP_KEY", "1"),
            ("MYAPP_", "all prefix"),
            ("myapp_KEY", "lower"),
            ("DAPR_API_TOKEN", "t"),
            ("dapr_http_port", "3500"),
            ("App_Api_Token", "t"),
            ("EMPTY", ""),
        ];
        let variables = pairs.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        Store { prefix: prefix.into(), variables: text_variables(variables) }
    }

    async fn get(store: &Store, name: &str) -> String {
        let secret = store.get(name, &HashMap::new()).await.unwrap();
        assert_eq!(secret.len(), 1, "{name}");
        secret[name].clone()
    }

    async fn names(store: &Store) -> Vec<String> {
        let mut names: Vec<_> = store.bulk_get(&HashMap::new()).await.unwrap().into_keys().collect();
        names.sort();
        names
    }

    #[tokio::test]
    async fn variables_are_secrets() {
        let store = store("");
        assert_eq!(get(&store, "DB_PASSWORD").await, "secret");
        assert_eq!(get(&store, "db_password").await, "", "names have a case");
        assert_eq!(get(&store, "NOT_SET").await, "");
        assert_eq!(names(&store).await, ["DB_PASSWORD", "EMPTY", "MYAPP_", "MYAPP_KEY", "myapp_KEY"]);
    }

    #[tokio::test]
    async fn settings_of_dapr_are_hidden() {
        let plain = store("");
        for name in ["DAPR_API_TOKEN", "dapr_http_port", "App_Api_Token"] {
            assert_eq!(get(&plain, name).await, "", "{name}");
        }
        assert_eq!(get(&store("DAPR_"), "API_TOKEN").await, "", "nor by a prefix");
        assert!(names(&store("DAPR_")).await.is_empty());
    }

    #[tokio::test]
    async fn a_prefix_is_taken_off() {
        let store = store("MYAPP_");
        assert_eq!(get(&store, "KEY").await, "1");
        assert_eq!(get(&store, "DB_PASSWORD").await, "");
        assert_eq!(names(&store).await, ["KEY"]);
    }
}
