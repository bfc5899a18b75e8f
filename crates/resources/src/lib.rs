//! The resource kinds of `dapr.io`, how they are read from YAML files, and the rules that need
//! no running process: type names, deny lists, environment and secret references, templates.
//!
//! Nothing here reads the environment, opens a socket or logs: lookups are passed in, and what
//! is wrong with a file comes back as [`Problem`]s with file, line, column and field. The only
//! files read are those that [`load::Loader`] and [`configuration::load_files`] are pointed at.

pub mod component;
pub mod configuration;
mod desired;
mod go_duration;
pub mod http_endpoint;
pub mod load;
pub mod mcp_server;
mod metadata;
mod name_value;
mod position;
mod problem;
pub mod resiliency;
mod resource;
pub mod subscription;
pub mod workflow_access_policy;
pub mod yaml;

pub use component::{Component, ComponentSpec};
pub use configuration::{Configuration, ConfigurationSpec};
pub use desired::{Desired, Difference};
pub use go_duration::GoDuration;
pub use http_endpoint::HttpEndpoint;
pub use load::{LoadError, Loaded, Loader};
pub use mcp_server::McpServer;
pub use metadata::{Auth, ObjectMeta};
pub use name_value::{NameValuePair, SecretKeyRef, Value};
pub use position::{Origin, Position};
pub use problem::{Problem, Severity};
pub use resiliency::Resiliency;
pub use resource::{Kind, Resource, is_valid_name};
pub use subscription::Subscription;
pub use workflow_access_policy::WorkflowAccessPolicy;
