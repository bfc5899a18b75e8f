// Written by `cargo xtask codegen` from proto/: edit there.

#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct ListComponentsRequest {
    #[prost(string, tag = "1")]
    pub namespace: ::prost::alloc::string::String,
}
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct ComponentUpdateRequest {
    #[prost(string, tag = "1")]
    pub namespace: ::prost::alloc::string::String,
}
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct ComponentUpdateEvent {
    #[prost(bytes = "bytes", tag = "1")]
    pub component: ::prost::bytes::Bytes,
    #[prost(enumeration = "ResourceEventType", tag = "2")]
    pub r#type: i32,
}
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct ListComponentResponse {
    #[prost(bytes = "bytes", repeated, tag = "1")]
    pub components: ::prost::alloc::vec::Vec<::prost::bytes::Bytes>,
}
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct GetConfigurationRequest {
    #[prost(string, tag = "1")]
    pub name: ::prost::alloc::string::String,
    #[prost(string, tag = "2")]
    pub namespace: ::prost::alloc::string::String,
}
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct GetConfigurationResponse {
    #[prost(bytes = "bytes", tag = "1")]
    pub configuration: ::prost::bytes::Bytes,
}
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct ListSubscriptionsResponse {
    #[prost(bytes = "bytes", repeated, tag = "1")]
    pub subscriptions: ::prost::alloc::vec::Vec<::prost::bytes::Bytes>,
}
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct SubscriptionUpdateRequest {
    #[prost(string, tag = "1")]
    pub namespace: ::prost::alloc::string::String,
}
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct SubscriptionUpdateEvent {
    #[prost(bytes = "bytes", tag = "1")]
    pub subscription: ::prost::bytes::Bytes,
    #[prost(enumeration = "ResourceEventType", tag = "2")]
    pub r#type: i32,
}
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct GetResiliencyRequest {
    #[prost(string, tag = "1")]
    pub name: ::prost::alloc::string::String,
    #[prost(string, tag = "2")]
    pub namespace: ::prost::alloc::string::String,
}
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct GetResiliencyResponse {
    #[prost(bytes = "bytes", tag = "1")]
    pub resiliency: ::prost::bytes::Bytes,
}
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct ListResiliencyRequest {
    #[prost(string, tag = "1")]
    pub namespace: ::prost::alloc::string::String,
}
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct ListResiliencyResponse {
    #[prost(bytes = "bytes", repeated, tag = "1")]
    pub resiliencies: ::prost::alloc::vec::Vec<::prost::bytes::Bytes>,
}
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct ListSubscriptionsRequest {
    #[prost(string, tag = "2")]
    pub namespace: ::prost::alloc::string::String,
}
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct GetHttpEndpointRequest {
    #[prost(string, tag = "1")]
    pub name: ::prost::alloc::string::String,
    #[prost(string, tag = "2")]
    pub namespace: ::prost::alloc::string::String,
}
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct GetHttpEndpointResponse {
    #[prost(bytes = "bytes", tag = "1")]
    pub http_endpoint: ::prost::bytes::Bytes,
}
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct ListHttpEndpointsResponse {
    #[prost(bytes = "bytes", repeated, tag = "1")]
    pub http_endpoints: ::prost::alloc::vec::Vec<::prost::bytes::Bytes>,
}
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct ListHttpEndpointsRequest {
    #[prost(string, tag = "1")]
    pub namespace: ::prost::alloc::string::String,
}
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct HttpEndpointUpdateRequest {
    #[prost(string, tag = "1")]
    pub namespace: ::prost::alloc::string::String,
}
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct HttpEndpointUpdateEvent {
    #[prost(bytes = "bytes", tag = "1")]
    pub http_endpoints: ::prost::bytes::Bytes,
    #[prost(enumeration = "ResourceEventType", tag = "2")]
    pub r#type: i32,
}
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct ListMcpServersRequest {
    #[prost(string, tag = "1")]
    pub namespace: ::prost::alloc::string::String,
}
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct ListMcpServersResponse {
    #[prost(bytes = "bytes", repeated, tag = "1")]
    pub mcp_servers: ::prost::alloc::vec::Vec<::prost::bytes::Bytes>,
}
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct McpServerUpdateRequest {
    #[prost(string, tag = "1")]
    pub namespace: ::prost::alloc::string::String,
}
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct McpServerUpdateEvent {
    #[prost(bytes = "bytes", tag = "1")]
    pub mcp_server: ::prost::bytes::Bytes,
    #[prost(enumeration = "ResourceEventType", tag = "2")]
    pub r#type: i32,
}
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct ConfigurationUpdateRequest {
    #[prost(string, tag = "1")]
    pub namespace: ::prost::alloc::string::String,
}
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct ConfigurationUpdateEvent {
    #[prost(bytes = "bytes", tag = "1")]
    pub configuration: ::prost::bytes::Bytes,
    #[prost(enumeration = "ResourceEventType", tag = "2")]
    pub r#type: i32,
}
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct ResiliencyUpdateRequest {
    #[prost(string, tag = "1")]
    pub namespace: ::prost::alloc::string::String,
}
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct ResiliencyUpdateEvent {
    #[prost(bytes = "bytes", tag = "1")]
    pub resiliency: ::prost::bytes::Bytes,
    #[prost(enumeration = "ResourceEventType", tag = "2")]
    pub r#type: i32,
}
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct ListWorkflowAccessPolicyRequest {
    #[prost(string, tag = "1")]
    pub namespace: ::prost::alloc::string::String,
}
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct ListWorkflowAccessPolicyResponse {
    #[prost(bytes = "bytes", repeated, tag = "1")]
    pub policies: ::prost::alloc::vec::Vec<::prost::bytes::Bytes>,
}
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct WorkflowAccessPolicyUpdateRequest {
    #[prost(string, tag = "1")]
    pub namespace: ::prost::alloc::string::String,
}
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct WorkflowAccessPolicyUpdateEvent {
    #[prost(bytes = "bytes", tag = "1")]
    pub policy: ::prost::bytes::Bytes,
    #[prost(enumeration = "ResourceEventType", tag = "2")]
    pub r#type: i32,
}
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ::prost::Enumeration)]
#[repr(i32)]
pub enum ResourceEventType {
    Unknown = 0,
    Created = 1,
    Updated = 2,
    Deleted = 3,
}
impl ResourceEventType {
    /// String value of the enum field names used in the ProtoBuf definition.
    ///
    /// The values are not transformed in any way and thus are considered stable
    /// (if the ProtoBuf definition does not change) and safe for programmatic use.
    pub fn as_str_name(&self) -> &'static str {
        match self {
            Self::Unknown => "UNKNOWN",
            Self::Created => "CREATED",
            Self::Updated => "UPDATED",
            Self::Deleted => "DELETED",
        }
    }
    /// Creates an enum from field names used in the ProtoBuf definition.
    pub fn from_str_name(value: &str) -> ::core::option::Option<Self> {
        match value {
            "UNKNOWN" => Some(Self::Unknown),
            "CREATED" => Some(Self::Created),
            "UPDATED" => Some(Self::Updated),
            "DELETED" => Some(Self::Deleted),
            _ => None,
        }
    }
}
/// Generated client implementations.
pub mod operator_client {
    #![allow(
        unused_variables,
        dead_code,
        missing_docs,
        clippy::wildcard_imports,
        clippy::let_unit_value,
    )]
    use tonic::codegen::*;
    use tonic::codegen::http::Uri;
    /// Served by the operator, behind mutual TLS: a sidecar sees only its own namespace.
    #[derive(Debug, Clone)]
    pub struct OperatorClient<T> {
        inner: tonic::client::Grpc<T>,
    }
    impl OperatorClient<tonic::transport::Channel> {
        /// Attempt to create a new client by connecting to a given endpoint.
        pub async fn connect<D>(dst: D) -> Result<Self, tonic::transport::Error>
        where
            D: TryInto<tonic::transport::Endpoint>,
            D::Error: Into<StdError>,
        {
            let conn = tonic::transport::Endpoint::new(dst)?.connect().await?;
            Ok(Self::new(conn))
        }
    }
    impl<T> OperatorClient<T>
    where
        T: tonic::client::GrpcService<tonic::body::Body>,
        T::Error: Into<StdError>,
        T::ResponseBody: Body<Data = Bytes> + std::marker::Send + 'static,
        <T::ResponseBody as Body>::Error: Into<StdError> + std::marker::Send,
    {
        pub fn new(inner: T) -> Self {
            let inner = tonic::client::Grpc::new(inner);
            Self { inner }
        }
        pub fn with_origin(inner: T, origin: Uri) -> Self {
            let inner = tonic::client::Grpc::with_origin(inner, origin);
            Self { inner }
        }
        pub fn with_interceptor<F>(
            inner: T,
            interceptor: F,
        ) -> OperatorClient<InterceptedService<T, F>>
        where
            F: tonic::service::Interceptor,
            T::ResponseBody: Default,
            T: tonic::codegen::Service<
                http::Request<tonic::body::Body>,
                Response = http::Response<
                    <T as tonic::client::GrpcService<tonic::body::Body>>::ResponseBody,
                >,
            >,
            <T as tonic::codegen::Service<
                http::Request<tonic::body::Body>,
            >>::Error: Into<StdError> + std::marker::Send + std::marker::Sync,
        {
            OperatorClient::new(InterceptedService::new(inner, interceptor))
        }
        /// Compress requests with the given encoding.
        ///
        /// This requires the server to support it otherwise it might respond with an
        /// error.
        #[must_use]
        pub fn send_compressed(mut self, encoding: CompressionEncoding) -> Self {
            self.inner = self.inner.send_compressed(encoding);
            self
        }
        /// Enable decompressing responses.
        #[must_use]
        pub fn accept_compressed(mut self, encoding: CompressionEncoding) -> Self {
            self.inner = self.inner.accept_compressed(encoding);
            self
        }
        /// Limits the maximum size of a decoded message.
        ///
        /// Default: `4MB`
        #[must_use]
        pub fn max_decoding_message_size(mut self, limit: usize) -> Self {
            self.inner = self.inner.max_decoding_message_size(limit);
            self
        }
        /// Limits the maximum size of an encoded message.
        ///
        /// Default: `usize::MAX`
        #[must_use]
        pub fn max_encoding_message_size(mut self, limit: usize) -> Self {
            self.inner = self.inner.max_encoding_message_size(limit);
            self
        }
        /// Changes of one namespace, for as long as the stream is open, as in every method named Update.
        pub async fn component_update(
            &mut self,
            request: impl tonic::IntoRequest<super::ComponentUpdateRequest>,
        ) -> std::result::Result<
            tonic::Response<tonic::codec::Streaming<super::ComponentUpdateEvent>>,
            tonic::Status,
        > {
            self.inner
                .ready()
                .await
                .map_err(|e| {
                    tonic::Status::unknown(
                        format!("Service was not ready: {}", e.into()),
                    )
                })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/dapr.proto.operator.v1.Operator/ComponentUpdate",
            );
            let mut req = request.into_request();
            req.extensions_mut()
                .insert(
                    GrpcMethod::new("dapr.proto.operator.v1.Operator", "ComponentUpdate"),
                );
            self.inner.server_streaming(req, path, codec).await
        }
        pub async fn list_components(
            &mut self,
            request: impl tonic::IntoRequest<super::ListComponentsRequest>,
        ) -> std::result::Result<
            tonic::Response<super::ListComponentResponse>,
            tonic::Status,
        > {
            self.inner
                .ready()
                .await
                .map_err(|e| {
                    tonic::Status::unknown(
                        format!("Service was not ready: {}", e.into()),
                    )
                })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/dapr.proto.operator.v1.Operator/ListComponents",
            );
            let mut req = request.into_request();
            req.extensions_mut()
                .insert(
                    GrpcMethod::new("dapr.proto.operator.v1.Operator", "ListComponents"),
                );
            self.inner.unary(req, path, codec).await
        }
        pub async fn get_configuration(
            &mut self,
            request: impl tonic::IntoRequest<super::GetConfigurationRequest>,
        ) -> std::result::Result<
            tonic::Response<super::GetConfigurationResponse>,
            tonic::Status,
        > {
            self.inner
                .ready()
                .await
                .map_err(|e| {
                    tonic::Status::unknown(
                        format!("Service was not ready: {}", e.into()),
                    )
                })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/dapr.proto.operator.v1.Operator/GetConfiguration",
            );
            let mut req = request.into_request();
            req.extensions_mut()
                .insert(
                    GrpcMethod::new(
                        "dapr.proto.operator.v1.Operator",
                        "GetConfiguration",
                    ),
                );
            self.inner.unary(req, path, codec).await
        }
        /// Without a namespace: of older sidecars.
        pub async fn list_subscriptions(
            &mut self,
            request: impl tonic::IntoRequest<::pbjson_types::Empty>,
        ) -> std::result::Result<
            tonic::Response<super::ListSubscriptionsResponse>,
            tonic::Status,
        > {
            self.inner
                .ready()
                .await
                .map_err(|e| {
                    tonic::Status::unknown(
                        format!("Service was not ready: {}", e.into()),
                    )
                })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/dapr.proto.operator.v1.Operator/ListSubscriptions",
            );
            let mut req = request.into_request();
            req.extensions_mut()
                .insert(
                    GrpcMethod::new(
                        "dapr.proto.operator.v1.Operator",
                        "ListSubscriptions",
                    ),
                );
            self.inner.unary(req, path, codec).await
        }
        pub async fn get_resiliency(
            &mut self,
            request: impl tonic::IntoRequest<super::GetResiliencyRequest>,
        ) -> std::result::Result<
            tonic::Response<super::GetResiliencyResponse>,
            tonic::Status,
        > {
            self.inner
                .ready()
                .await
                .map_err(|e| {
                    tonic::Status::unknown(
                        format!("Service was not ready: {}", e.into()),
                    )
                })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/dapr.proto.operator.v1.Operator/GetResiliency",
            );
            let mut req = request.into_request();
            req.extensions_mut()
                .insert(
                    GrpcMethod::new("dapr.proto.operator.v1.Operator", "GetResiliency"),
                );
            self.inner.unary(req, path, codec).await
        }
        pub async fn list_resiliency(
            &mut self,
            request: impl tonic::IntoRequest<super::ListResiliencyRequest>,
        ) -> std::result::Result<
            tonic::Response<super::ListResiliencyResponse>,
            tonic::Status,
        > {
            self.inner
                .ready()
                .await
                .map_err(|e| {
                    tonic::Status::unknown(
                        format!("Service was not ready: {}", e.into()),
                    )
                })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/dapr.proto.operator.v1.Operator/ListResiliency",
            );
            let mut req = request.into_request();
            req.extensions_mut()
                .insert(
                    GrpcMethod::new("dapr.proto.operator.v1.Operator", "ListResiliency"),
                );
            self.inner.unary(req, path, codec).await
        }
        /// Subscriptions of one namespace, in their newest version.
        pub async fn list_subscriptions_v2(
            &mut self,
            request: impl tonic::IntoRequest<super::ListSubscriptionsRequest>,
        ) -> std::result::Result<
            tonic::Response<super::ListSubscriptionsResponse>,
            tonic::Status,
        > {
            self.inner
                .ready()
                .await
                .map_err(|e| {
                    tonic::Status::unknown(
                        format!("Service was not ready: {}", e.into()),
                    )
                })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/dapr.proto.operator.v1.Operator/ListSubscriptionsV2",
            );
            let mut req = request.into_request();
            req.extensions_mut()
                .insert(
                    GrpcMethod::new(
                        "dapr.proto.operator.v1.Operator",
                        "ListSubscriptionsV2",
                    ),
                );
            self.inner.unary(req, path, codec).await
        }
        pub async fn subscription_update(
            &mut self,
            request: impl tonic::IntoRequest<super::SubscriptionUpdateRequest>,
        ) -> std::result::Result<
            tonic::Response<tonic::codec::Streaming<super::SubscriptionUpdateEvent>>,
            tonic::Status,
        > {
            self.inner
                .ready()
                .await
                .map_err(|e| {
                    tonic::Status::unknown(
                        format!("Service was not ready: {}", e.into()),
                    )
                })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/dapr.proto.operator.v1.Operator/SubscriptionUpdate",
            );
            let mut req = request.into_request();
            req.extensions_mut()
                .insert(
                    GrpcMethod::new(
                        "dapr.proto.operator.v1.Operator",
                        "SubscriptionUpdate",
                    ),
                );
            self.inner.server_streaming(req, path, codec).await
        }
        pub async fn list_http_endpoints(
            &mut self,
            request: impl tonic::IntoRequest<super::ListHttpEndpointsRequest>,
        ) -> std::result::Result<
            tonic::Response<super::ListHttpEndpointsResponse>,
            tonic::Status,
        > {
            self.inner
                .ready()
                .await
                .map_err(|e| {
                    tonic::Status::unknown(
                        format!("Service was not ready: {}", e.into()),
                    )
                })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/dapr.proto.operator.v1.Operator/ListHTTPEndpoints",
            );
            let mut req = request.into_request();
            req.extensions_mut()
                .insert(
                    GrpcMethod::new(
                        "dapr.proto.operator.v1.Operator",
                        "ListHTTPEndpoints",
                    ),
                );
            self.inner.unary(req, path, codec).await
        }
        pub async fn http_endpoint_update(
            &mut self,
            request: impl tonic::IntoRequest<super::HttpEndpointUpdateRequest>,
        ) -> std::result::Result<
            tonic::Response<tonic::codec::Streaming<super::HttpEndpointUpdateEvent>>,
            tonic::Status,
        > {
            self.inner
                .ready()
                .await
                .map_err(|e| {
                    tonic::Status::unknown(
                        format!("Service was not ready: {}", e.into()),
                    )
                })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/dapr.proto.operator.v1.Operator/HTTPEndpointUpdate",
            );
            let mut req = request.into_request();
            req.extensions_mut()
                .insert(
                    GrpcMethod::new(
                        "dapr.proto.operator.v1.Operator",
                        "HTTPEndpointUpdate",
                    ),
                );
            self.inner.server_streaming(req, path, codec).await
        }
        pub async fn list_mcp_servers(
            &mut self,
            request: impl tonic::IntoRequest<super::ListMcpServersRequest>,
        ) -> std::result::Result<
            tonic::Response<super::ListMcpServersResponse>,
            tonic::Status,
        > {
            self.inner
                .ready()
                .await
                .map_err(|e| {
                    tonic::Status::unknown(
                        format!("Service was not ready: {}", e.into()),
                    )
                })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/dapr.proto.operator.v1.Operator/ListMCPServers",
            );
            let mut req = request.into_request();
            req.extensions_mut()
                .insert(
                    GrpcMethod::new("dapr.proto.operator.v1.Operator", "ListMCPServers"),
                );
            self.inner.unary(req, path, codec).await
        }
        pub async fn mcp_server_update(
            &mut self,
            request: impl tonic::IntoRequest<super::McpServerUpdateRequest>,
        ) -> std::result::Result<
            tonic::Response<tonic::codec::Streaming<super::McpServerUpdateEvent>>,
            tonic::Status,
        > {
            self.inner
                .ready()
                .await
                .map_err(|e| {
                    tonic::Status::unknown(
                        format!("Service was not ready: {}", e.into()),
                    )
                })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/dapr.proto.operator.v1.Operator/MCPServerUpdate",
            );
            let mut req = request.into_request();
            req.extensions_mut()
                .insert(
                    GrpcMethod::new("dapr.proto.operator.v1.Operator", "MCPServerUpdate"),
                );
            self.inner.server_streaming(req, path, codec).await
        }
        pub async fn configuration_update(
            &mut self,
            request: impl tonic::IntoRequest<super::ConfigurationUpdateRequest>,
        ) -> std::result::Result<
            tonic::Response<tonic::codec::Streaming<super::ConfigurationUpdateEvent>>,
            tonic::Status,
        > {
            self.inner
                .ready()
                .await
                .map_err(|e| {
                    tonic::Status::unknown(
                        format!("Service was not ready: {}", e.into()),
                    )
                })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/dapr.proto.operator.v1.Operator/ConfigurationUpdate",
            );
            let mut req = request.into_request();
            req.extensions_mut()
                .insert(
                    GrpcMethod::new(
                        "dapr.proto.operator.v1.Operator",
                        "ConfigurationUpdate",
                    ),
                );
            self.inner.server_streaming(req, path, codec).await
        }
        pub async fn resiliency_update(
            &mut self,
            request: impl tonic::IntoRequest<super::ResiliencyUpdateRequest>,
        ) -> std::result::Result<
            tonic::Response<tonic::codec::Streaming<super::ResiliencyUpdateEvent>>,
            tonic::Status,
        > {
            self.inner
                .ready()
                .await
                .map_err(|e| {
                    tonic::Status::unknown(
                        format!("Service was not ready: {}", e.into()),
                    )
                })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/dapr.proto.operator.v1.Operator/ResiliencyUpdate",
            );
            let mut req = request.into_request();
            req.extensions_mut()
                .insert(
                    GrpcMethod::new(
                        "dapr.proto.operator.v1.Operator",
                        "ResiliencyUpdate",
                    ),
                );
            self.inner.server_streaming(req, path, codec).await
        }
        pub async fn list_workflow_access_policy(
            &mut self,
            request: impl tonic::IntoRequest<super::ListWorkflowAccessPolicyRequest>,
        ) -> std::result::Result<
            tonic::Response<super::ListWorkflowAccessPolicyResponse>,
            tonic::Status,
        > {
            self.inner
                .ready()
                .await
                .map_err(|e| {
                    tonic::Status::unknown(
                        format!("Service was not ready: {}", e.into()),
                    )
                })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/dapr.proto.operator.v1.Operator/ListWorkflowAccessPolicy",
            );
            let mut req = request.into_request();
            req.extensions_mut()
                .insert(
                    GrpcMethod::new(
                        "dapr.proto.operator.v1.Operator",
                        "ListWorkflowAccessPolicy",
                    ),
                );
            self.inner.unary(req, path, codec).await
        }
        pub async fn workflow_access_policy_update(
            &mut self,
            request: impl tonic::IntoRequest<super::WorkflowAccessPolicyUpdateRequest>,
        ) -> std::result::Result<
            tonic::Response<
                tonic::codec::Streaming<super::WorkflowAccessPolicyUpdateEvent>,
            >,
            tonic::Status,
        > {
            self.inner
                .ready()
                .await
                .map_err(|e| {
                    tonic::Status::unknown(
                        format!("Service was not ready: {}", e.into()),
                    )
                })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/dapr.proto.operator.v1.Operator/WorkflowAccessPolicyUpdate",
            );
            let mut req = request.into_request();
            req.extensions_mut()
                .insert(
                    GrpcMethod::new(
                        "dapr.proto.operator.v1.Operator",
                        "WorkflowAccessPolicyUpdate",
                    ),
                );
            self.inner.server_streaming(req, path, codec).await
        }
    }
}
/// Generated server implementations.
pub mod operator_server {
    #![allow(
        unused_variables,
        dead_code,
        missing_docs,
        clippy::wildcard_imports,
        clippy::let_unit_value,
    )]
    use tonic::codegen::*;
    /// Generated trait containing gRPC methods that should be implemented for use with OperatorServer.
    #[async_trait]
    pub trait Operator: std::marker::Send + std::marker::Sync + 'static {
        /// Changes of one namespace, for as long as the stream is open, as in every method named Update.
        async fn component_update(
            &self,
            request: tonic::Request<super::ComponentUpdateRequest>,
        ) -> std::result::Result<
            tonic::Response<BoxStream<super::ComponentUpdateEvent>>,
            tonic::Status,
        > {
            Err(tonic::Status::unimplemented("Not yet implemented"))
        }
        async fn list_components(
            &self,
            request: tonic::Request<super::ListComponentsRequest>,
        ) -> std::result::Result<
            tonic::Response<super::ListComponentResponse>,
            tonic::Status,
        > {
            Err(tonic::Status::unimplemented("Not yet implemented"))
        }
        async fn get_configuration(
            &self,
            request: tonic::Request<super::GetConfigurationRequest>,
        ) -> std::result::Result<
            tonic::Response<super::GetConfigurationResponse>,
            tonic::Status,
        > {
            Err(tonic::Status::unimplemented("Not yet implemented"))
        }
        /// Without a namespace: of older sidecars.
        async fn list_subscriptions(
            &self,
            request: tonic::Request<::pbjson_types::Empty>,
        ) -> std::result::Result<
            tonic::Response<super::ListSubscriptionsResponse>,
            tonic::Status,
        > {
            Err(tonic::Status::unimplemented("Not yet implemented"))
        }
        async fn get_resiliency(
            &self,
            request: tonic::Request<super::GetResiliencyRequest>,
        ) -> std::result::Result<
            tonic::Response<super::GetResiliencyResponse>,
            tonic::Status,
        > {
            Err(tonic::Status::unimplemented("Not yet implemented"))
        }
        async fn list_resiliency(
            &self,
            request: tonic::Request<super::ListResiliencyRequest>,
        ) -> std::result::Result<
            tonic::Response<super::ListResiliencyResponse>,
            tonic::Status,
        > {
            Err(tonic::Status::unimplemented("Not yet implemented"))
        }
        /// Subscriptions of one namespace, in their newest version.
        async fn list_subscriptions_v2(
            &self,
            request: tonic::Request<super::ListSubscriptionsRequest>,
        ) -> std::result::Result<
            tonic::Response<super::ListSubscriptionsResponse>,
            tonic::Status,
        > {
            Err(tonic::Status::unimplemented("Not yet implemented"))
        }
        async fn subscription_update(
            &self,
            request: tonic::Request<super::SubscriptionUpdateRequest>,
        ) -> std::result::Result<
            tonic::Response<BoxStream<super::SubscriptionUpdateEvent>>,
            tonic::Status,
        > {
            Err(tonic::Status::unimplemented("Not yet implemented"))
        }
        async fn list_http_endpoints(
            &self,
            request: tonic::Request<super::ListHttpEndpointsRequest>,
        ) -> std::result::Result<
            tonic::Response<super::ListHttpEndpointsResponse>,
            tonic::Status,
        > {
            Err(tonic::Status::unimplemented("Not yet implemented"))
        }
        async fn http_endpoint_update(
            &self,
            request: tonic::Request<super::HttpEndpointUpdateRequest>,
        ) -> std::result::Result<
            tonic::Response<BoxStream<super::HttpEndpointUpdateEvent>>,
            tonic::Status,
        > {
            Err(tonic::Status::unimplemented("Not yet implemented"))
        }
        async fn list_mcp_servers(
            &self,
            request: tonic::Request<super::ListMcpServersRequest>,
        ) -> std::result::Result<
            tonic::Response<super::ListMcpServersResponse>,
            tonic::Status,
        > {
            Err(tonic::Status::unimplemented("Not yet implemented"))
        }
        async fn mcp_server_update(
            &self,
            request: tonic::Request<super::McpServerUpdateRequest>,
        ) -> std::result::Result<
            tonic::Response<BoxStream<super::McpServerUpdateEvent>>,
            tonic::Status,
        > {
            Err(tonic::Status::unimplemented("Not yet implemented"))
        }
        async fn configuration_update(
            &self,
            request: tonic::Request<super::ConfigurationUpdateRequest>,
        ) -> std::result::Result<
            tonic::Response<BoxStream<super::ConfigurationUpdateEvent>>,
            tonic::Status,
        > {
            Err(tonic::Status::unimplemented("Not yet implemented"))
        }
        async fn resiliency_update(
            &self,
            request: tonic::Request<super::ResiliencyUpdateRequest>,
        ) -> std::result::Result<
            tonic::Response<BoxStream<super::ResiliencyUpdateEvent>>,
            tonic::Status,
        > {
            Err(tonic::Status::unimplemented("Not yet implemented"))
        }
        async fn list_workflow_access_policy(
            &self,
            request: tonic::Request<super::ListWorkflowAccessPolicyRequest>,
        ) -> std::result::Result<
            tonic::Response<super::ListWorkflowAccessPolicyResponse>,
            tonic::Status,
        > {
            Err(tonic::Status::unimplemented("Not yet implemented"))
        }
        async fn workflow_access_policy_update(
            &self,
            request: tonic::Request<super::WorkflowAccessPolicyUpdateRequest>,
        ) -> std::result::Result<
            tonic::Response<BoxStream<super::WorkflowAccessPolicyUpdateEvent>>,
            tonic::Status,
        > {
            Err(tonic::Status::unimplemented("Not yet implemented"))
        }
    }
    /// Served by the operator, behind mutual TLS: a sidecar sees only its own namespace.
    #[derive(Debug)]
    pub struct OperatorServer<T> {
        inner: Arc<T>,
        accept_compression_encodings: EnabledCompressionEncodings,
        send_compression_encodings: EnabledCompressionEncodings,
        max_decoding_message_size: Option<usize>,
        max_encoding_message_size: Option<usize>,
    }
    impl<T> OperatorServer<T> {
        pub fn new(inner: T) -> Self {
            Self::from_arc(Arc::new(inner))
        }
        pub fn from_arc(inner: Arc<T>) -> Self {
            Self {
                inner,
                accept_compression_encodings: Default::default(),
                send_compression_encodings: Default::default(),
                max_decoding_message_size: None,
                max_encoding_message_size: None,
            }
        }
        pub fn with_interceptor<F>(
            inner: T,
            interceptor: F,
        ) -> InterceptedService<Self, F>
        where
            F: tonic::service::Interceptor,
        {
            InterceptedService::new(Self::new(inner), interceptor)
        }
        /// Enable decompressing requests with the given encoding.
        #[must_use]
        pub fn accept_compressed(mut self, encoding: CompressionEncoding) -> Self {
            self.accept_compression_encodings.enable(encoding);
            self
        }
        /// Compress responses with the given encoding, if the client supports it.
        #[must_use]
        pub fn send_compressed(mut self, encoding: CompressionEncoding) -> Self {
            self.send_compression_encodings.enable(encoding);
            self
        }
        /// Limits the maximum size of a decoded message.
        ///
        /// Default: `4MB`
        #[must_use]
        pub fn max_decoding_message_size(mut self, limit: usize) -> Self {
            self.max_decoding_message_size = Some(limit);
            self
        }
        /// Limits the maximum size of an encoded message.
        ///
        /// Default: `usize::MAX`
        #[must_use]
        pub fn max_encoding_message_size(mut self, limit: usize) -> Self {
            self.max_encoding_message_size = Some(limit);
            self
        }
    }
    impl<T, B> tonic::codegen::Service<http::Request<B>> for OperatorServer<T>
    where
        T: Operator,
        B: Body + std::marker::Send + 'static,
        B::Error: Into<StdError> + std::marker::Send + 'static,
    {
        type Response = http::Response<tonic::body::Body>;
        type Error = std::convert::Infallible;
        type Future = BoxFuture<Self::Response, Self::Error>;
        fn poll_ready(
            &mut self,
            _cx: &mut Context<'_>,
        ) -> Poll<std::result::Result<(), Self::Error>> {
            Poll::Ready(Ok(()))
        }
        fn call(&mut self, req: http::Request<B>) -> Self::Future {
            match req.uri().path() {
                "/dapr.proto.operator.v1.Operator/ComponentUpdate" => {
                    #[allow(non_camel_case_types)]
                    struct ComponentUpdateSvc<T: Operator>(pub Arc<T>);
                    impl<
                        T: Operator,
                    > tonic::server::ServerStreamingService<
                        super::ComponentUpdateRequest,
                    > for ComponentUpdateSvc<T> {
                        type Response = super::ComponentUpdateEvent;
                        type ResponseStream = BoxStream<super::ComponentUpdateEvent>;
                        type Future = BoxFuture<
                            tonic::Response<Self::ResponseStream>,
                            tonic::Status,
                        >;
                        fn call(
                            &mut self,
                            request: tonic::Request<super::ComponentUpdateRequest>,
                        ) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move {
                                <T as Operator>::component_update(&inner, request).await
                            };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let max_decoding_message_size = self.max_decoding_message_size;
                    let max_encoding_message_size = self.max_encoding_message_size;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = ComponentUpdateSvc(inner);
                        let codec = tonic_prost::ProstCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec)
                            .apply_compression_config(
                                accept_compression_encodings,
                                send_compression_encodings,
                            )
                            .apply_max_message_size_config(
                                max_decoding_message_size,
                                max_encoding_message_size,
                            );
                        let res = grpc.server_streaming(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                "/dapr.proto.operator.v1.Operator/ListComponents" => {
                    #[allow(non_camel_case_types)]
                    struct ListComponentsSvc<T: Operator>(pub Arc<T>);
                    impl<
                        T: Operator,
                    > tonic::server::UnaryService<super::ListComponentsRequest>
                    for ListComponentsSvc<T> {
                        type Response = super::ListComponentResponse;
                        type Future = BoxFuture<
                            tonic::Response<Self::Response>,
                            tonic::Status,
                        >;
                        fn call(
                            &mut self,
                            request: tonic::Request<super::ListComponentsRequest>,
                        ) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move {
                                <T as Operator>::list_components(&inner, request).await
                            };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let max_decoding_message_size = self.max_decoding_message_size;
                    let max_encoding_message_size = self.max_encoding_message_size;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = ListComponentsSvc(inner);
                        let codec = tonic_prost::ProstCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec)
                            .apply_compression_config(
                                accept_compression_encodings,
                                send_compression_encodings,
                            )
                            .apply_max_message_size_config(
                                max_decoding_message_size,
                                max_encoding_message_size,
                            );
                        let res = grpc.unary(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                "/dapr.proto.operator.v1.Operator/GetConfiguration" => {
                    #[allow(non_camel_case_types)]
                    struct GetConfigurationSvc<T: Operator>(pub Arc<T>);
                    impl<
                        T: Operator,
                    > tonic::server::UnaryService<super::GetConfigurationRequest>
                    for GetConfigurationSvc<T> {
                        type Response = super::GetConfigurationResponse;
                        type Future = BoxFuture<
                            tonic::Response<Self::Response>,
                            tonic::Status,
                        >;
                        fn call(
                            &mut self,
                            request: tonic::Request<super::GetConfigurationRequest>,
                        ) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move {
                                <T as Operator>::get_configuration(&inner, request).await
                            };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let max_decoding_message_size = self.max_decoding_message_size;
                    let max_encoding_message_size = self.max_encoding_message_size;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = GetConfigurationSvc(inner);
                        let codec = tonic_prost::ProstCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec)
                            .apply_compression_config(
                                accept_compression_encodings,
                                send_compression_encodings,
                            )
                            .apply_max_message_size_config(
                                max_decoding_message_size,
                                max_encoding_message_size,
                            );
                        let res = grpc.unary(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                "/dapr.proto.operator.v1.Operator/ListSubscriptions" => {
                    #[allow(non_camel_case_types)]
                    struct ListSubscriptionsSvc<T: Operator>(pub Arc<T>);
                    impl<T: Operator> tonic::server::UnaryService<::pbjson_types::Empty>
                    for ListSubscriptionsSvc<T> {
                        type Response = super::ListSubscriptionsResponse;
                        type Future = BoxFuture<
                            tonic::Response<Self::Response>,
                            tonic::Status,
                        >;
                        fn call(
                            &mut self,
                            request: tonic::Request<::pbjson_types::Empty>,
                        ) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move {
                                <T as Operator>::list_subscriptions(&inner, request).await
                            };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let max_decoding_message_size = self.max_decoding_message_size;
                    let max_encoding_message_size = self.max_encoding_message_size;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = ListSubscriptionsSvc(inner);
                        let codec = tonic_prost::ProstCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec)
                            .apply_compression_config(
                                accept_compression_encodings,
                                send_compression_encodings,
                            )
                            .apply_max_message_size_config(
                                max_decoding_message_size,
                                max_encoding_message_size,
                            );
                        let res = grpc.unary(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                "/dapr.proto.operator.v1.Operator/GetResiliency" => {
                    #[allow(non_camel_case_types)]
                    struct GetResiliencySvc<T: Operator>(pub Arc<T>);
                    impl<
                        T: Operator,
                    > tonic::server::UnaryService<super::GetResiliencyRequest>
                    for GetResiliencySvc<T> {
                        type Response = super::GetResiliencyResponse;
                        type Future = BoxFuture<
                            tonic::Response<Self::Response>,
                            tonic::Status,
                        >;
                        fn call(
                            &mut self,
                            request: tonic::Request<super::GetResiliencyRequest>,
                        ) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move {
                                <T as Operator>::get_resiliency(&inner, request).await
                            };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let max_decoding_message_size = self.max_decoding_message_size;
                    let max_encoding_message_size = self.max_encoding_message_size;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = GetResiliencySvc(inner);
                        let codec = tonic_prost::ProstCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec)
                            .apply_compression_config(
                                accept_compression_encodings,
                                send_compression_encodings,
                            )
                            .apply_max_message_size_config(
                                max_decoding_message_size,
                                max_encoding_message_size,
                            );
                        let res = grpc.unary(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                "/dapr.proto.operator.v1.Operator/ListResiliency" => {
                    #[allow(non_camel_case_types)]
                    struct ListResiliencySvc<T: Operator>(pub Arc<T>);
                    impl<
                        T: Operator,
                    > tonic::server::UnaryService<super::ListResiliencyRequest>
                    for ListResiliencySvc<T> {
                        type Response = super::ListResiliencyResponse;
                        type Future = BoxFuture<
                            tonic::Response<Self::Response>,
                            tonic::Status,
                        >;
                        fn call(
                            &mut self,
                            request: tonic::Request<super::ListResiliencyRequest>,
                        ) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move {
                                <T as Operator>::list_resiliency(&inner, request).await
                            };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let max_decoding_message_size = self.max_decoding_message_size;
                    let max_encoding_message_size = self.max_encoding_message_size;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = ListResiliencySvc(inner);
                        let codec = tonic_prost::ProstCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec)
                            .apply_compression_config(
                                accept_compression_encodings,
                                send_compression_encodings,
                            )
                            .apply_max_message_size_config(
                                max_decoding_message_size,
                                max_encoding_message_size,
                            );
                        let res = grpc.unary(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                "/dapr.proto.operator.v1.Operator/ListSubscriptionsV2" => {
                    #[allow(non_camel_case_types)]
                    struct ListSubscriptionsV2Svc<T: Operator>(pub Arc<T>);
                    impl<
                        T: Operator,
                    > tonic::server::UnaryService<super::ListSubscriptionsRequest>
                    for ListSubscriptionsV2Svc<T> {
                        type Response = super::ListSubscriptionsResponse;
                        type Future = BoxFuture<
                            tonic::Response<Self::Response>,
                            tonic::Status,
                        >;
                        fn call(
                            &mut self,
                            request: tonic::Request<super::ListSubscriptionsRequest>,
                        ) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move {
                                <T as Operator>::list_subscriptions_v2(&inner, request)
                                    .await
                            };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let max_decoding_message_size = self.max_decoding_message_size;
                    let max_encoding_message_size = self.max_encoding_message_size;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = ListSubscriptionsV2Svc(inner);
                        let codec = tonic_prost::ProstCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec)
                            .apply_compression_config(
                                accept_compression_encodings,
                                send_compression_encodings,
                            )
                            .apply_max_message_size_config(
                                max_decoding_message_size,
                                max_encoding_message_size,
                            );
                        let res = grpc.unary(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                "/dapr.proto.operator.v1.Operator/SubscriptionUpdate" => {
                    #[allow(non_camel_case_types)]
                    struct SubscriptionUpdateSvc<T: Operator>(pub Arc<T>);
                    impl<
                        T: Operator,
                    > tonic::server::ServerStreamingService<
                        super::SubscriptionUpdateRequest,
                    > for SubscriptionUpdateSvc<T> {
                        type Response = super::SubscriptionUpdateEvent;
                        type ResponseStream = BoxStream<super::SubscriptionUpdateEvent>;
                        type Future = BoxFuture<
                            tonic::Response<Self::ResponseStream>,
                            tonic::Status,
                        >;
                        fn call(
                            &mut self,
                            request: tonic::Request<super::SubscriptionUpdateRequest>,
                        ) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move {
                                <T as Operator>::subscription_update(&inner, request).await
                            };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let max_decoding_message_size = self.max_decoding_message_size;
                    let max_encoding_message_size = self.max_encoding_message_size;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = SubscriptionUpdateSvc(inner);
                        let codec = tonic_prost::ProstCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec)
                            .apply_compression_config(
                                accept_compression_encodings,
                                send_compression_encodings,
                            )
                            .apply_max_message_size_config(
                                max_decoding_message_size,
                                max_encoding_message_size,
                            );
                        let res = grpc.server_streaming(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                "/dapr.proto.operator.v1.Operator/ListHTTPEndpoints" => {
                    #[allow(non_camel_case_types)]
                    struct ListHTTPEndpointsSvc<T: Operator>(pub Arc<T>);
                    impl<
                        T: Operator,
                    > tonic::server::UnaryService<super::ListHttpEndpointsRequest>
                    for ListHTTPEndpointsSvc<T> {
                        type Response = super::ListHttpEndpointsResponse;
                        type Future = BoxFuture<
                            tonic::Response<Self::Response>,
                            tonic::Status,
                        >;
                        fn call(
                            &mut self,
                            request: tonic::Request<super::ListHttpEndpointsRequest>,
                        ) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move {
                                <T as Operator>::list_http_endpoints(&inner, request).await
                            };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let max_decoding_message_size = self.max_decoding_message_size;
                    let max_encoding_message_size = self.max_encoding_message_size;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = ListHTTPEndpointsSvc(inner);
                        let codec = tonic_prost::ProstCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec)
                            .apply_compression_config(
                                accept_compression_encodings,
                                send_compression_encodings,
                            )
                            .apply_max_message_size_config(
                                max_decoding_message_size,
                                max_encoding_message_size,
                            );
                        let res = grpc.unary(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                "/dapr.proto.operator.v1.Operator/HTTPEndpointUpdate" => {
                    #[allow(non_camel_case_types)]
                    struct HTTPEndpointUpdateSvc<T: Operator>(pub Arc<T>);
                    impl<
                        T: Operator,
                    > tonic::server::ServerStreamingService<
                        super::HttpEndpointUpdateRequest,
                    > for HTTPEndpointUpdateSvc<T> {
                        type Response = super::HttpEndpointUpdateEvent;
                        type ResponseStream = BoxStream<super::HttpEndpointUpdateEvent>;
                        type Future = BoxFuture<
                            tonic::Response<Self::ResponseStream>,
                            tonic::Status,
                        >;
                        fn call(
                            &mut self,
                            request: tonic::Request<super::HttpEndpointUpdateRequest>,
                        ) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move {
                                <T as Operator>::http_endpoint_update(&inner, request).await
                            };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let max_decoding_message_size = self.max_decoding_message_size;
                    let max_encoding_message_size = self.max_encoding_message_size;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = HTTPEndpointUpdateSvc(inner);
                        let codec = tonic_prost::ProstCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec)
                            .apply_compression_config(
                                accept_compression_encodings,
                                send_compression_encodings,
                            )
                            .apply_max_message_size_config(
                                max_decoding_message_size,
                                max_encoding_message_size,
                            );
                        let res = grpc.server_streaming(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                "/dapr.proto.operator.v1.Operator/ListMCPServers" => {
                    #[allow(non_camel_case_types)]
                    struct ListMCPServersSvc<T: Operator>(pub Arc<T>);
                    impl<
                        T: Operator,
                    > tonic::server::UnaryService<super::ListMcpServersRequest>
                    for ListMCPServersSvc<T> {
                        type Response = super::ListMcpServersResponse;
                        type Future = BoxFuture<
                            tonic::Response<Self::Response>,
                            tonic::Status,
                        >;
                        fn call(
                            &mut self,
                            request: tonic::Request<super::ListMcpServersRequest>,
                        ) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move {
                                <T as Operator>::list_mcp_servers(&inner, request).await
                            };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let max_decoding_message_size = self.max_decoding_message_size;
                    let max_encoding_message_size = self.max_encoding_message_size;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = ListMCPServersSvc(inner);
                        let codec = tonic_prost::ProstCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec)
                            .apply_compression_config(
                                accept_compression_encodings,
                                send_compression_encodings,
                            )
                            .apply_max_message_size_config(
                                max_decoding_message_size,
                                max_encoding_message_size,
                            );
                        let res = grpc.unary(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                "/dapr.proto.operator.v1.Operator/MCPServerUpdate" => {
                    #[allow(non_camel_case_types)]
                    struct MCPServerUpdateSvc<T: Operator>(pub Arc<T>);
                    impl<
                        T: Operator,
                    > tonic::server::ServerStreamingService<
                        super::McpServerUpdateRequest,
                    > for MCPServerUpdateSvc<T> {
                        type Response = super::McpServerUpdateEvent;
                        type ResponseStream = BoxStream<super::McpServerUpdateEvent>;
                        type Future = BoxFuture<
                            tonic::Response<Self::ResponseStream>,
                            tonic::Status,
                        >;
                        fn call(
                            &mut self,
                            request: tonic::Request<super::McpServerUpdateRequest>,
                        ) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move {
                                <T as Operator>::mcp_server_update(&inner, request).await
                            };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let max_decoding_message_size = self.max_decoding_message_size;
                    let max_encoding_message_size = self.max_encoding_message_size;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = MCPServerUpdateSvc(inner);
                        let codec = tonic_prost::ProstCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec)
                            .apply_compression_config(
                                accept_compression_encodings,
                                send_compression_encodings,
                            )
                            .apply_max_message_size_config(
                                max_decoding_message_size,
                                max_encoding_message_size,
                            );
                        let res = grpc.server_streaming(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                "/dapr.proto.operator.v1.Operator/ConfigurationUpdate" => {
                    #[allow(non_camel_case_types)]
                    struct ConfigurationUpdateSvc<T: Operator>(pub Arc<T>);
                    impl<
                        T: Operator,
                    > tonic::server::ServerStreamingService<
                        super::ConfigurationUpdateRequest,
                    > for ConfigurationUpdateSvc<T> {
                        type Response = super::ConfigurationUpdateEvent;
                        type ResponseStream = BoxStream<super::ConfigurationUpdateEvent>;
                        type Future = BoxFuture<
                            tonic::Response<Self::ResponseStream>,
                            tonic::Status,
                        >;
                        fn call(
                            &mut self,
                            request: tonic::Request<super::ConfigurationUpdateRequest>,
                        ) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move {
                                <T as Operator>::configuration_update(&inner, request).await
                            };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let max_decoding_message_size = self.max_decoding_message_size;
                    let max_encoding_message_size = self.max_encoding_message_size;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = ConfigurationUpdateSvc(inner);
                        let codec = tonic_prost::ProstCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec)
                            .apply_compression_config(
                                accept_compression_encodings,
                                send_compression_encodings,
                            )
                            .apply_max_message_size_config(
                                max_decoding_message_size,
                                max_encoding_message_size,
                            );
                        let res = grpc.server_streaming(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                "/dapr.proto.operator.v1.Operator/ResiliencyUpdate" => {
                    #[allow(non_camel_case_types)]
                    struct ResiliencyUpdateSvc<T: Operator>(pub Arc<T>);
                    impl<
                        T: Operator,
                    > tonic::server::ServerStreamingService<
                        super::ResiliencyUpdateRequest,
                    > for ResiliencyUpdateSvc<T> {
                        type Response = super::ResiliencyUpdateEvent;
                        type ResponseStream = BoxStream<super::ResiliencyUpdateEvent>;
                        type Future = BoxFuture<
                            tonic::Response<Self::ResponseStream>,
                            tonic::Status,
                        >;
                        fn call(
                            &mut self,
                            request: tonic::Request<super::ResiliencyUpdateRequest>,
                        ) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move {
                                <T as Operator>::resiliency_update(&inner, request).await
                            };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let max_decoding_message_size = self.max_decoding_message_size;
                    let max_encoding_message_size = self.max_encoding_message_size;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = ResiliencyUpdateSvc(inner);
                        let codec = tonic_prost::ProstCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec)
                            .apply_compression_config(
                                accept_compression_encodings,
                                send_compression_encodings,
                            )
                            .apply_max_message_size_config(
                                max_decoding_message_size,
                                max_encoding_message_size,
                            );
                        let res = grpc.server_streaming(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                "/dapr.proto.operator.v1.Operator/ListWorkflowAccessPolicy" => {
                    #[allow(non_camel_case_types)]
                    struct ListWorkflowAccessPolicySvc<T: Operator>(pub Arc<T>);
                    impl<
                        T: Operator,
                    > tonic::server::UnaryService<super::ListWorkflowAccessPolicyRequest>
                    for ListWorkflowAccessPolicySvc<T> {
                        type Response = super::ListWorkflowAccessPolicyResponse;
                        type Future = BoxFuture<
                            tonic::Response<Self::Response>,
                            tonic::Status,
                        >;
                        fn call(
                            &mut self,
                            request: tonic::Request<
                                super::ListWorkflowAccessPolicyRequest,
                            >,
                        ) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move {
                                <T as Operator>::list_workflow_access_policy(
                                        &inner,
                                        request,
                                    )
                                    .await
                            };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let max_decoding_message_size = self.max_decoding_message_size;
                    let max_encoding_message_size = self.max_encoding_message_size;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = ListWorkflowAccessPolicySvc(inner);
                        let codec = tonic_prost::ProstCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec)
                            .apply_compression_config(
                                accept_compression_encodings,
                                send_compression_encodings,
                            )
                            .apply_max_message_size_config(
                                max_decoding_message_size,
                                max_encoding_message_size,
                            );
                        let res = grpc.unary(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                "/dapr.proto.operator.v1.Operator/WorkflowAccessPolicyUpdate" => {
                    #[allow(non_camel_case_types)]
                    struct WorkflowAccessPolicyUpdateSvc<T: Operator>(pub Arc<T>);
                    impl<
                        T: Operator,
                    > tonic::server::ServerStreamingService<
                        super::WorkflowAccessPolicyUpdateRequest,
                    > for WorkflowAccessPolicyUpdateSvc<T> {
                        type Response = super::WorkflowAccessPolicyUpdateEvent;
                        type ResponseStream = BoxStream<
                            super::WorkflowAccessPolicyUpdateEvent,
                        >;
                        type Future = BoxFuture<
                            tonic::Response<Self::ResponseStream>,
                            tonic::Status,
                        >;
                        fn call(
                            &mut self,
                            request: tonic::Request<
                                super::WorkflowAccessPolicyUpdateRequest,
                            >,
                        ) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move {
                                <T as Operator>::workflow_access_policy_update(
                                        &inner,
                                        request,
                                    )
                                    .await
                            };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let max_decoding_message_size = self.max_decoding_message_size;
                    let max_encoding_message_size = self.max_encoding_message_size;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = WorkflowAccessPolicyUpdateSvc(inner);
                        let codec = tonic_prost::ProstCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec)
                            .apply_compression_config(
                                accept_compression_encodings,
                                send_compression_encodings,
                            )
                            .apply_max_message_size_config(
                                max_decoding_message_size,
                                max_encoding_message_size,
                            );
                        let res = grpc.server_streaming(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                _ => {
                    Box::pin(async move {
                        let mut response = http::Response::new(
                            tonic::body::Body::default(),
                        );
                        let headers = response.headers_mut();
                        headers
                            .insert(
                                tonic::Status::GRPC_STATUS,
                                (tonic::Code::Unimplemented as i32).into(),
                            );
                        headers
                            .insert(
                                http::header::CONTENT_TYPE,
                                tonic::metadata::GRPC_CONTENT_TYPE,
                            );
                        Ok(response)
                    })
                }
            }
        }
    }
    impl<T> Clone for OperatorServer<T> {
        fn clone(&self) -> Self {
            let inner = self.inner.clone();
            Self {
                inner,
                accept_compression_encodings: self.accept_compression_encodings,
                send_compression_encodings: self.send_compression_encodings,
                max_decoding_message_size: self.max_decoding_message_size,
                max_encoding_message_size: self.max_encoding_message_size,
            }
        }
    }
    /// Generated gRPC service name
    pub const SERVICE_NAME: &str = "dapr.proto.operator.v1.Operator";
    impl<T> tonic::server::NamedService for OperatorServer<T> {
        const NAME: &'static str = SERVICE_NAME;
    }
}
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct ResourceResult {
    #[prost(enumeration = "ResourceType", tag = "1")]
    pub resource_type: i32,
    #[prost(enumeration = "EventType", tag = "2")]
    pub event_type: i32,
    #[prost(string, tag = "3")]
    pub name: ::prost::alloc::string::String,
    #[prost(enumeration = "ResourceConditionStatus", tag = "4")]
    pub condition: i32,
    #[prost(string, optional, tag = "5")]
    pub reason: ::core::option::Option<::prost::alloc::string::String>,
    #[prost(string, optional, tag = "6")]
    pub message: ::core::option::Option<::prost::alloc::string::String>,
    /// The generation of the resource that this result is about.
    #[prost(int64, tag = "7")]
    pub observed_generation: i64,
    #[prost(message, optional, tag = "8")]
    pub last_transaction_time: ::core::option::Option<::pbjson_types::Timestamp>,
}
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ::prost::Enumeration)]
#[repr(i32)]
pub enum ResourceConditionStatus {
    StatusUnknown = 0,
    StatusSuccess = 1,
    StatusFailure = 2,
}
impl ResourceConditionStatus {
    /// String value of the enum field names used in the ProtoBuf definition.
    ///
    /// The values are not transformed in any way and thus are considered stable
    /// (if the ProtoBuf definition does not change) and safe for programmatic use.
    pub fn as_str_name(&self) -> &'static str {
        match self {
            Self::StatusUnknown => "STATUS_UNKNOWN",
            Self::StatusSuccess => "STATUS_SUCCESS",
            Self::StatusFailure => "STATUS_FAILURE",
        }
    }
    /// Creates an enum from field names used in the ProtoBuf definition.
    pub fn from_str_name(value: &str) -> ::core::option::Option<Self> {
        match value {
            "STATUS_UNKNOWN" => Some(Self::StatusUnknown),
            "STATUS_SUCCESS" => Some(Self::StatusSuccess),
            "STATUS_FAILURE" => Some(Self::StatusFailure),
            _ => None,
        }
    }
}
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ::prost::Enumeration)]
#[repr(i32)]
pub enum ResourceType {
    ResourceUnknown = 0,
    ResourceComponent = 1,
}
impl ResourceType {
    /// String value of the enum field names used in the ProtoBuf definition.
    ///
    /// The values are not transformed in any way and thus are considered stable
    /// (if the ProtoBuf definition does not change) and safe for programmatic use.
    pub fn as_str_name(&self) -> &'static str {
        match self {
            Self::ResourceUnknown => "RESOURCE_UNKNOWN",
            Self::ResourceComponent => "RESOURCE_COMPONENT",
        }
    }
    /// Creates an enum from field names used in the ProtoBuf definition.
    pub fn from_str_name(value: &str) -> ::core::option::Option<Self> {
        match value {
            "RESOURCE_UNKNOWN" => Some(Self::ResourceUnknown),
            "RESOURCE_COMPONENT" => Some(Self::ResourceComponent),
            _ => None,
        }
    }
}
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ::prost::Enumeration)]
#[repr(i32)]
pub enum EventType {
    EventUnknown = 0,
    EventInit = 1,
    EventClose = 2,
}
impl EventType {
    /// String value of the enum field names used in the ProtoBuf definition.
    ///
    /// The values are not transformed in any way and thus are considered stable
    /// (if the ProtoBuf definition does not change) and safe for programmatic use.
    pub fn as_str_name(&self) -> &'static str {
        match self {
            Self::EventUnknown => "EVENT_UNKNOWN",
            Self::EventInit => "EVENT_INIT",
            Self::EventClose => "EVENT_CLOSE",
        }
    }
    /// Creates an enum from field names used in the ProtoBuf definition.
    pub fn from_str_name(value: &str) -> ::core::option::Option<Self> {
        match value {
            "EVENT_UNKNOWN" => Some(Self::EventUnknown),
            "EVENT_INIT" => Some(Self::EventInit),
            "EVENT_CLOSE" => Some(Self::EventClose),
            _ => None,
        }
    }
}
