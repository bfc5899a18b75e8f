//! `daprd --validate`: checks resource files without starting anything.

use std::io::Write;
use std::path::{Path, PathBuf};

use dapr_resources::component::template::TemplateContext;
use dapr_resources::{Component, Loaded, Loader, Severity};
use dapr_spi::registry::{Registry, Unknown};

use crate::components::properties;

/// Prints a line for each problem and a last line that sums up; true when there is no error.
pub(crate) fn validate(paths: &[PathBuf], registry: &Registry, out: &mut impl Write) -> bool {
    let mut report = Report { errors: 0, warnings: 0, out };
    let mut components = 0;
    for path in paths {
        match load(path) {
            Ok(loaded) => {
                components += loaded.components.len();
                report.resources(&loaded, registry);
            }
            Err(error) => report.error(&error),
        }
    }
    let Report { errors, warnings, out } = report;
    let [components, errors_found, warnings] =
        [(components, "component"), (errors, "error"), (warnings, "warning")].map(|(count, noun)| counted(count, noun));
    let _ = writeln!(out, "{components} checked: {errors_found}, {warnings}");
    errors == 0
}

fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

fn load(path: &Path) -> Result<Loaded, String> {
    let loader = Loader { app_id: None, namespace: None };
    if path.is_dir() {
        return loader.directories(&[path]).map_err(|error| error.to_string());
    }
    let text = dapr_resources::yaml::read_file(path).map_err(|error| format!("{}: {error}", path.display()))?;
    loader.text(&path.display().to_string(), &text).map_err(|error| error.to_string())
}

struct Report<'a, W> {
    errors: usize,
    warnings: usize,
    out: &'a mut W,
}

impl<W: Write> Report<'_, W> {
    fn error(&mut self, text: &str) {
        self.errors += 1;
        let _ = writeln!(self.out, "error: {text}");
    }

    fn warning(&mut self, text: &str) {
        self.warnings += 1;
        let _ = writeln!(self.out, "warning: {text}");
    }

    fn resources(&mut self, loaded: &Loaded, registry: &Registry) {
        for problem in &loaded.problems {
            match problem.severity {
                Severity::Error => self.error(&problem.to_string()),
                Severity::Warning => self.warning(&problem.to_string()),
            }
        }
        for component in &loaded.components {
            self.component(component, registry);
        }
    }

    fn component(&mut self, component: &Component, registry: &Registry) {
        let spec = &component.spec;
        let entry = match registry.find(&spec.component_type, &spec.version) {
            Ok(entry) => entry,
            Err(unknown) => {
                let position = component.metadata.origin.0.as_ref().map(|at| format!("{at}: ")).unwrap_or_default();
                let text = format!("{position}component {}: {unknown}", component.metadata.name);
                // A type that resembles no other may be a pluggable component, which only a running sidecar sees.
                return match unknown {
                    Unknown::Type(_, hint) if hint.is_empty() => {
                        self.warning(&format!("{text}, unless a pluggable component brings it"))
                    }
                    _ => self.error(&text),
                };
            }
        };
        let template = TemplateContext { app_id: "app", namespace: "default", pod_name: Some("pod") };
        let properties = match properties::of(component, &template) {
            Ok(properties) => properties,
            Err(error) => return self.error(&error.to_string()),
        };
        for remark in entry.remarks(&properties) {
            self.warning(&remark.to_string());
        }
        if has_open_references(component) {
            return;
        }
        if let Err(problems) = entry.prepare(&properties) {
            for problem in problems {
                self.error(&problem.to_string());
            }
        }
    }
}

/// Values that only a secret store or an environment can tell; then the rest cannot be judged as a whole.
fn has_open_references(component: &Component) -> bool {
    component.spec.metadata.iter().any(|item| !item.secret_key_ref.is_absent() || !item.env_ref.is_empty())
}
