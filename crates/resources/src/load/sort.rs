//! From files to resources by kind, before any filter.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::duplicates::{filter, refuse};
use super::{LoadError, Loaded, Loader, is_yaml};
use crate::subscription::SubscriptionV1;
use crate::yaml::{self, Dialect, Node};
use crate::{Kind, ObjectMeta, Position, Problem, Resource, is_valid_name};

/// Gathers documents; [`Sorter::finish`] filters them.
#[derive(Default)]
pub(super) struct Sorter {
    all: Loaded,
}

impl Sorter {
    pub(super) fn file(&mut self, path: &Path) {
        let name: Arc<Path> = Arc::from(path);
        if !is_yaml(path) {
            self.all.problems.push(Problem::warning(
                None,
                "",
                format!("{} is not loaded, because its name does not end in .yaml or .yml", path.display()),
            ));
            return;
        }
        match yaml::read_file(path) {
            Ok(text) => self.text(&name, &text),
            // Deleted since the directory was listed, or a directory behind a link.
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::IsADirectory) => {}
            Err(error) => {
                self.all.broken.push(name);
                self.all.problems.push(Problem::error(None, "", format!("failed to read {}: {error}", path.display())))
            }
        }
    }

    pub(super) fn text(&mut self, file: &Arc<Path>, text: &str) {
        for (index, document) in yaml::documents(text).into_iter().enumerate() {
            if index == yaml::MAX_DOCUMENTS {
                let position = Position { file: Arc::clone(file), line: document.first_line, column: 1 };
                let message = format!("the file has more than {} documents; the rest is not read", yaml::MAX_DOCUMENTS);
                self.all.problems.push(Problem::error(Some(position), "", message));
                return;
            }
            let added = match yaml::parse(document.text, file, document.first_line, Dialect::Resource) {
                Ok(None) => Ok(()),
                Ok(Some(node)) => self.document(&node, index == 0),
                Err(problem) => Err(problem),
            };
            if let Err(problem) = added {
                self.all.problems.push(problem);
                if !self.all.broken.contains(file) {
                    self.all.broken.push(Arc::clone(file));
                }
            }
        }
    }

    fn document(&mut self, node: &Node, first: bool) -> Result<(), Problem> {
        let text = |name| node.get_any_case(name).and_then(Node::text).unwrap_or_default();
        let Some(kind) = Kind::parse(text("kind")) else {
            self.all.problems.extend(unknown_kind(node));
            return Ok(());
        };
        let version = text("apiVersion");
        // Resiliency files are told by their kind alone, and only the first document counts.
        if kind == Kind::Resiliency {
            return if first {
                self.add(kind, version, node)
            } else {
                Err(Problem::error(Some(node.position()), "", "a Resiliency must be the first document of its file"))
            };
        }
        if !kind.api_versions().contains(&version) {
            self.all.problems.push(wrong_version(node, kind, version));
            return Ok(());
        }
        self.add(kind, version, node)
    }

    fn add(&mut self, kind: Kind, version: &str, node: &Node) -> Result<(), Problem> {
        let Loaded {
            components,
            http_endpoints,
            subscriptions,
            resiliencies,
            configurations,
            mcp_servers,
            workflow_access_policies,
            problems,
            ..
        } = &mut self.all;
        match kind {
            Kind::Component => components.push(read(node, Dialect::Resource, problems)?),
            Kind::Configuration => configurations.push(read(node, Dialect::Resource, problems)?),
            Kind::HttpEndpoint => http_endpoints.push(read(node, Dialect::Resource, problems)?),
            Kind::McpServer => mcp_servers.push(read(node, Dialect::Resource, problems)?),
            Kind::Resiliency => resiliencies.push(read(node, Dialect::Resource, problems)?),
            Kind::Subscription if version == "dapr.io/v1alpha1" => {
                subscriptions.push(read::<SubscriptionV1>(node, Dialect::Resource, problems)?.into())
            }
            Kind::Subscription => subscriptions.push(read(node, Dialect::Resource, problems)?),
            Kind::WorkflowAccessPolicy => workflow_access_policies.push(read(node, Dialect::Resource, problems)?),
        }
        Ok(())
    }

    pub(super) fn finish(self, loader: &Loader<'_>) -> Result<Loaded, LoadError> {
        let mut loaded = self.all;
        let mut duplicates = Vec::new();
        loaded.components = filter(loaded.components, loader, &mut duplicates);
        loaded.http_endpoints = filter(loaded.http_endpoints, loader, &mut duplicates);
        loaded.mcp_servers = filter(loaded.mcp_servers, loader, &mut duplicates);
        loaded.workflow_access_policies = filter(loaded.workflow_access_policies, loader, &mut duplicates);
        loaded.resiliencies.retain(|resource| loader.app_id.is_none_or(|app_id| resource.in_scope(app_id)));
        refuse(duplicates)?;
        Ok(loaded)
    }
}

/// Whatever has object metadata.
trait Named {
    fn metadata_mut(&mut self) -> &mut ObjectMeta;
}

macro_rules! named {
    ($($kind:ty),*) => { $(impl Named for $kind {
        fn metadata_mut(&mut self) -> &mut ObjectMeta {
            &mut self.metadata
        }
    })* };
}

named!(
    crate::Component,
    crate::Configuration,
    crate::HttpEndpoint,
    crate::McpServer,
    crate::Resiliency,
    crate::Subscription,
    SubscriptionV1,
    crate::WorkflowAccessPolicy
);

fn read<R: Named + DeserializeOwned>(node: &Node, dialect: Dialect, problems: &mut Vec<Problem>) -> Result<R, Problem> {
    let mut resource: R = yaml::from_node(node, dialect, problems)?;
    let position =
        node.get("metadata").and_then(|metadata| metadata.get("name")).map_or_else(|| node.position(), Node::position);
    let metadata = resource.metadata_mut();
    if !is_valid_name(&metadata.name) {
        let message =
            format!("invalid name `{}`: a name may not be `.` or `..` and may not contain `/` or `%`", metadata.name);
        return Err(Problem::error(Some(position), "metadata.name", message));
    }
    metadata.origin = position.into();
    Ok(resource)
}

/// A warning when a document was probably meant for Dapr.
fn unknown_kind(node: &Node) -> Option<Problem> {
    if !node.get("apiVersion")?.text()?.starts_with("dapr.io/") {
        return None;
    }
    let kind = node.get_any_case("kind");
    let written = kind.and_then(Node::text).unwrap_or_default();
    let position = kind.unwrap_or(node).position();
    let suggestion = dapr_kit::suggest::nearest(written, Kind::ALL.map(Kind::name));
    Some(
        Problem::warning(
            Some(position),
            "kind",
            format!("Dapr has no resource kind `{written}`; the document is not loaded"),
        )
        .suggest(suggestion),
    )
}

fn wrong_version(node: &Node, kind: Kind, version: &str) -> Problem {
    let position = node.get("apiVersion").unwrap_or(node).position();
    let message = format!(
        "a {} has apiVersion {}, found `{version}`; the document is not loaded",
        kind.name(),
        kind.api_versions().join(" or ")
    );
    Problem::warning(Some(position), "apiVersion", message)
}
