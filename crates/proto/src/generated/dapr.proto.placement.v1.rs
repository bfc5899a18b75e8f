// Written by `cargo xtask codegen` from proto/: edit there.

#[derive(Clone, PartialEq, ::prost::Message)]
pub struct PlacementOrder {
    #[prost(message, optional, tag = "1")]
    pub tables: ::core::option::Option<PlacementTables>,
    /// One of lock, update, unlock.
    #[prost(string, tag = "2")]
    pub operation: ::prost::alloc::string::String,
    /// Of the tables: all orders of one round have the same one.
    #[prost(uint64, tag = "3")]
    pub version: u64,
}
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct PlacementTables {
    /// By actor type.
    #[prost(map = "string, message", tag = "1")]
    pub entries: ::std::collections::HashMap<
        ::prost::alloc::string::String,
        PlacementTable,
    >,
    #[prost(string, tag = "2")]
    pub version: ::prost::alloc::string::String,
    #[prost(uint32, tag = "3")]
    pub api_level: u32,
    /// Virtual nodes per host on the ring of each actor type.
    #[prost(int64, tag = "4")]
    pub replication_factor: i64,
}
/// The hosts of one actor type. Each sidecar rebuilds the ring from them; a ring that is sent, as
/// older services do, is not needed.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct PlacementTable {
    #[prost(map = "uint64, string", tag = "1")]
    pub hosts: ::std::collections::HashMap<u64, ::prost::alloc::string::String>,
    #[prost(uint64, repeated, tag = "2")]
    pub sorted_set: ::prost::alloc::vec::Vec<u64>,
    /// The hosts, by address.
    #[prost(map = "string, message", tag = "3")]
    pub load_map: ::std::collections::HashMap<::prost::alloc::string::String, Host>,
    #[prost(int64, tag = "4")]
    pub total_load: i64,
}
/// A sidecar as it reports itself.
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct Host {
    /// Address of the internal port.
    #[prost(string, tag = "1")]
    pub name: ::prost::alloc::string::String,
    #[prost(int64, tag = "2")]
    pub port: i64,
    #[prost(int64, tag = "3")]
    pub load: i64,
    /// Actor types that it hosts; empty: it only calls actors.
    #[prost(string, repeated, tag = "4")]
    pub entities: ::prost::alloc::vec::Vec<::prost::alloc::string::String>,
    /// The application.
    #[prost(string, tag = "5")]
    pub id: ::prost::alloc::string::String,
    #[prost(string, tag = "6")]
    pub pod: ::prost::alloc::string::String,
    #[prost(uint32, tag = "7")]
    pub api_level: u32,
    #[prost(string, tag = "8")]
    pub namespace: ::prost::alloc::string::String,
    /// UNKNOWN is sent by older sidecars, which only report.
    #[prost(enumeration = "HostOperation", tag = "9")]
    pub operation: i32,
    /// Of the tables that `operation` acknowledges.
    #[prost(uint64, optional, tag = "10")]
    pub version: ::core::option::Option<u64>,
}
/// What a host tells: its own state, or that it has carried out an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ::prost::Enumeration)]
#[repr(i32)]
pub enum HostOperation {
    Unknown = 0,
    Report = 1,
    Lock = 2,
    Update = 3,
    Unlock = 4,
}
impl HostOperation {
    /// String value of the enum field names used in the ProtoBuf definition.
    ///
    /// The values are not transformed in any way and thus are considered stable
    /// (if the ProtoBuf definition does not change) and safe for programmatic use.
    pub fn as_str_name(&self) -> &'static str {
        match self {
            Self::Unknown => "UNKNOWN",
            Self::Report => "REPORT",
            Self::Lock => "LOCK",
            Self::Update => "UPDATE",
            Self::Unlock => "UNLOCK",
        }
    }
    /// Creates an enum from field names used in the ProtoBuf definition.
    pub fn from_str_name(value: &str) -> ::core::option::Option<Self> {
        match value {
            "UNKNOWN" => Some(Self::Unknown),
            "REPORT" => Some(Self::Report),
            "LOCK" => Some(Self::Lock),
            "UPDATE" => Some(Self::Update),
            "UNLOCK" => Some(Self::Unlock),
            _ => None,
        }
    }
}
/// Generated client implementations.
pub mod placement_client {
    #![allow(
        unused_variables,
        dead_code,
        missing_docs,
        clippy::wildcard_imports,
        clippy::let_unit_value,
    )]
    use tonic::codegen::*;
    use tonic::codegen::http::Uri;
    /// Served by the placement service; only its leader accepts streams.
    #[derive(Debug, Clone)]
    pub struct PlacementClient<T> {
        inner: tonic::client::Grpc<T>,
    }
    impl PlacementClient<tonic::transport::Channel> {
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
    impl<T> PlacementClient<T>
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
        ) -> PlacementClient<InterceptedService<T, F>>
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
            PlacementClient::new(InterceptedService::new(inner, interceptor))
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
        /// Hosts report themselves once a second; a change of tables comes back in the order lock,
        /// update, unlock.
        pub async fn report_dapr_status(
            &mut self,
            request: impl tonic::IntoStreamingRequest<Message = super::Host>,
        ) -> std::result::Result<
            tonic::Response<tonic::codec::Streaming<super::PlacementOrder>>,
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
                "/dapr.proto.placement.v1.Placement/ReportDaprStatus",
            );
            let mut req = request.into_streaming_request();
            req.extensions_mut()
                .insert(
                    GrpcMethod::new(
                        "dapr.proto.placement.v1.Placement",
                        "ReportDaprStatus",
                    ),
                );
            self.inner.streaming(req, path, codec).await
        }
    }
}
/// Generated server implementations.
pub mod placement_server {
    #![allow(
        unused_variables,
        dead_code,
        missing_docs,
        clippy::wildcard_imports,
        clippy::let_unit_value,
    )]
    use tonic::codegen::*;
    /// Generated trait containing gRPC methods that should be implemented for use with PlacementServer.
    #[async_trait]
    pub trait Placement: std::marker::Send + std::marker::Sync + 'static {
        /// Hosts report themselves once a second; a change of tables comes back in the order lock,
        /// update, unlock.
        async fn report_dapr_status(
            &self,
            request: tonic::Request<tonic::Streaming<super::Host>>,
        ) -> std::result::Result<
            tonic::Response<BoxStream<super::PlacementOrder>>,
            tonic::Status,
        > {
            Err(tonic::Status::unimplemented("Not yet implemented"))
        }
    }
    /// Served by the placement service; only its leader accepts streams.
    #[derive(Debug)]
    pub struct PlacementServer<T> {
        inner: Arc<T>,
        accept_compression_encodings: EnabledCompressionEncodings,
        send_compression_encodings: EnabledCompressionEncodings,
        max_decoding_message_size: Option<usize>,
        max_encoding_message_size: Option<usize>,
    }
    impl<T> PlacementServer<T> {
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
    impl<T, B> tonic::codegen::Service<http::Request<B>> for PlacementServer<T>
    where
        T: Placement,
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
                "/dapr.proto.placement.v1.Placement/ReportDaprStatus" => {
                    #[allow(non_camel_case_types)]
                    struct ReportDaprStatusSvc<T: Placement>(pub Arc<T>);
                    impl<T: Placement> tonic::server::StreamingService<super::Host>
                    for ReportDaprStatusSvc<T> {
                        type Response = super::PlacementOrder;
                        type ResponseStream = BoxStream<super::PlacementOrder>;
                        type Future = BoxFuture<
                            tonic::Response<Self::ResponseStream>,
                            tonic::Status,
                        >;
                        fn call(
                            &mut self,
                            request: tonic::Request<tonic::Streaming<super::Host>>,
                        ) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move {
                                <T as Placement>::report_dapr_status(&inner, request).await
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
                        let method = ReportDaprStatusSvc(inner);
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
    impl<T> Clone for PlacementServer<T> {
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
    pub const SERVICE_NAME: &str = "dapr.proto.placement.v1.Placement";
    impl<T> tonic::server::NamedService for PlacementServer<T> {
        const NAME: &'static str = SERVICE_NAME;
    }
}
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct StatePlacementTables {
    /// By namespace.
    #[prost(map = "string, message", tag = "1")]
    pub tables: ::std::collections::HashMap<
        ::prost::alloc::string::String,
        StatePlacementTable,
    >,
}
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct StatePlacementTable {
    #[prost(message, repeated, tag = "1")]
    pub hosts: ::prost::alloc::vec::Vec<Host>,
    #[prost(uint64, tag = "2")]
    pub version: u64,
}
impl serde::Serialize for Host {
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
        if self.port != 0 {
            len += 1;
        }
        if self.load != 0 {
            len += 1;
        }
        if !self.entities.is_empty() {
            len += 1;
        }
        if !self.id.is_empty() {
            len += 1;
        }
        if !self.pod.is_empty() {
            len += 1;
        }
        if self.api_level != 0 {
            len += 1;
        }
        if !self.namespace.is_empty() {
            len += 1;
        }
        if self.operation != 0 {
            len += 1;
        }
        if self.version.is_some() {
            len += 1;
        }
        let mut struct_ser = serializer
            .serialize_struct("dapr.proto.placement.v1.Host", len)?;
        if !self.name.is_empty() {
            struct_ser.serialize_field("name", &self.name)?;
        }
        if self.port != 0 {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser
                .serialize_field("port", ToString::to_string(&self.port).as_str())?;
        }
        if self.load != 0 {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser
                .serialize_field("load", ToString::to_string(&self.load).as_str())?;
        }
        if !self.entities.is_empty() {
            struct_ser.serialize_field("entities", &self.entities)?;
        }
        if !self.id.is_empty() {
            struct_ser.serialize_field("id", &self.id)?;
        }
        if !self.pod.is_empty() {
            struct_ser.serialize_field("pod", &self.pod)?;
        }
        if self.api_level != 0 {
            struct_ser.serialize_field("apiLevel", &self.api_level)?;
        }
        if !self.namespace.is_empty() {
            struct_ser.serialize_field("namespace", &self.namespace)?;
        }
        if self.operation != 0 {
            let v = HostOperation::try_from(self.operation)
                .map_err(|_| serde::ser::Error::custom(
                    format!("Invalid variant {}", self.operation),
                ))?;
            struct_ser.serialize_field("operation", &v)?;
        }
        if let Some(v) = self.version.as_ref() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("version", ToString::to_string(&v).as_str())?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for Host {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "name",
            "port",
            "load",
            "entities",
            "id",
            "pod",
            "api_level",
            "apiLevel",
            "namespace",
            "operation",
            "version",
        ];
        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Name,
            Port,
            Load,
            Entities,
            Id,
            Pod,
            ApiLevel,
            Namespace,
            Operation,
            Version,
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
                            "port" => Ok(GeneratedField::Port),
                            "load" => Ok(GeneratedField::Load),
                            "entities" => Ok(GeneratedField::Entities),
                            "id" => Ok(GeneratedField::Id),
                            "pod" => Ok(GeneratedField::Pod),
                            "apiLevel" | "api_level" => Ok(GeneratedField::ApiLevel),
                            "namespace" => Ok(GeneratedField::Namespace),
                            "operation" => Ok(GeneratedField::Operation),
                            "version" => Ok(GeneratedField::Version),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = Host;
            fn expecting(
                &self,
                formatter: &mut std::fmt::Formatter<'_>,
            ) -> std::fmt::Result {
                formatter.write_str("struct dapr.proto.placement.v1.Host")
            }
            fn visit_map<V>(self, mut map_: V) -> std::result::Result<Host, V::Error>
            where
                V: serde::de::MapAccess<'de>,
            {
                let mut name__ = None;
                let mut port__ = None;
                let mut load__ = None;
                let mut entities__ = None;
                let mut id__ = None;
                let mut pod__ = None;
                let mut api_level__ = None;
                let mut namespace__ = None;
                let mut operation__ = None;
                let mut version__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Name => {
                            if name__.is_some() {
                                return Err(serde::de::Error::duplicate_field("name"));
                            }
                            name__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Port => {
                            if port__.is_some() {
                                return Err(serde::de::Error::duplicate_field("port"));
                            }
                            port__ = Some(
                                map_
                                    .next_value::<::pbjson::private::NumberDeserialize<_>>()?
                                    .0,
                            );
                        }
                        GeneratedField::Load => {
                            if load__.is_some() {
                                return Err(serde::de::Error::duplicate_field("load"));
                            }
                            load__ = Some(
                                map_
                                    .next_value::<::pbjson::private::NumberDeserialize<_>>()?
                                    .0,
                            );
                        }
                        GeneratedField::Entities => {
                            if entities__.is_some() {
                                return Err(serde::de::Error::duplicate_field("entities"));
                            }
                            entities__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Id => {
                            if id__.is_some() {
                                return Err(serde::de::Error::duplicate_field("id"));
                            }
                            id__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Pod => {
                            if pod__.is_some() {
                                return Err(serde::de::Error::duplicate_field("pod"));
                            }
                            pod__ = Some(map_.next_value()?);
                        }
                        GeneratedField::ApiLevel => {
                            if api_level__.is_some() {
                                return Err(serde::de::Error::duplicate_field("apiLevel"));
                            }
                            api_level__ = Some(
                                map_
                                    .next_value::<::pbjson::private::NumberDeserialize<_>>()?
                                    .0,
                            );
                        }
                        GeneratedField::Namespace => {
                            if namespace__.is_some() {
                                return Err(serde::de::Error::duplicate_field("namespace"));
                            }
                            namespace__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Operation => {
                            if operation__.is_some() {
                                return Err(serde::de::Error::duplicate_field("operation"));
                            }
                            operation__ = Some(
                                map_.next_value::<HostOperation>()? as i32,
                            );
                        }
                        GeneratedField::Version => {
                            if version__.is_some() {
                                return Err(serde::de::Error::duplicate_field("version"));
                            }
                            version__ = map_
                                .next_value::<
                                    ::std::option::Option<
                                        ::pbjson::private::NumberDeserialize<_>,
                                    >,
                                >()?
                                .map(|x| x.0);
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(Host {
                    name: name__.unwrap_or_default(),
                    port: port__.unwrap_or_default(),
                    load: load__.unwrap_or_default(),
                    entities: entities__.unwrap_or_default(),
                    id: id__.unwrap_or_default(),
                    pod: pod__.unwrap_or_default(),
                    api_level: api_level__.unwrap_or_default(),
                    namespace: namespace__.unwrap_or_default(),
                    operation: operation__.unwrap_or_default(),
                    version: version__,
                })
            }
        }
        deserializer
            .deserialize_struct("dapr.proto.placement.v1.Host", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for HostOperation {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        let variant = match self {
            Self::Unknown => "UNKNOWN",
            Self::Report => "REPORT",
            Self::Lock => "LOCK",
            Self::Update => "UPDATE",
            Self::Unlock => "UNLOCK",
        };
        serializer.serialize_str(variant)
    }
}
impl<'de> serde::Deserialize<'de> for HostOperation {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &["UNKNOWN", "REPORT", "LOCK", "UPDATE", "UNLOCK"];
        struct GeneratedVisitor;
        impl serde::de::Visitor<'_> for GeneratedVisitor {
            type Value = HostOperation;
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
                        x.try_into().ok().or_else(|| Some(HostOperation::default()))
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
                        x.try_into().ok().or_else(|| Some(HostOperation::default()))
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
                    "UNKNOWN" => Ok(HostOperation::Unknown),
                    "REPORT" => Ok(HostOperation::Report),
                    "LOCK" => Ok(HostOperation::Lock),
                    "UPDATE" => Ok(HostOperation::Update),
                    "UNLOCK" => Ok(HostOperation::Unlock),
                    _ => Ok(HostOperation::default()),
                }
            }
        }
        deserializer.deserialize_any(GeneratedVisitor)
    }
}
impl serde::Serialize for PlacementOrder {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.tables.is_some() {
            len += 1;
        }
        if !self.operation.is_empty() {
            len += 1;
        }
        if self.version != 0 {
            len += 1;
        }
        let mut struct_ser = serializer
            .serialize_struct("dapr.proto.placement.v1.PlacementOrder", len)?;
        if let Some(v) = self.tables.as_ref() {
            struct_ser.serialize_field("tables", v)?;
        }
        if !self.operation.is_empty() {
            struct_ser.serialize_field("operation", &self.operation)?;
        }
        if self.version != 0 {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser
                .serialize_field(
                    "version",
                    ToString::to_string(&self.version).as_str(),
                )?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for PlacementOrder {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &["tables", "operation", "version"];
        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Tables,
            Operation,
            Version,
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
                            "tables" => Ok(GeneratedField::Tables),
                            "operation" => Ok(GeneratedField::Operation),
                            "version" => Ok(GeneratedField::Version),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = PlacementOrder;
            fn expecting(
                &self,
                formatter: &mut std::fmt::Formatter<'_>,
            ) -> std::fmt::Result {
                formatter.write_str("struct dapr.proto.placement.v1.PlacementOrder")
            }
            fn visit_map<V>(
                self,
                mut map_: V,
            ) -> std::result::Result<PlacementOrder, V::Error>
            where
                V: serde::de::MapAccess<'de>,
            {
                let mut tables__ = None;
                let mut operation__ = None;
                let mut version__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Tables => {
                            if tables__.is_some() {
                                return Err(serde::de::Error::duplicate_field("tables"));
                            }
                            tables__ = map_.next_value()?;
                        }
                        GeneratedField::Operation => {
                            if operation__.is_some() {
                                return Err(serde::de::Error::duplicate_field("operation"));
                            }
                            operation__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Version => {
                            if version__.is_some() {
                                return Err(serde::de::Error::duplicate_field("version"));
                            }
                            version__ = Some(
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
                Ok(PlacementOrder {
                    tables: tables__,
                    operation: operation__.unwrap_or_default(),
                    version: version__.unwrap_or_default(),
                })
            }
        }
        deserializer
            .deserialize_struct(
                "dapr.proto.placement.v1.PlacementOrder",
                FIELDS,
                GeneratedVisitor,
            )
    }
}
impl serde::Serialize for PlacementTable {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if !self.hosts.is_empty() {
            len += 1;
        }
        if !self.sorted_set.is_empty() {
            len += 1;
        }
        if !self.load_map.is_empty() {
            len += 1;
        }
        if self.total_load != 0 {
            len += 1;
        }
        let mut struct_ser = serializer
            .serialize_struct("dapr.proto.placement.v1.PlacementTable", len)?;
        if !self.hosts.is_empty() {
            struct_ser.serialize_field("hosts", &self.hosts)?;
        }
        if !self.sorted_set.is_empty() {
            struct_ser
                .serialize_field(
                    "sortedSet",
                    &self.sorted_set.iter().map(ToString::to_string).collect::<Vec<_>>(),
                )?;
        }
        if !self.load_map.is_empty() {
            struct_ser.serialize_field("loadMap", &self.load_map)?;
        }
        if self.total_load != 0 {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser
                .serialize_field(
                    "totalLoad",
                    ToString::to_string(&self.total_load).as_str(),
                )?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for PlacementTable {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "hosts",
            "sorted_set",
            "sortedSet",
            "load_map",
            "loadMap",
            "total_load",
            "totalLoad",
        ];
        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Hosts,
            SortedSet,
            LoadMap,
            TotalLoad,
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
                            "hosts" => Ok(GeneratedField::Hosts),
                            "sortedSet" | "sorted_set" => Ok(GeneratedField::SortedSet),
                            "loadMap" | "load_map" => Ok(GeneratedField::LoadMap),
                            "totalLoad" | "total_load" => Ok(GeneratedField::TotalLoad),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = PlacementTable;
            fn expecting(
                &self,
                formatter: &mut std::fmt::Formatter<'_>,
            ) -> std::fmt::Result {
                formatter.write_str("struct dapr.proto.placement.v1.PlacementTable")
            }
            fn visit_map<V>(
                self,
                mut map_: V,
            ) -> std::result::Result<PlacementTable, V::Error>
            where
                V: serde::de::MapAccess<'de>,
            {
                let mut hosts__ = None;
                let mut sorted_set__ = None;
                let mut load_map__ = None;
                let mut total_load__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Hosts => {
                            if hosts__.is_some() {
                                return Err(serde::de::Error::duplicate_field("hosts"));
                            }
                            hosts__ = Some(
                                map_
                                    .next_value::<
                                        std::collections::HashMap<
                                            ::pbjson::private::NumberDeserialize<u64>,
                                            _,
                                        >,
                                    >()?
                                    .into_iter()
                                    .map(|(k, v)| (k.0, v))
                                    .collect(),
                            );
                        }
                        GeneratedField::SortedSet => {
                            if sorted_set__.is_some() {
                                return Err(serde::de::Error::duplicate_field("sortedSet"));
                            }
                            sorted_set__ = Some(
                                map_
                                    .next_value::<
                                        Vec<::pbjson::private::NumberDeserialize<_>>,
                                    >()?
                                    .into_iter()
                                    .map(|x| x.0)
                                    .collect(),
                            );
                        }
                        GeneratedField::LoadMap => {
                            if load_map__.is_some() {
                                return Err(serde::de::Error::duplicate_field("loadMap"));
                            }
                            load_map__ = Some(
                                map_.next_value::<std::collections::HashMap<_, _>>()?,
                            );
                        }
                        GeneratedField::TotalLoad => {
                            if total_load__.is_some() {
                                return Err(serde::de::Error::duplicate_field("totalLoad"));
                            }
                            total_load__ = Some(
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
                Ok(PlacementTable {
                    hosts: hosts__.unwrap_or_default(),
                    sorted_set: sorted_set__.unwrap_or_default(),
                    load_map: load_map__.unwrap_or_default(),
                    total_load: total_load__.unwrap_or_default(),
                })
            }
        }
        deserializer
            .deserialize_struct(
                "dapr.proto.placement.v1.PlacementTable",
                FIELDS,
                GeneratedVisitor,
            )
    }
}
impl serde::Serialize for PlacementTables {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if !self.entries.is_empty() {
            len += 1;
        }
        if !self.version.is_empty() {
            len += 1;
        }
        if self.api_level != 0 {
            len += 1;
        }
        if self.replication_factor != 0 {
            len += 1;
        }
        let mut struct_ser = serializer
            .serialize_struct("dapr.proto.placement.v1.PlacementTables", len)?;
        if !self.entries.is_empty() {
            struct_ser.serialize_field("entries", &self.entries)?;
        }
        if !self.version.is_empty() {
            struct_ser.serialize_field("version", &self.version)?;
        }
        if self.api_level != 0 {
            struct_ser.serialize_field("apiLevel", &self.api_level)?;
        }
        if self.replication_factor != 0 {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser
                .serialize_field(
                    "replicationFactor",
                    ToString::to_string(&self.replication_factor).as_str(),
                )?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for PlacementTables {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "entries",
            "version",
            "api_level",
            "apiLevel",
            "replication_factor",
            "replicationFactor",
        ];
        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Entries,
            Version,
            ApiLevel,
            ReplicationFactor,
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
                            "entries" => Ok(GeneratedField::Entries),
                            "version" => Ok(GeneratedField::Version),
                            "apiLevel" | "api_level" => Ok(GeneratedField::ApiLevel),
                            "replicationFactor" | "replication_factor" => {
                                Ok(GeneratedField::ReplicationFactor)
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
            type Value = PlacementTables;
            fn expecting(
                &self,
                formatter: &mut std::fmt::Formatter<'_>,
            ) -> std::fmt::Result {
                formatter.write_str("struct dapr.proto.placement.v1.PlacementTables")
            }
            fn visit_map<V>(
                self,
                mut map_: V,
            ) -> std::result::Result<PlacementTables, V::Error>
            where
                V: serde::de::MapAccess<'de>,
            {
                let mut entries__ = None;
                let mut version__ = None;
                let mut api_level__ = None;
                let mut replication_factor__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Entries => {
                            if entries__.is_some() {
                                return Err(serde::de::Error::duplicate_field("entries"));
                            }
                            entries__ = Some(
                                map_.next_value::<std::collections::HashMap<_, _>>()?,
                            );
                        }
                        GeneratedField::Version => {
                            if version__.is_some() {
                                return Err(serde::de::Error::duplicate_field("version"));
                            }
                            version__ = Some(map_.next_value()?);
                        }
                        GeneratedField::ApiLevel => {
                            if api_level__.is_some() {
                                return Err(serde::de::Error::duplicate_field("apiLevel"));
                            }
                            api_level__ = Some(
                                map_
                                    .next_value::<::pbjson::private::NumberDeserialize<_>>()?
                                    .0,
                            );
                        }
                        GeneratedField::ReplicationFactor => {
                            if replication_factor__.is_some() {
                                return Err(
                                    serde::de::Error::duplicate_field("replicationFactor"),
                                );
                            }
                            replication_factor__ = Some(
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
                Ok(PlacementTables {
                    entries: entries__.unwrap_or_default(),
                    version: version__.unwrap_or_default(),
                    api_level: api_level__.unwrap_or_default(),
                    replication_factor: replication_factor__.unwrap_or_default(),
                })
            }
        }
        deserializer
            .deserialize_struct(
                "dapr.proto.placement.v1.PlacementTables",
                FIELDS,
                GeneratedVisitor,
            )
    }
}
impl serde::Serialize for StatePlacementTable {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if !self.hosts.is_empty() {
            len += 1;
        }
        if self.version != 0 {
            len += 1;
        }
        let mut struct_ser = serializer
            .serialize_struct("dapr.proto.placement.v1.StatePlacementTable", len)?;
        if !self.hosts.is_empty() {
            struct_ser.serialize_field("hosts", &self.hosts)?;
        }
        if self.version != 0 {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser
                .serialize_field(
                    "version",
                    ToString::to_string(&self.version).as_str(),
                )?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for StatePlacementTable {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &["hosts", "version"];
        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Hosts,
            Version,
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
                            "hosts" => Ok(GeneratedField::Hosts),
                            "version" => Ok(GeneratedField::Version),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = StatePlacementTable;
            fn expecting(
                &self,
                formatter: &mut std::fmt::Formatter<'_>,
            ) -> std::fmt::Result {
                formatter.write_str("struct dapr.proto.placement.v1.StatePlacementTable")
            }
            fn visit_map<V>(
                self,
                mut map_: V,
            ) -> std::result::Result<StatePlacementTable, V::Error>
            where
                V: serde::de::MapAccess<'de>,
            {
                let mut hosts__ = None;
                let mut version__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Hosts => {
                            if hosts__.is_some() {
                                return Err(serde::de::Error::duplicate_field("hosts"));
                            }
                            hosts__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Version => {
                            if version__.is_some() {
                                return Err(serde::de::Error::duplicate_field("version"));
                            }
                            version__ = Some(
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
                Ok(StatePlacementTable {
                    hosts: hosts__.unwrap_or_default(),
                    version: version__.unwrap_or_default(),
                })
            }
        }
        deserializer
            .deserialize_struct(
                "dapr.proto.placement.v1.StatePlacementTable",
                FIELDS,
                GeneratedVisitor,
            )
    }
}
impl serde::Serialize for StatePlacementTables {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if !self.tables.is_empty() {
            len += 1;
        }
        let mut struct_ser = serializer
            .serialize_struct("dapr.proto.placement.v1.StatePlacementTables", len)?;
        if !self.tables.is_empty() {
            struct_ser.serialize_field("tables", &self.tables)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for StatePlacementTables {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &["tables"];
        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Tables,
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
                            "tables" => Ok(GeneratedField::Tables),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = StatePlacementTables;
            fn expecting(
                &self,
                formatter: &mut std::fmt::Formatter<'_>,
            ) -> std::fmt::Result {
                formatter
                    .write_str("struct dapr.proto.placement.v1.StatePlacementTables")
            }
            fn visit_map<V>(
                self,
                mut map_: V,
            ) -> std::result::Result<StatePlacementTables, V::Error>
            where
                V: serde::de::MapAccess<'de>,
            {
                let mut tables__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Tables => {
                            if tables__.is_some() {
                                return Err(serde::de::Error::duplicate_field("tables"));
                            }
                            tables__ = Some(
                                map_.next_value::<std::collections::HashMap<_, _>>()?,
                            );
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(StatePlacementTables {
                    tables: tables__.unwrap_or_default(),
                })
            }
        }
        deserializer
            .deserialize_struct(
                "dapr.proto.placement.v1.StatePlacementTables",
                FIELDS,
                GeneratedVisitor,
            )
    }
}
