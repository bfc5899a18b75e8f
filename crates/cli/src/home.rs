//! Where Dapr lives on this machine: `~/.dapr`, or `.dapr` under `--runtime-path`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The Dapr directory of one invocation. Nothing is created until someone asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Home {
    root: PathBuf,
    /// Chosen by flag or environment: then its `bin` comes before the CLI's own directory.
    chosen: bool,
}

impl Home {
    /// `--runtime-path`, else `DAPR_RUNTIME_PATH`, else the home directory of the user.
    pub(crate) fn locate(flag: Option<&Path>) -> Result<Self> {
        let variable = std::env::var_os("DAPR_RUNTIME_PATH").filter(|value| !value.is_empty());
        match flag.map(Path::to_path_buf).or(variable.map(PathBuf::from)) {
            Some(base) => Self::under(&base),
            None => {
                let home =
                    std::env::home_dir().context("no home directory is known; set HOME or pass --runtime-path")?;
                Ok(Self { root: home.join(".dapr"), chosen: false })
            }
        }
    }

    /// The Dapr directory under `base`, made absolute so that children with another working
    /// directory find it too.
    pub(crate) fn under(base: &Path) -> Result<Self> {
        let base = std::path::absolute(base).with_context(|| format!("cannot resolve {}", base.display()))?;
        Ok(Self { root: base.join(".dapr"), chosen: true })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn bin(&self) -> PathBuf {
        self.root.join("bin")
    }

    pub(crate) fn components(&self) -> PathBuf {
        self.root.join("components")
    }

    pub(crate) fn config_file(&self) -> PathBuf {
        self.root.join("config.yaml")
    }

    /// The keys and certificates of this machine's Sentry.
    pub(crate) fn certificates(&self) -> PathBuf {
        self.root.join("certs")
    }

    /// The SQLite file behind the default state store.
    pub(crate) fn state_file(&self) -> PathBuf {
        self.root.join("state.db")
    }

    /// The SQLite file behind the default pub/sub.
    pub(crate) fn pubsub_file(&self) -> PathBuf {
        self.root.join("pubsub.db")
    }

    /// A program of Dapr: beside this executable, then in `bin`, then on `PATH`; a home chosen
    /// by hand is asked first.
    pub(crate) fn find_program(&self, name: &str) -> Option<PathBuf> {
        let mut places: Vec<PathBuf> = own_directory().into_iter().chain([self.bin()]).collect();
        if self.chosen {
            places.reverse();
        }
        places.extend(search_path());
        places.into_iter().map(|place| place.join(name)).find(|path| is_executable(path))
    }

    /// As [`Home::find_program`], with a sentence for people when `daprd` is nowhere.
    pub(crate) fn daprd(&self) -> Result<PathBuf> {
        self.find_program("daprd").with_context(|| {
            format!(
                "cannot find daprd: it is neither beside this executable, nor in {}, nor on PATH; put it beside `dapr` or run `dapr init`",
                self.bin().display()
            )
        })
    }
}

/// The directory of the running executable.
pub(crate) fn own_directory() -> Option<PathBuf> {
    std::env::current_exe().ok()?.parent().map(Path::to_path_buf)
}

/// The directories of `PATH`.
pub(crate) fn search_path() -> Vec<PathBuf> {
    std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default()
}

/// Whether `path` is a file that may be executed.
pub(crate) fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_runtime_path_gets_dot_dapr_below_it() {
        let home = Home::under(Path::new("/opt/x")).unwrap();
        assert_eq!(home.root(), Path::new("/opt/x/.dapr"));
        assert_eq!(home.config_file(), Path::new("/opt/x/.dapr/config.yaml"));
    }

    #[test]
    fn a_chosen_home_is_asked_first_for_programs() {
        let base = tempfile::tempdir().unwrap();
        let home = Home::under(base.path()).unwrap();
        std::fs::create_dir_all(home.bin()).unwrap();
        let program = home.bin().join("daprd");
        std::fs::write(&program, "").unwrap();
        assert_ne!(home.find_program("daprd"), Some(program.clone()), "not executable yet");
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(home.daprd().unwrap(), program);
    }
}
