//! Calls of a binding in a process of its own.

use std::collections::HashMap;

use async_trait::async_trait;
use dapr_proto::components::v1 as proto;
use dapr_proto::components::v1::output_binding_client::OutputBindingClient;
use dapr_spi::Result;
use dapr_spi::binding::{Failure, InvokeRequest, InvokeResponse, OutputBinding};

use crate::connection::Connection;
use crate::discovery::Discovered;
use crate::link::Link;

/// A target behind a socket.
pub(super) struct Output {
    link: Link,
    operations: Vec<String>,
}

impl Output {
    pub(super) async fn open(component: &Discovered, properties: HashMap<String, String>, name: &str) -> Result<Self> {
        let link = Link::new(name, component.socket.clone(), move |connection| {
            let metadata = proto::MetadataRequest { properties: properties.clone() };
            let request = proto::OutputBindingInitRequest { metadata: Some(metadata) };
            async move { client(connection).init(request).await.map(drop) }
        })?;
        let ask = async |connection| client(connection).list_operations(proto::ListOperationsRequest {}).await;
        let operations = link.call(ask).await?.operations;
        Ok(Self { link, operations })
    }

    pub(super) fn close(&self) {
        self.link.close();
    }
}

/// Answers may be larger than gRPC's usual 4 MiB; the component is trusted with our memory.
fn client(connection: Connection) -> OutputBindingClient<Connection> {
    OutputBindingClient::new(connection).max_decoding_message_size(usize::MAX)
}

#[async_trait]
impl OutputBinding for Output {
    fn operations(&self) -> &[String] {
        &self.operations
    }

    async fn invoke(&self, request: InvokeRequest) -> Result<InvokeResponse, Failure> {
        let InvokeRequest { operation, data, metadata } = request;
        let request = proto::InvokeRequest { data, metadata, operation };
        let answer = self.link.call(|connection| async { client(connection).invoke(request).await }).await?;
        let proto::InvokeResponse { data, metadata, content_type } = answer;
        let content_type = Some(content_type).filter(|kind| !kind.is_empty());
        Ok(InvokeResponse { data: Some(data), metadata, content_type })
    }
}
