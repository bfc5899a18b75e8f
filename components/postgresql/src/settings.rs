//! Connection settings that every PostgreSQL component shares.
//!
//! Fields of a resource are declared once, by [`connection_metadata`]; they override what the connection string
//! says, as in the incumbent (`common/authentication/postgresql/metadata.go`).

pub(crate) mod dsn;
mod options;

use std::net::IpAddr;
use std::time::Duration;

use dapr_spi::{Error, Result};
use tokio_postgres::Config;

use self::dsn::Pairs;
use crate::client::tls::TlsSettings;

/// Connections are closed after this time without use, as the incumbent's pool does.
const DEFAULT_IDLE: Duration = Duration::from_secs(30 * 60);
const DEFAULT_PORT: u16 = 5432;

/// Declares a metadata struct with the connection fields and fields of its own.
macro_rules! connection_metadata {
    ($(#[$attribute:meta])* $visibility:vis struct $name:ident { $($own:tt)* }) => {
        $(#[$attribute])*
        #[derive(dapr_spi::Metadata)]
        $visibility struct $name {
            /// Connection string, as URI (`postgres://user:password@host:5432/database`) or as `key=value` pairs.
            #[metadata(secret, aliases("url"))]
            pub connection_string: Option<String>,
            /// Host name of the server; overrides the connection string.
            pub host: Option<String>,
            /// Address to connect to, while `host` stays the name that TLS checks; overrides the connection string.
            #[metadata(name = "hostaddr")]
            pub host_address: Option<String>,
            /// Port of the server; overrides the connection string.
            pub port: Option<String>,
            /// Database name; overrides the connection string.
            pub database: Option<String>,
            /// User name; overrides the connection string.
            pub user: Option<String>,
            /// Password; overrides the connection string.
            #[metadata(secret)]
            pub password: Option<String>,
            /// Path of a PEM file with the certificate authorities to trust; overrides the connection string.
            pub ssl_root_cert: Option<String>,
            /// How long any call may take, at least 1s.
            #[metadata(default = "20s", aliases("timeoutInSeconds"))]
            pub timeout: std::time::Duration,
            /// At most this many connections; 0 means one per core, at least 4.
            #[metadata(default = "0")]
            pub max_conns: i32,
            /// Unused connections are closed after this time; 30 minutes if not given.
            pub connection_max_idle_time: Option<std::time::Duration>,
            /// `cache_statement` (the default) prepares statements on the server; `cache_describe`, `describe_exec`,
            /// `exec` and `simple_protocol` all mean unnamed statements, which connection poolers need.
            pub query_exec_mode: Option<String>,
            /// Authenticate with Microsoft Entra ID; not supported in this build.
            #[metadata(name = "useAzureAD", default = "false")]
            pub use_azure_ad: bool,
            /// Tenant for `useAzureAD`; without effect in this build.
            #[metadata(ignored)]
            pub azure_tenant_id: Option<String>,
            /// Client for `useAzureAD`; without effect in this build.
            #[metadata(ignored)]
            pub azure_client_id: Option<String>,
            /// Client secret for `useAzureAD`; without effect in this build.
            #[metadata(secret, ignored)]
            pub azure_client_secret: Option<String>,
            /// Certificate for `useAzureAD`; without effect in this build.
            #[metadata(secret, ignored)]
            pub azure_certificate: Option<String>,
            /// Certificate file for `useAzureAD`; without effect in this build.
            #[metadata(ignored)]
            pub azure_certificate_file: Option<String>,
            /// Password of the certificate for `useAzureAD`; without effect in this build.
            #[metadata(secret, ignored)]
            pub azure_certificate_password: Option<String>,
            /// Cloud for `useAzureAD`; without effect in this build.
            #[metadata(ignored)]
            pub azure_environment: Option<String>,
            /// Authenticate with AWS IAM; not supported in this build.
            #[metadata(name = "useAWSIAM", default = "false")]
            pub use_aws_iam: bool,
            /// Region for `useAWSIAM`; without effect in this build.
            #[metadata(ignored)]
            pub region: Option<String>,
            /// Older name of `region`; without effect in this build.
            #[metadata(ignored)]
            pub aws_region: Option<String>,
            /// Access key for `useAWSIAM`; without effect in this build.
            #[metadata(secret, ignored)]
            pub access_key: Option<String>,
            /// Older name of `accessKey`; without effect in this build.
            #[metadata(secret, ignored)]
            pub aws_access_key: Option<String>,
            /// Secret key for `useAWSIAM`; without effect in this build.
            #[metadata(secret, ignored)]
            pub secret_key: Option<String>,
            /// Older name of `secretKey`; without effect in this build.
            #[metadata(secret, ignored)]
            pub aws_secret_key: Option<String>,
            /// Session token for `useAWSIAM`; without effect in this build.
            #[metadata(secret, ignored)]
            pub session_token: Option<String>,
            /// Role for `useAWSIAM`; without effect in this build.
            #[metadata(ignored)]
            pub assume_role_arn: Option<String>,
            /// Session name for `useAWSIAM`; without effect in this build.
            #[metadata(ignored)]
            pub session_name: Option<String>,
            /// Trust anchor for `useAWSIAM`; without effect in this build.
            #[metadata(ignored)]
            pub trust_anchor_arn: Option<String>,
            /// Trust profile for `useAWSIAM`; without effect in this build.
            #[metadata(ignored)]
            pub trust_profile_arn: Option<String>,
            $($own)*
        }

        impl $name {
            /// The connection fields of this resource.
            fn connection_fields(&self) -> $crate::settings::ConnectionFields<'_> {
                $crate::settings::ConnectionFields {
                    connection_string: self.connection_string.as_deref().unwrap_or_default(),
                    overrides: [
                        ("host", self.host.as_deref()),
                        ("hostaddr", self.host_address.as_deref()),
                        ("port", self.port.as_deref()),
                        ("database", self.database.as_deref()),
                        ("user", self.user.as_deref()),
                        ("password", self.password.as_deref()),
                        ("sslrootcert", self.ssl_root_cert.as_deref()),
                    ],
                    timeout: self.timeout,
                    max_conns: self.max_conns,
                    idle: self.connection_max_idle_time,
                    query_exec_mode: self.query_exec_mode.as_deref().unwrap_or_default(),
                    use_azure_ad: self.use_azure_ad,
                    use_aws_iam: self.use_aws_iam,
                }
            }
        }
    };
}

pub(crate) use connection_metadata;

/// The connection fields of a resource, as given.
pub(crate) struct ConnectionFields<'a> {
    pub(crate) connection_string: &'a str,
    pub(crate) overrides: [(&'static str, Option<&'a str>); 7],
    pub(crate) timeout: Duration,
    pub(crate) max_conns: i32,
    pub(crate) idle: Option<Duration>,
    pub(crate) query_exec_mode: &'a str,
    pub(crate) use_azure_ad: bool,
    pub(crate) use_aws_iam: bool,
}

/// Checked settings of a pool of connections.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) config: Config,
    pub(crate) tls: TlsSettings,
    pub(crate) target: Target,
    pub(crate) timeout: Duration,
    pub(crate) max_connections: usize,
    pub(crate) idle: Duration,
    /// Whether statements are prepared on the server.
    pub(crate) prepared: bool,
}

/// Whom we talk to, for messages.
#[derive(Clone, Debug, Default)]
pub(crate) struct Target {
    pub(crate) address: String,
    pub(crate) user: String,
    pub(crate) database: String,
}

impl Settings {
    /// Checks the fields of a resource.
    ///
    /// # Errors
    /// Which field is wrong and what it should be.
    pub(crate) fn read(fields: &ConnectionFields<'_>) -> Result<Self> {
        refuse_cloud_identity(fields)?;
        if fields.timeout < Duration::from_secs(1) {
            return Err(Error::invalid("field `timeout` must be at least 1s"));
        }
        let pairs = merged(fields)?;
        let mut settings = Self {
            config: Config::new(),
            tls: TlsSettings::default(),
            target: target_of(&pairs),
            timeout: fields.timeout,
            max_connections: default_connections(),
            idle: DEFAULT_IDLE,
            prepared: prepares(fields.query_exec_mode)?,
        };
        settings.config.connect_timeout(fields.timeout).tcp_user_timeout(fields.timeout);
        settings.apply_hosts(&pairs)?;
        for (name, value) in pairs.iter() {
            options::apply(&mut settings, name, value).map_err(|why| invalid(name, &why))?;
        }
        settings.apply_limits(fields);
        Ok(settings)
    }

    fn apply_limits(&mut self, fields: &ConnectionFields<'_>) {
        if let Ok(limit @ 1..) = usize::try_from(fields.max_conns) {
            self.max_connections = limit;
        }
        if let Some(idle) = fields.idle.filter(|idle| !idle.is_zero()) {
            self.idle = idle;
        }
    }

    fn apply_hosts(&mut self, pairs: &Pairs) -> Result<()> {
        let hosts = list(pairs.get("host"));
        let addresses = list(pairs.get("hostaddr"));
        for address in &addresses {
            match address.parse::<IpAddr>() {
                Ok(address) => self.config.hostaddr(address),
                Err(_) => return Err(invalid("hostaddr", &format!("expected an IP address, found `{address}`"))),
            };
        }
        for host in &hosts {
            self.config.host(*host);
        }
        if hosts.is_empty() && addresses.is_empty() {
            self.config.host("localhost");
        }
        for port in list(pairs.get("port")) {
            self.config.port(port_of(port)?);
        }
        Ok(())
    }
}

fn refuse_cloud_identity(fields: &ConnectionFields<'_>) -> Result<()> {
    for (given, name) in [(fields.use_azure_ad, "useAzureAD"), (fields.use_aws_iam, "useAWSIAM")] {
        if given {
            return Err(Error::unsupported(format!(
                "`{name}: true` is not supported in this build; use `user` and `password` or a client certificate"
            )));
        }
    }
    Ok(())
}

/// The connection string's pairs, with the separate fields put over them.
fn merged(fields: &ConnectionFields<'_>) -> Result<Pairs> {
    let wrong = |why: String| Error::invalid(format!("field `connectionString`: {why}"));
    let mut pairs = dsn::parse(fields.connection_string).map_err(wrong)?;
    let given = |wanted: &str| fields.overrides.iter().any(|(name, value)| *name == wanted && value.is_some());
    if (given("host") || given("hostaddr")) && dsn::is_uri(fields.connection_string) {
        // The port of a URI belongs to the host that is replaced.
        pairs.remove("host");
        pairs.remove("port");
    }
    for (name, value) in fields.overrides {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            pairs.set(if name == "database" { "dbname" } else { name }, value);
        }
    }
    if pairs.is_empty() {
        return Err(Error::invalid("give `connectionString`, or `host`, `user`, `password` and `database`"));
    }
    Ok(pairs)
}

fn target_of(pairs: &Pairs) -> Target {
    let host = pairs.get("host").or_else(|| pairs.get("hostaddr")).unwrap_or("localhost");
    let port = pairs.get("port").map_or_else(|| DEFAULT_PORT.to_string(), ToOwned::to_owned);
    let user = pairs.get("user").unwrap_or_default().to_owned();
    let database = pairs.get("dbname").map_or_else(|| user.clone(), ToOwned::to_owned);
    Target { address: format!("{host}:{port}"), user, database }
}

fn list(text: Option<&str>) -> Vec<&str> {
    text.map(|text| text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect()).unwrap_or_default()
}

fn port_of(text: &str) -> Result<u16> {
    text.parse().map_err(|_| invalid("port", &format!("expected a number from 1 to 65535, found `{text}`")))
}

/// The text of a wrong password or key is never repeated.
fn invalid(name: &str, why: &str) -> Error {
    Error::invalid(format!("connection setting `{name}`: {why}"))
}

/// Other modes differ only in how the incumbent's driver learns parameter types; ours are declared.
fn prepares(mode: &str) -> Result<bool> {
    match mode {
        "" | "cache_statement" => Ok(true),
        "cache_describe" | "describe_exec" | "exec" | "simple_protocol" => Ok(false),
        other => Err(Error::invalid(format!(
            "field `queryExecMode`: expected `cache_statement`, `cache_describe`, `describe_exec`, `exec` or \
             `simple_protocol`, found `{other}`"
        ))),
    }
}

fn default_connections() -> usize {
    std::thread::available_parallelism().map_or(4, |cores| cores.get().max(4))
}

#[cfg(test)]
mod tests;
