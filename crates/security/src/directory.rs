//! The identity as files, for programs that read certificates from a directory.
//!
//! The directory is a symbolic link to one that is never changed after it is written, so a reader that opens the link
//! sees files of one identity.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::bundle::TrustBundle;
use crate::identity::Identity;

pub(crate) struct IdentityDirectory {
    target: PathBuf,
    /// The number of the next directory, and the directory to remove once that one is in place: the one before the
    /// current one, so that a reader who has just opened the link still finds its files.
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    current: Option<PathBuf>,
    previous: Option<PathBuf>,
}

impl IdentityDirectory {
    pub(crate) fn new(target: PathBuf) -> Self {
        Self { target, state: Mutex::default() }
    }

    /// Writes all files anew and puts them in place of the old ones in one step.
    pub(crate) fn write(&self, identity: &Identity, bundle: &TrustBundle) -> io::Result<()> {
        let name = self.target.file_name().ok_or_else(|| io::Error::other("the identity directory has no name"))?;
        let parent = self.target.parent().unwrap_or(Path::new(""));
        if fs::symlink_metadata(&self.target).is_ok_and(|found| !found.is_symlink()) {
            let target = self.target.display();
            return Err(io::Error::other(format!("{target} is there and no symbolic link: remove it or name another")));
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        create_directory(parent)?;
        let unique = format!("{}-{}", uuid::Uuid::new_v4().simple(), name.to_string_lossy());
        let fresh = parent.join(&unique);
        let link = parent.join(format!("{unique}.link"));
        let placed = fill(&fresh, identity, bundle)
            .and_then(|()| symlink(Path::new(&unique), &link))
            .and_then(|()| fs::rename(&link, &self.target));
        if let Err(error) = placed {
            let _ = fs::remove_file(&link);
            let _ = fs::remove_dir_all(&fresh);
            return Err(error);
        }
        if let Some(outdated) = state.previous.take() {
            let _ = fs::remove_dir_all(outdated);
        }
        state.previous = state.current.replace(fresh);
        Ok(())
    }
}

fn fill(directory: &Path, identity: &Identity, bundle: &TrustBundle) -> io::Result<()> {
    create_directory(directory)?;
    write_private(&directory.join("key.pem"), identity.key_pem.as_bytes())?;
    write_private(&directory.join("cert.pem"), &identity.certificates_pem)?;
    write_private(&directory.join("ca.pem"), bundle.pem().as_bytes())?;
    match &identity.jwt {
        Some(jwt) => write_private(&directory.join("jwt_svid.token"), jwt.token().as_bytes()),
        None => Ok(()),
    }
}

#[cfg(unix)]
fn create_directory(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    if path.as_os_str().is_empty() {
        return Ok(());
    }
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

#[cfg(unix)]
fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

#[cfg(unix)]
fn symlink(to: &Path, link: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(to, link)
}

#[cfg(not(unix))]
fn create_directory(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}

#[cfg(not(unix))]
fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = fs::File::create_new(path)?;
    file.write_all(content)
}

#[cfg(not(unix))]
fn symlink(to: &Path, link: &Path) -> io::Result<()> {
    std::os::windows::fs::symlink_dir(to, link)
}
