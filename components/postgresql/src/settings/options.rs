//! What each pair of a connection string means.
//!
//! Names are those of libpq and of the incumbent's driver. A name that neither knows is a run-time parameter of the
//! server, such as `search_path`.

use std::time::Duration;

use tokio_postgres::config::{ChannelBinding, LoadBalanceHosts, SslNegotiation, TargetSessionAttrs};

use super::Settings;
use crate::client::tls::SslMode;

/// Pairs that have no meaning here: other ways to find a password, tuning of another driver, Kerberos.
const WITHOUT_EFFECT: &[&str] = &[
    "client_encoding",
    "description_cache_capacity",
    "fallback_application_name",
    "gssencmode",
    "gsslib",
    "krbspn",
    "krbsrvname",
    "min_read_buffer_size",
    "passfile",
    "pool_health_check_period",
    "pool_max_conn_lifetime",
    "pool_max_conn_lifetime_jitter",
    "pool_min_conns",
    "pool_min_idle_conns",
    "require_auth",
    "service",
    "servicefile",
    "sslcompression",
    "sslpassword",
    "sslsni",
    "statement_cache_capacity",
];

/// Applies one pair; hosts and ports are read elsewhere, since they come in lists.
pub(super) fn apply(settings: &mut Settings, name: &str, value: &str) -> Result<(), String> {
    match name {
        "host" | "hostaddr" | "port" => {}
        "sslmode" => settings.tls.mode = SslMode::read(value)?,
        "sslrootcert" => settings.tls.root_cert = Some(value.to_owned()),
        "sslcert" => settings.tls.client_cert = Some(value.to_owned()),
        "sslkey" => settings.tls.client_key = Some(value.to_owned()),
        "pool_max_conns" => settings.max_connections = number(value)?.max(1),
        "pool_max_conn_idle_time" => settings.idle = dapr_kit::duration::parse(value)?.max(Duration::from_secs(1)),
        "default_query_exec_mode" => {
            settings.prepared = super::prepares(value).map_err(|error| error.to_string())?;
        }
        _ if WITHOUT_EFFECT.contains(&name) => {}
        _ => return driver(settings, name, value),
    }
    Ok(())
}

fn driver(settings: &mut Settings, name: &str, value: &str) -> Result<(), String> {
    let config = &mut settings.config;
    match name {
        "user" => config.user(value),
        "password" => config.password(value),
        "dbname" => config.dbname(value),
        "application_name" => config.application_name(value),
        "options" => config.options(joined(config.get_options(), value)),
        "connect_timeout" => config.connect_timeout(connect_timeout(value, settings.timeout)?),
        "tcp_user_timeout" => config.tcp_user_timeout(Duration::from_millis(number(value)? as u64)),
        "keepalives" => config.keepalives(value != "0"),
        "keepalives_idle" => config.keepalives_idle(seconds(value)?),
        "keepalives_interval" => config.keepalives_interval(seconds(value)?),
        "keepalives_count" | "keepalives_retries" => {
            config.keepalives_retries(u32::try_from(number(value)?).unwrap_or(u32::MAX))
        }
        "target_session_attrs" => config.target_session_attrs(session_attributes(value)?),
        "channel_binding" => config.channel_binding(channel_binding(value)?),
        "load_balance_hosts" => config.load_balance_hosts(load_balancing(value)?),
        "sslnegotiation" => config.ssl_negotiation(negotiation(value)?),
        parameter => config.options(joined(config.get_options(), &run_time_parameter(parameter, value))),
    };
    Ok(())
}

fn joined(options: Option<&str>, more: &str) -> String {
    options.map_or_else(|| more.to_owned(), |options| format!("{options} {more}"))
}

/// `-c name=value`, with the escapes of a server's option list.
fn run_time_parameter(name: &str, value: &str) -> String {
    format!("-c {name}={}", value.replace('\\', "\\\\").replace(' ', "\\ "))
}

/// Zero waits as long as a call may take.
fn connect_timeout(value: &str, longest: Duration) -> Result<Duration, String> {
    seconds(value).map(|timeout| if timeout.is_zero() { longest } else { timeout.min(longest) })
}

fn number(value: &str) -> Result<usize, String> {
    value.parse().map_err(|_| format!("expected a whole number, found `{value}`"))
}

fn seconds(value: &str) -> Result<Duration, String> {
    Ok(Duration::from_secs(number(value)? as u64))
}

/// A standby is refused rather than mistaken for a primary; `prefer-standby` has no counterpart, so any server does.
fn session_attributes(value: &str) -> Result<TargetSessionAttrs, String> {
    match value {
        "any" | "prefer-standby" => Ok(TargetSessionAttrs::Any),
        "read-write" | "primary" => Ok(TargetSessionAttrs::ReadWrite),
        "read-only" | "standby" => Ok(TargetSessionAttrs::ReadOnly),
        other => Err(format!("expected `any`, `read-write`, `read-only`, `primary` or `standby`, found `{other}`")),
    }
}

fn channel_binding(value: &str) -> Result<ChannelBinding, String> {
    match value {
        "disable" => Ok(ChannelBinding::Disable),
        "prefer" => Ok(ChannelBinding::Prefer),
        "require" => Err("`require` is not supported in this build; use `prefer`".to_owned()),
        other => Err(format!("expected `disable` or `prefer`, found `{other}`")),
    }
}

fn load_balancing(value: &str) -> Result<LoadBalanceHosts, String> {
    match value {
        "disable" => Ok(LoadBalanceHosts::Disable),
        "random" => Ok(LoadBalanceHosts::Random),
        other => Err(format!("expected `disable` or `random`, found `{other}`")),
    }
}

fn negotiation(value: &str) -> Result<SslNegotiation, String> {
    match value {
        "postgres" => Ok(SslNegotiation::Postgres),
        "direct" => Ok(SslNegotiation::Direct),
        other => Err(format!("expected `postgres` or `direct`, found `{other}`")),
    }
}
