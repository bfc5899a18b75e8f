//! Metadata fields, and what is checked before anything is opened.

use std::time::Duration;

use dapr_spi::metadata::FieldValue;
use dapr_spi::{Error, Metadata, Result};
use mysql_async::{OptsBuilder, SslOpts};

use crate::dsn::{Address, Dsn};

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(20);

/// Fields of `state.mysql`.
#[derive(Metadata)]
pub struct MySqlMetadata {
    /// Connection string: `user:password@tcp(host:3306)/?allowNativePasswords=true&tls=custom`; without database.
    #[metadata(required, secret)]
    pub connection_string: String,
    /// Database; created when missing.
    #[metadata(default = "dapr_state_store")]
    pub schema_name: String,
    /// Table of the items; created when missing.
    #[metadata(default = "state")]
    pub table_name: String,
    /// Table that notes the last clean-up; created when missing.
    #[metadata(default = "dapr_metadata")]
    pub metadata_table_name: String,
    /// How long any call may take, in seconds.
    #[metadata(default = "20")]
    pub timeout_in_seconds: i32,
    /// PEM file with the certificate authorities to trust; takes effect with `tls=custom` in the connection string.
    pub pem_path: Option<String>,
    /// How often expired items are removed; 0 or less means never.
    #[metadata(default = "1h")]
    pub cleanup_interval: CleanupInterval,
}

/// A duration, or never.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CleanupInterval(pub(crate) Option<Duration>);

impl FieldValue for CleanupInterval {
    const KIND: &'static str = "duration";

    fn read(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if let Ok(seconds) = text.parse::<i64>() {
            return Ok(Self(u64::try_from(seconds).ok().filter(|seconds| *seconds > 0).map(Duration::from_secs)));
        }
        let parsed = dapr_kit::duration::parse_signed(text)?;
        Ok(Self(Some(parsed.magnitude).filter(|interval| !parsed.negative && !interval.is_zero())))
    }
}

/// Checked settings.
#[derive(Clone)]
pub struct Settings {
    pub(crate) dsn: Dsn,
    pub(crate) schema: String,
    pub(crate) table: String,
    pub(crate) metadata_table: String,
    pub(crate) timeout: Duration,
    pub(crate) tls: Tls,
    pub(crate) cleanup_interval: Option<Duration>,
}

/// What the `tls` parameter asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Tls {
    Disabled,
    /// TLS if the server has it, without checking whose it is.
    Preferred,
    /// TLS without checking whose it is.
    SkipVerify,
    /// TLS with a certificate of the system's authorities.
    System,
    /// TLS with a certificate of the authorities in this PEM file.
    Custom(String),
}

impl MySqlMetadata {
    /// Checks the fields.
    ///
    /// # Errors
    /// Which field is wrong and what it should be.
    pub(crate) fn check(self) -> Result<Settings> {
        let wrong = |why: String| Error::invalid(format!("field `connectionString`: {why}"));
        let dsn = Dsn::parse(self.connection_string.trim()).map_err(wrong)?;
        if !dsn.database.is_empty() {
            tracing::warn!("the database in `connectionString` has no effect; `schemaName` names it");
        }
        let seconds = u64::try_from(self.timeout_in_seconds).ok().filter(|seconds| *seconds > 0);
        Ok(Settings {
            tls: tls(&dsn, self.pem_path.filter(|path| !path.is_empty()))?,
            schema: identifier("schemaName", self.schema_name, "dapr_state_store")?,
            table: identifier("tableName", self.table_name, "state")?,
            metadata_table: identifier("metadataTableName", self.metadata_table_name, "dapr_metadata")?,
            timeout: seconds.map_or(DEFAULT_TIMEOUT, Duration::from_secs),
            cleanup_interval: self.cleanup_interval.0,
            dsn,
        })
    }
}

/// Names go into statements as they are, so only letters, digits and `_` may be in them, as in the incumbent.
fn identifier(field: &str, given: String, default: &str) -> Result<String> {
    if given.is_empty() {
        return Ok(default.to_owned());
    }
    let valid = given.len() <= 64 && given.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    match valid {
        true => Ok(given),
        false => Err(Error::invalid(format!("field `{field}`: `{given}` may hold letters, digits and `_` only"))),
    }
}

fn tls(dsn: &Dsn, pem_path: Option<String>) -> Result<Tls> {
    let mode = dsn.param("tls").unwrap_or("false");
    if pem_path.is_some() && mode != "custom" {
        tracing::warn!("`pemPath` has no effect without `tls=custom` in `connectionString`");
    }
    match mode.to_ascii_lowercase().as_str() {
        "false" | "0" | "" => Ok(Tls::Disabled),
        "true" | "1" => Ok(Tls::System),
        "skip-verify" => Ok(Tls::SkipVerify),
        "preferred" => Ok(Tls::Preferred),
        "custom" => pem_path.map(Tls::Custom).ok_or_else(|| Error::invalid("`tls=custom` needs the field `pemPath`")),
        other => Err(Error::invalid(format!(
            "field `connectionString`: `tls` must be `true`, `false`, `skip-verify`, `preferred` or `custom`, \
             found `{other}`"
        ))),
    }
}

impl Settings {
    /// `host:port`, for messages.
    pub(crate) fn target(&self) -> String {
        match &self.dsn.address {
            Address::Tcp(host, port) => format!("{host}:{port}"),
            Address::Socket(path) => path.clone(),
        }
    }

    /// What the driver is told, without TLS.
    pub(crate) fn options(&self) -> OptsBuilder {
        let dsn = &self.dsn;
        let options = OptsBuilder::default()
            .user(Some(dsn.user.clone()))
            .pass(Some(dsn.password.clone()).filter(|password| !password.is_empty()))
            .tcp_nodelay(true)
            .tcp_keepalive(Some(Duration::from_secs(30)))
            .prefer_socket(false)
            .enable_cleartext_plugin(dsn.param("allowCleartextPasswords") == Some("true"))
            .setup(self.variables());
        match &dsn.address {
            Address::Tcp(host, port) => options.ip_or_hostname(host.clone()).tcp_port(*port),
            Address::Socket(path) => options.socket(Some(path.clone())),
        }
    }

    /// Parameters that are none of the driver's are variables of the session, as in the incumbent's driver.
    fn variables(&self) -> Vec<String> {
        let variable = |(name, value): &(String, String)| {
            let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            (is_name && !DRIVER_PARAMETERS.contains(&name.as_str())).then(|| format!("SET {name} = {value}"))
        };
        self.dsn.params.iter().filter_map(variable).collect()
    }

    /// TLS for the driver; reads the system's authorities.
    pub(crate) fn ssl_options(&self) -> Option<SslOpts> {
        let options = SslOpts::default().with_disable_built_in_roots(true);
        match &self.tls {
            Tls::Disabled => None,
            Tls::Preferred | Tls::SkipVerify => Some(
                // The driver refuses to start without any authority, although none is asked.
                SslOpts::default().with_danger_accept_invalid_certs(true).with_danger_skip_domain_validation(true),
            ),
            Tls::Custom(path) => Some(options.with_root_certs(vec![std::path::PathBuf::from(path).into()])),
            Tls::System => {
                let roots = rustls_native_certs::load_native_certs().certs;
                Some(options.with_root_certs(roots.into_iter().map(|root| root.to_vec().into()).collect()))
            }
        }
    }
}

/// Parameters of the incumbent's driver; those that have a meaning here are read by name.
const DRIVER_PARAMETERS: &[&str] = &[
    "allowAllFiles",
    "allowCleartextPasswords",
    "allowFallbackToPlaintext",
    "allowNativePasswords",
    "allowOldPasswords",
    "charset",
    "checkConnLiveness",
    "clientFoundRows",
    "collation",
    "columnsWithAlias",
    "compress",
    "connectionAttributes",
    "interpolateParams",
    "loc",
    "maxAllowedPacket",
    "multiStatements",
    "parseTime",
    "readTimeout",
    "rejectReadOnly",
    "serverPubKey",
    "timeTruncate",
    "timeout",
    "tls",
    "writeTimeout",
];

#[cfg(test)]
mod tests {
    use super::*;
    use dapr_spi::metadata::{Metadata as _, Properties, error_of};

    fn check(pairs: &[(&str, &str)]) -> Result<Settings> {
        let properties = Properties::from_pairs(pairs.iter().copied());
        MySqlMetadata::parse(&properties).map_err(|problems| error_of(&problems))?.check()
    }

    #[test]
    fn defaults_are_the_incumbents() {
        let settings = check(&[("connectionString", "u:p@tcp(db)/"), ("timeoutInSeconds", "0")]).unwrap();
        assert_eq!(
            (settings.schema.as_str(), settings.table.as_str(), settings.metadata_table.as_str()),
            ("dapr_state_store", "state", "dapr_metadata")
        );
        assert_eq!((settings.timeout.as_secs(), settings.cleanup_interval), (20, Some(Duration::from_secs(3600))));
        assert_eq!(settings.tls, Tls::Disabled);
        assert_eq!(settings.target(), "db:3306");
    }

    #[test]
    fn parameters_are_the_drivers_or_variables_of_the_session() {
        let text = "u@/?parseTime=true&sql_mode='ANSI'&bad;name=1&tls=skip-verify";
        let settings = check(&[("connectionString", text), ("cleanupInterval", "-1")]).unwrap();
        assert_eq!(settings.variables(), ["SET sql_mode = 'ANSI'"]);
        assert_eq!((settings.tls, settings.cleanup_interval), (Tls::SkipVerify, None));
    }

    #[test]
    fn what_is_wrong_is_said_without_the_password() {
        for (pairs, part) in [
            (&[("connectionString", "u:secret@tcp(db")][..], "lacks the `/`"),
            (&[("connectionString", "u:secret@/?tls=maybe")], "`tls` must be"),
            (&[("connectionString", "u:secret@/?tls=custom")], "needs the field `pemPath`"),
            (&[("connectionString", "u:secret@/"), ("tableName", "a;b")], "`tableName`: `a;b`"),
            (&[("schemaName", "x")], "needs the field `connectionString`"),
        ] {
            let refusal = check(pairs).err().unwrap().to_string();
            assert!(refusal.contains(part) && !refusal.contains("secret"), "{refusal}");
        }
    }
}
