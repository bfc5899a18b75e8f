//! What a row of the table is made of.

/// One kind of error.
#[derive(Debug, PartialEq, Eq)]
pub struct Row {
    /// The constant's name, for `docs/errors.md`.
    pub name: &'static str,
    /// `errorCode` of the JSON body and label of the metric.
    pub code: &'static str,
    /// `reason` of `google.rpc.ErrorInfo`.
    pub reason: &'static str,
    /// Metric label and chapter of `docs/errors.md`.
    pub category: Category,
    /// HTTP status.
    pub http: u16,
    /// gRPC status.
    pub grpc: Code,
    /// Which details go along.
    pub shape: Shape,
    /// The message; each `{name}` takes the next argument.
    pub template: &'static str,
    /// What the reader of the message should do.
    pub action: &'static str,
}

/// Which details an error carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Code and message only.
    Legacy,
    /// `ErrorInfo` over gRPC, code and message only over HTTP.
    Basic,
    /// `ErrorInfo` and whatever else is known, over both.
    Standard,
}

macro_rules! categories {
    ($($name:ident = $label:literal),* $(,)?) => {
        /// The building block an error belongs to.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "the names say it")]
        pub enum Category { $($name),* }

        impl Category {
            /// The label of the metric `error_code/total`.
            pub fn label(self) -> &'static str {
                match self { $(Category::$name => $label),* }
            }
        }
    };
}

categories! {
    Actor = "actor", Workflow = "workflow", State = "state", Configuration = "configuration", Crypto = "crypto",
    Secret = "secret", PubSub = "pubsub", Conversation = "conversation", ServiceInvocation = "service-invocation",
    Binding = "binding", Lock = "lock", Job = "job", Health = "health", Common = "common",
}

/// gRPC status codes, with their numbers on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "defined by gRPC")]
pub enum Code {
    Cancelled = 1,
    Unknown = 2,
    InvalidArgument = 3,
    DeadlineExceeded = 4,
    NotFound = 5,
    AlreadyExists = 6,
    PermissionDenied = 7,
    ResourceExhausted = 8,
    FailedPrecondition = 9,
    Aborted = 10,
    OutOfRange = 11,
    Unimplemented = 12,
    Internal = 13,
    Unavailable = 14,
    DataLoss = 15,
    Unauthenticated = 16,
}

impl Code {
    const ALL: [Self; 16] = [
        Self::Cancelled,
        Self::Unknown,
        Self::InvalidArgument,
        Self::DeadlineExceeded,
        Self::NotFound,
        Self::AlreadyExists,
        Self::PermissionDenied,
        Self::ResourceExhausted,
        Self::FailedPrecondition,
        Self::Aborted,
        Self::OutOfRange,
        Self::Unimplemented,
        Self::Internal,
        Self::Unavailable,
        Self::DataLoss,
        Self::Unauthenticated,
    ];

    /// The code with that number on the wire; `None` for 0, which is no error, and for numbers nobody knows.
    pub fn of_number(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|code| *code as i32 == number)
    }

    /// The HTTP status that stands for it, as gRPC gateways have it.
    pub fn http_status(self) -> u16 {
        match self {
            Self::InvalidArgument | Self::FailedPrecondition | Self::OutOfRange => 400,
            Self::Unauthenticated => 401,
            Self::PermissionDenied => 403,
            Self::NotFound => 404,
            Self::Cancelled => 408,
            Self::AlreadyExists | Self::Aborted => 409,
            Self::ResourceExhausted => 429,
            Self::Unknown | Self::Internal | Self::DataLoss => 500,
            Self::Unimplemented => 501,
            Self::Unavailable => 503,
            Self::DeadlineExceeded => 504,
        }
    }
}

/// The names are those of gRPC's Go library, which applications know from messages.
impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Cancelled => f.write_str("Canceled"),
            other => write!(f, "{other:?}"),
        }
    }
}
