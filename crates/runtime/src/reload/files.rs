//! Resource directories and Configuration files as a source of changes.

use std::path::PathBuf;
use std::time::Duration;

use dapr_resources::{Configuration, LoadError, Loaded, Problem, configuration};

use super::watch::Watcher;
use crate::Config;

/// Two resources of one name may be so only for a moment, while one file takes the place of another.
const DUPLICATE_GRACE: Duration = Duration::from_secs(1);

/// The files of a sidecar.
pub(crate) struct Files {
    config: Config,
    watcher: Watcher,
    /// What was told of the files before, so that it is told once.
    told: Vec<Problem>,
}

/// What files have now; absent what cannot be read, of which nothing is known.
pub(crate) struct Now {
    pub(crate) resources: Option<Loaded>,
    pub(crate) configuration: Option<Configuration>,
}

/// Resources contradict each other: no sidecar may run with them.
#[derive(Debug, thiserror::Error)]
#[error("failed to load resources from disk: {0}")]
pub(crate) struct Contradiction(String);

impl Files {
    /// Watches from now on.
    pub(crate) fn new(config: Config) -> Self {
        let configurations = config.configurations.iter().map(PathBuf::from).collect();
        let watcher = Watcher::new(config.resource_paths.clone(), configurations);
        Self { config, watcher, told: Vec::new() }
    }

    /// Ends when a look is due. May be dropped and called again without loss.
    pub(crate) async fn changed(&mut self) {
        self.watcher.changed().await;
    }

    /// Reads everything.
    ///
    /// # Errors
    /// Two resources of a kind have one name, and still have it a second later.
    pub(crate) async fn read(&mut self) -> Result<Now, Contradiction> {
        self.watcher.renew();
        let configuration = self.configuration();
        let resources = match self.load() {
            Err(LoadError::Duplicates(_)) => {
                tokio::time::sleep(DUPLICATE_GRACE).await;
                self.load()
            }
            loaded => loaded,
        };
        match resources {
            Ok(loaded) => {
                self.tell(&loaded.problems);
                Ok(Now { resources: Some(loaded), configuration })
            }
            Err(error @ LoadError::Directory { .. }) => {
                tracing::error!(target: "dapr.runtime.hotreload", "{error}; what is loaded stays");
                Ok(Now { resources: None, configuration })
            }
            Err(LoadError::Duplicates(duplicates)) => {
                for duplicate in &duplicates {
                    if let [Some(later), Some(earlier)] = &duplicate.positions {
                        tracing::error!(target: "dapr.runtime.hotreload", "{later} repeats {earlier}");
                    }
                }
                let messages: Vec<String> = duplicates.into_iter().map(|duplicate| duplicate.message).collect();
                Err(Contradiction(messages.join("\n")))
            }
        }
    }

    fn load(&self) -> Result<Loaded, LoadError> {
        crate::sidecar::source::load_files(&self.config)
    }

    fn configuration(&self) -> Option<Configuration> {
        let lookup = |name: &str| self.config.environment.get(name).map(str::to_owned);
        match configuration::load_files(&self.config.configurations, lookup) {
            Ok(loaded) => Some(loaded.configuration),
            Err(error) => {
                tracing::error!(target: "dapr.runtime.hotreload", "{error}; the Configuration stays as it is");
                None
            }
        }
    }

    /// Tells what is wrong with the files and was not told before.
    fn tell(&mut self, problems: &[Problem]) {
        for problem in problems.iter().filter(|problem| !self.told.contains(problem)) {
            match problem.severity {
                dapr_resources::Severity::Error => {
                    tracing::error!(target: "dapr.runtime.hotreload", "{problem}; what is loaded from this file stays");
                }
                dapr_resources::Severity::Warning => tracing::warn!(target: "dapr.runtime.hotreload", "{problem}"),
            }
        }
        self.told = problems.to_vec();
    }
}
