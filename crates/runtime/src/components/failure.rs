//! Why a component could not be started.

use std::fmt;

use dapr_resources::Component;
use dapr_resources::component::secrets::KUBERNETES_STORE;
use dapr_spi::ErrorKind;
use dapr_telemetry::metrics::InitFailure;

const INIT_COMPONENT_FAILURE: &str = "[INIT_COMPONENT_FAILURE]: initialization error occurred for";

/// Why a component could not be started, in the words that tools look for
/// (interface/crds-config.md 4.1) and with the cause in ours.
#[derive(Debug)]
pub(crate) struct Failure {
    component: String,
    cause: String,
    step: Step,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// The type's category is none of Dapr's.
    Category,
    /// No such type, or not in this binary.
    Create,
    /// The settings are wrong.
    Settings,
    /// Opening it failed; the kind says whether it may pass.
    Init(ErrorKind),
    /// A secret store that is not there.
    SecretStore,
}

impl Failure {
    fn new(component: &Component, step: Step, cause: String) -> Self {
        Self { component: super::start::log_name(component), cause, step }
    }

    pub(super) fn category(component: &Component, cause: impl fmt::Display) -> Self {
        let cause = cause.to_string();
        Self { component: component.metadata.name.clone(), cause, step: Step::Category }
    }

    pub(super) fn create(component: &Component, cause: impl fmt::Display) -> Self {
        let cause = match &component.metadata.origin.0 {
            Some(position) => format!("{position}: {cause}"),
            None => cause.to_string(),
        };
        Self::new(component, Step::Create, cause)
    }

    pub(super) fn settings(component: &Component, cause: impl fmt::Display) -> Self {
        Self::new(component, Step::Settings, cause.to_string())
    }

    pub(super) fn init(component: &Component, error: &dapr_spi::Error) -> Self {
        Self::new(component, Step::Init(error.kind()), error.to_string())
    }

    pub(super) fn timeout(component: &Component, after: std::time::Duration, last: Option<String>) -> Self {
        let last = last.map(|last| format!("; the last attempt said: {last}")).unwrap_or_default();
        let cause = format!("init timeout for component {} exceeded after {after:?}{last}", component.metadata.name);
        Self::new(component, Step::Init(ErrorKind::Unavailable), cause)
    }

    pub(super) fn secret_store(component: &Component, store: &str) -> Self {
        let cause = match store {
            "" => "a `secretKeyRef` needs a secret store: set `auth.secretStore` to the name of one".to_owned(),
            _ => format!("it takes secrets from the secret store `{store}`, which is not loaded"),
        };
        Self::new(component, Step::SecretStore, cause)
    }

    /// The operator puts the secrets of Kubernetes in; these it did not.
    pub(super) fn not_inlined(component: &Component) -> Self {
        let open = component.spec.metadata.iter().filter(|item| !item.secret_key_ref.is_absent());
        let fields: Vec<&str> = open.map(|item| item.name.as_str()).collect();
        let cause = format!(
            "the operator did not send the Kubernetes secrets for {}; see that they exist and have the keys that are \
             named, since this build has no secret store `{KUBERNETES_STORE}` to ask for them",
            fields.join(", ")
        );
        Self::new(component, Step::SecretStore, cause)
    }

    pub(super) fn two_actor_stores(first: &str, second: &Component) -> Self {
        let cause = format!(
            "detected duplicate actor state store: {first} and {}; set `actorStateStore` on one of them",
            second.metadata.name
        );
        Self::new(second, Step::Settings, cause)
    }

    /// Whether trying again may help.
    pub(super) fn may_pass(&self) -> bool {
        matches!(self.step, Step::Init(kind) if kind != ErrorKind::Invalid && kind != ErrorKind::Unsupported)
    }

    /// Whether another component that is open may be why: it holds a port or a lock.
    pub(super) fn may_be_in_the_way(&self) -> bool {
        matches!(self.step, Step::Init(_))
    }

    /// The component waits, and the sidecar goes on without it.
    pub(super) fn waits_for_secret_store(&self) -> bool {
        self.step == Step::SecretStore
    }

    /// The cause alone.
    pub(super) fn cause(&self) -> &str {
        &self.cause
    }

    /// The label of the metric.
    pub(super) fn metric(&self) -> InitFailure {
        if matches!(self.step, Step::Category | Step::Create) { InitFailure::Creation } else { InitFailure::Init }
    }

    /// As the log has it, twice wrapped where the incumbent wraps twice, since tools look for it.
    pub(super) fn in_the_log(&self) -> String {
        match self.step {
            Step::Settings | Step::Init(_) => {
                let (name, component, cause) = (self.name(), &self.component, self.wrapped());
                format!("process component {name} error: {INIT_COMPONENT_FAILURE} {component}: {cause}")
            }
            _ => self.to_string(),
        }
    }

    /// The cause, and which component failed at which step.
    pub(super) fn wrapped(&self) -> String {
        let (component, cause) = (&self.component, &self.cause);
        match self.step {
            Step::Category => cause.clone(),
            Step::Create => {
                format!("[CREATE_COMPONENT_FAILURE]: error occurred during component creation for {component}: {cause}")
            }
            Step::Settings | Step::Init(_) => format!("{INIT_COMPONENT_FAILURE} {component}: {cause}"),
            Step::SecretStore => format!("component {component} waits: {cause}"),
        }
    }

    fn name(&self) -> &str {
        self.component.split(' ').next().unwrap_or_default()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.step != Step::SecretStore {
            write!(f, "process component {} error: ", self.name())?;
        }
        f.write_str(&self.wrapped())
    }
}

impl std::error::Error for Failure {}
