// Written by `cargo xtask codegen` from proto/: edit there.

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ::prost::Enumeration)]
#[repr(i32)]
pub enum ApiVersion {
    ApiversionUnspecified = 0,
    V1 = 1,
}
impl ApiVersion {
    /// String value of the enum field names used in the ProtoBuf definition.
    ///
    /// The values are not transformed in any way and thus are considered stable
    /// (if the ProtoBuf definition does not change) and safe for programmatic use.
    pub fn as_str_name(&self) -> &'static str {
        match self {
            Self::ApiversionUnspecified => "APIVERSION_UNSPECIFIED",
            Self::V1 => "V1",
        }
    }
    /// Creates an enum from field names used in the ProtoBuf definition.
    pub fn from_str_name(value: &str) -> ::core::option::Option<Self> {
        match value {
            "APIVERSION_UNSPECIFIED" => Some(Self::ApiversionUnspecified),
            "V1" => Some(Self::V1),
            _ => None,
        }
    }
}
/// The body of a job in the HTTP API. It differs from the public message by `data`, which here is
/// any JSON value.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct JobHttpRequest {
    /// From the path; a name in the body is overwritten.
    #[prost(string, tag = "1")]
    pub name: ::prost::alloc::string::String,
    #[prost(string, optional, tag = "2")]
    pub schedule: ::core::option::Option<::prost::alloc::string::String>,
    #[prost(uint32, optional, tag = "3")]
    pub repeats: ::core::option::Option<u32>,
    #[prost(string, optional, tag = "4")]
    pub due_time: ::core::option::Option<::prost::alloc::string::String>,
    #[prost(string, optional, tag = "5")]
    pub ttl: ::core::option::Option<::prost::alloc::string::String>,
    #[prost(message, optional, tag = "6")]
    pub data: ::core::option::Option<::pbjson_types::Value>,
    #[prost(bool, optional, tag = "7")]
    pub overwrite: ::core::option::Option<bool>,
    #[prost(message, optional, tag = "8")]
    pub failure_policy: ::core::option::Option<
        super::super::common::v1::JobFailurePolicy,
    >,
}
/// A trigger on its way from the scheduler to an application or an actor.
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct JobEvent {
    #[prost(string, tag = "1")]
    pub key: ::prost::alloc::string::String,
    #[prost(string, tag = "2")]
    pub name: ::prost::alloc::string::String,
    #[prost(message, optional, tag = "3")]
    pub metadata: ::core::option::Option<super::super::scheduler::v1::JobMetadata>,
    #[prost(message, optional, tag = "4")]
    pub data: ::core::option::Option<::pbjson_types::Any>,
}
/// A reminder, or a timer, that is due.
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct Reminder {
    #[prost(string, tag = "1")]
    pub actor_id: ::prost::alloc::string::String,
    #[prost(string, tag = "2")]
    pub actor_type: ::prost::alloc::string::String,
    #[prost(string, tag = "3")]
    pub name: ::prost::alloc::string::String,
    #[prost(message, optional, tag = "4")]
    pub data: ::core::option::Option<::pbjson_types::Any>,
    /// A duration as it was given: ISO 8601, Go's form, or empty for a single shot.
    #[prost(string, tag = "5")]
    pub period: ::prost::alloc::string::String,
    #[prost(message, optional, tag = "6")]
    pub registered_time: ::core::option::Option<::pbjson_types::Timestamp>,
    #[prost(string, tag = "7")]
    pub due_time: ::prost::alloc::string::String,
    #[prost(message, optional, tag = "8")]
    pub expiration_time: ::core::option::Option<::pbjson_types::Timestamp>,
    #[prost(bool, tag = "9")]
    pub is_timer: bool,
    /// Deliver without taking a turn: the actor may be in the middle of one.
    #[prost(bool, tag = "10")]
    pub skip_lock: bool,
}
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct Reminders {
    #[prost(message, repeated, tag = "1")]
    pub reminders: ::prost::alloc::vec::Vec<Reminder>,
}
/// The data of a workflow's timer reminder.
#[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
pub struct TimerFiredEvent {
    #[prost(message, optional, tag = "1")]
    pub fire_at: ::core::option::Option<::pbjson_types::Timestamp>,
    #[prost(int32, tag = "2")]
    pub timer_id: i32,
    /// A timer of an older generation of the workflow is ignored.
    #[prost(uint64, tag = "3")]
    pub generation: u64,
}
/// The application's status, told apart from that of the call which carries it.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct Status {
    /// An HTTP status or a gRPC code, after the protocol of the application.
    #[prost(int32, tag = "1")]
    pub code: i32,
    #[prost(string, tag = "2")]
    pub message: ::prost::alloc::string::String,
    #[prost(message, repeated, tag = "3")]
    pub details: ::prost::alloc::vec::Vec<::pbjson_types::Any>,
}
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct Actor {
    #[prost(string, tag = "1")]
    pub actor_type: ::prost::alloc::string::String,
    #[prost(string, tag = "2")]
    pub actor_id: ::prost::alloc::string::String,
}
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct InternalInvokeRequest {
    #[prost(enumeration = "ApiVersion", tag = "1")]
    pub ver: i32,
    /// HTTP headers, or gRPC metadata.
    #[prost(map = "string, message", tag = "2")]
    pub metadata: ::std::collections::HashMap<
        ::prost::alloc::string::String,
        ListStringValue,
    >,
    /// In a stream, `data` is left empty and the body follows as payloads.
    #[prost(message, optional, tag = "3")]
    pub message: ::core::option::Option<super::super::common::v1::InvokeRequest>,
    /// Present in calls of actors.
    #[prost(message, optional, tag = "4")]
    pub actor: ::core::option::Option<Actor>,
}
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct InternalInvokeResponse {
    #[prost(message, optional, tag = "1")]
    pub status: ::core::option::Option<Status>,
    /// Keys that end in "-bin" hold base64.
    #[prost(map = "string, message", tag = "2")]
    pub headers: ::std::collections::HashMap<
        ::prost::alloc::string::String,
        ListStringValue,
    >,
    #[prost(map = "string, message", tag = "3")]
    pub trailers: ::std::collections::HashMap<
        ::prost::alloc::string::String,
        ListStringValue,
    >,
    #[prost(message, optional, tag = "4")]
    pub message: ::core::option::Option<super::super::common::v1::InvokeResponse>,
}
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct InternalInvokeRequestStream {
    /// In the first message only.
    #[prost(message, optional, tag = "1")]
    pub request: ::core::option::Option<InternalInvokeRequest>,
    #[prost(message, optional, tag = "2")]
    pub payload: ::core::option::Option<super::super::common::v1::StreamPayload>,
}
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct InternalInvokeResponseStream {
    /// In the first message only.
    #[prost(message, optional, tag = "1")]
    pub response: ::core::option::Option<InternalInvokeResponse>,
    #[prost(message, optional, tag = "2")]
    pub payload: ::core::option::Option<super::super::common::v1::StreamPayload>,
}
/// One header may occur several times.
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct ListStringValue {
    #[prost(string, repeated, tag = "1")]
    pub values: ::prost::alloc::vec::Vec<::prost::alloc::string::String>,
}
/// Generated client implementations.
pub mod service_invocation_client {
    #![allow(
        unused_variables,
        dead_code,
        missing_docs,
        clippy::wildcard_imports,
        clippy::let_unit_value,
    )]
    use tonic::codegen::*;
    use tonic::codegen::http::Uri;
    /// Served on a sidecar's internal port, behind mutual TLS.
    #[derive(Debug, Clone)]
    pub struct ServiceInvocationClient<T> {
        inner: tonic::client::Grpc<T>,
    }
    impl ServiceInvocationClient<tonic::transport::Channel> {
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
    impl<T> ServiceInvocationClient<T>
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
        ) -> ServiceInvocationClient<InterceptedService<T, F>>
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
            ServiceInvocationClient::new(InterceptedService::new(inner, interceptor))
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
        /// Calls an actor that the receiver hosts.
        pub async fn call_actor(
            &mut self,
            request: impl tonic::IntoRequest<super::InternalInvokeRequest>,
        ) -> std::result::Result<
            tonic::Response<super::InternalInvokeResponse>,
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
                "/dapr.proto.internals.v1.ServiceInvocation/CallActor",
            );
            let mut req = request.into_request();
            req.extensions_mut()
                .insert(
                    GrpcMethod::new(
                        "dapr.proto.internals.v1.ServiceInvocation",
                        "CallActor",
                    ),
                );
            self.inner.unary(req, path, codec).await
        }
        /// Calls the receiver's application with the whole body in one message: the way of older
        /// sidecars.
        pub async fn call_local(
            &mut self,
            request: impl tonic::IntoRequest<super::InternalInvokeRequest>,
        ) -> std::result::Result<
            tonic::Response<super::InternalInvokeResponse>,
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
                "/dapr.proto.internals.v1.ServiceInvocation/CallLocal",
            );
            let mut req = request.into_request();
            req.extensions_mut()
                .insert(
                    GrpcMethod::new(
                        "dapr.proto.internals.v1.ServiceInvocation",
                        "CallLocal",
                    ),
                );
            self.inner.unary(req, path, codec).await
        }
        /// Delivers a reminder to an actor that the receiver hosts.
        pub async fn call_actor_reminder(
            &mut self,
            request: impl tonic::IntoRequest<super::Reminder>,
        ) -> std::result::Result<tonic::Response<::pbjson_types::Empty>, tonic::Status> {
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
                "/dapr.proto.internals.v1.ServiceInvocation/CallActorReminder",
            );
            let mut req = request.into_request();
            req.extensions_mut()
                .insert(
                    GrpcMethod::new(
                        "dapr.proto.internals.v1.ServiceInvocation",
                        "CallActorReminder",
                    ),
                );
            self.inner.unary(req, path, codec).await
        }
        /// Calls the receiver's application, bodies in pieces. The first message of each direction has
        /// everything but the body.
        pub async fn call_local_stream(
            &mut self,
            request: impl tonic::IntoStreamingRequest<
                Message = super::InternalInvokeRequestStream,
            >,
        ) -> std::result::Result<
            tonic::Response<
                tonic::codec::Streaming<super::InternalInvokeResponseStream>,
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
                "/dapr.proto.internals.v1.ServiceInvocation/CallLocalStream",
            );
            let mut req = request.into_streaming_request();
            req.extensions_mut()
                .insert(
                    GrpcMethod::new(
                        "dapr.proto.internals.v1.ServiceInvocation",
                        "CallLocalStream",
                    ),
                );
            self.inner.streaming(req, path, codec).await
        }
        /// Calls an actor that answers more than once.
        pub async fn call_actor_stream(
            &mut self,
            request: impl tonic::IntoRequest<super::InternalInvokeRequest>,
        ) -> std::result::Result<
            tonic::Response<tonic::codec::Streaming<super::InternalInvokeResponse>>,
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
                "/dapr.proto.internals.v1.ServiceInvocation/CallActorStream",
            );
            let mut req = request.into_request();
            req.extensions_mut()
                .insert(
                    GrpcMethod::new(
                        "dapr.proto.internals.v1.ServiceInvocation",
                        "CallActorStream",
                    ),
                );
            self.inner.server_streaming(req, path, codec).await
        }
    }
}
/// Generated server implementations.
pub mod service_invocation_server {
    #![allow(
        unused_variables,
        dead_code,
        missing_docs,
        clippy::wildcard_imports,
        clippy::let_unit_value,
    )]
    use tonic::codegen::*;
    /// Generated trait containing gRPC methods that should be implemented for use with ServiceInvocationServer.
    #[async_trait]
    pub trait ServiceInvocation: std::marker::Send + std::marker::Sync + 'static {
        /// Calls an actor that the receiver hosts.
        async fn call_actor(
            &self,
            request: tonic::Request<super::InternalInvokeRequest>,
        ) -> std::result::Result<
            tonic::Response<super::InternalInvokeResponse>,
            tonic::Status,
        > {
            Err(tonic::Status::unimplemented("Not yet implemented"))
        }
        /// Calls the receiver's application with the whole body in one message: the way of older
        /// sidecars.
        async fn call_local(
            &self,
            request: tonic::Request<super::InternalInvokeRequest>,
        ) -> std::result::Result<
            tonic::Response<super::InternalInvokeResponse>,
            tonic::Status,
        > {
            Err(tonic::Status::unimplemented("Not yet implemented"))
        }
        /// Delivers a reminder to an actor that the receiver hosts.
        async fn call_actor_reminder(
            &self,
            request: tonic::Request<super::Reminder>,
        ) -> std::result::Result<tonic::Response<::pbjson_types::Empty>, tonic::Status> {
            Err(tonic::Status::unimplemented("Not yet implemented"))
        }
        /// Calls the receiver's application, bodies in pieces. The first message of each direction has
        /// everything but the body.
        async fn call_local_stream(
            &self,
            request: tonic::Request<tonic::Streaming<super::InternalInvokeRequestStream>>,
        ) -> std::result::Result<
            tonic::Response<BoxStream<super::InternalInvokeResponseStream>>,
            tonic::Status,
        > {
            Err(tonic::Status::unimplemented("Not yet implemented"))
        }
        /// Calls an actor that answers more than once.
        async fn call_actor_stream(
            &self,
            request: tonic::Request<super::InternalInvokeRequest>,
        ) -> std::result::Result<
            tonic::Response<BoxStream<super::InternalInvokeResponse>>,
            tonic::Status,
        > {
            Err(tonic::Status::unimplemented("Not yet implemented"))
        }
    }
    /// Served on a sidecar's internal port, behind mutual TLS.
    #[derive(Debug)]
    pub struct ServiceInvocationServer<T> {
        inner: Arc<T>,
        accept_compression_encodings: EnabledCompressionEncodings,
        send_compression_encodings: EnabledCompressionEncodings,
        max_decoding_message_size: Option<usize>,
        max_encoding_message_size: Option<usize>,
    }
    impl<T> ServiceInvocationServer<T> {
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
    impl<T, B> tonic::codegen::Service<http::Request<B>> for ServiceInvocationServer<T>
    where
        T: ServiceInvocation,
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
                "/dapr.proto.internals.v1.ServiceInvocation/CallActor" => {
                    #[allow(non_camel_case_types)]
                    struct CallActorSvc<T: ServiceInvocation>(pub Arc<T>);
                    impl<
                        T: ServiceInvocation,
                    > tonic::server::UnaryService<super::InternalInvokeRequest>
                    for CallActorSvc<T> {
                        type Response = super::InternalInvokeResponse;
                        type Future = BoxFuture<
                            tonic::Response<Self::Response>,
                            tonic::Status,
                        >;
                        fn call(
                            &mut self,
                            request: tonic::Request<super::InternalInvokeRequest>,
                        ) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move {
                                <T as ServiceInvocation>::call_actor(&inner, request).await
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
                        let method = CallActorSvc(inner);
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
                "/dapr.proto.internals.v1.ServiceInvocation/CallLocal" => {
                    #[allow(non_camel_case_types)]
                    struct CallLocalSvc<T: ServiceInvocation>(pub Arc<T>);
                    impl<
                        T: ServiceInvocation,
                    > tonic::server::UnaryService<super::InternalInvokeRequest>
                    for CallLocalSvc<T> {
                        type Response = super::InternalInvokeResponse;
                        type Future = BoxFuture<
                            tonic::Response<Self::Response>,
                            tonic::Status,
                        >;
                        fn call(
                            &mut self,
                            request: tonic::Request<super::InternalInvokeRequest>,
                        ) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move {
                                <T as ServiceInvocation>::call_local(&inner, request).await
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
                        let method = CallLocalSvc(inner);
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
                "/dapr.proto.internals.v1.ServiceInvocation/CallActorReminder" => {
                    #[allow(non_camel_case_types)]
                    struct CallActorReminderSvc<T: ServiceInvocation>(pub Arc<T>);
                    impl<
                        T: ServiceInvocation,
                    > tonic::server::UnaryService<super::Reminder>
                    for CallActorReminderSvc<T> {
                        type Response = ::pbjson_types::Empty;
                        type Future = BoxFuture<
                            tonic::Response<Self::Response>,
                            tonic::Status,
                        >;
                        fn call(
                            &mut self,
                            request: tonic::Request<super::Reminder>,
                        ) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move {
                                <T as ServiceInvocation>::call_actor_reminder(
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
                        let method = CallActorReminderSvc(inner);
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
                "/dapr.proto.internals.v1.ServiceInvocation/CallLocalStream" => {
                    #[allow(non_camel_case_types)]
                    struct CallLocalStreamSvc<T: ServiceInvocation>(pub Arc<T>);
                    impl<
                        T: ServiceInvocation,
                    > tonic::server::StreamingService<super::InternalInvokeRequestStream>
                    for CallLocalStreamSvc<T> {
                        type Response = super::InternalInvokeResponseStream;
                        type ResponseStream = BoxStream<
                            super::InternalInvokeResponseStream,
                        >;
                        type Future = BoxFuture<
                            tonic::Response<Self::ResponseStream>,
                            tonic::Status,
                        >;
                        fn call(
                            &mut self,
                            request: tonic::Request<
                                tonic::Streaming<super::InternalInvokeRequestStream>,
                            >,
                        ) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move {
                                <T as ServiceInvocation>::call_local_stream(&inner, request)
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
                        let method = CallLocalStreamSvc(inner);
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
                        let res = grpc.streaming(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                "/dapr.proto.internals.v1.ServiceInvocation/CallActorStream" => {
                    #[allow(non_camel_case_types)]
                    struct CallActorStreamSvc<T: ServiceInvocation>(pub Arc<T>);
                    impl<
                        T: ServiceInvocation,
                    > tonic::server::ServerStreamingService<super::InternalInvokeRequest>
                    for CallActorStreamSvc<T> {
                        type Response = super::InternalInvokeResponse;
                        type ResponseStream = BoxStream<super::InternalInvokeResponse>;
                        type Future = BoxFuture<
                            tonic::Response<Self::ResponseStream>,
                            tonic::Status,
                        >;
                        fn call(
                            &mut self,
                            request: tonic::Request<super::InternalInvokeRequest>,
                        ) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move {
                                <T as ServiceInvocation>::call_actor_stream(&inner, request)
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
                        let method = CallActorStreamSvc(inner);
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
    impl<T> Clone for ServiceInvocationServer<T> {
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
    pub const SERVICE_NAME: &str = "dapr.proto.internals.v1.ServiceInvocation";
    impl<T> tonic::server::NamedService for ServiceInvocationServer<T> {
        const NAME: &'static str = SERVICE_NAME;
    }
}
impl serde::Serialize for ApiVersion {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        let variant = match self {
            Self::ApiversionUnspecified => "APIVERSION_UNSPECIFIED",
            Self::V1 => "V1",
        };
        serializer.serialize_str(variant)
    }
}
impl<'de> serde::Deserialize<'de> for ApiVersion {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &["APIVERSION_UNSPECIFIED", "V1"];
        struct GeneratedVisitor;
        impl serde::de::Visitor<'_> for GeneratedVisitor {
            type Value = ApiVersion;
            fn expecting(
                &self,
                formatter: &mut std::fmt::Formatter<'_>,
            ) -> std::fmt::Result {
                write!(formatter, "expected one of: {:?}", & FIELDS)
            }
            fn visit_i64<E>(self, v: i64) -> std::result::Result<Self::Value, E>
            where
                E: serde::de::Error,
            {
                i32::try_from(v)
                    .ok()
                    .and_then(|x| {
                        x.try_into().ok().or_else(|| Some(ApiVersion::default()))
                    })
                    .ok_or_else(|| {
                        serde::de::Error::invalid_value(
                            serde::de::Unexpected::Signed(v),
                            &self,
                        )
                    })
            }
            fn visit_u64<E>(self, v: u64) -> std::result::Result<Self::Value, E>
            where
                E: serde::de::Error,
            {
                i32::try_from(v)
                    .ok()
                    .and_then(|x| {
                        x.try_into().ok().or_else(|| Some(ApiVersion::default()))
                    })
                    .ok_or_else(|| {
                        serde::de::Error::invalid_value(
                            serde::de::Unexpected::Unsigned(v),
                            &self,
                        )
                    })
            }
            fn visit_str<E>(self, value: &str) -> std::result::Result<Self::Value, E>
            where
                E: serde::de::Error,
            {
                match value {
                    "APIVERSION_UNSPECIFIED" => Ok(ApiVersion::ApiversionUnspecified),
                    "V1" => Ok(ApiVersion::V1),
                    _ => Ok(ApiVersion::default()),
                }
            }
        }
        deserializer.deserialize_any(GeneratedVisitor)
    }
}
impl serde::Serialize for Actor {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if !self.actor_type.is_empty() {
            len += 1;
        }
        if !self.actor_id.is_empty() {
            len += 1;
        }
        let mut struct_ser = serializer
            .serialize_struct("dapr.proto.internals.v1.Actor", len)?;
        if !self.actor_type.is_empty() {
            struct_ser.serialize_field("actorType", &self.actor_type)?;
        }
        if !self.actor_id.is_empty() {
            struct_ser.serialize_field("actorId", &self.actor_id)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for Actor {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &["actor_type", "actorType", "actor_id", "actorId"];
        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            ActorType,
            ActorId,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(
                deserializer: D,
            ) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;
                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;
                    fn expecting(
                        &self,
                        formatter: &mut std::fmt::Formatter<'_>,
                    ) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", & FIELDS)
                    }
                    #[allow(unused_variables)]
                    fn visit_str<E>(
                        self,
                        value: &str,
                    ) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "actorType" | "actor_type" => Ok(GeneratedField::ActorType),
                            "actorId" | "actor_id" => Ok(GeneratedField::ActorId),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = Actor;
            fn expecting(
                &self,
                formatter: &mut std::fmt::Formatter<'_>,
            ) -> std::fmt::Result {
                formatter.write_str("struct dapr.proto.internals.v1.Actor")
            }
            fn visit_map<V>(self, mut map_: V) -> std::result::Result<Actor, V::Error>
            where
                V: serde::de::MapAccess<'de>,
            {
                let mut actor_type__ = None;
                let mut actor_id__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::ActorType => {
                            if actor_type__.is_some() {
                                return Err(serde::de::Error::duplicate_field("actorType"));
                            }
                            actor_type__ = Some(map_.next_value()?);
                        }
                        GeneratedField::ActorId => {
                            if actor_id__.is_some() {
                                return Err(serde::de::Error::duplicate_field("actorId"));
                            }
                            actor_id__ = Some(map_.next_value()?);
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(Actor {
                    actor_type: actor_type__.unwrap_or_default(),
                    actor_id: actor_id__.unwrap_or_default(),
                })
            }
        }
        deserializer
            .deserialize_struct(
                "dapr.proto.internals.v1.Actor",
                FIELDS,
                GeneratedVisitor,
            )
    }
}
impl serde::Serialize for InternalInvokeRequest {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.ver != 0 {
            len += 1;
        }
        if !self.metadata.is_empty() {
            len += 1;
        }
        if self.message.is_some() {
            len += 1;
        }
        if self.actor.is_some() {
            len += 1;
        }
        let mut struct_ser = serializer
            .serialize_struct("dapr.proto.internals.v1.InternalInvokeRequest", len)?;
        if self.ver != 0 {
            let v = ApiVersion::try_from(self.ver)
                .map_err(|_| serde::ser::Error::custom(
                    format!("Invalid variant {}", self.ver),
                ))?;
            struct_ser.serialize_field("ver", &v)?;
        }
        if !self.metadata.is_empty() {
            struct_ser.serialize_field("metadata", &self.metadata)?;
        }
        if let Some(v) = self.message.as_ref() {
            struct_ser.serialize_field("message", v)?;
        }
        if let Some(v) = self.actor.as_ref() {
            struct_ser.serialize_field("actor", v)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for InternalInvokeRequest {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &["ver", "metadata", "message", "actor"];
        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Ver,
            Metadata,
            Message,
            Actor,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(
                deserializer: D,
            ) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;
                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;
                    fn expecting(
                        &self,
                        formatter: &mut std::fmt::Formatter<'_>,
                    ) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", & FIELDS)
                    }
                    #[allow(unused_variables)]
                    fn visit_str<E>(
                        self,
                        value: &str,
                    ) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "ver" => Ok(GeneratedField::Ver),
                            "metadata" => Ok(GeneratedField::Metadata),
                            "message" => Ok(GeneratedField::Message),
                            "actor" => Ok(GeneratedField::Actor),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = InternalInvokeRequest;
            fn expecting(
                &self,
                formatter: &mut std::fmt::Formatter<'_>,
            ) -> std::fmt::Result {
                formatter
                    .write_str("struct dapr.proto.internals.v1.InternalInvokeRequest")
            }
            fn visit_map<V>(
                self,
                mut map_: V,
            ) -> std::result::Result<InternalInvokeRequest, V::Error>
            where
                V: serde::de::MapAccess<'de>,
            {
                let mut ver__ = None;
                let mut metadata__ = None;
                let mut message__ = None;
                let mut actor__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Ver => {
                            if ver__.is_some() {
                                return Err(serde::de::Error::duplicate_field("ver"));
                            }
                            ver__ = Some(map_.next_value::<ApiVersion>()? as i32);
                        }
                        GeneratedField::Metadata => {
                            if metadata__.is_some() {
                                return Err(serde::de::Error::duplicate_field("metadata"));
                            }
                            metadata__ = Some(
                                map_.next_value::<std::collections::HashMap<_, _>>()?,
                            );
                        }
                        GeneratedField::Message => {
                            if message__.is_some() {
                                return Err(serde::de::Error::duplicate_field("message"));
                            }
                            message__ = map_.next_value()?;
                        }
                        GeneratedField::Actor => {
                            if actor__.is_some() {
                                return Err(serde::de::Error::duplicate_field("actor"));
                            }
                            actor__ = map_.next_value()?;
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(InternalInvokeRequest {
                    ver: ver__.unwrap_or_default(),
                    metadata: metadata__.unwrap_or_default(),
                    message: message__,
                    actor: actor__,
                })
            }
        }
        deserializer
            .deserialize_struct(
                "dapr.proto.internals.v1.InternalInvokeRequest",
                FIELDS,
                GeneratedVisitor,
            )
    }
}
impl serde::Serialize for InternalInvokeRequestStream {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.request.is_some() {
            len += 1;
        }
        if self.payload.is_some() {
            len += 1;
        }
        let mut struct_ser = serializer
            .serialize_struct(
                "dapr.proto.internals.v1.InternalInvokeRequestStream",
                len,
            )?;
        if let Some(v) = self.request.as_ref() {
            struct_ser.serialize_field("request", v)?;
        }
        if let Some(v) = self.payload.as_ref() {
            struct_ser.serialize_field("payload", v)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for InternalInvokeRequestStream {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &["request", "payload"];
        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Request,
            Payload,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(
                deserializer: D,
            ) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;
                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;
                    fn expecting(
                        &self,
                        formatter: &mut std::fmt::Formatter<'_>,
                    ) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", & FIELDS)
                    }
                    #[allow(unused_variables)]
                    fn visit_str<E>(
                        self,
                        value: &str,
                    ) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "request" => Ok(GeneratedField::Request),
                            "payload" => Ok(GeneratedField::Payload),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = InternalInvokeRequestStream;
            fn expecting(
                &self,
                formatter: &mut std::fmt::Formatter<'_>,
            ) -> std::fmt::Result {
                formatter
                    .write_str(
                        "struct dapr.proto.internals.v1.InternalInvokeRequestStream",
                    )
            }
            fn visit_map<V>(
                self,
                mut map_: V,
            ) -> std::result::Result<InternalInvokeRequestStream, V::Error>
            where
                V: serde::de::MapAccess<'de>,
            {
                let mut request__ = None;
                let mut payload__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Request => {
                            if request__.is_some() {
                                return Err(serde::de::Error::duplicate_field("request"));
                            }
                            request__ = map_.next_value()?;
                        }
                        GeneratedField::Payload => {
                            if payload__.is_some() {
                                return Err(serde::de::Error::duplicate_field("payload"));
                            }
                            payload__ = map_.next_value()?;
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(InternalInvokeRequestStream {
                    request: request__,
                    payload: payload__,
                })
            }
        }
        deserializer
            .deserialize_struct(
                "dapr.proto.internals.v1.InternalInvokeRequestStream",
                FIELDS,
                GeneratedVisitor,
            )
    }
}
impl serde::Serialize for InternalInvokeResponse {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.status.is_some() {
            len += 1;
        }
        if !self.headers.is_empty() {
            len += 1;
        }
        if !self.trailers.is_empty() {
            len += 1;
        }
        if self.message.is_some() {
            len += 1;
        }
        let mut struct_ser = serializer
            .serialize_struct("dapr.proto.internals.v1.InternalInvokeResponse", len)?;
        if let Some(v) = self.status.as_ref() {
            struct_ser.serialize_field("status", v)?;
        }
        if !self.headers.is_empty() {
            struct_ser.serialize_field("headers", &self.headers)?;
        }
        if !self.trailers.is_empty() {
            struct_ser.serialize_field("trailers", &self.trailers)?;
        }
        if let Some(v) = self.message.as_ref() {
            struct_ser.serialize_field("message", v)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for InternalInvokeResponse {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &["status", "headers", "trailers", "message"];
        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Status,
            Headers,
            Trailers,
            Message,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(
                deserializer: D,
            ) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;
                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;
                    fn expecting(
                        &self,
                        formatter: &mut std::fmt::Formatter<'_>,
                    ) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", & FIELDS)
                    }
                    #[allow(unused_variables)]
                    fn visit_str<E>(
                        self,
                        value: &str,
                    ) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "status" => Ok(GeneratedField::Status),
                            "headers" => Ok(GeneratedField::Headers),
                            "trailers" => Ok(GeneratedField::Trailers),
                            "message" => Ok(GeneratedField::Message),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = InternalInvokeResponse;
            fn expecting(
                &self,
                formatter: &mut std::fmt::Formatter<'_>,
            ) -> std::fmt::Result {
                formatter
                    .write_str("struct dapr.proto.internals.v1.InternalInvokeResponse")
            }
            fn visit_map<V>(
                self,
                mut map_: V,
            ) -> std::result::Result<InternalInvokeResponse, V::Error>
            where
                V: serde::de::MapAccess<'de>,
            {
                let mut status__ = None;
                let mut headers__ = None;
                let mut trailers__ = None;
                let mut message__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Status => {
                            if status__.is_some() {
                                return Err(serde::de::Error::duplicate_field("status"));
                            }
                            status__ = map_.next_value()?;
                        }
                        GeneratedField::Headers => {
                            if headers__.is_some() {
                                return Err(serde::de::Error::duplicate_field("headers"));
                            }
                            headers__ = Some(
                                map_.next_value::<std::collections::HashMap<_, _>>()?,
                            );
                        }
                        GeneratedField::Trailers => {
                            if trailers__.is_some() {
                                return Err(serde::de::Error::duplicate_field("trailers"));
                            }
                            trailers__ = Some(
                                map_.next_value::<std::collections::HashMap<_, _>>()?,
                            );
                        }
                        GeneratedField::Message => {
                            if message__.is_some() {
                                return Err(serde::de::Error::duplicate_field("message"));
                            }
                            message__ = map_.next_value()?;
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(InternalInvokeResponse {
                    status: status__,
                    headers: headers__.unwrap_or_default(),
                    trailers: trailers__.unwrap_or_default(),
                    message: message__,
                })
            }
        }
        deserializer
            .deserialize_struct(
                "dapr.proto.internals.v1.InternalInvokeResponse",
                FIELDS,
                GeneratedVisitor,
            )
    }
}
impl serde::Serialize for InternalInvokeResponseStream {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.response.is_some() {
            len += 1;
        }
        if self.payload.is_some() {
            len += 1;
        }
        let mut struct_ser = serializer
            .serialize_struct(
                "dapr.proto.internals.v1.InternalInvokeResponseStream",
                len,
            )?;
        if let Some(v) = self.response.as_ref() {
            struct_ser.serialize_field("response", v)?;
        }
        if let Some(v) = self.payload.as_ref() {
            struct_ser.serialize_field("payload", v)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for InternalInvokeResponseStream {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &["response", "payload"];
        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Response,
            Payload,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(
                deserializer: D,
            ) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;
                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;
                    fn expecting(
                        &self,
                        formatter: &mut std::fmt::Formatter<'_>,
                    ) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", & FIELDS)
                    }
                    #[allow(unused_variables)]
                    fn visit_str<E>(
                        self,
                        value: &str,
                    ) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "response" => Ok(GeneratedField::Response),
                            "payload" => Ok(GeneratedField::Payload),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = InternalInvokeResponseStream;
            fn expecting(
                &self,
                formatter: &mut std::fmt::Formatter<'_>,
            ) -> std::fmt::Result {
                formatter
                    .write_str(
                        "struct dapr.proto.internals.v1.InternalInvokeResponseStream",
                    )
            }
            fn visit_map<V>(
                self,
                mut map_: V,
            ) -> std::result::Result<InternalInvokeResponseStream, V::Error>
            where
                V: serde::de::MapAccess<'de>,
            {
                let mut response__ = None;
                let mut payload__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Response => {
                            if response__.is_some() {
                                return Err(serde::de::Error::duplicate_field("response"));
                            }
                            response__ = map_.next_value()?;
                        }
                        GeneratedField::Payload => {
                            if payload__.is_some() {
                                return Err(serde::de::Error::duplicate_field("payload"));
                            }
                            payload__ = map_.next_value()?;
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(InternalInvokeResponseStream {
                    response: response__,
                    payload: payload__,
                })
            }
        }
        deserializer
            .deserialize_struct(
                "dapr.proto.internals.v1.InternalInvokeResponseStream",
                FIELDS,
                GeneratedVisitor,
            )
    }
}
impl serde::Serialize for JobEvent {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if !self.key.is_empty() {
            len += 1;
        }
        if !self.name.is_empty() {
            len += 1;
        }
        if self.metadata.is_some() {
            len += 1;
        }
        if self.data.is_some() {
            len += 1;
        }
        let mut struct_ser = serializer
            .serialize_struct("dapr.proto.internals.v1.JobEvent", len)?;
        if !self.key.is_empty() {
            struct_ser.serialize_field("key", &self.key)?;
        }
        if !self.name.is_empty() {
            struct_ser.serialize_field("name", &self.name)?;
        }
        if let Some(v) = self.metadata.as_ref() {
            struct_ser.serialize_field("metadata", v)?;
        }
        if let Some(v) = self.data.as_ref() {
            struct_ser.serialize_field("data", v)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for JobEvent {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &["key", "name", "metadata", "data"];
        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Key,
            Name,
            Metadata,
            Data,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(
                deserializer: D,
            ) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;
                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;
                    fn expecting(
                        &self,
                        formatter: &mut std::fmt::Formatter<'_>,
                    ) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", & FIELDS)
                    }
                    #[allow(unused_variables)]
                    fn visit_str<E>(
                        self,
                        value: &str,
                    ) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "key" => Ok(GeneratedField::Key),
                            "name" => Ok(GeneratedField::Name),
                            "metadata" => Ok(GeneratedField::Metadata),
                            "data" => Ok(GeneratedField::Data),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = JobEvent;
            fn expecting(
                &self,
                formatter: &mut std::fmt::Formatter<'_>,
            ) -> std::fmt::Result {
                formatter.write_str("struct dapr.proto.internals.v1.JobEvent")
            }
            fn visit_map<V>(self, mut map_: V) -> std::result::Result<JobEvent, V::Error>
            where
                V: serde::de::MapAccess<'de>,
            {
                let mut key__ = None;
                let mut name__ = None;
                let mut metadata__ = None;
                let mut data__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Key => {
                            if key__.is_some() {
                                return Err(serde::de::Error::duplicate_field("key"));
                            }
                            key__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Name => {
                            if name__.is_some() {
                                return Err(serde::de::Error::duplicate_field("name"));
                            }
                            name__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Metadata => {
                            if metadata__.is_some() {
                                return Err(serde::de::Error::duplicate_field("metadata"));
                            }
                            metadata__ = map_.next_value()?;
                        }
                        GeneratedField::Data => {
                            if data__.is_some() {
                                return Err(serde::de::Error::duplicate_field("data"));
                            }
                            data__ = map_.next_value()?;
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(JobEvent {
                    key: key__.unwrap_or_default(),
                    name: name__.unwrap_or_default(),
                    metadata: metadata__,
                    data: data__,
                })
            }
        }
        deserializer
            .deserialize_struct(
                "dapr.proto.internals.v1.JobEvent",
                FIELDS,
                GeneratedVisitor,
            )
    }
}
impl serde::Serialize for JobHttpRequest {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if !self.name.is_empty() {
            len += 1;
        }
        if self.schedule.is_some() {
            len += 1;
        }
        if self.repeats.is_some() {
            len += 1;
        }
        if self.due_time.is_some() {
            len += 1;
        }
        if self.ttl.is_some() {
            len += 1;
        }
        if self.data.is_some() {
            len += 1;
        }
        if self.overwrite.is_some() {
            len += 1;
        }
        if self.failure_policy.is_some() {
            len += 1;
        }
        let mut struct_ser = serializer
            .serialize_struct("dapr.proto.internals.v1.JobHTTPRequest", len)?;
        if !self.name.is_empty() {
            struct_ser.serialize_field("name", &self.name)?;
        }
        if let Some(v) = self.schedule.as_ref() {
            struct_ser.serialize_field("schedule", v)?;
        }
        if let Some(v) = self.repeats.as_ref() {
            struct_ser.serialize_field("repeats", v)?;
        }
        if let Some(v) = self.due_time.as_ref() {
            struct_ser.serialize_field("dueTime", v)?;
        }
        if let Some(v) = self.ttl.as_ref() {
            struct_ser.serialize_field("ttl", v)?;
        }
        if let Some(v) = self.data.as_ref() {
            struct_ser.serialize_field("data", v)?;
        }
        if let Some(v) = self.overwrite.as_ref() {
            struct_ser.serialize_field("overwrite", v)?;
        }
        if let Some(v) = self.failure_policy.as_ref() {
            struct_ser.serialize_field("failurePolicy", v)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for JobHttpRequest {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "name",
            "schedule",
            "repeats",
            "due_time",
            "dueTime",
            "ttl",
            "data",
            "overwrite",
            "failure_policy",
            "failurePolicy",
        ];
        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Name,
            Schedule,
            Repeats,
            DueTime,
            Ttl,
            Data,
            Overwrite,
            FailurePolicy,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(
                deserializer: D,
            ) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;
                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;
                    fn expecting(
                        &self,
                        formatter: &mut std::fmt::Formatter<'_>,
                    ) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", & FIELDS)
                    }
                    #[allow(unused_variables)]
                    fn visit_str<E>(
                        self,
                        value: &str,
                    ) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "name" => Ok(GeneratedField::Name),
                            "schedule" => Ok(GeneratedField::Schedule),
                            "repeats" => Ok(GeneratedField::Repeats),
                            "dueTime" | "due_time" => Ok(GeneratedField::DueTime),
                            "ttl" => Ok(GeneratedField::Ttl),
                            "data" => Ok(GeneratedField::Data),
                            "overwrite" => Ok(GeneratedField::Overwrite),
                            "failurePolicy" | "failure_policy" => {
                                Ok(GeneratedField::FailurePolicy)
                            }
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = JobHttpRequest;
            fn expecting(
                &self,
                formatter: &mut std::fmt::Formatter<'_>,
            ) -> std::fmt::Result {
                formatter.write_str("struct dapr.proto.internals.v1.JobHTTPRequest")
            }
            fn visit_map<V>(
                self,
                mut map_: V,
            ) -> std::result::Result<JobHttpRequest, V::Error>
            where
                V: serde::de::MapAccess<'de>,
            {
                let mut name__ = None;
                let mut schedule__ = None;
                let mut repeats__ = None;
                let mut due_time__ = None;
                let mut ttl__ = None;
                let mut data__ = None;
                let mut overwrite__ = None;
                let mut failure_policy__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Name => {
                            if name__.is_some() {
                                return Err(serde::de::Error::duplicate_field("name"));
                            }
                            name__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Schedule => {
                            if schedule__.is_some() {
                                return Err(serde::de::Error::duplicate_field("schedule"));
                            }
                            schedule__ = map_.next_value()?;
                        }
                        GeneratedField::Repeats => {
                            if repeats__.is_some() {
                                return Err(serde::de::Error::duplicate_field("repeats"));
                            }
                            repeats__ = map_
                                .next_value::<
                                    ::std::option::Option<
                                        ::pbjson::private::NumberDeserialize<_>,
                                    >,
                                >()?
                                .map(|x| x.0);
                        }
                        GeneratedField::DueTime => {
                            if due_time__.is_some() {
                                return Err(serde::de::Error::duplicate_field("dueTime"));
                            }
                            due_time__ = map_.next_value()?;
                        }
                        GeneratedField::Ttl => {
                            if ttl__.is_some() {
                                return Err(serde::de::Error::duplicate_field("ttl"));
                            }
                            ttl__ = map_.next_value()?;
                        }
                        GeneratedField::Data => {
                            if data__.is_some() {
                                return Err(serde::de::Error::duplicate_field("data"));
                            }
                            data__ = map_.next_value()?;
                        }
                        GeneratedField::Overwrite => {
                            if overwrite__.is_some() {
                                return Err(serde::de::Error::duplicate_field("overwrite"));
                            }
                            overwrite__ = map_.next_value()?;
                        }
                        GeneratedField::FailurePolicy => {
                            if failure_policy__.is_some() {
                                return Err(
                                    serde::de::Error::duplicate_field("failurePolicy"),
                                );
                            }
                            failure_policy__ = map_.next_value()?;
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(JobHttpRequest {
                    name: name__.unwrap_or_default(),
                    schedule: schedule__,
                    repeats: repeats__,
                    due_time: due_time__,
                    ttl: ttl__,
                    data: data__,
                    overwrite: overwrite__,
                    failure_policy: failure_policy__,
                })
            }
        }
        deserializer
            .deserialize_struct(
                "dapr.proto.internals.v1.JobHTTPRequest",
                FIELDS,
                GeneratedVisitor,
            )
    }
}
impl serde::Serialize for ListStringValue {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if !self.values.is_empty() {
            len += 1;
        }
        let mut struct_ser = serializer
            .serialize_struct("dapr.proto.internals.v1.ListStringValue", len)?;
        if !self.values.is_empty() {
            struct_ser.serialize_field("values", &self.values)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for ListStringValue {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &["values"];
        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Values,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(
                deserializer: D,
            ) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;
                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;
                    fn expecting(
                        &self,
                        formatter: &mut std::fmt::Formatter<'_>,
                    ) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", & FIELDS)
                    }
                    #[allow(unused_variables)]
                    fn visit_str<E>(
                        self,
                        value: &str,
                    ) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "values" => Ok(GeneratedField::Values),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = ListStringValue;
            fn expecting(
                &self,
                formatter: &mut std::fmt::Formatter<'_>,
            ) -> std::fmt::Result {
                formatter.write_str("struct dapr.proto.internals.v1.ListStringValue")
            }
            fn visit_map<V>(
                self,
                mut map_: V,
            ) -> std::result::Result<ListStringValue, V::Error>
            where
                V: serde::de::MapAccess<'de>,
            {
                let mut values__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Values => {
                            if values__.is_some() {
                                return Err(serde::de::Error::duplicate_field("values"));
                            }
                            values__ = Some(map_.next_value()?);
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(ListStringValue {
                    values: values__.unwrap_or_default(),
                })
            }
        }
        deserializer
            .deserialize_struct(
                "dapr.proto.internals.v1.ListStringValue",
                FIELDS,
                GeneratedVisitor,
            )
    }
}
impl serde::Serialize for Reminder {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if !self.actor_id.is_empty() {
            len += 1;
        }
        if !self.actor_type.is_empty() {
            len += 1;
        }
        if !self.name.is_empty() {
            len += 1;
        }
        if self.data.is_some() {
            len += 1;
        }
        if !self.period.is_empty() {
            len += 1;
        }
        if self.registered_time.is_some() {
            len += 1;
        }
        if !self.due_time.is_empty() {
            len += 1;
        }
        if self.expiration_time.is_some() {
            len += 1;
        }
        if self.is_timer {
            len += 1;
        }
        if self.skip_lock {
            len += 1;
        }
        let mut struct_ser = serializer
            .serialize_struct("dapr.proto.internals.v1.Reminder", len)?;
        if !self.actor_id.is_empty() {
            struct_ser.serialize_field("actorId", &self.actor_id)?;
        }
        if !self.actor_type.is_empty() {
            struct_ser.serialize_field("actorType", &self.actor_type)?;
        }
        if !self.name.is_empty() {
            struct_ser.serialize_field("name", &self.name)?;
        }
        if let Some(v) = self.data.as_ref() {
            struct_ser.serialize_field("data", v)?;
        }
        if !self.period.is_empty() {
            struct_ser.serialize_field("period", &self.period)?;
        }
        if let Some(v) = self.registered_time.as_ref() {
            struct_ser.serialize_field("registeredTime", v)?;
        }
        if !self.due_time.is_empty() {
            struct_ser.serialize_field("dueTime", &self.due_time)?;
        }
        if let Some(v) = self.expiration_time.as_ref() {
            struct_ser.serialize_field("expirationTime", v)?;
        }
        if self.is_timer {
            struct_ser.serialize_field("isTimer", &self.is_timer)?;
        }
        if self.skip_lock {
            struct_ser.serialize_field("skipLock", &self.skip_lock)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for Reminder {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "actor_id",
            "actorId",
            "actor_type",
            "actorType",
            "name",
            "data",
            "period",
            "registered_time",
            "registeredTime",
            "due_time",
            "dueTime",
            "expiration_time",
            "expirationTime",
            "is_timer",
            "isTimer",
            "skip_lock",
            "skipLock",
        ];
        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            ActorId,
            ActorType,
            Name,
            Data,
            Period,
            RegisteredTime,
            DueTime,
            ExpirationTime,
            IsTimer,
            SkipLock,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(
                deserializer: D,
            ) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;
                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;
                    fn expecting(
                        &self,
                        formatter: &mut std::fmt::Formatter<'_>,
                    ) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", & FIELDS)
                    }
                    #[allow(unused_variables)]
                    fn visit_str<E>(
                        self,
                        value: &str,
                    ) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "actorId" | "actor_id" => Ok(GeneratedField::ActorId),
                            "actorType" | "actor_type" => Ok(GeneratedField::ActorType),
                            "name" => Ok(GeneratedField::Name),
                            "data" => Ok(GeneratedField::Data),
                            "period" => Ok(GeneratedField::Period),
                            "registeredTime" | "registered_time" => {
                                Ok(GeneratedField::RegisteredTime)
                            }
                            "dueTime" | "due_time" => Ok(GeneratedField::DueTime),
                            "expirationTime" | "expiration_time" => {
                                Ok(GeneratedField::ExpirationTime)
                            }
                            "isTimer" | "is_timer" => Ok(GeneratedField::IsTimer),
                            "skipLock" | "skip_lock" => Ok(GeneratedField::SkipLock),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = Reminder;
            fn expecting(
                &self,
                formatter: &mut std::fmt::Formatter<'_>,
            ) -> std::fmt::Result {
                formatter.write_str("struct dapr.proto.internals.v1.Reminder")
            }
            fn visit_map<V>(self, mut map_: V) -> std::result::Result<Reminder, V::Error>
            where
                V: serde::de::MapAccess<'de>,
            {
                let mut actor_id__ = None;
                let mut actor_type__ = None;
                let mut name__ = None;
                let mut data__ = None;
                let mut period__ = None;
                let mut registered_time__ = None;
                let mut due_time__ = None;
                let mut expiration_time__ = None;
                let mut is_timer__ = None;
                let mut skip_lock__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::ActorId => {
                            if actor_id__.is_some() {
                                return Err(serde::de::Error::duplicate_field("actorId"));
                            }
                            actor_id__ = Some(map_.next_value()?);
                        }
                        GeneratedField::ActorType => {
                            if actor_type__.is_some() {
                                return Err(serde::de::Error::duplicate_field("actorType"));
                            }
                            actor_type__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Name => {
                            if name__.is_some() {
                                return Err(serde::de::Error::duplicate_field("name"));
                            }
                            name__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Data => {
                            if data__.is_some() {
                                return Err(serde::de::Error::duplicate_field("data"));
                            }
                            data__ = map_.next_value()?;
                        }
                        GeneratedField::Period => {
                            if period__.is_some() {
                                return Err(serde::de::Error::duplicate_field("period"));
                            }
                            period__ = Some(map_.next_value()?);
                        }
                        GeneratedField::RegisteredTime => {
                            if registered_time__.is_some() {
                                return Err(
                                    serde::de::Error::duplicate_field("registeredTime"),
                                );
                            }
                            registered_time__ = map_.next_value()?;
                        }
                        GeneratedField::DueTime => {
                            if due_time__.is_some() {
                                return Err(serde::de::Error::duplicate_field("dueTime"));
                            }
                            due_time__ = Some(map_.next_value()?);
                        }
                        GeneratedField::ExpirationTime => {
                            if expiration_time__.is_some() {
                                return Err(
                                    serde::de::Error::duplicate_field("expirationTime"),
                                );
                            }
                            expiration_time__ = map_.next_value()?;
                        }
                        GeneratedField::IsTimer => {
                            if is_timer__.is_some() {
                                return Err(serde::de::Error::duplicate_field("isTimer"));
                            }
                            is_timer__ = Some(map_.next_value()?);
                        }
                        GeneratedField::SkipLock => {
                            if skip_lock__.is_some() {
                                return Err(serde::de::Error::duplicate_field("skipLock"));
                            }
                            skip_lock__ = Some(map_.next_value()?);
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(Reminder {
                    actor_id: actor_id__.unwrap_or_default(),
                    actor_type: actor_type__.unwrap_or_default(),
                    name: name__.unwrap_or_default(),
                    data: data__,
                    period: period__.unwrap_or_default(),
                    registered_time: registered_time__,
                    due_time: due_time__.unwrap_or_default(),
                    expiration_time: expiration_time__,
                    is_timer: is_timer__.unwrap_or_default(),
                    skip_lock: skip_lock__.unwrap_or_default(),
                })
            }
        }
        deserializer
            .deserialize_struct(
                "dapr.proto.internals.v1.Reminder",
                FIELDS,
                GeneratedVisitor,
            )
    }
}
impl serde::Serialize for Reminders {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if !self.reminders.is_empty() {
            len += 1;
        }
        let mut struct_ser = serializer
            .serialize_struct("dapr.proto.internals.v1.Reminders", len)?;
        if !self.reminders.is_empty() {
            struct_ser.serialize_field("reminders", &self.reminders)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for Reminders {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &["reminders"];
        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Reminders,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(
                deserializer: D,
            ) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;
                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;
                    fn expecting(
                        &self,
                        formatter: &mut std::fmt::Formatter<'_>,
                    ) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", & FIELDS)
                    }
                    #[allow(unused_variables)]
                    fn visit_str<E>(
                        self,
                        value: &str,
                    ) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "reminders" => Ok(GeneratedField::Reminders),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = Reminders;
            fn expecting(
                &self,
                formatter: &mut std::fmt::Formatter<'_>,
            ) -> std::fmt::Result {
                formatter.write_str("struct dapr.proto.internals.v1.Reminders")
            }
            fn visit_map<V>(
                self,
                mut map_: V,
            ) -> std::result::Result<Reminders, V::Error>
            where
                V: serde::de::MapAccess<'de>,
            {
                let mut reminders__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Reminders => {
                            if reminders__.is_some() {
                                return Err(serde::de::Error::duplicate_field("reminders"));
                            }
                            reminders__ = Some(map_.next_value()?);
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(Reminders {
                    reminders: reminders__.unwrap_or_default(),
                })
            }
        }
        deserializer
            .deserialize_struct(
                "dapr.proto.internals.v1.Reminders",
                FIELDS,
                GeneratedVisitor,
            )
    }
}
impl serde::Serialize for Status {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.code != 0 {
            len += 1;
        }
        if !self.message.is_empty() {
            len += 1;
        }
        if !self.details.is_empty() {
            len += 1;
        }
        let mut struct_ser = serializer
            .serialize_struct("dapr.proto.internals.v1.Status", len)?;
        if self.code != 0 {
            struct_ser.serialize_field("code", &self.code)?;
        }
        if !self.message.is_empty() {
            struct_ser.serialize_field("message", &self.message)?;
        }
        if !self.details.is_empty() {
            struct_ser.serialize_field("details", &self.details)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for Status {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &["code", "message", "details"];
        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Code,
            Message,
            Details,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(
                deserializer: D,
            ) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;
                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;
                    fn expecting(
                        &self,
                        formatter: &mut std::fmt::Formatter<'_>,
                    ) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", & FIELDS)
                    }
                    #[allow(unused_variables)]
                    fn visit_str<E>(
                        self,
                        value: &str,
                    ) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "code" => Ok(GeneratedField::Code),
                            "message" => Ok(GeneratedField::Message),
                            "details" => Ok(GeneratedField::Details),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = Status;
            fn expecting(
                &self,
                formatter: &mut std::fmt::Formatter<'_>,
            ) -> std::fmt::Result {
                formatter.write_str("struct dapr.proto.internals.v1.Status")
            }
            fn visit_map<V>(self, mut map_: V) -> std::result::Result<Status, V::Error>
            where
                V: serde::de::MapAccess<'de>,
            {
                let mut code__ = None;
                let mut message__ = None;
                let mut details__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Code => {
                            if code__.is_some() {
                                return Err(serde::de::Error::duplicate_field("code"));
                            }
                            code__ = Some(
                                map_
                                    .next_value::<::pbjson::private::NumberDeserialize<_>>()?
                                    .0,
                            );
                        }
                        GeneratedField::Message => {
                            if message__.is_some() {
                                return Err(serde::de::Error::duplicate_field("message"));
                            }
                            message__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Details => {
                            if details__.is_some() {
                                return Err(serde::de::Error::duplicate_field("details"));
                            }
                            details__ = Some(map_.next_value()?);
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(Status {
                    code: code__.unwrap_or_default(),
                    message: message__.unwrap_or_default(),
                    details: details__.unwrap_or_default(),
                })
            }
        }
        deserializer
            .deserialize_struct(
                "dapr.proto.internals.v1.Status",
                FIELDS,
                GeneratedVisitor,
            )
    }
}
impl serde::Serialize for TimerFiredEvent {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.fire_at.is_some() {
            len += 1;
        }
        if self.timer_id != 0 {
            len += 1;
        }
        if self.generation != 0 {
            len += 1;
        }
        let mut struct_ser = serializer
            .serialize_struct("dapr.proto.internals.v1.TimerFiredEvent", len)?;
        if let Some(v) = self.fire_at.as_ref() {
            struct_ser.serialize_field("fireAt", v)?;
        }
        if self.timer_id != 0 {
            struct_ser.serialize_field("timerId", &self.timer_id)?;
        }
        if self.generation != 0 {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser
                .serialize_field(
                    "generation",
                    ToString::to_string(&self.generation).as_str(),
                )?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for TimerFiredEvent {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &["fire_at", "fireAt", "timerId", "generation"];
        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            FireAt,
            TimerId,
            Generation,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(
                deserializer: D,
            ) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;
                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;
                    fn expecting(
                        &self,
                        formatter: &mut std::fmt::Formatter<'_>,
                    ) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", & FIELDS)
                    }
                    #[allow(unused_variables)]
                    fn visit_str<E>(
                        self,
                        value: &str,
                    ) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "fireAt" | "fire_at" => Ok(GeneratedField::FireAt),
                            "timerId" => Ok(GeneratedField::TimerId),
                            "generation" => Ok(GeneratedField::Generation),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = TimerFiredEvent;
            fn expecting(
                &self,
                formatter: &mut std::fmt::Formatter<'_>,
            ) -> std::fmt::Result {
                formatter.write_str("struct dapr.proto.internals.v1.TimerFiredEvent")
            }
            fn visit_map<V>(
                self,
                mut map_: V,
            ) -> std::result::Result<TimerFiredEvent, V::Error>
            where
                V: serde::de::MapAccess<'de>,
            {
                let mut fire_at__ = None;
                let mut timer_id__ = None;
                let mut generation__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::FireAt => {
                            if fire_at__.is_some() {
                                return Err(serde::de::Error::duplicate_field("fireAt"));
                            }
                            fire_at__ = map_.next_value()?;
                        }
                        GeneratedField::TimerId => {
                            if timer_id__.is_some() {
                                return Err(serde::de::Error::duplicate_field("timerId"));
                            }
                            timer_id__ = Some(
                                map_
                                    .next_value::<::pbjson::private::NumberDeserialize<_>>()?
                                    .0,
                            );
                        }
                        GeneratedField::Generation => {
                            if generation__.is_some() {
                                return Err(serde::de::Error::duplicate_field("generation"));
                            }
                            generation__ = Some(
                                map_
                                    .next_value::<::pbjson::private::NumberDeserialize<_>>()?
                                    .0,
                            );
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(TimerFiredEvent {
                    fire_at: fire_at__,
                    timer_id: timer_id__.unwrap_or_default(),
                    generation: generation__.unwrap_or_default(),
                })
            }
        }
        deserializer
            .deserialize_struct(
                "dapr.proto.internals.v1.TimerFiredEvent",
                FIELDS,
                GeneratedVisitor,
            )
    }
}
