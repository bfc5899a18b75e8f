//! The subtle API: small operations with keys that are named. The messages are the same over both edges.

use bytes::Bytes;
use dapr_crypto::KeyFormat;
use dapr_errors::{Error, Result, table};
use dapr_proto::runtime::v1 as proto;
use dapr_proto::runtime::v1::subtle_get_key_request::KeyFormat as Format;
use dapr_spi::crypto::{Cipher, Sealed};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Api;
use crate::http::{Call, Response, response};

/// `SubtleGetKeyAlpha1`
pub(crate) async fn get_key(api: &Api, request: proto::SubtleGetKeyRequest) -> Result<proto::SubtleGetKeyResponse> {
    let provider = api.crypto.find(&request.component_name)?;
    let format = match Format::try_from(request.format) {
        Ok(Format::Pem) => KeyFormat::Pem,
        Ok(Format::Json) => KeyFormat::Json,
        Err(_) => return Err(Error::new(&table::BAD_REQUEST, &[&"invalid key format"])),
    };
    let (name, public_key) = provider.public_key(&request.name, format).await?;
    Ok(proto::SubtleGetKeyResponse { name, public_key })
}

/// `SubtleEncryptAlpha1`
pub(crate) async fn encrypt(api: &Api, request: proto::SubtleEncryptRequest) -> Result<proto::SubtleEncryptResponse> {
    let provider = api.crypto.find(&request.component_name)?;
    let cipher = Cipher {
        algorithm: &request.algorithm,
        key: &request.key_name,
        nonce: &request.nonce,
        associated_data: &request.associated_data,
    };
    let Sealed { data, tag } = provider.encrypt(cipher, &request.plaintext).await?;
    Ok(proto::SubtleEncryptResponse { ciphertext: data.into(), tag: tag.into() })
}

/// `SubtleDecryptAlpha1`
pub(crate) async fn decrypt(api: &Api, request: proto::SubtleDecryptRequest) -> Result<proto::SubtleDecryptResponse> {
    let provider = api.crypto.find(&request.component_name)?;
    let cipher = Cipher {
        algorithm: &request.algorithm,
        key: &request.key_name,
        nonce: &request.nonce,
        associated_data: &request.associated_data,
    };
    let sealed = Sealed { data: request.ciphertext.to_vec(), tag: request.tag.to_vec() };
    Ok(proto::SubtleDecryptResponse { plaintext: provider.decrypt(cipher, &sealed).await?.into() })
}

/// `SubtleWrapKeyAlpha1`
pub(crate) async fn wrap_key(api: &Api, request: proto::SubtleWrapKeyRequest) -> Result<proto::SubtleWrapKeyResponse> {
    let provider = api.crypto.find(&request.component_name)?;
    let cipher = Cipher {
        algorithm: &request.algorithm,
        key: &request.key_name,
        nonce: &request.nonce,
        associated_data: &request.associated_data,
    };
    let Sealed { data, tag } = provider.wrap_key(cipher, &request.plaintext_key).await?;
    Ok(proto::SubtleWrapKeyResponse { wrapped_key: data.into(), tag: tag.into() })
}

/// `SubtleUnwrapKeyAlpha1`
pub(crate) async fn unwrap_key(
    api: &Api,
    request: proto::SubtleUnwrapKeyRequest,
) -> Result<proto::SubtleUnwrapKeyResponse> {
    let provider = api.crypto.find(&request.component_name)?;
    let cipher = Cipher {
        algorithm: &request.algorithm,
        key: &request.key_name,
        nonce: &request.nonce,
        associated_data: &request.associated_data,
    };
    let sealed = Sealed { data: request.wrapped_key.to_vec(), tag: request.tag.to_vec() };
    Ok(proto::SubtleUnwrapKeyResponse { plaintext_key: provider.unwrap_key(cipher, &sealed).await?.into() })
}

/// `SubtleSignAlpha1`
pub(crate) async fn sign(api: &Api, request: proto::SubtleSignRequest) -> Result<proto::SubtleSignResponse> {
    let provider = api.crypto.find(&request.component_name)?;
    let signature = provider.sign(&request.algorithm, &request.key_name, &request.digest).await?;
    Ok(proto::SubtleSignResponse { signature: signature.into() })
}

/// `SubtleVerifyAlpha1`
pub(crate) async fn verify(api: &Api, request: proto::SubtleVerifyRequest) -> Result<proto::SubtleVerifyResponse> {
    let provider = api.crypto.find(&request.component_name)?;
    let verified = provider.verify(&request.algorithm, &request.key_name, &request.digest, &request.signature).await?;
    Ok(proto::SubtleVerifyResponse { valid: verified })
}

/// Each operation as `POST /subtlecrypto/{name}/<operation>`, with the messages as proto-JSON.
pub(crate) mod http {
    use super::{Api, Call, Response, Result, answer, proto, request};

    macro_rules! operations {
        ($($name:ident: $request:ident),* $(,)?) => {
            $(
                pub(crate) async fn $name(api: &Api, mut call: Call) -> Result<Response> {
                    let component_name = call.params.take("name");
                    let given: proto::$request = request(&call.body().await?)?;
                    answer(&super::$name(api, proto::$request { component_name, ..given }).await?)
                }
            )*
        };
    }

    operations! {
        get_key: SubtleGetKeyRequest,
        encrypt: SubtleEncryptRequest,
        decrypt: SubtleDecryptRequest,
        wrap_key: SubtleWrapKeyRequest,
        unwrap_key: SubtleUnwrapKeyRequest,
        sign: SubtleSignRequest,
        verify: SubtleVerifyRequest,
    }
}

fn request<T: DeserializeOwned + Default>(body: &Bytes) -> Result<T> {
    if body.is_empty() {
        return Ok(T::default());
    }
    serde_json::from_slice(body).map_err(|error| Error::new(&table::MALFORMED_BODY, &[&error]))
}

fn answer(message: &impl Serialize) -> Result<Response> {
    let body = serde_json::to_vec(message).map_err(|error| Error::new(&table::INTERNAL, &[&error]))?;
    Ok(response::json(body))
}
