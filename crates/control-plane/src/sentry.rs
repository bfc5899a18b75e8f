//! Certificates from Sentry.

mod token;

use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use dapr_proto::pbjson_types::Timestamp;
use dapr_proto::sentry::v1::ca_client::CaClient;
use dapr_proto::sentry::v1::{SignCertificateRequest, SignCertificateResponse};
use dapr_security::{CertificateSource, Mode, Settings, Signed, SigningRequest, SourceError};

use crate::connect::{channel, describe, is_refused_certificate};
use crate::retry::{Tries, heals, retried};

/// Of one request for a certificate; the identity comes back with another one later.
const TRIES: Tries = Tries { count: 5, each: Duration::from_secs(3), longest_delay: Duration::from_millis(800) };

/// Most bytes of an answer: a chain of certificates and some tokens.
const MAX_ANSWER: usize = 4 << 20;

/// Asks Sentry to sign certificates. It connects anew each time, since it asks about twice a day.
#[derive(Clone, Debug)]
pub struct Client {
    address: String,
    id: String,
    trust_domain: String,
    namespace: String,
    jwt_audiences: Vec<String>,
    mode: Mode,
    token_file: Option<PathBuf>,
}

impl Client {
    /// For the identity that the settings ask for. Nothing is connected yet.
    pub fn new(settings: &Settings) -> Self {
        Self {
            address: settings.sentry_address.clone(),
            id: settings.requested_id().to_owned(),
            trust_domain: settings.requested_trust_domain().unwrap_or_default().to_owned(),
            namespace: settings.namespace.clone(),
            jwt_audiences: settings.jwt_audiences.clone(),
            mode: settings.mode,
            token_file: settings.sentry_token_file.clone(),
        }
    }
}

#[async_trait]
impl CertificateSource for Client {
    async fn sign(&self, request: SigningRequest) -> Result<Signed, SourceError> {
        let (token, validator) = token::find(self.mode, self.token_file.as_deref())
            .await
            .map_err(|error| failed("sentry_token", format!("error obtaining token: {error}")))?;
        let asked = SignCertificateRequest {
            id: self.id.clone(),
            token,
            trust_domain: self.trust_domain.clone(),
            namespace: self.namespace.clone(),
            certificate_signing_request: request.request_pem.into_bytes().into(),
            token_validator: validator.into(),
            jwt_audiences: self.jwt_audiences.clone(),
        };
        let channel = channel("Sentry", &self.address, Some(request.tls))
            .map_err(|error| failed("sentry_conn", format!("{error}: set --sentry-address")))?;
        let client = CaClient::new(channel).max_decoding_message_size(MAX_ANSWER);
        let call = || {
            let (mut client, asked) = (client.clone(), asked.clone());
            async move { client.sign_certificate(asked).await }
        };
        match retried(TRIES, |_, _| {}, call).await {
            Ok(answer) => read(answer.into_inner()),
            Err(status) if heals(&status) || is_refused_certificate(&status) => {
                let message = format!("error establishing connection to sentry: {}", describe(&status));
                Err(SourceError { reason: "sentry_conn", unreachable: heals(&status), message })
            }
            Err(status) => Err(failed("sign", format!("error from sentry SignCertificate: {}", describe(&status)))),
        }
    }
}

fn read(answer: SignCertificateResponse) -> Result<Signed, SourceError> {
    let SignCertificateResponse { workload_certificate, valid_until, jwt, per_audience_jwts, .. } = answer;
    if !valid_until.is_some_and(is_date) {
        return Err(failed("invalid_ts", "error parsing ValidUntil: it is no date".to_owned()));
    }
    Ok(Signed {
        certificates_pem: workload_certificate.into(),
        jwt: jwt.map(|jwt| jwt.value),
        audience_jwts: per_audience_jwts.into_iter().map(|(audience, jwt)| (audience, jwt.value)).collect(),
    })
}

/// From year 1 to 9999, as protobuf has it.
fn is_date(timestamp: Timestamp) -> bool {
    (-62_135_596_800..253_402_300_800).contains(&timestamp.seconds) && (0..1_000_000_000).contains(&timestamp.nanos)
}

fn failed(reason: &'static str, message: String) -> SourceError {
    SourceError { reason, unreachable: false, message }
}
