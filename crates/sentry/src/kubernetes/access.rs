//! How the API server is reached: as a pod, or by a kubeconfig file.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dapr_net::{Origin, Tls};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde::Deserialize;

use crate::Environment;
use crate::ca::directory::read;
use crate::tls::provider;

/// What Kubernetes mounts into every pod.
const POD: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// Where the API server is and how to prove who asks.
#[derive(Debug)]
pub(crate) struct Access {
    pub(crate) origin: Origin,
    /// In front of every path; empty mostly.
    pub(crate) prefix: String,
    pub(crate) token: Token,
}

/// A bearer token. One in a file is read for each connection, since Kubernetes replaces it before it expires.
#[derive(Debug)]
pub(crate) enum Token {
    None,
    Fixed(String),
    File(PathBuf),
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct Kubeconfig {
    clusters: Vec<Named<Cluster>>,
    contexts: Vec<Named<Context>>,
    users: Vec<Named<User>>,
    current_context: String,
}

#[derive(Debug, Deserialize)]
struct Named<T> {
    name: String,
    #[serde(alias = "cluster", alias = "context", alias = "user")]
    value: T,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct Cluster {
    server: String,
    tls_server_name: String,
    certificate_authority: Option<PathBuf>,
    certificate_authority_data: Option<String>,
    insecure_skip_tls_verify: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Context {
    cluster: String,
    user: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct User {
    client_certificate: Option<PathBuf>,
    client_certificate_data: Option<String>,
    client_key: Option<PathBuf>,
    client_key_data: Option<String>,
    token: Option<String>,
    #[serde(rename = "tokenFile")]
    token_file: Option<PathBuf>,
    exec: Option<serde_json::Value>,
    auth_provider: Option<serde_json::Value>,
}

impl Access {
    /// By the given kubeconfig; else as the pod we are; else by `~/.kube/config`.
    ///
    /// # Errors
    /// A sentence that names the file and what is wrong with it.
    pub(crate) fn find(kubeconfig: Option<&Path>, environment: &Environment) -> Result<Self, String> {
        if let Some(path) = kubeconfig {
            return Self::of_kubeconfig(path);
        }
        let pod = Path::new(POD);
        if let Some(host) = environment.get("KUBERNETES_SERVICE_HOST").filter(|_| pod.join("token").exists()) {
            return Self::of_pod(host, environment.get("KUBERNETES_SERVICE_PORT").unwrap_or("443"), pod);
        }
        let home = environment.get("HOME").ok_or("not run in a pod, and HOME is not set: pass --kubeconfig")?;
        Self::of_kubeconfig(&Path::new(home).join(".kube/config"))
    }

    fn of_pod(host: &str, port: &str, directory: &Path) -> Result<Self, String> {
        let port = port.parse().map_err(|_| format!("KUBERNETES_SERVICE_PORT is no port: {port}"))?;
        let roots = file(&directory.join("ca.crt"))?;
        let origin = origin(host, port, None, &roots, None)?;
        Ok(Self { origin, prefix: String::new(), token: Token::File(directory.join("token")) })
    }

    fn of_kubeconfig(path: &Path) -> Result<Self, String> {
        let wrong = |why: String| format!("kubeconfig {}: {why}", path.display());
        let text = String::from_utf8(file(path)?).map_err(|_| wrong("it is not UTF-8".into()))?;
        let config: Kubeconfig = serde_saphyr::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        Self::of_parsed(config, path.parent().unwrap_or(Path::new("."))).map_err(wrong)
    }

    fn of_parsed(config: Kubeconfig, directory: &Path) -> Result<Self, String> {
        let context = find(config.contexts, &config.current_context, "context")?;
        let cluster = find(config.clusters, &context.cluster, "cluster")?;
        let user = find(config.users, &context.user, "user")?;
        if user.exec.is_some() || user.auth_provider.is_some() {
            return Err(format!("user {:?} needs a program to log in, which Sentry does not run", context.user));
        }
        if cluster.insecure_skip_tls_verify {
            return Err(format!("cluster {:?}: insecure-skip-tls-verify is refused", context.cluster));
        }
        let material = |inline: Option<String>, path: Option<PathBuf>| match (inline, path) {
            (Some(data), _) => STANDARD.decode(data.trim()).map(Some).map_err(|error| error.to_string()),
            (None, Some(path)) => file(&directory.join(path)).map(Some),
            (None, None) => Ok(None),
        };
        let roots = material(cluster.certificate_authority_data, cluster.certificate_authority)?
            .ok_or_else(|| format!("cluster {:?} has no certificate-authority", context.cluster))?;
        let certificate = material(user.client_certificate_data, user.client_certificate)?;
        let identity = certificate.zip(material(user.client_key_data, user.client_key)?);
        let url: http::Uri = cluster.server.parse().map_err(|_| format!("server {:?} is no URL", cluster.server))?;
        let host = url.host().filter(|_| url.scheme_str() == Some("https"));
        let host = host.ok_or_else(|| format!("server {:?} does not begin with https://", cluster.server))?;
        let name = Some(cluster.tls_server_name.as_str()).filter(|name| !name.is_empty());
        let token = match (user.token_file, user.token) {
            (Some(path), _) => Token::File(directory.join(path)),
            (None, Some(token)) => Token::Fixed(token),
            (None, None) => Token::None,
        };
        Ok(Self {
            origin: origin(host, url.port_u16().unwrap_or(443), name, &roots, identity)?,
            prefix: url.path().trim_end_matches('/').to_owned(),
            token,
        })
    }
}

fn find<T>(list: Vec<Named<T>>, name: &str, what: &str) -> Result<T, String> {
    let found = list.into_iter().find(|named| named.name == name);
    found.map(|named| named.value).ok_or_else(|| format!("there is no {what} named {name:?}"))
}

fn file(path: &Path) -> Result<Vec<u8>, String> {
    match read(path) {
        Ok(Some(content)) => Ok(content),
        Ok(None) => Err(format!("{} does not exist", path.display())),
        Err(error) => Err(error.to_string()),
    }
}

fn origin(
    host: &str,
    port: u16,
    server_name: Option<&str>,
    roots: &[u8],
    identity: Option<(Vec<u8>, Vec<u8>)>,
) -> Result<Origin, String> {
    let mut store = RootCertStore::empty();
    let certificates = |pem: &[u8]| CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
    for root in certificates(roots).map_err(|error| format!("certificate-authority: {error}"))? {
        store.add(root).map_err(|error| format!("certificate-authority: {error}"))?;
    }
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(store);
    let config = match identity {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => {
            let chain = certificates(&certificate).map_err(|error| format!("client-certificate: {error}"))?;
            let key = PrivateKeyDer::from_pem_slice(&key).map_err(|error| format!("client-key: {error}"))?;
            builder.with_client_auth_cert(chain, key).map_err(|error| format!("client-certificate: {error}"))?
        }
    };
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let name = server_name.unwrap_or(&host).to_owned();
    let server_name = ServerName::try_from(name).map_err(|error| format!("server {host:?}: {error}"))?;
    Ok(Origin { host, port, tls: Some(Tls { config: config.into(), server_name }) })
}

#[cfg(test)]
mod tests;
