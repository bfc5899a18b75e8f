//! Filtering by namespace and scope, and two resources with one name.

use std::collections::HashMap;

use super::{Duplicate, LoadError, Loader};
use crate::Resource;

/// Keeps what the app may see. Duplicates are looked for after the namespace filter and before
/// the scope filter, but only against resources that are in scope: of two with one name, an
/// out-of-scope one is passed over when it comes first and refused when it comes second. That is
/// the incumbent's order (`pkg/internal/loader/disk/disk.go`).
pub(super) fn filter<R: Resource>(resources: Vec<R>, loader: &Loader<'_>, duplicates: &mut Vec<Duplicate>) -> Vec<R> {
    let mut kept: Vec<R> = Vec::with_capacity(resources.len());
    let mut names: HashMap<String, usize> = HashMap::new();
    for resource in resources.into_iter().filter(|resource| resource.in_namespace(loader.namespace)) {
        if let Some(first) = names.get(&resource.metadata().name) {
            duplicates.push(duplicate(&resource, &kept[*first]));
        } else if loader.app_id.is_none_or(|app_id| resource.in_scope(app_id)) {
            names.insert(resource.metadata().name.clone(), kept.len());
            kept.push(resource);
        }
    }
    kept
}

fn duplicate<R: Resource>(resource: &R, existing: &R) -> Duplicate {
    Duplicate {
        message: format!(
            "duplicate definition of {} name {} with existing {}",
            R::KIND.name(),
            resource.log_name(),
            existing.log_name()
        ),
        positions: [resource, existing].map(|twin| twin.metadata().origin.0.clone()),
    }
}

/// The error for duplicates that daprd must not start with.
pub(super) fn refuse(duplicates: Vec<Duplicate>) -> Result<(), LoadError> {
    if duplicates.is_empty() { Ok(()) } else { Err(LoadError::Duplicates(duplicates)) }
}
