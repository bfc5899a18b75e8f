// Written by `cargo xtask codegen` from proto/: edit there.

/// The HTTP side of an invocation. A gRPC callee may ignore it.
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct HttpExtension {
    #[prost(enumeration = "http_extension::Verb", tag = "1")]
    pub verb: i32,
    /// Without the leading "?".
    #[prost(string, tag = "2")]
    pub querystring: ::prost::alloc::string::String,
}
/// Nested message and enum types in `HTTPExtension`.
pub mod http_extension {
    #[derive(
        Clone,
        Copy,
        Debug,
        PartialEq,
        Eq,
        Hash,
        PartialOrd,
        Ord,
        ::prost::Enumeration
    )]
    #[repr(i32)]
    pub enum Verb {
        /// An HTTP application is never called with NONE or CONNECT: the call is refused.
        None = 0,
        Get = 1,
        Head = 2,
        Post = 3,
        Put = 4,
        Delete = 5,
        Connect = 6,
        Options = 7,
        Trace = 8,
        Patch = 9,
    }
    impl Verb {
        /// String value of the enum field names used in the ProtoBuf definition.
        ///
        /// The values are not transformed in any way and thus are considered stable
        /// (if the ProtoBuf definition does not change) and safe for programmatic use.
        pub fn as_str_name(&self) -> &'static str {
            match self {
                Self::None => "NONE",
                Self::Get => "GET",
                Self::Head => "HEAD",
                Self::Post => "POST",
                Self::Put => "PUT",
                Self::Delete => "DELETE",
                Self::Connect => "CONNECT",
                Self::Options => "OPTIONS",
                Self::Trace => "TRACE",
                Self::Patch => "PATCH",
            }
        }
        /// Creates an enum from field names used in the ProtoBuf definition.
        pub fn from_str_name(value: &str) -> ::core::option::Option<Self> {
            match value {
                "NONE" => Some(Self::None),
                "GET" => Some(Self::Get),
                "HEAD" => Some(Self::Head),
                "POST" => Some(Self::Post),
                "PUT" => Some(Self::Put),
                "DELETE" => Some(Self::Delete),
                "CONNECT" => Some(Self::Connect),
                "OPTIONS" => Some(Self::Options),
                "TRACE" => Some(Self::Trace),
                "PATCH" => Some(Self::Patch),
                _ => None,
            }
        }
    }
}
/// A call of a method of an application.
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct InvokeRequest {
    /// For an HTTP application, a path without the leading slash.
    #[prost(string, tag = "1")]
    pub method: ::prost::alloc::string::String,
    #[prost(message, optional, tag = "2")]
    pub data: ::core::option::Option<::pbjson_types::Any>,
    /// Media type of the bytes in `data`, when those are not a protobuf message.
    #[prost(string, tag = "3")]
    pub content_type: ::prost::alloc::string::String,
    #[prost(message, optional, tag = "4")]
    pub http_extension: ::core::option::Option<HttpExtension>,
}
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct InvokeResponse {
    #[prost(message, optional, tag = "1")]
    pub data: ::core::option::Option<::pbjson_types::Any>,
    #[prost(string, tag = "2")]
    pub content_type: ::prost::alloc::string::String,
}
/// A piece of a body that travels in several messages.
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct StreamPayload {
    #[prost(bytes = "bytes", tag = "1")]
    pub data: ::prost::bytes::Bytes,
    /// Counts from 0 without a gap, so that a lost or repeated piece is noticed.
    #[prost(uint64, tag = "2")]
    pub seq: u64,
}
/// A key and its value, with what a store must observe when it writes them.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct StateItem {
    #[prost(string, tag = "1")]
    pub key: ::prost::alloc::string::String,
    #[prost(bytes = "bytes", tag = "2")]
    pub value: ::prost::bytes::Bytes,
    /// Absent: whatever is stored is overwritten, unless `options` asks for the first write to win.
    #[prost(message, optional, tag = "3")]
    pub etag: ::core::option::Option<Etag>,
    #[prost(map = "string, string", tag = "4")]
    pub metadata: ::std::collections::HashMap<
        ::prost::alloc::string::String,
        ::prost::alloc::string::String,
    >,
    #[prost(message, optional, tag = "5")]
    pub options: ::core::option::Option<StateOptions>,
}
/// A message and not a string, so that absent and empty differ.
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct Etag {
    #[prost(string, tag = "1")]
    pub value: ::prost::alloc::string::String,
}
#[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
pub struct StateOptions {
    #[prost(enumeration = "state_options::StateConcurrency", tag = "1")]
    pub concurrency: i32,
    #[prost(enumeration = "state_options::StateConsistency", tag = "2")]
    pub consistency: i32,
}
/// Nested message and enum types in `StateOptions`.
pub mod state_options {
    #[derive(
        Clone,
        Copy,
        Debug,
        PartialEq,
        Eq,
        Hash,
        PartialOrd,
        Ord,
        ::prost::Enumeration
    )]
    #[repr(i32)]
    pub enum StateConcurrency {
        /// Left to the store, as is the unspecified consistency.
        ConcurrencyUnspecified = 0,
        ConcurrencyFirstWrite = 1,
        ConcurrencyLastWrite = 2,
    }
    impl StateConcurrency {
        /// String value of the enum field names used in the ProtoBuf definition.
        ///
        /// The values are not transformed in any way and thus are considered stable
        /// (if the ProtoBuf definition does not change) and safe for programmatic use.
        pub fn as_str_name(&self) -> &'static str {
            match self {
                Self::ConcurrencyUnspecified => "CONCURRENCY_UNSPECIFIED",
                Self::ConcurrencyFirstWrite => "CONCURRENCY_FIRST_WRITE",
                Self::ConcurrencyLastWrite => "CONCURRENCY_LAST_WRITE",
            }
        }
        /// Creates an enum from field names used in the ProtoBuf definition.
        pub fn from_str_name(value: &str) -> ::core::option::Option<Self> {
            match value {
                "CONCURRENCY_UNSPECIFIED" => Some(Self::ConcurrencyUnspecified),
                "CONCURRENCY_FIRST_WRITE" => Some(Self::ConcurrencyFirstWrite),
                "CONCURRENCY_LAST_WRITE" => Some(Self::ConcurrencyLastWrite),
                _ => None,
            }
        }
    }
    #[derive(
        Clone,
        Copy,
        Debug,
        PartialEq,
        Eq,
        Hash,
        PartialOrd,
        Ord,
        ::prost::Enumeration
    )]
    #[repr(i32)]
    pub enum StateConsistency {
        ConsistencyUnspecified = 0,
        ConsistencyEventual = 1,
        ConsistencyStrong = 2,
    }
    impl StateConsistency {
        /// String value of the enum field names used in the ProtoBuf definition.
        ///
        /// The values are not transformed in any way and thus are considered stable
        /// (if the ProtoBuf definition does not change) and safe for programmatic use.
        pub fn as_str_name(&self) -> &'static str {
            match self {
                Self::ConsistencyUnspecified => "CONSISTENCY_UNSPECIFIED",
                Self::ConsistencyEventual => "CONSISTENCY_EVENTUAL",
                Self::ConsistencyStrong => "CONSISTENCY_STRONG",
            }
        }
        /// Creates an enum from field names used in the ProtoBuf definition.
        pub fn from_str_name(value: &str) -> ::core::option::Option<Self> {
            match value {
                "CONSISTENCY_UNSPECIFIED" => Some(Self::ConsistencyUnspecified),
                "CONSISTENCY_EVENTUAL" => Some(Self::ConsistencyEventual),
                "CONSISTENCY_STRONG" => Some(Self::ConsistencyStrong),
                _ => None,
            }
        }
    }
}
/// One value of a configuration store.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct ConfigurationItem {
    #[prost(string, tag = "1")]
    pub value: ::prost::alloc::string::String,
    #[prost(string, tag = "2")]
    pub version: ::prost::alloc::string::String,
    #[prost(map = "string, string", tag = "3")]
    pub metadata: ::std::collections::HashMap<
        ::prost::alloc::string::String,
        ::prost::alloc::string::String,
    >,
}
/// What the scheduler does after a failed trigger. Absent: 3 retries, a second apart.
#[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
pub struct JobFailurePolicy {
    #[prost(oneof = "job_failure_policy::Policy", tags = "1, 2")]
    pub policy: ::core::option::Option<job_failure_policy::Policy>,
}
/// Nested message and enum types in `JobFailurePolicy`.
pub mod job_failure_policy {
    #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Oneof)]
    pub enum Policy {
        #[prost(message, tag = "1")]
        Drop(super::JobFailurePolicyDrop),
        #[prost(message, tag = "2")]
        Constant(super::JobFailurePolicyConstant),
    }
}
/// Give up at once.
#[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
pub struct JobFailurePolicyDrop {}
/// Try again after a fixed pause.
#[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
pub struct JobFailurePolicyConstant {
    /// Absent: at once.
    #[prost(message, optional, tag = "1")]
    pub interval: ::core::option::Option<::pbjson_types::Duration>,
    /// Absent: without end.
    #[prost(uint32, optional, tag = "2")]
    pub max_retries: ::core::option::Option<u32>,
}
impl serde::Serialize for ConfigurationItem {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if !self.value.is_empty() {
            len += 1;
        }
        if !self.version.is_empty() {
            len += 1;
        }
        if !self.metadata.is_empty() {
            len += 1;
        }
        let mut struct_ser = serializer
            .serialize_struct("dapr.proto.common.v1.ConfigurationItem", len)?;
        if !self.value.is_empty() {
            struct_ser.serialize_field("value", &self.value)?;
        }
        if !self.version.is_empty() {
            struct_ser.serialize_field("version", &self.version)?;
        }
        if !self.metadata.is_empty() {
            struct_ser.serialize_field("metadata", &self.metadata)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for ConfigurationItem {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &["value", "version", "metadata"];
        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Value,
            Version,
            Metadata,
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
                            "value" => Ok(GeneratedField::Value),
                            "version" => Ok(GeneratedField::Version),
                            "metadata" => Ok(GeneratedField::Metadata),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = ConfigurationItem;
            fn expecting(
                &self,
                formatter: &mut std::fmt::Formatter<'_>,
            ) -> std::fmt::Result {
                formatter.write_str("struct dapr.proto.common.v1.ConfigurationItem")
            }
            fn visit_map<V>(
                self,
                mut map_: V,
            ) -> std::result::Result<ConfigurationItem, V::Error>
            where
                V: serde::de::MapAccess<'de>,
            {
                let mut value__ = None;
                let mut version__ = None;
                let mut metadata__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Value => {
                            if value__.is_some() {
                                return Err(serde::de::Error::duplicate_field("value"));
                            }
                            value__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Version => {
                            if version__.is_some() {
                                return Err(serde::de::Error::duplicate_field("version"));
                            }
                            version__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Metadata => {
                            if metadata__.is_some() {
                                return Err(serde::de::Error::duplicate_field("metadata"));
                            }
                            metadata__ = Some(
                                map_.next_value::<std::collections::HashMap<_, _>>()?,
                            );
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(ConfigurationItem {
                    value: value__.unwrap_or_default(),
                    version: version__.unwrap_or_default(),
                    metadata: metadata__.unwrap_or_default(),
                })
            }
        }
        deserializer
            .deserialize_struct(
                "dapr.proto.common.v1.ConfigurationItem",
                FIELDS,
                GeneratedVisitor,
            )
    }
}
impl serde::Serialize for Etag {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if !self.value.is_empty() {
            len += 1;
        }
        let mut struct_ser = serializer
            .serialize_struct("dapr.proto.common.v1.Etag", len)?;
        if !self.value.is_empty() {
            struct_ser.serialize_field("value", &self.value)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for Etag {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &["value"];
        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Value,
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
                            "value" => Ok(GeneratedField::Value),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = Etag;
            fn expecting(
                &self,
                formatter: &mut std::fmt::Formatter<'_>,
            ) -> std::fmt::Result {
                formatter.write_str("struct dapr.proto.common.v1.Etag")
            }
            fn visit_map<V>(self, mut map_: V) -> std::result::Result<Etag, V::Error>
            where
                V: serde::de::MapAccess<'de>,
            {
                let mut value__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Value => {
                            if value__.is_some() {
                                return Err(serde::de::Error::duplicate_field("value"));
                            }
                            value__ = Some(map_.next_value()?);
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(Etag {
                    value: value__.unwrap_or_default(),
                })
            }
        }
        deserializer
            .deserialize_struct("dapr.proto.common.v1.Etag", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for HttpExtension {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.verb != 0 {
            len += 1;
        }
        if !self.querystring.is_empty() {
            len += 1;
        }
        let mut struct_ser = serializer
            .serialize_struct("dapr.proto.common.v1.HTTPExtension", len)?;
        if self.verb != 0 {
            let v = http_extension::Verb::try_from(self.verb)
                .map_err(|_| serde::ser::Error::custom(
                    format!("Invalid variant {}", self.verb),
                ))?;
            struct_ser.serialize_field("verb", &v)?;
        }
        if !self.querystring.is_empty() {
            struct_ser.serialize_field("querystring", &self.querystring)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for HttpExtension {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &["verb", "querystring"];
        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Verb,
            Querystring,
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
                            "verb" => Ok(GeneratedField::Verb),
                            "querystring" => Ok(GeneratedField::Querystring),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = HttpExtension;
            fn expecting(
                &self,
                formatter: &mut std::fmt::Formatter<'_>,
            ) -> std::fmt::Result {
                formatter.write_str("struct dapr.proto.common.v1.HTTPExtension")
            }
            fn visit_map<V>(
                self,
                mut map_: V,
            ) -> std::result::Result<HttpExtension, V::Error>
            where
                V: serde::de::MapAccess<'de>,
            {
                let mut verb__ = None;
                let mut querystring__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Verb => {
                            if verb__.is_some() {
                                return Err(serde::de::Error::duplicate_field("verb"));
                            }
                            verb__ = Some(
                                map_.next_value::<http_extension::Verb>()? as i32,
                            );
                        }
                        GeneratedField::Querystring => {
                            if querystring__.is_some() {
                                return Err(
                                    serde::de::Error::duplicate_field("querystring"),
                                );
                            }
                            querystring__ = Some(map_.next_value()?);
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(HttpExtension {
                    verb: verb__.unwrap_or_default(),
                    querystring: querystring__.unwrap_or_default(),
                })
            }
        }
        deserializer
            .deserialize_struct(
                "dapr.proto.common.v1.HTTPExtension",
                FIELDS,
                GeneratedVisitor,
            )
    }
}
impl serde::Serialize for http_extension::Verb {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        let variant = match self {
            Self::None => "NONE",
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
            Self::Connect => "CONNECT",
            Self::Options => "OPTIONS",
            Self::Trace => "TRACE",
            Self::Patch => "PATCH",
        };
        serializer.serialize_str(variant)
    }
}
impl<'de> serde::Deserialize<'de> for http_extension::Verb {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "NONE",
            "GET",
            "HEAD",
            "POST",
            "PUT",
            "DELETE",
            "CONNECT",
            "OPTIONS",
            "TRACE",
            "PATCH",
        ];
        struct GeneratedVisitor;
        impl serde::de::Visitor<'_> for GeneratedVisitor {
            type Value = http_extension::Verb;
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
                        x
                            .try_into()
                            .ok()
                            .or_else(|| Some(http_extension::Verb::default()))
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
                        x
                            .try_into()
                            .ok()
                            .or_else(|| Some(http_extension::Verb::default()))
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
                    "NONE" => Ok(http_extension::Verb::None),
                    "GET" => Ok(http_extension::Verb::Get),
                    "HEAD" => Ok(http_extension::Verb::Head),
                    "POST" => Ok(http_extension::Verb::Post),
                    "PUT" => Ok(http_extension::Verb::Put),
                    "DELETE" => Ok(http_extension::Verb::Delete),
                    "CONNECT" => Ok(http_extension::Verb::Connect),
                    "OPTIONS" => Ok(http_extension::Verb::Options),
                    "TRACE" => Ok(http_extension::Verb::Trace),
                    "PATCH" => Ok(http_extension::Verb::Patch),
                    _ => Ok(http_extension::Verb::default()),
                }
            }
        }
        deserializer.deserialize_any(GeneratedVisitor)
    }
}
impl serde::Serialize for InvokeRequest {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if !self.method.is_empty() {
            len += 1;
        }
        if self.data.is_some() {
            len += 1;
        }
        if !self.content_type.is_empty() {
            len += 1;
        }
        if self.http_extension.is_some() {
            len += 1;
        }
        let mut struct_ser = serializer
            .serialize_struct("dapr.proto.common.v1.InvokeRequest", len)?;
        if !self.method.is_empty() {
            struct_ser.serialize_field("method", &self.method)?;
        }
        if let Some(v) = self.data.as_ref() {
            struct_ser.serialize_field("data", v)?;
        }
        if !self.content_type.is_empty() {
            struct_ser.serialize_field("contentType", &self.content_type)?;
        }
        if let Some(v) = self.http_extension.as_ref() {
            struct_ser.serialize_field("httpExtension", v)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for InvokeRequest {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "method",
            "data",
            "content_type",
            "contentType",
            "http_extension",
            "httpExtension",
        ];
        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Method,
            Data,
            ContentType,
            HttpExtension,
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
                            "method" => Ok(GeneratedField::Method),
                            "data" => Ok(GeneratedField::Data),
                            "contentType" | "content_type" => {
                                Ok(GeneratedField::ContentType)
                            }
                            "httpExtension" | "http_extension" => {
                                Ok(GeneratedField::HttpExtension)
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
            type Value = InvokeRequest;
            fn expecting(
                &self,
                formatter: &mut std::fmt::Formatter<'_>,
            ) -> std::fmt::Result {
                formatter.write_str("struct dapr.proto.common.v1.InvokeRequest")
            }
            fn visit_map<V>(
                self,
                mut map_: V,
            ) -> std::result::Result<InvokeRequest, V::Error>
            where
                V: serde::de::MapAccess<'de>,
            {
                let mut method__ = None;
                let mut data__ = None;
                let mut content_type__ = None;
                let mut http_extension__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Method => {
                            if method__.is_some() {
                                return Err(serde::de::Error::duplicate_field("method"));
                            }
                            method__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Data => {
                            if data__.is_some() {
                                return Err(serde::de::Error::duplicate_field("data"));
                            }
                            data__ = map_.next_value()?;
                        }
                        GeneratedField::ContentType => {
                            if content_type__.is_some() {
                                return Err(
                                    serde::de::Error::duplicate_field("contentType"),
                                );
                            }
                            content_type__ = Some(map_.next_value()?);
                        }
                        GeneratedField::HttpExtension => {
                            if http_extension__.is_some() {
                                return Err(
                                    serde::de::Error::duplicate_field("httpExtension"),
                                );
                            }
                            http_extension__ = map_.next_value()?;
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(InvokeRequest {
                    method: method__.unwrap_or_default(),
                    data: data__,
                    content_type: content_type__.unwrap_or_default(),
                    http_extension: http_extension__,
                })
            }
        }
        deserializer
            .deserialize_struct(
                "dapr.proto.common.v1.InvokeRequest",
                FIELDS,
                GeneratedVisitor,
            )
    }
}
impl serde::Serialize for InvokeResponse {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.data.is_some() {
            len += 1;
        }
        if !self.content_type.is_empty() {
            len += 1;
        }
        let mut struct_ser = serializer
            .serialize_struct("dapr.proto.common.v1.InvokeResponse", len)?;
        if let Some(v) = self.data.as_ref() {
            struct_ser.serialize_field("data", v)?;
        }
        if !self.content_type.is_empty() {
            struct_ser.serialize_field("contentType", &self.content_type)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for InvokeResponse {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &["data", "content_type", "contentType"];
        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Data,
            ContentType,
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
                            "data" => Ok(GeneratedField::Data),
                            "contentType" | "content_type" => {
                                Ok(GeneratedField::ContentType)
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
            type Value = InvokeResponse;
            fn expecting(
                &self,
                formatter: &mut std::fmt::Formatter<'_>,
            ) -> std::fmt::Result {
                formatter.write_str("struct dapr.proto.common.v1.InvokeResponse")
            }
            fn visit_map<V>(
                self,
                mut map_: V,
            ) -> std::result::Result<InvokeResponse, V::Error>
            where
                V: serde::de::MapAccess<'de>,
            {
                let mut data__ = None;
                let mut content_type__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Data => {
                            if data__.is_some() {
                                return Err(serde::de::Error::duplicate_field("data"));
                            }
                            data__ = map_.next_value()?;
                        }
                        GeneratedField::ContentType => {
                            if content_type__.is_some() {
                                return Err(
                                    serde::de::Error::duplicate_field("contentType"),
                                );
                            }
                            content_type__ = Some(map_.next_value()?);
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(InvokeResponse {
                    data: data__,
                    content_type: content_type__.unwrap_or_default(),
                })
            }
        }
        deserializer
            .deserialize_struct(
                "dapr.proto.common.v1.InvokeResponse",
                FIELDS,
                GeneratedVisitor,
            )
    }
}
impl serde::Serialize for JobFailurePolicy {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.policy.is_some() {
            len += 1;
        }
        let mut struct_ser = serializer
            .serialize_struct("dapr.proto.common.v1.JobFailurePolicy", len)?;
        if let Some(v) = self.policy.as_ref() {
            match v {
                job_failure_policy::Policy::Drop(v) => {
                    struct_ser.serialize_field("drop", v)?;
                }
                job_failure_policy::Policy::Constant(v) => {
                    struct_ser.serialize_field("constant", v)?;
                }
            }
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for JobFailurePolicy {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &["drop", "constant"];
        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Drop,
            Constant,
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
                            "drop" => Ok(GeneratedField::Drop),
                            "constant" => Ok(GeneratedField::Constant),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = JobFailurePolicy;
            fn expecting(
                &self,
                formatter: &mut std::fmt::Formatter<'_>,
            ) -> std::fmt::Result {
                formatter.write_str("struct dapr.proto.common.v1.JobFailurePolicy")
            }
            fn visit_map<V>(
                self,
                mut map_: V,
            ) -> std::result::Result<JobFailurePolicy, V::Error>
            where
                V: serde::de::MapAccess<'de>,
            {
                let mut policy__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Drop => {
                            if policy__.is_some() {
                                return Err(serde::de::Error::duplicate_field("drop"));
                            }
                            policy__ = map_
                                .next_value::<::std::option::Option<_>>()?
                                .map(job_failure_policy::Policy::Drop);
                        }
                        GeneratedField::Constant => {
                            if policy__.is_some() {
                                return Err(serde::de::Error::duplicate_field("constant"));
                            }
                            policy__ = map_
                                .next_value::<::std::option::Option<_>>()?
                                .map(job_failure_policy::Policy::Constant);
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(JobFailurePolicy {
                    policy: policy__,
                })
            }
        }
        deserializer
            .deserialize_struct(
                "dapr.proto.common.v1.JobFailurePolicy",
                FIELDS,
                GeneratedVisitor,
            )
    }
}
impl serde::Serialize for JobFailurePolicyConstant {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.interval.is_some() {
            len += 1;
        }
        if self.max_retries.is_some() {
            len += 1;
        }
        let mut struct_ser = serializer
            .serialize_struct("dapr.proto.common.v1.JobFailurePolicyConstant", len)?;
        if let Some(v) = self.interval.as_ref() {
            struct_ser.serialize_field("interval", v)?;
        }
        if let Some(v) = self.max_retries.as_ref() {
            struct_ser.serialize_field("maxRetries", v)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for JobFailurePolicyConstant {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &["interval", "max_retries", "maxRetries"];
        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Interval,
            MaxRetries,
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
                            "interval" => Ok(GeneratedField::Interval),
                            "maxRetries" | "max_retries" => {
                                Ok(GeneratedField::MaxRetries)
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
            type Value = JobFailurePolicyConstant;
            fn expecting(
                &self,
                formatter: &mut std::fmt::Formatter<'_>,
            ) -> std::fmt::Result {
                formatter
                    .write_str("struct dapr.proto.common.v1.JobFailurePolicyConstant")
            }
            fn visit_map<V>(
                self,
                mut map_: V,
            ) -> std::result::Result<JobFailurePolicyConstant, V::Error>
            where
                V: serde::de::MapAccess<'de>,
            {
                let mut interval__ = None;
                let mut max_retries__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Interval => {
                            if interval__.is_some() {
                                return Err(serde::de::Error::duplicate_field("interval"));
                            }
                            interval__ = map_.next_value()?;
                        }
                        GeneratedField::MaxRetries => {
                            if max_retries__.is_some() {
                                return Err(serde::de::Error::duplicate_field("maxRetries"));
                            }
                            max_retries__ = map_
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
                Ok(JobFailurePolicyConstant {
                    interval: interval__,
                    max_retries: max_retries__,
                })
            }
        }
        deserializer
            .deserialize_struct(
                "dapr.proto.common.v1.JobFailurePolicyConstant",
                FIELDS,
                GeneratedVisitor,
            )
    }
}
impl serde::Serialize for JobFailurePolicyDrop {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let len = 0;
        let struct_ser = serializer
            .serialize_struct("dapr.proto.common.v1.JobFailurePolicyDrop", len)?;
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for JobFailurePolicyDrop {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[];
        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
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
                        Ok(GeneratedField::__SkipField__)
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = JobFailurePolicyDrop;
            fn expecting(
                &self,
                formatter: &mut std::fmt::Formatter<'_>,
            ) -> std::fmt::Result {
                formatter.write_str("struct dapr.proto.common.v1.JobFailurePolicyDrop")
            }
            fn visit_map<V>(
                self,
                mut map_: V,
            ) -> std::result::Result<JobFailurePolicyDrop, V::Error>
            where
                V: serde::de::MapAccess<'de>,
            {
                while map_.next_key::<GeneratedField>()?.is_some() {
                    let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                }
                Ok(JobFailurePolicyDrop {})
            }
        }
        deserializer
            .deserialize_struct(
                "dapr.proto.common.v1.JobFailurePolicyDrop",
                FIELDS,
                GeneratedVisitor,
            )
    }
}
impl serde::Serialize for StateItem {
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
        if !self.value.is_empty() {
            len += 1;
        }
        if self.etag.is_some() {
            len += 1;
        }
        if !self.metadata.is_empty() {
            len += 1;
        }
        if self.options.is_some() {
            len += 1;
        }
        let mut struct_ser = serializer
            .serialize_struct("dapr.proto.common.v1.StateItem", len)?;
        if !self.key.is_empty() {
            struct_ser.serialize_field("key", &self.key)?;
        }
        if !self.value.is_empty() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser
                .serialize_field(
                    "value",
                    pbjson::private::base64::encode(&self.value).as_str(),
                )?;
        }
        if let Some(v) = self.etag.as_ref() {
            struct_ser.serialize_field("etag", v)?;
        }
        if !self.metadata.is_empty() {
            struct_ser.serialize_field("metadata", &self.metadata)?;
        }
        if let Some(v) = self.options.as_ref() {
            struct_ser.serialize_field("options", v)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for StateItem {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &["key", "value", "etag", "metadata", "options"];
        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Key,
            Value,
            Etag,
            Metadata,
            Options,
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
                            "value" => Ok(GeneratedField::Value),
                            "etag" => Ok(GeneratedField::Etag),
                            "metadata" => Ok(GeneratedField::Metadata),
                            "options" => Ok(GeneratedField::Options),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = StateItem;
            fn expecting(
                &self,
                formatter: &mut std::fmt::Formatter<'_>,
            ) -> std::fmt::Result {
                formatter.write_str("struct dapr.proto.common.v1.StateItem")
            }
            fn visit_map<V>(
                self,
                mut map_: V,
            ) -> std::result::Result<StateItem, V::Error>
            where
                V: serde::de::MapAccess<'de>,
            {
                let mut key__ = None;
                let mut value__ = None;
                let mut etag__ = None;
                let mut metadata__ = None;
                let mut options__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Key => {
                            if key__.is_some() {
                                return Err(serde::de::Error::duplicate_field("key"));
                            }
                            key__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Value => {
                            if value__.is_some() {
                                return Err(serde::de::Error::duplicate_field("value"));
                            }
                            value__ = Some(
                                map_
                                    .next_value::<::pbjson::private::BytesDeserialize<_>>()?
                                    .0,
                            );
                        }
                        GeneratedField::Etag => {
                            if etag__.is_some() {
                                return Err(serde::de::Error::duplicate_field("etag"));
                            }
                            etag__ = map_.next_value()?;
                        }
                        GeneratedField::Metadata => {
                            if metadata__.is_some() {
                                return Err(serde::de::Error::duplicate_field("metadata"));
                            }
                            metadata__ = Some(
                                map_.next_value::<std::collections::HashMap<_, _>>()?,
                            );
                        }
                        GeneratedField::Options => {
                            if options__.is_some() {
                                return Err(serde::de::Error::duplicate_field("options"));
                            }
                            options__ = map_.next_value()?;
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(StateItem {
                    key: key__.unwrap_or_default(),
                    value: value__.unwrap_or_default(),
                    etag: etag__,
                    metadata: metadata__.unwrap_or_default(),
                    options: options__,
                })
            }
        }
        deserializer
            .deserialize_struct(
                "dapr.proto.common.v1.StateItem",
                FIELDS,
                GeneratedVisitor,
            )
    }
}
impl serde::Serialize for StateOptions {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.concurrency != 0 {
            len += 1;
        }
        if self.consistency != 0 {
            len += 1;
        }
        let mut struct_ser = serializer
            .serialize_struct("dapr.proto.common.v1.StateOptions", len)?;
        if self.concurrency != 0 {
            let v = state_options::StateConcurrency::try_from(self.concurrency)
                .map_err(|_| serde::ser::Error::custom(
                    format!("Invalid variant {}", self.concurrency),
                ))?;
            struct_ser.serialize_field("concurrency", &v)?;
        }
        if self.consistency != 0 {
            let v = state_options::StateConsistency::try_from(self.consistency)
                .map_err(|_| serde::ser::Error::custom(
                    format!("Invalid variant {}", self.consistency),
                ))?;
            struct_ser.serialize_field("consistency", &v)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for StateOptions {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &["concurrency", "consistency"];
        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Concurrency,
            Consistency,
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
                            "concurrency" => Ok(GeneratedField::Concurrency),
                            "consistency" => Ok(GeneratedField::Consistency),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = StateOptions;
            fn expecting(
                &self,
                formatter: &mut std::fmt::Formatter<'_>,
            ) -> std::fmt::Result {
                formatter.write_str("struct dapr.proto.common.v1.StateOptions")
            }
            fn visit_map<V>(
                self,
                mut map_: V,
            ) -> std::result::Result<StateOptions, V::Error>
            where
                V: serde::de::MapAccess<'de>,
            {
                let mut concurrency__ = None;
                let mut consistency__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Concurrency => {
                            if concurrency__.is_some() {
                                return Err(
                                    serde::de::Error::duplicate_field("concurrency"),
                                );
                            }
                            concurrency__ = Some(
                                map_.next_value::<state_options::StateConcurrency>()? as i32,
                            );
                        }
                        GeneratedField::Consistency => {
                            if consistency__.is_some() {
                                return Err(
                                    serde::de::Error::duplicate_field("consistency"),
                                );
                            }
                            consistency__ = Some(
                                map_.next_value::<state_options::StateConsistency>()? as i32,
                            );
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(StateOptions {
                    concurrency: concurrency__.unwrap_or_default(),
                    consistency: consistency__.unwrap_or_default(),
                })
            }
        }
        deserializer
            .deserialize_struct(
                "dapr.proto.common.v1.StateOptions",
                FIELDS,
                GeneratedVisitor,
            )
    }
}
impl serde::Serialize for state_options::StateConcurrency {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        let variant = match self {
            Self::ConcurrencyUnspecified => "CONCURRENCY_UNSPECIFIED",
            Self::ConcurrencyFirstWrite => "CONCURRENCY_FIRST_WRITE",
            Self::ConcurrencyLastWrite => "CONCURRENCY_LAST_WRITE",
        };
        serializer.serialize_str(variant)
    }
}
impl<'de> serde::Deserialize<'de> for state_options::StateConcurrency {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "CONCURRENCY_UNSPECIFIED",
            "CONCURRENCY_FIRST_WRITE",
            "CONCURRENCY_LAST_WRITE",
        ];
        struct GeneratedVisitor;
        impl serde::de::Visitor<'_> for GeneratedVisitor {
            type Value = state_options::StateConcurrency;
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
                        x
                            .try_into()
                            .ok()
                            .or_else(|| Some(state_options::StateConcurrency::default()))
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
                        x
                            .try_into()
                            .ok()
                            .or_else(|| Some(state_options::StateConcurrency::default()))
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
                    "CONCURRENCY_UNSPECIFIED" => {
                        Ok(state_options::StateConcurrency::ConcurrencyUnspecified)
                    }
                    "CONCURRENCY_FIRST_WRITE" => {
                        Ok(state_options::StateConcurrency::ConcurrencyFirstWrite)
                    }
                    "CONCURRENCY_LAST_WRITE" => {
                        Ok(state_options::StateConcurrency::ConcurrencyLastWrite)
                    }
                    _ => Ok(state_options::StateConcurrency::default()),
                }
            }
        }
        deserializer.deserialize_any(GeneratedVisitor)
    }
}
impl serde::Serialize for state_options::StateConsistency {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        let variant = match self {
            Self::ConsistencyUnspecified => "CONSISTENCY_UNSPECIFIED",
            Self::ConsistencyEventual => "CONSISTENCY_EVENTUAL",
            Self::ConsistencyStrong => "CONSISTENCY_STRONG",
        };
        serializer.serialize_str(variant)
    }
}
impl<'de> serde::Deserialize<'de> for state_options::StateConsistency {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "CONSISTENCY_UNSPECIFIED",
            "CONSISTENCY_EVENTUAL",
            "CONSISTENCY_STRONG",
        ];
        struct GeneratedVisitor;
        impl serde::de::Visitor<'_> for GeneratedVisitor {
            type Value = state_options::StateConsistency;
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
                        x
                            .try_into()
                            .ok()
                            .or_else(|| Some(state_options::StateConsistency::default()))
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
                        x
                            .try_into()
                            .ok()
                            .or_else(|| Some(state_options::StateConsistency::default()))
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
                    "CONSISTENCY_UNSPECIFIED" => {
                        Ok(state_options::StateConsistency::ConsistencyUnspecified)
                    }
                    "CONSISTENCY_EVENTUAL" => {
                        Ok(state_options::StateConsistency::ConsistencyEventual)
                    }
                    "CONSISTENCY_STRONG" => {
                        Ok(state_options::StateConsistency::ConsistencyStrong)
                    }
                    _ => Ok(state_options::StateConsistency::default()),
                }
            }
        }
        deserializer.deserialize_any(GeneratedVisitor)
    }
}
impl serde::Serialize for StreamPayload {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if !self.data.is_empty() {
            len += 1;
        }
        if self.seq != 0 {
            len += 1;
        }
        let mut struct_ser = serializer
            .serialize_struct("dapr.proto.common.v1.StreamPayload", len)?;
        if !self.data.is_empty() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser
                .serialize_field(
                    "data",
                    pbjson::private::base64::encode(&self.data).as_str(),
                )?;
        }
        if self.seq != 0 {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("seq", ToString::to_string(&self.seq).as_str())?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for StreamPayload {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &["data", "seq"];
        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Data,
            Seq,
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
                            "data" => Ok(GeneratedField::Data),
                            "seq" => Ok(GeneratedField::Seq),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = StreamPayload;
            fn expecting(
                &self,
                formatter: &mut std::fmt::Formatter<'_>,
            ) -> std::fmt::Result {
                formatter.write_str("struct dapr.proto.common.v1.StreamPayload")
            }
            fn visit_map<V>(
                self,
                mut map_: V,
            ) -> std::result::Result<StreamPayload, V::Error>
            where
                V: serde::de::MapAccess<'de>,
            {
                let mut data__ = None;
                let mut seq__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Data => {
                            if data__.is_some() {
                                return Err(serde::de::Error::duplicate_field("data"));
                            }
                            data__ = Some(
                                map_
                                    .next_value::<::pbjson::private::BytesDeserialize<_>>()?
                                    .0,
                            );
                        }
                        GeneratedField::Seq => {
                            if seq__.is_some() {
                                return Err(serde::de::Error::duplicate_field("seq"));
                            }
                            seq__ = Some(
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
                Ok(StreamPayload {
                    data: data__.unwrap_or_default(),
                    seq: seq__.unwrap_or_default(),
                })
            }
        }
        deserializer
            .deserialize_struct(
                "dapr.proto.common.v1.StreamPayload",
                FIELDS,
                GeneratedVisitor,
            )
    }
}
