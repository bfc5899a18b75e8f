//! Checked settings of a component.

use std::fmt;
use std::sync::Arc;

use dapr_net::dial::{Origin, Tls};
use dapr_net::tls;
use dapr_spi::{Error, Result};
use rumqttc::QoS;
use rustls::pki_types::ServerName;

use crate::address::Address;
use crate::metadata::MqttMetadata;

/// Checked settings.
#[derive(Clone)]
pub struct Settings {
    pub(crate) origin: Origin,
    pub(crate) username: String,
    pub(crate) password: String,
    /// Empty means the app id.
    pub(crate) consumer_id: String,
    pub(crate) retain: bool,
    pub(crate) clean_session: bool,
    pub(crate) qos: QoS,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").field("broker", &self.origin).finish_non_exhaustive()
    }
}

impl Settings {
    /// Checks what single fields cannot say.
    pub(crate) fn check(given: MqttMetadata) -> Result<Self> {
        let address = Address::parse(&given.url).map_err(|why| Error::invalid(format!("`url`: {why}")))?;
        let qos = match given.qos {
            0 => QoS::AtMostOnce,
            1 => QoS::AtLeastOnce,
            2 => QoS::ExactlyOnce,
            other => return Err(Error::invalid(format!("`qos`: expected 0, 1 or 2, found {other}"))),
        };
        Ok(Self {
            origin: origin(&address, &given)?,
            username: address.username,
            password: address.password,
            consumer_id: given.consumer_id,
            retain: given.retain,
            clean_session: given.clean_session,
            qos,
        })
    }
}

fn origin(address: &Address, given: &MqttMetadata) -> Result<Origin> {
    let Address { tls, host, port, .. } = address;
    let origin = Origin::plain(host.clone(), *port);
    if !tls && given.ca_cert.is_empty() && given.client_cert.is_empty() && given.client_key.is_empty() {
        return Ok(origin);
    }
    // What is given is checked, also where it is not used.
    let config = tls::client_config(&given.ca_cert, &given.client_cert, &given.client_key).map_err(Error::invalid)?;
    if !tls {
        return Ok(origin);
    }
    let server_name = ServerName::try_from(host.clone())
        .map_err(|_| Error::invalid(format!("`url`: `{host}` is no name that TLS can check")))?;
    Ok(Origin { tls: Some(Tls { config: Arc::new(config), server_name }), ..origin })
}

#[cfg(test)]
mod tests {
    use dapr_spi::metadata::{Metadata, Properties};

    use super::*;

    fn check(pairs: &[(&str, &str)]) -> Result<Settings, String> {
        let metadata = MqttMetadata::parse(&Properties::from_pairs(pairs.iter().copied())).unwrap();
        Settings::check(metadata).map_err(|error| error.to_string())
    }

    #[test]
    fn defaults_are_those_of_the_incumbent() {
        let settings = check(&[("url", "tcp://user@host")]).unwrap();
        assert!(!settings.retain && !settings.clean_session && settings.origin.tls.is_none());
        assert_eq!((settings.qos, settings.username.as_str()), (QoS::AtLeastOnce, "user"));
        assert!(check(&[("url", "ssl://host")]).unwrap().origin.tls.is_some());
    }

    #[test]
    fn refuses_what_cannot_work_and_says_why() {
        for (pairs, part) in [
            (&[("url", "host")][..], "`url`"),
            (&[("url", "tcp://h"), ("qos", "3")], "`qos`"),
            (&[("url", "ssl://h"), ("caCert", "file.pem")], "`caCert`"),
            (&[("url", "ssl://h"), ("clientKey", "hunter2")], "together"),
        ] {
            let error = check(pairs).unwrap_err();
            assert!(error.contains(part) && !error.contains("hunter2"), "{pairs:?}: {error}");
        }
    }
}
