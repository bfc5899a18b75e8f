//! Secret methods of the service `Dapr`.

use dapr_errors::Result;
use dapr_proto::runtime::v1 as proto;

use crate::Api;

/// `Dapr/GetSecret`
pub(crate) async fn get(api: &Api, request: proto::GetSecretRequest) -> Result<proto::GetSecretResponse> {
    let data = api.secrets.get(&request.store_name, &request.key, &request.metadata).await?;
    Ok(proto::GetSecretResponse { data })
}

/// `Dapr/GetBulkSecret`
pub(crate) async fn bulk_get(api: &Api, request: proto::GetBulkSecretRequest) -> Result<proto::GetBulkSecretResponse> {
    let secrets = api.secrets.bulk_get(&request.store_name, &request.metadata).await?;
    let data = secrets.into_iter().map(|(name, secrets)| (name, proto::SecretResponse { secrets })).collect();
    Ok(proto::GetBulkSecretResponse { data })
}
