//! The service `Dapr`: each method calls the building block that owns it.
//!
//! A method that is not here answers `Unimplemented`.

use std::sync::Arc;

use dapr_errors::Error;
use dapr_proto::pbjson_types::Empty;
use dapr_proto::runtime::v1 as proto;
use dapr_proto::runtime::v1::dapr_server::Dapr;
use tonic::codegen::BoxStream;
use tonic::{Request, Response, Status, Streaming, async_trait};

use super::status;
use crate::{Api, bindings, crypto, invocation, metadata, pubsub, secrets, shutdown, state};

/// Implements the generated trait over [`Api`].
#[derive(Clone)]
pub(super) struct Service(pub(super) Arc<Api>);

impl Service {
    fn answer<T>(&self, result: dapr_errors::Result<T>) -> Result<Response<T>, Status> {
        result.map(Response::new).map_err(|error| self.status(&error))
    }

    fn done(&self, result: dapr_errors::Result<()>) -> Result<Response<Empty>, Status> {
        self.answer(result.map(|()| Empty {}))
    }

    fn status(&self, error: &Error) -> Status {
        tracing::debug!(target: "dapr.runtime.grpc.api", "{error}");
        let (code, category) = error.labels();
        self.0.metrics.error_codes.record(code, category);
        status::of(error)
    }
}

type Answer<T> = Result<Response<T>, Status>;

#[async_trait]
impl Dapr for Service {
    async fn invoke_service(
        &self,
        request: Request<proto::InvokeServiceRequest>,
    ) -> Answer<dapr_proto::common::v1::InvokeResponse> {
        invocation::grpc::invoke(&self.0, request).await
    }

    async fn invoke_binding(
        &self,
        request: Request<proto::InvokeBindingRequest>,
    ) -> Answer<proto::InvokeBindingResponse> {
        bindings::grpc::invoke(&self.0, request).await
    }

    async fn encrypt_alpha1(
        &self,
        request: Request<Streaming<proto::EncryptRequest>>,
    ) -> Answer<BoxStream<proto::EncryptResponse>> {
        crypto::grpc::encrypt(&self.0, request).await
    }

    async fn decrypt_alpha1(
        &self,
        request: Request<Streaming<proto::DecryptRequest>>,
    ) -> Answer<BoxStream<proto::DecryptResponse>> {
        crypto::grpc::decrypt(&self.0, request).await
    }

    async fn subtle_get_key_alpha1(
        &self,
        request: Request<proto::SubtleGetKeyRequest>,
    ) -> Answer<proto::SubtleGetKeyResponse> {
        self.answer(crypto::subtle::get_key(&self.0, request.into_inner()).await)
    }

    async fn subtle_encrypt_alpha1(
        &self,
        request: Request<proto::SubtleEncryptRequest>,
    ) -> Answer<proto::SubtleEncryptResponse> {
        self.answer(crypto::subtle::encrypt(&self.0, request.into_inner()).await)
    }

    async fn subtle_decrypt_alpha1(
        &self,
        request: Request<proto::SubtleDecryptRequest>,
    ) -> Answer<proto::SubtleDecryptResponse> {
        self.answer(crypto::subtle::decrypt(&self.0, request.into_inner()).await)
    }

    async fn subtle_wrap_key_alpha1(
        &self,
        request: Request<proto::SubtleWrapKeyRequest>,
    ) -> Answer<proto::SubtleWrapKeyResponse> {
        self.answer(crypto::subtle::wrap_key(&self.0, request.into_inner()).await)
    }

    async fn subtle_unwrap_key_alpha1(
        &self,
        request: Request<proto::SubtleUnwrapKeyRequest>,
    ) -> Answer<proto::SubtleUnwrapKeyResponse> {
        self.answer(crypto::subtle::unwrap_key(&self.0, request.into_inner()).await)
    }

    async fn subtle_sign_alpha1(
        &self,
        request: Request<proto::SubtleSignRequest>,
    ) -> Answer<proto::SubtleSignResponse> {
        self.answer(crypto::subtle::sign(&self.0, request.into_inner()).await)
    }

    async fn subtle_verify_alpha1(
        &self,
        request: Request<proto::SubtleVerifyRequest>,
    ) -> Answer<proto::SubtleVerifyResponse> {
        self.answer(crypto::subtle::verify(&self.0, request.into_inner()).await)
    }

    async fn get_state(&self, request: Request<proto::GetStateRequest>) -> Answer<proto::GetStateResponse> {
        self.answer(state::grpc::get(&self.0, request.into_inner()).await)
    }

    async fn get_bulk_state(
        &self,
        request: Request<proto::GetBulkStateRequest>,
    ) -> Answer<proto::GetBulkStateResponse> {
        self.answer(state::grpc::bulk_get(&self.0, request.into_inner()).await)
    }

    async fn save_state(&self, request: Request<proto::SaveStateRequest>) -> Answer<Empty> {
        self.done(state::grpc::save(&self.0, request.into_inner()).await)
    }

    async fn query_state_alpha1(
        &self,
        request: Request<proto::QueryStateRequest>,
    ) -> Answer<proto::QueryStateResponse> {
        self.answer(state::grpc::query(&self.0, request.into_inner()).await)
    }

    async fn delete_state(&self, request: Request<proto::DeleteStateRequest>) -> Answer<Empty> {
        self.done(state::grpc::delete(&self.0, request.into_inner()).await)
    }

    async fn delete_bulk_state(&self, request: Request<proto::DeleteBulkStateRequest>) -> Answer<Empty> {
        self.done(state::grpc::delete_bulk(&self.0, request.into_inner()).await)
    }

    async fn execute_state_transaction(
        &self,
        request: Request<proto::ExecuteStateTransactionRequest>,
    ) -> Answer<Empty> {
        self.done(state::grpc::transaction(&self.0, request).await)
    }

    async fn publish_event(&self, request: Request<proto::PublishEventRequest>) -> Answer<Empty> {
        self.done(pubsub::grpc::publish(&self.0, request).await)
    }

    async fn bulk_publish_event(
        &self,
        request: Request<proto::BulkPublishRequest>,
    ) -> Answer<proto::BulkPublishResponse> {
        self.answer(pubsub::grpc::bulk(&self.0, request, pubsub::grpc::BULK).await)
    }

    async fn bulk_publish_event_alpha1(
        &self,
        request: Request<proto::BulkPublishRequest>,
    ) -> Answer<proto::BulkPublishResponse> {
        self.answer(pubsub::grpc::bulk(&self.0, request, pubsub::grpc::BULK_ALPHA).await)
    }

    async fn get_secret(&self, request: Request<proto::GetSecretRequest>) -> Answer<proto::GetSecretResponse> {
        self.answer(secrets::grpc::get(&self.0, request.into_inner()).await)
    }

    async fn get_bulk_secret(
        &self,
        request: Request<proto::GetBulkSecretRequest>,
    ) -> Answer<proto::GetBulkSecretResponse> {
        self.answer(secrets::grpc::bulk_get(&self.0, request.into_inner()).await)
    }

    async fn subscribe_topic_events_alpha1(
        &self,
        request: Request<tonic::Streaming<proto::SubscribeTopicEventsRequestAlpha1>>,
    ) -> Answer<BoxStream<proto::SubscribeTopicEventsResponseAlpha1>> {
        let opened = pubsub::streaming::open(&self.0, request.into_inner()).await;
        opened.map(Response::new).map_err(|refused| match refused {
            pubsub::streaming::Refused::Status(status) => status,
            pubsub::streaming::Refused::Error(error) => self.status(&error),
        })
    }

    async fn get_metadata(&self, _: Request<proto::GetMetadataRequest>) -> Answer<proto::GetMetadataResponse> {
        Ok(Response::new(metadata::grpc::get(&self.0)))
    }

    async fn set_metadata(&self, request: Request<proto::SetMetadataRequest>) -> Answer<Empty> {
        self.done(metadata::grpc::set(&self.0, request.into_inner()))
    }

    async fn shutdown(&self, request: Request<proto::ShutdownRequest>) -> Answer<Empty> {
        shutdown::grpc::shutdown(&self.0, &request)
    }
}
