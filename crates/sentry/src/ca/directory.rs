//! Credentials as files of a directory: read with limits, written whole and private.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::bundle::{Bundle, BundleError};

#[cfg(test)]
mod tests;

/// Larger files are no credentials.
const MAX_FILE: u64 = 1 << 20;

/// The three files of a certificate authority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directory {
    /// Trust anchors, `ca.crt`.
    pub anchors: PathBuf,
    /// The issuer's chain, `issuer.crt`.
    pub chain: PathBuf,
    /// The issuer's key, `issuer.key`.
    pub key: PathBuf,
}

/// Why credentials could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    /// A file is there and cannot be read.
    #[error("failed to read {}: {source}", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A file could not be written.
    #[error("failed to write {}: {source}", path.display())]
    Write {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Some files are there and others not. A new authority would replace one that somebody uses.
    #[error(
        "incomplete credentials: {missing} is missing while {present} exists; add what is missing, \
         or remove the rest to have a new certificate authority generated (all sidecars must then trust the new root)"
    )]
    Incomplete {
        /// The files that exist.
        present: String,
        /// The files that do not.
        missing: String,
    },
    /// They are there and wrong.
    #[error("failed to verify CA bundle ({place}): {source}")]
    Invalid {
        /// The files or the Kubernetes object.
        place: String,
        /// What is wrong.
        source: BundleError,
    },
}

impl Directory {
    /// The usual names in `directory`.
    pub fn new(directory: &Path) -> Self {
        let file = |name: &str| directory.join(name);
        Self { anchors: file("ca.crt"), chain: file("issuer.crt"), key: file("issuer.key") }
    }

    /// Reads and checks the files; `None` when there is none of them.
    ///
    /// # Errors
    /// Only some exist, one cannot be read, or they do not fit together.
    pub fn load(&self, now: Timestamp) -> Result<Option<Bundle>, CredentialsError> {
        let paths = [&self.anchors, &self.chain, &self.key];
        let mut contents = Vec::with_capacity(paths.len());
        for path in paths {
            contents.push(read(path)?);
        }
        let [Some(anchors), Some(chain), Some(key)] = &contents[..] else {
            let names = |there: bool| {
                let chosen = paths.iter().zip(&contents).filter(|(_, content)| content.is_some() == there);
                chosen.map(|(path, _)| path.display().to_string()).collect::<Vec<_>>().join(", ")
            };
            return match contents.iter().all(Option::is_none) {
                true => Ok(None),
                false => Err(CredentialsError::Incomplete { present: names(true), missing: names(false) }),
            };
        };
        match Bundle::read(anchors, chain, key, now) {
            Ok(bundle) => Ok(Some(bundle)),
            Err(source) => {
                let place = paths.map(|path| path.display().to_string()).join(", ");
                Err(CredentialsError::Invalid { place, source })
            }
        }
    }

    /// Writes the bundle, each file whole or not at all, readable by the owner only.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn store(&self, bundle: &Bundle, now: Timestamp) -> Result<(), CredentialsError> {
        // The key first and the anchors last: a reader that sees new anchors finds the rest new as well.
        write(&self.key, bundle.key.to_pem().as_bytes())?;
        write(&self.chain, bundle.chain_pem().as_bytes())?;
        write(&self.anchors, bundle.anchors_pem(now).as_bytes())
    }
}

/// The content of a file; `None` when there is none.
///
/// # Errors
/// The file cannot be read, or is too large.
pub fn read(path: &Path) -> Result<Option<Vec<u8>>, CredentialsError> {
    let failed = |source| CredentialsError::Read { path: path.to_owned(), source };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let mut content = Vec::new();
    file.take(MAX_FILE + 1).read_to_end(&mut content).map_err(failed)?;
    if content.len() as u64 > MAX_FILE {
        return Err(failed(io::Error::new(io::ErrorKind::FileTooLarge, "larger than 1 MiB")));
    }
    Ok(Some(content))
}

/// Writes a file with mode 0600 so that readers see the old content or the new one, never a part. The directory is made
/// when it is missing.
///
/// # Errors
/// The file cannot be written.
pub fn write(path: &Path, content: &[u8]) -> Result<(), CredentialsError> {
    write_io(path, content).map_err(|source| CredentialsError::Write { path: path.to_owned(), source })
}

fn write_io(path: &Path, content: &[u8]) -> io::Result<()> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let temporary = directory.join(name);
    // One that a crash left behind may have another mode.
    let _ = fs::remove_file(&temporary);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    File::open(directory)?.sync_all()
}
