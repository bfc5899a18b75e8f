//! `Dapr/Shutdown`.

use dapr_proto::pbjson_types::Empty;
use dapr_proto::runtime::v1::ShutdownRequest;
use tonic::{Request, Response, Status};

use super::{FORCE, kind_of};
use crate::Api;

/// Answers first, then stops.
pub(crate) fn shutdown(api: &Api, request: &Request<ShutdownRequest>) -> Result<Response<Empty>, Status> {
    api.shutdown.send(kind_of(request.metadata().get(FORCE).map(|value| value.as_bytes())));
    Ok(Response::new(Empty {}))
}
