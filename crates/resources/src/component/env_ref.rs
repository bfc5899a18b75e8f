//! `envRef`: metadata values that come from daprd's environment, and which variables may.

use crate::{Kind, Problem, Resource, Value};

/// Fills in every `envRef` item that has no value of its own. A variable that may not be read
/// leaves the item empty and is reported. An unset variable gives the empty text.
///
/// `allow_list` is the text of `DAPR_ENV_KEYS`, which the injector sets.
pub fn resolve<R: Resource>(
    resource: &mut R,
    env: impl Fn(&str) -> Option<String>,
    allow_list: Option<&str>,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    let owner = format!("{} {}", R::KIND.name(), resource.metadata().name);
    let field = if R::KIND == Kind::Component { "spec.metadata" } else { "spec.headers" };
    for (index, item) in resource.pairs_mut().iter_mut().enumerate() {
        if !item.value.is_absent() || item.env_ref.is_empty() {
            continue;
        }
        let variable = std::mem::take(&mut item.env_ref);
        if is_allowed(&variable, allow_list) {
            item.value = Value::from(env(&variable).unwrap_or_default());
        } else {
            let message = format!("{owner} references an env variable that isn't allowed: {variable}");
            problems.push(Problem::warning(item.origin.0.clone(), format!("{field}[{index}].envRef"), message));
        }
    }
    problems
}

/// Whether a resource may read an environment variable: never Dapr's own or the app's API token,
/// and only listed ones while there is a list. Names are compared in upper case.
pub fn is_allowed(variable: &str, allow_list: Option<&str>) -> bool {
    let variable = variable.to_uppercase();
    if variable.is_empty() || variable == "APP_API_TOKEN" || variable.starts_with("DAPR_") || variable.contains(' ') {
        return false;
    }
    match allow_list {
        None | Some("") => true,
        Some(list) => list.split(' ').any(|listed| listed == variable),
    }
}
