//! Asking a server which services it has: v1alpha, which every published component kit serves, else v1.

use tonic::{Code, Status};
use tonic_reflection::pb::{v1, v1alpha};

use crate::connection::Connection;

/// Full names of the services of the server.
///
/// # Errors
/// It has no reflection, or cannot be asked.
pub(crate) async fn services(connection: Connection) -> Result<Vec<String>, Status> {
    match services_v1_alpha(connection.clone()).await {
        Err(status) if status.code() == Code::Unimplemented => services_v1(connection).await,
        answer => answer,
    }
}

macro_rules! ask {
    ($name:ident, $version:ident) => {
        async fn $name(connection: Connection) -> Result<Vec<String>, Status> {
            use $version::server_reflection_request::MessageRequest;
            use $version::server_reflection_response::MessageResponse;

            let question = $version::ServerReflectionRequest {
                host: String::new(),
                message_request: Some(MessageRequest::ListServices(String::new())),
            };
            let questions = futures_util::stream::iter([question]);
            let mut client = $version::server_reflection_client::ServerReflectionClient::new(connection);
            let mut answers = client.server_reflection_info(questions).await?.into_inner();
            let answer = answers.message().await?.and_then(|answer| answer.message_response);
            match answer {
                Some(MessageResponse::ListServicesResponse(list)) => {
                    Ok(list.service.into_iter().map(|service| service.name).collect())
                }
                Some(MessageResponse::ErrorResponse(error)) => {
                    Err(Status::new(Code::from_i32(error.error_code), error.error_message))
                }
                _ => Err(Status::internal("gRPC reflection gave no list of services")),
            }
        }
    };
}

ask!(services_v1_alpha, v1alpha);
ask!(services_v1, v1);
