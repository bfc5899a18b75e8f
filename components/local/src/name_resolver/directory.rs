//! Where the files are, and who may write there.
//!
//! The default depends on the user alone and on no environment variable: a login shell, a cron job and a service have
//! different ones, and their apps are to find each other. Whoever can write to the directory can name an address, so one
//! that others can write to is refused.

use std::fs::{self, DirBuilder};
use std::io;
use std::path::{Path, PathBuf};

use dapr_spi::{Error, ErrorKind, Result};

/// A directory that was found to be safe.
#[derive(Debug)]
pub(super) struct Directory {
    path: PathBuf,
    /// The default is this user's alone; one that was configured may be shared with a group.
    private: bool,
}

impl Directory {
    /// The directory of `configured`, or the default one; made if it is missing. Blocks.
    pub(super) fn open(configured: Option<PathBuf>) -> Result<Self> {
        let private = configured.is_none();
        let directory = Self { path: configured.unwrap_or_else(default_path), private };
        directory.ensure()?;
        Ok(directory)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes the directory again if somebody removed it, and checks who may write there.
    pub(super) fn ensure(&self) -> Result<()> {
        if let Some(parent) = self.path.parent().filter(|_| !self.private) {
            fs::create_dir_all(parent).map_err(|error| self.cannot("make", error))?;
        }
        match builder().create(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(self.cannot("make", error)),
            _ => {}
        }
        // What stands at the default path may be somebody else's link; a configured one is the user's own affair.
        let metadata = if self.private { fs::symlink_metadata(&self.path) } else { fs::metadata(&self.path) };
        let metadata = metadata.map_err(|error| self.cannot("read", error))?;
        if !metadata.is_dir() {
            return Err(Error::failed(format!("`{}` is not a directory; {REMEDY}", self.path.display())));
        }
        self.check(&metadata)
    }

    /// A failure of the file system.
    pub(super) fn cannot(&self, what: &str, error: io::Error) -> Error {
        let text = format!("cannot {what} the directory of name resolution `{}`", self.path.display());
        Error::from_source(ErrorKind::Failed, &text, error)
    }

    #[cfg(unix)]
    fn check(&self, metadata: &fs::Metadata) -> Result<()> {
        use std::os::unix::fs::MetadataExt;
        let (mode, owner) = (metadata.mode(), metadata.uid());
        let path = self.path.display();
        if self.private && owner != rustix::process::geteuid().as_raw() {
            return Err(Error::failed(format!("directory `{path}` belongs to user {owner}; {REMEDY}")));
        }
        let open_to_others = if self.private { mode & 0o077 } else { mode & 0o002 };
        if open_to_others != 0 {
            return Err(Error::failed(format!(
                "directory `{path}` has mode {:03o}, so others could name an address; {REMEDY}",
                mode & 0o777
            )));
        }
        Ok(())
    }

    #[cfg(not(unix))]
    fn check(&self, _: &fs::Metadata) -> Result<()> {
        Ok(())
    }

    /// How files are made: as open as the directory.
    pub(super) fn options(&self) -> fs::OpenOptions {
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, if self.private { 0o600 } else { 0o644 });
        options
    }
}

const REMEDY: &str = "remove it, or choose another one in the field `directory` of \
    `spec.nameResolution.configuration`";

fn builder() -> DirBuilder {
    #[allow(unused_mut, reason = "not changed where there are no modes")]
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

#[cfg(unix)]
fn default_path() -> PathBuf {
    PathBuf::from(format!("/tmp/dapr-apps-{}", rustix::process::geteuid().as_raw()))
}

/// Elsewhere the directory for temporary files is the user's own already.
#[cfg(not(unix))]
fn default_path() -> PathBuf {
    std::env::temp_dir().join("dapr-apps")
}
