//! The fields of `nameresolution.hashicorp.consul`, structured and flat.

use std::collections::BTreeMap;
use std::time::Duration;

use dapr_spi::{Error, Metadata, Result};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::json;

const DEFAULT_ADDRESS: &str = "127.0.0.1:8500";

/// Fields of `nameresolution.hashicorp.consul`. The structured ones are those of the incumbent; the flat ones are an
/// easier way to write the same.
#[derive(Clone, Debug, Metadata)]
pub struct ConsulMetadata {
    /// How the Consul agent is reached, an object: `address`, `scheme`, `datacenter`, `token`, `tokenFile`, `httpAuth`
    /// (`username`, `password`) and `tlsConfig` (`address`, `caFile`, `caPath`, `certFile`, `keyFile`,
    /// `insecureSkipVerify`); `waitTime` has no effect.
    #[metadata(secret)]
    pub client: Option<String>,
    /// How services are asked for, an object: `datacenter`, `namespace`, `partition`, `token`, `near`, `filter`,
    /// `nodeMeta`, `allowStale`, `requireConsistent`, `useCache`, `maxAge`, `staleIfError`, `relayFactor`, `localOnly`,
    /// `connect`; if not given, `useCache: true`. `waitIndex`, `waitHash` and `waitTime` have no effect.
    #[metadata(secret)]
    pub query_options: Option<String>,
    /// Checks of a service that registers itself, a list in Consul's form; if not given, the health of the sidecar every
    /// 15 s.
    pub checks: Option<String>,
    /// Tags of a service that registers itself: a list, or texts with commas between.
    pub tags: Option<String>,
    /// Metadata of a service that registers itself, an object of texts.
    pub meta: Option<String>,
    /// A whole registration in Consul's form, an object; instead of `selfRegister`, `checks`, `tags` and `meta`.
    pub advanced_registration: Option<String>,
    /// Key of a service's metadata that holds the port of the sidecar's internal gRPC server.
    #[metadata(default = "DAPR_PORT")]
    pub dapr_port_meta_key: String,
    /// Register this sidecar as a service named like its app.
    #[metadata(default = "false")]
    pub self_register: bool,
    /// Take the service out of Consul when the sidecar stops.
    #[metadata(default = "false")]
    pub self_deregister: bool,
    /// Without effect: addresses are always cached, and refreshed off the path of calls.
    #[metadata(default = "false", ignored)]
    pub use_cache: bool,
    /// Short for `client.address`: `host:port`, or with `http://` or `https://` before; `127.0.0.1:8500` if not given.
    pub address: Option<String>,
    /// Short for `client.scheme`: `http` or `https`.
    pub scheme: Option<String>,
    /// Short for `client.datacenter`.
    pub datacenter: Option<String>,
    /// Without effect: nothing waits for Consul.
    #[metadata(ignored)]
    pub wait_time: Option<String>,
    /// Short for `client.token`: an ACL token.
    #[metadata(secret)]
    pub token: Option<String>,
    /// Short for `client.tokenFile`: a file that holds the ACL token.
    pub token_file: Option<String>,
    /// Short for `client.httpAuth.username`.
    pub username: Option<String>,
    /// Short for `client.httpAuth.password`.
    #[metadata(secret)]
    pub password: Option<String>,
    /// Short for `client.tlsConfig.address`: the name that the server's certificate must have.
    pub tls_address: Option<String>,
    /// Short for `client.tlsConfig.caFile`: a PEM file of the authorities to trust, instead of the system's.
    pub ca_file: Option<String>,
    /// Short for `client.tlsConfig.certFile`: a PEM file of the client certificate.
    pub cert_file: Option<String>,
    /// Short for `client.tlsConfig.keyFile`: a PEM file of its key.
    pub key_file: Option<String>,
    /// Short for `client.tlsConfig.insecureSkipVerify`: trust every server. For tests only.
    #[metadata(default = "false")]
    pub insecure_skip_verify: bool,
    /// Short for `queryOptions.namespace` (Consul Enterprise).
    pub namespace: Option<String>,
    /// Short for `queryOptions.partition` (Consul Enterprise).
    pub partition: Option<String>,
    /// Short for `queryOptions.datacenter`.
    pub query_datacenter: Option<String>,
    /// Short for `queryOptions.token`.
    #[metadata(secret)]
    pub query_token: Option<String>,
    /// Without effect: nothing waits for Consul.
    #[metadata(ignored)]
    pub query_wait_time: Option<String>,
    /// Short for `queryOptions.allowStale`: any server of Consul may answer, not only the leader.
    #[metadata(default = "false")]
    pub allow_stale: bool,
    /// Short for `queryOptions.requireConsistent`: the leader asks the others before it answers.
    #[metadata(default = "false")]
    pub require_consistent: bool,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Client {
    #[serde(deserialize_with = "json::text")]
    pub(crate) address: String,
    #[serde(deserialize_with = "json::text")]
    pub(crate) scheme: String,
    #[serde(deserialize_with = "json::text")]
    pub(crate) datacenter: String,
    #[serde(deserialize_with = "json::text")]
    pub(crate) token: String,
    #[serde(deserialize_with = "json::text")]
    pub(crate) token_file: String,
    #[serde(skip)]
    pub(crate) http_auth: Option<HttpAuth>,
    #[serde(skip)]
    pub(crate) tls: TlsFiles,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct HttpAuth {
    #[serde(deserialize_with = "json::text")]
    pub(crate) username: String,
    #[serde(deserialize_with = "json::text")]
    pub(crate) password: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct TlsFiles {
    #[serde(deserialize_with = "json::text")]
    pub(crate) address: String,
    #[serde(deserialize_with = "json::text")]
    pub(crate) ca_file: String,
    #[serde(deserialize_with = "json::text")]
    pub(crate) ca_path: String,
    #[serde(deserialize_with = "json::text")]
    pub(crate) cert_file: String,
    #[serde(deserialize_with = "json::text")]
    pub(crate) key_file: String,
    #[serde(deserialize_with = "json::truth")]
    pub(crate) insecure_skip_verify: bool,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct QueryOptions {
    #[serde(deserialize_with = "json::text")]
    pub(crate) datacenter: String,
    #[serde(deserialize_with = "json::text")]
    pub(crate) namespace: String,
    #[serde(deserialize_with = "json::text")]
    pub(crate) partition: String,
    #[serde(deserialize_with = "json::text")]
    pub(crate) token: String,
    #[serde(deserialize_with = "json::text")]
    pub(crate) near: String,
    #[serde(deserialize_with = "json::text")]
    pub(crate) filter: String,
    pub(crate) node_meta: BTreeMap<String, String>,
    #[serde(deserialize_with = "json::truth")]
    pub(crate) allow_stale: bool,
    #[serde(deserialize_with = "json::truth")]
    pub(crate) require_consistent: bool,
    #[serde(deserialize_with = "json::truth")]
    pub(crate) use_cache: bool,
    #[serde(deserialize_with = "json::duration")]
    pub(crate) max_age: Option<Duration>,
    #[serde(deserialize_with = "json::duration")]
    pub(crate) stale_if_error: Option<Duration>,
    pub(crate) relay_factor: u8,
    #[serde(deserialize_with = "json::truth")]
    pub(crate) local_only: bool,
    #[serde(deserialize_with = "json::truth")]
    pub(crate) connect: bool,
}

const CLIENT: &[&str] = &["address", "scheme", "datacenter", "token", "tokenFile", "waitTime", "httpAuth", "tlsConfig"];
const HTTP_AUTH: &[&str] = &["username", "password"];
const TLS: &[&str] = &["address", "caFile", "caPath", "certFile", "keyFile", "insecureSkipVerify"];
#[rustfmt::skip]
const QUERY: &[&str] = &[
    "datacenter", "namespace", "partition", "token", "near", "filter", "nodeMeta", "allowStale", "requireConsistent",
    "useCache", "maxAge", "staleIfError", "relayFactor", "localOnly", "connect", "waitIndex", "waitHash", "waitTime",
];

/// What a sidecar registers.
#[derive(Clone, Debug)]
pub(crate) enum Registration {
    /// `selfRegister`.
    Plain { checks: Vec<Value>, tags: Vec<String>, meta: Map<String, Value> },
    /// `advancedRegistration`.
    Whole(Map<String, Value>),
}

/// Checked settings.
#[derive(Clone, Debug)]
pub struct ConsulSettings {
    pub(crate) client: Client,
    pub(crate) query: QueryOptions,
    pub(crate) registration: Option<Registration>,
    pub(crate) deregister: bool,
    pub(crate) port_key: String,
    /// For the log.
    pub(crate) remarks: Vec<String>,
}

impl ConsulSettings {
    pub(crate) fn new(metadata: ConsulMetadata) -> Result<Self> {
        let mut remarks = Vec::new();
        let client = client(&metadata, &mut remarks)?;
        let query = query(&metadata, &mut remarks)?;
        let registration = registration(&metadata)?;
        let port_key =
            if metadata.dapr_port_meta_key.is_empty() { "DAPR_PORT".to_owned() } else { metadata.dapr_port_meta_key };
        Ok(Self { client, query, registration, deregister: metadata.self_deregister, port_key, remarks })
    }
}

fn client(metadata: &ConsulMetadata, remarks: &mut Vec<String>) -> Result<Client> {
    let mut client = match given(metadata.client.as_ref()) {
        Some(text) => {
            let mut found = json::members("client", json::parse("client", text)?, CLIENT, remarks)?;
            let http_auth = found.remove("httpAuth");
            let tls = found.remove("tlsConfig");
            found.remove("waitTime");
            let mut client: Client = json::read("client", found)?;
            if let Some(value) = http_auth {
                let found = json::members("client.httpAuth", value, HTTP_AUTH, remarks)?;
                client.http_auth = Some(json::read("client.httpAuth", found)?);
            }
            if let Some(value) = tls {
                client.tls = json::read("client.tlsConfig", json::members("client.tlsConfig", value, TLS, remarks)?)?;
            }
            client
        }
        None => Client::default(),
    };
    let short = |long: &mut String, flat: &Option<String>| {
        if let (true, Some(flat)) = (long.is_empty(), given(flat.as_ref())) {
            flat.clone_into(long);
        }
    };
    short(&mut client.address, &metadata.address);
    short(&mut client.scheme, &metadata.scheme);
    short(&mut client.datacenter, &metadata.datacenter);
    short(&mut client.token, &metadata.token);
    short(&mut client.token_file, &metadata.token_file);
    if client.http_auth.is_none() && (metadata.username.is_some() || metadata.password.is_some()) {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        client.http_auth = Some(HttpAuth { username: text(&metadata.username), password: text(&metadata.password) });
    }
    short(&mut client.tls.address, &metadata.tls_address);
    short(&mut client.tls.ca_file, &metadata.ca_file);
    short(&mut client.tls.cert_file, &metadata.cert_file);
    short(&mut client.tls.key_file, &metadata.key_file);
    client.tls.insecure_skip_verify |= metadata.insecure_skip_verify;
    locate(client)
}

/// Puts a scheme that stands in the address where it belongs, and checks both.
fn locate(mut client: Client) -> Result<Client> {
    if let Some((scheme, address)) = client.address.clone().split_once("://") {
        (client.scheme, client.address) = (scheme.to_owned(), address.trim_end_matches('/').to_owned());
    }
    if client.address.is_empty() {
        DEFAULT_ADDRESS.clone_into(&mut client.address);
    }
    client.scheme = match client.scheme.to_ascii_lowercase().as_str() {
        "" | "http" => "http".to_owned(),
        "https" => "https".to_owned(),
        _ => {
            return Err(Error::invalid(format!(
                "field `client.scheme`: expected `http` or `https`, found `{}`",
                client.scheme
            )));
        }
    };
    let is_address =
        client.address.parse::<http::uri::Authority>().is_ok_and(|address| !address.as_str().contains('@'));
    if !is_address {
        return Err(Error::invalid(format!(
            "field `client.address`: expected `host:port`, found `{}`",
            client.address
        )));
    }
    if client.tls.cert_file.is_empty() != client.tls.key_file.is_empty() {
        return Err(Error::invalid("fields `client.tlsConfig.certFile` and `keyFile`: one needs the other"));
    }
    Ok(client)
}

fn query(metadata: &ConsulMetadata, remarks: &mut Vec<String>) -> Result<QueryOptions> {
    if let Some(text) = given(metadata.query_options.as_ref()) {
        let mut found = json::members("queryOptions", json::parse("queryOptions", text)?, QUERY, remarks)?;
        ["waitIndex", "waitHash", "waitTime"].iter().for_each(|name| drop(found.remove(*name)));
        return json::read("queryOptions", found);
    }
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    Ok(QueryOptions {
        datacenter: text(&metadata.query_datacenter),
        namespace: text(&metadata.namespace),
        partition: text(&metadata.partition),
        token: text(&metadata.query_token),
        allow_stale: metadata.allow_stale,
        require_consistent: metadata.require_consistent,
        use_cache: true,
        ..QueryOptions::default()
    })
}

fn registration(metadata: &ConsulMetadata) -> Result<Option<Registration>> {
    if let Some(text) = given(metadata.advanced_registration.as_ref()) {
        let Value::Object(whole) = json::parse("advancedRegistration", text)? else {
            return Err(Error::invalid("field `advancedRegistration`: expected an object"));
        };
        return Ok(Some(Registration::Whole(whole)));
    }
    if !metadata.self_register {
        return Ok(None);
    }
    let checks = match given(metadata.checks.as_ref()).map(|text| json::parse("checks", text)).transpose()? {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(checks)) if checks.iter().all(Value::is_object) => checks,
        Some(_) => return Err(Error::invalid("field `checks`: expected a list of objects")),
    };
    let meta = match given(metadata.meta.as_ref()).map(|text| json::parse("meta", text)).transpose()? {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(meta)) => texts(meta)?,
        Some(_) => return Err(Error::invalid("field `meta`: expected an object of texts")),
    };
    let tags = given(metadata.tags.as_ref()).map(tags).transpose()?.unwrap_or_default();
    Ok(Some(Registration::Plain { checks, tags, meta }))
}

/// Consul takes texts alone; YAML makes numbers of some.
fn texts(meta: Map<String, Value>) -> Result<Map<String, Value>> {
    let text = |(name, value): (String, Value)| match value {
        Value::String(_) => Ok((name, value)),
        Value::Number(_) | Value::Bool(_) => Ok((name, Value::String(value.to_string()))),
        _ => Err(Error::invalid(format!("field `meta.{name}`: expected a text"))),
    };
    meta.into_iter().map(text).collect()
}

fn tags(text: &str) -> Result<Vec<String>> {
    if !text.trim_start().starts_with('[') {
        return Ok(text.split(',').map(str::trim).filter(|tag| !tag.is_empty()).map(str::to_owned).collect());
    }
    let wrong = |_| Error::invalid("field `tags`: expected a list of texts");
    serde_json::from_value(json::parse("tags", text)?).map_err(wrong)
}

fn given(text: Option<&String>) -> Option<&str> {
    text.map(String::as_str).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests;
