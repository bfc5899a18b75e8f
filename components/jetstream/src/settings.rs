//! Checked settings.

use std::time::Duration;

use async_nats::ServerAddr;
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy};
use dapr_spi::pubsub::Limits;
use dapr_spi::{Error, Result};
use percent_encoding::percent_decode_str;

use crate::metadata::JetStreamMetadata;

/// Messages under way to one subscriber when nothing else is said.
const DEFAULT_PENDING: u32 = 256;
/// Messages under way to all members of a queue group together, likewise.
const GROUP_PENDING: u32 = 512;
/// Most that a subscription takes at a time, however many may be pending.
const MOST_UNSETTLED: u32 = 10_000;
/// Sign of life that flow control needs, when none is given.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// How long a message rests that was refused more than once, when neither `backOff` nor `ackWait` says it.
pub(crate) const REST: Duration = Duration::from_secs(1);
/// Stands for the topic in the name of a durable consumer.
const TOPIC: &str = "{topic}";

/// What the fields say.
#[derive(Clone, Debug)]
pub struct Settings {
    pub(crate) servers: Vec<ServerAddr>,
    /// Without user and password.
    pub(crate) servers_text: String,
    pub(crate) login: Login,
    pub(crate) certificate: String,
    pub(crate) key: String,
    pub(crate) ca: String,
    pub(crate) name: String,
    pub(crate) api_prefix: Option<String>,
    pub(crate) stream: String,
    durable: String,
    pub(crate) group: Option<String>,
    pub(crate) deliver_policy: DeliverPolicy,
    pub(crate) ack_policy: AckPolicy,
    pub(crate) flow_control: bool,
    pub(crate) heartbeat: Duration,
    pub(crate) ack_wait: Option<Duration>,
    pub(crate) max_deliver: i64,
    pub(crate) back_off: Vec<Duration>,
    pub(crate) max_ack_pending: u32,
    pub(crate) replicas: usize,
    pub(crate) memory_storage: bool,
    pub(crate) rate_limit: u64,
    single: bool,
}

/// How the server knows us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Login {
    Nobody,
    Token(String),
    User(String, String),
    Jwt { jwt: String, seed: String },
}

impl Settings {
    pub(crate) fn check(given: JetStreamMetadata) -> Result<Self> {
        let (servers, mut login) = servers(&given.nats_url)?;
        if !given.token.is_empty() {
            login = Login::Token(given.token);
        }
        both(&given.jwt, "jwt", &given.seed_key, "seedKey")?;
        both(&given.tls_client_cert, "tls_client_cert", &given.tls_client_key, "tls_client_key")?;
        if !given.jwt.is_empty() {
            login = Login::Jwt { jwt: given.jwt, seed: given.seed_key };
        }
        let ack_policy = ack_policy(&given.ack_policy)?;
        let group = Some(given.queue_group_name).filter(|group| !group.is_empty());
        // Without acknowledgements, nothing but flow control keeps the server from sending more than fits.
        let flow_control = given.flow_control || (ack_policy == AckPolicy::None && group.is_none());
        let heartbeat = given.heartbeat.unwrap_or(if flow_control { HEARTBEAT } else { Duration::ZERO });
        let back_off = back_off(&given.back_off)?;
        if given.max_deliver > 0 && usize::try_from(given.max_deliver).is_ok_and(|most| most <= back_off.len()) {
            let (most, times) = (given.max_deliver, back_off.len());
            return Err(Error::invalid(format!(
                "`maxDeliver` is {most} and must be more than the {times} times of `backOff`"
            )));
        }
        named("streamName", &given.stream_name)?;
        named("durableName", &given.durable_name)?;
        let deliver_policy = deliver_policy(&given.deliver_policy, given.start_sequence, given.start_time)?;
        Ok(Self {
            servers_text: servers.iter().map(shown).collect::<Vec<_>>().join(", "),
            servers,
            login,
            certificate: given.tls_client_cert,
            key: given.tls_client_key,
            ca: given.ca_cert,
            name: if given.name.is_empty() { "dapr.io - pubsub.jetstream".into() } else { given.name },
            api_prefix: prefix(&given.api_prefix, &given.domain),
            stream: given.stream_name,
            durable: given.durable_name,
            group,
            deliver_policy,
            ack_policy,
            flow_control,
            heartbeat,
            ack_wait: given.ack_wait.filter(|wait| !wait.is_zero()),
            max_deliver: given.max_deliver,
            back_off,
            max_ack_pending: given.max_ack_pending,
            replicas: given.replicas,
            memory_storage: given.memory_storage,
            rate_limit: given.rate_limit,
            single: single(&given.concurrency)?,
        })
    }

    /// The name of the durable consumer of a topic, where there is to be one.
    pub(crate) fn durable(&self, topic: &str) -> Option<String> {
        if self.durable.is_empty() {
            return None;
        }
        let plain: String = topic.chars().map(|c| if is_forbidden(c) { '_' } else { c }).collect();
        Some(self.durable.replace(TOPIC, &plain))
    }

    /// The bound of a consumer that does not exist yet; zero leaves it to the server.
    pub(crate) fn pending_of_new(&self) -> u32 {
        match (self.max_ack_pending, self.ack_policy, &self.group) {
            (0, AckPolicy::None, _) => 0,
            (0, _, Some(_)) => GROUP_PENDING,
            (0, _, None) => DEFAULT_PENDING,
            (given, _, _) => given,
        }
    }

    pub(crate) fn limits(&self) -> Limits {
        let pending = if self.max_ack_pending == 0 { DEFAULT_PENDING } else { self.max_ack_pending };
        let unsettled = pending.min(MOST_UNSETTLED) as usize;
        Limits { concurrency: if self.single { 1 } else { unsettled }, unsettled }
    }

    /// How long a message rests after it was refused in its `delivered`th delivery, from 1.
    pub(crate) fn rest(&self, delivered: u64) -> Option<Duration> {
        let index = usize::try_from(delivered.saturating_sub(1)).unwrap_or(usize::MAX);
        let given = self.back_off.get(index).or(self.back_off.last()).copied().or(self.ack_wait);
        given.or((delivered > 1).then_some(REST)).filter(|rest| !rest.is_zero())
    }

    /// What happens to a message that was refused.
    pub(crate) fn redelivery(&self) -> String {
        if self.ack_policy == AckPolicy::None {
            return "is lost, since `ackPolicy` is `none`".into();
        }
        let when = match (self.back_off.as_slice(), self.ack_wait) {
            ([], None) => format!("at once, from the second time on after {REST:?}"),
            ([], Some(wait)) => format!("after {wait:?} (`ackWait`)"),
            ([only], _) => format!("after {only:?} (`backOff`)"),
            ([first, .., last], _) => format!("after {first:?} at first and {last:?} at last (`backOff`)"),
        };
        let most = if self.max_deliver > 0 { format!(", {} times at most", self.max_deliver) } else { String::new() };
        format!("is delivered again {when}{most}")
    }
}

fn servers(text: &str) -> Result<(Vec<ServerAddr>, Login)> {
    let mut servers = Vec::new();
    let mut login = Login::Nobody;
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        // The address is not quoted: it may hold a password.
        let wrong =
            |why: String| Error::invalid(format!("`natsURL`: {why}; expected `nats://host:4222` or `tls://host:4222`"));
        let server: ServerAddr = part.parse().map_err(|error: std::io::Error| wrong(error.to_string()))?;
        if server.is_websocket() {
            return Err(wrong("WebSockets are not supported".into()));
        }
        if server.host().is_empty() {
            return Err(wrong("a host is missing".into()));
        }
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        if login == Login::Nobody {
            login = match (server.username(), server.password()) {
                (Some(user), Some(password)) => Login::User(decoded(user), decoded(password)),
                (Some(token), None) => Login::Token(decoded(token)),
                (None, _) => Login::Nobody,
            };
        }
        servers.push(server);
    }
    if servers.is_empty() {
        return Err(Error::invalid("`natsURL` is empty; expected `nats://host:4222`"));
    }
    Ok((servers, login))
}

fn shown(server: &ServerAddr) -> String {
    let host = server.host();
    if host.contains(':') { format!("[{host}]:{}", server.port()) } else { format!("{host}:{}", server.port()) }
}

/// What the name of a stream or a consumer must not have in it.
fn is_forbidden(c: char) -> bool {
    ".*>/\\".contains(c) || c.is_whitespace() || c.is_control()
}

fn named(field: &str, name: &str) -> Result<()> {
    match name.chars().find(|c| is_forbidden(*c)) {
        Some(c) => Err(Error::invalid(format!("`{field}` has a {c:?} in it, which NATS does not allow in a name"))),
        None => Ok(()),
    }
}

fn both(one: &str, one_name: &str, other: &str, other_name: &str) -> Result<()> {
    match (one.is_empty(), other.is_empty()) {
        (false, true) => Err(Error::invalid(format!("`{one_name}` needs `{other_name}`, which is missing"))),
        (true, false) => Err(Error::invalid(format!("`{other_name}` needs `{one_name}`, which is missing"))),
        _ => Ok(()),
    }
}

fn ack_policy(text: &str) -> Result<AckPolicy> {
    match text {
        "explicit" | "" => Ok(AckPolicy::Explicit),
        "all" => Ok(AckPolicy::All),
        "none" => Ok(AckPolicy::None),
        other => Err(Error::invalid(format!("`ackPolicy` is `{other}`; expected explicit, all or none"))),
    }
}

fn deliver_policy(text: &str, start_sequence: u64, start_time: Option<u64>) -> Result<DeliverPolicy> {
    match text {
        "all" | "" => Ok(DeliverPolicy::All),
        "last" => Ok(DeliverPolicy::Last),
        "new" => Ok(DeliverPolicy::New),
        "sequence" if start_sequence == 0 => {
            Err(Error::invalid("`deliverPolicy` is `sequence`, which needs `startSequence`, from 1"))
        }
        "sequence" => Ok(DeliverPolicy::ByStartSequence { start_sequence }),
        "time" => {
            let seconds =
                start_time.ok_or_else(|| Error::invalid("`deliverPolicy` is `time`, which needs `startTime`"))?;
            let time = async_nats::datetime::from_nanos(i128::from(seconds) * 1_000_000_000);
            let start_time =
                time.map_err(|_| Error::invalid("`startTime` is too late; expected seconds since 1970"))?;
            Ok(DeliverPolicy::ByStartTime { start_time })
        }
        other => {
            Err(Error::invalid(format!("`deliverPolicy` is `{other}`; expected all, last, new, sequence or time")))
        }
    }
}

fn back_off(text: &str) -> Result<Vec<Duration>> {
    let text = text.trim();
    let text = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let times = text.split(',').map(str::trim).filter(|time| !time.is_empty());
    let read = |time: &str| match time.parse::<u64>() {
        Ok(seconds) => Ok(Duration::from_secs(seconds)),
        Err(_) => dapr_kit::duration::parse(time).map_err(|why| Error::invalid(format!("`backOff`: {why}"))),
    };
    times.map(read).collect()
}

fn prefix(api_prefix: &str, domain: &str) -> Option<String> {
    match (api_prefix.trim_end_matches('.'), domain) {
        ("", "") => None,
        ("", domain) => Some(format!("$JS.{domain}.API")),
        (prefix, _) => Some(prefix.to_owned()),
    }
}

fn single(text: &str) -> Result<bool> {
    match text {
        "single" | "" => Ok(true),
        "parallel" => Ok(false),
        other => Err(Error::invalid(format!("`concurrency` is `{other}`; expected single or parallel"))),
    }
}

#[cfg(test)]
mod tests;
