//! What all Redis components are told about the server: addresses, credentials, TLS, timeouts and retries.

use std::fmt;
use std::time::Duration;

use dapr_kit::duration;
use dapr_spi::metadata::FieldValue;
use dapr_spi::{Error, Result};

use crate::address::{self, Address};
use crate::tls::Tls;

/// The incumbent's client library caps its delays at this unless `redisMaxRetryInterval` says otherwise.
const MAX_RETRY_INTERVAL: Duration = Duration::from_millis(512);
const DIAL_TIMEOUT: Duration = Duration::from_secs(5);
const READ_TIMEOUT: Duration = Duration::from_secs(3);

/// A time limit as the incumbent reads it: a bare number is milliseconds, a negative one means no limit, and zero the
/// default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    /// Take the default.
    Default,
    /// No limit, no delay.
    Off,
    /// That long.
    After(Duration),
}

impl FieldValue for Limit {
    const KIND: &'static str = "duration";

    fn read(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let (negative, magnitude) = match text.parse::<i64>() {
            Ok(number) => (number < 0, Duration::from_millis(number.unsigned_abs())),
            Err(_) => duration::parse_signed(text).map(|parsed| (parsed.negative, parsed.magnitude))?,
        };
        Ok(match (negative, magnitude) {
            (true, _) => Self::Off,
            (false, Duration::ZERO) => Self::Default,
            (false, magnitude) => Self::After(magnitude),
        })
    }
}

impl Limit {
    fn or(this: Option<Self>, default: Option<Duration>) -> Option<Duration> {
        match this {
            None | Some(Self::Default) => default,
            Some(Self::Off) => None,
            Some(Self::After(limit)) => Some(limit),
        }
    }
}

/// User and password; the user may be empty.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Credentials {
    pub(crate) username: String,
    pub(crate) password: String,
}

impl Credentials {
    /// Without a password there is nothing to log in with, as for the incumbent.
    fn of(username: String, password: String) -> Option<Self> {
        (!password.is_empty()).then_some(Self { username, password })
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("username", &self.username).finish_non_exhaustive()
    }
}

/// How the servers belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Topology {
    /// One server.
    Single,
    /// The addresses are those of sentinels, which know the master of that name.
    Sentinel {
        /// `sentinelMasterName`.
        master: String,
        /// For the sentinels, not for the master.
        credentials: Option<Credentials>,
    },
    /// The addresses are some nodes of a cluster.
    Cluster,
}

/// How failures are waited out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Retry {
    /// Attempts after the first one.
    pub(crate) attempts: u32,
    /// First delay.
    pub(crate) first: Duration,
    /// Longest delay.
    pub(crate) cap: Duration,
}

impl Retry {
    /// How long a request may wait for a lost connection: the sum of the delays between its attempts.
    pub(crate) fn patience(&self) -> Duration {
        let mut delay = self.first.min(self.cap);
        let mut sum = Duration::ZERO;
        for _ in 0..self.attempts.min(64) {
            sum += delay;
            delay = (delay * 2).min(self.cap);
        }
        sum
    }
}

/// Checked settings of a client.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) addresses: Vec<Address>,
    pub(crate) topology: Topology,
    pub(crate) credentials: Option<Credentials>,
    pub(crate) database: u32,
    pub(crate) tls: Option<Tls>,
    pub(crate) retry: Retry,
    pub(crate) dial_timeout: Option<Duration>,
    pub(crate) read_timeout: Option<Duration>,
    pub(crate) write_timeout: Option<Duration>,
}

/// The fields of a component's metadata from which [`Settings`] are made.
pub(crate) struct Given {
    pub(crate) redis_host: String,
    pub(crate) redis_port: Option<u16>,
    pub(crate) redis_username: String,
    pub(crate) redis_password: String,
    pub(crate) sentinel_username: String,
    pub(crate) sentinel_password: String,
    pub(crate) redis_db: u32,
    pub(crate) redis_type: String,
    pub(crate) failover: bool,
    pub(crate) sentinel_master_name: String,
    pub(crate) enable_tls: bool,
    pub(crate) insecure_skip_tls_verify: bool,
    pub(crate) client_cert: String,
    pub(crate) client_key: String,
    pub(crate) use_entra_id: bool,
    pub(crate) redis_max_retries: i64,
    pub(crate) redis_min_retry_interval: Option<Limit>,
    pub(crate) redis_max_retry_interval: Option<Limit>,
    pub(crate) dial_timeout: Option<Limit>,
    pub(crate) read_timeout: Option<Limit>,
    pub(crate) write_timeout: Option<Limit>,
}

impl Given {
    /// Checks the combination of fields; `first_delay` is the component's default of `redisMinRetryInterval`.
    pub(crate) fn check(self, first_delay: Duration) -> Result<Settings> {
        if self.use_entra_id {
            return Err(Error::unsupported(
                "`useEntraID`: this build cannot log in to Redis with Entra ID; use `redisUsername` and `redisPassword`",
            ));
        }
        let addresses = address::parse_list(&self.redis_host, self.redis_port)?;
        let topology = self.topology()?;
        if topology == Topology::Single && addresses.len() > 1 {
            return Err(Error::invalid(
                "`redisHost` lists several servers; that needs `redisType: cluster`, or `failover: true` with sentinels",
            ));
        }
        let read_timeout = Limit::or(self.read_timeout, Some(READ_TIMEOUT));
        Ok(Settings {
            addresses,
            tls: self.tls()?,
            retry: self.retry(first_delay),
            database: if topology == Topology::Cluster { 0 } else { self.redis_db },
            topology,
            dial_timeout: Limit::or(self.dial_timeout, Some(DIAL_TIMEOUT)),
            read_timeout,
            write_timeout: Limit::or(self.write_timeout, read_timeout),
            credentials: Credentials::of(self.redis_username, self.redis_password),
        })
    }

    fn topology(&self) -> Result<Topology> {
        let cluster = match self.redis_type.to_ascii_lowercase().as_str() {
            "" | "node" | "sentinel" => false,
            "cluster" => true,
            other => return Err(Error::invalid(format!("`redisType`: expected `node` or `cluster`, found `{other}`"))),
        };
        if !self.failover {
            return Ok(if cluster { Topology::Cluster } else { Topology::Single });
        }
        if self.sentinel_master_name.is_empty() {
            return Err(Error::invalid("`failover: true` needs `sentinelMasterName`, the master's name in Sentinel"));
        }
        let credentials = Credentials::of(self.sentinel_username.clone(), self.sentinel_password.clone());
        Ok(Topology::Sentinel { master: self.sentinel_master_name.clone(), credentials })
    }

    fn tls(&self) -> Result<Option<Tls>> {
        if !self.enable_tls {
            return Ok(None);
        }
        Tls::check(self.insecure_skip_tls_verify, &self.client_cert, &self.client_key).map(Some)
    }

    /// `redisMaxRetries` of zero means the default, and -1 means none, as in the incumbent's client library.
    fn retry(&self, first_delay: Duration) -> Retry {
        let attempts = match self.redis_max_retries {
            0 => 3,
            number => u32::try_from(number).unwrap_or(0),
        };
        let first = Limit::or(self.redis_min_retry_interval, Some(first_delay)).unwrap_or_default();
        let cap = Limit::or(self.redis_max_retry_interval, Some(MAX_RETRY_INTERVAL)).unwrap_or_default();
        Retry { attempts, first: first.min(cap), cap }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn given(host: &str) -> Given {
        Given {
            redis_host: host.to_owned(),
            redis_port: None,
            redis_username: String::new(),
            redis_password: String::new(),
            sentinel_username: String::new(),
            sentinel_password: String::new(),
            redis_db: 0,
            redis_type: String::new(),
            failover: false,
            sentinel_master_name: String::new(),
            enable_tls: false,
            insecure_skip_tls_verify: false,
            client_cert: String::new(),
            client_key: String::new(),
            use_entra_id: false,
            redis_max_retries: 3,
            redis_min_retry_interval: None,
            redis_max_retry_interval: None,
            dial_timeout: None,
            read_timeout: None,
            write_timeout: None,
        }
    }

    #[test]
    fn reads_limits() {
        for (text, limit) in [
            ("0", Limit::Default),
            ("-1", Limit::Off),
            ("-1s", Limit::Off),
            ("250", Limit::After(Duration::from_millis(250))),
            ("2s", Limit::After(Duration::from_secs(2))),
        ] {
            assert_eq!(Limit::read(text).unwrap(), limit, "{text}");
        }
        assert!(Limit::read("soon").is_err());
    }

    #[test]
    fn retries_are_those_of_the_incumbent() {
        let retry = given("a").check(Duration::from_secs(2)).unwrap().retry;
        assert_eq!(retry.patience(), Duration::from_millis(3 * 512), "the minimum of 2 s is capped at 512 ms");
        let none = Given { redis_max_retries: -1, ..given("a") }.check(Duration::from_secs(2)).unwrap().retry;
        assert_eq!(none.patience(), Duration::ZERO);
    }

    #[test]
    fn refuses_combinations_that_cannot_work() {
        let check = |given: Given| given.check(Duration::from_secs(2)).unwrap_err().to_string();
        assert!(check(given("a,b")).contains("several servers"));
        assert!(check(Given { failover: true, ..given("a") }).contains("sentinelMasterName"));
        assert!(check(Given { redis_type: "claster".into(), ..given("a") }).contains("claster"));
        assert!(check(Given { use_entra_id: true, ..given("a") }).contains("Entra ID"));
        let key_only = Given { enable_tls: true, client_key: "x".into(), ..given("a") };
        assert!(check(key_only).contains("clientCert"));
    }

    #[test]
    fn a_password_is_never_shown() {
        let given = Given { redis_username: "user".into(), redis_password: "hunter2".into(), ..given("a") };
        let text = format!("{:?}", given.check(Duration::ZERO).unwrap());
        assert!(text.contains("user") && !text.contains("hunter2"), "{text}");
    }
}
