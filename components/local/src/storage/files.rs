//! Files below a directory that nothing leads out of: the operating system, or `cap-std` in its place, follows each
//! part of a path from there and refuses links that leave.

use std::io::{ErrorKind as Io, Read as _, Write as _};
use std::path::{Path, PathBuf};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions};
use dapr_spi::{Error, ErrorKind, Result};

use super::path::relative;

/// Where nobody may keep files, since what is there is the system's or a secret.
const DISALLOWED: [&str; 4] = ["/proc", "/sys", "/boot", "/var/run/secrets"];
/// The largest file that is read.
const MAX_BYTES: u64 = 1 << 30;
/// Files that are listed at most.
const MAX_LISTED: usize = 1_000_000;

pub(super) struct Files {
    root: PathBuf,
    directory: Dir,
}

impl Files {
    /// Opens the directory, and makes it if need be.
    pub(super) fn open(root: &Path) -> Result<Self> {
        let absolute = std::path::absolute(root).map_err(|error| failed("rootPath", root, error))?;
        // What is there already may be a link, and what is not there yet has no links.
        check(&resolved(&absolute)?)?;
        std::fs::create_dir_all(&absolute)
            .map_err(|error| failed("unable to create directory specified by 'rootPath'", &absolute, error))?;
        let root = absolute.canonicalize().map_err(|error| failed("rootPath", &absolute, error))?;
        check(&root)?;
        let directory =
            Dir::open_ambient_dir(&root, ambient_authority()).map_err(|error| failed("rootPath", &root, error))?;
        Ok(Self { root, directory })
    }

    /// Writes a file, in place of one that is there, wholly or not at all. Returns its path below the root.
    pub(super) fn create(&self, name: &str, content: &[u8]) -> Result<String> {
        let path = relative(name);
        let absolute = self.root.join(&path);
        let Some(file) = path.file_name() else {
            return Err(Error::invalid(format!(
                "error creating file {}: it is the directory itself",
                absolute.display()
            )));
        };
        let parent = path.parent().unwrap_or(Path::new(""));
        let made;
        let directory = if parent.as_os_str().is_empty() {
            &self.directory
        } else {
            let create = |error| failed("error creating directory", &self.root.join(parent), error);
            self.directory.create_dir_all(parent).map_err(create)?;
            made = self.directory.open_dir(parent).map_err(create)?;
            &made
        };
        let error = |error| failed("error creating file", &absolute, error);
        let temporary = format!(".{}.tmp", uuid::Uuid::new_v4());
        let write = || {
            let mut file = directory.open_with(&temporary, OpenOptions::new().write(true).create_new(true))?;
            file.write_all(content)
        };
        let written = write().and_then(|()| directory.rename(&temporary, directory, file));
        if let Err(cause) = written {
            let _ = directory.remove_file(&temporary);
            return Err(error(cause));
        }
        Ok(path.to_string_lossy().into_owned())
    }

    /// Reads a whole file.
    pub(super) fn get(&self, name: &str) -> Result<Vec<u8>> {
        let path = relative(name);
        let absolute = self.root.join(&path);
        let file = match self.directory.open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == Io::NotFound => {
                return Err(Error::new(ErrorKind::NotFound, format!("file not found: {}", absolute.display())));
            }
            Err(error) => return Err(failed("error opening path", &absolute, error)),
        };
        let mut content = Vec::new();
        let read = file.take(MAX_BYTES + 1).read_to_end(&mut content);
        read.map_err(|error| failed("error reading file", &absolute, error))?;
        if content.len() as u64 > MAX_BYTES {
            return Err(Error::failed(format!("error reading file {}: it is larger than 1 GiB", absolute.display())));
        }
        Ok(content)
    }

    /// Deletes a file or an empty directory; a link, not what it leads to.
    pub(super) fn delete(&self, name: &str) -> Result<()> {
        let path = relative(name);
        let absolute = self.root.join(&path);
        let is_directory = self.directory.symlink_metadata(&path).is_ok_and(|about| about.is_dir());
        let deleted = if is_directory { self.directory.remove_dir(&path) } else { self.directory.remove_file(&path) };
        deleted.map_err(|error| failed("error deleting file", &absolute, error))
    }

    /// The absolute paths of all files below a directory, sorted; links are listed and not followed.
    pub(super) fn list(&self, name: &str) -> Result<Vec<String>> {
        let path = relative(name);
        let absolute = self.root.join(&path);
        let stats = |error| failed("error getting stats for path", &absolute, error);
        let mut pending = vec![path.clone()];
        if !path.as_os_str().is_empty() && !self.directory.metadata(&path).map_err(stats)?.is_dir() {
            return Err(Error::invalid(format!(
                "unable to list files as the file specified is not a directory: {}",
                absolute.display()
            )));
        }
        let mut files = Vec::new();
        while let Some(folder) = pending.pop() {
            let error = |error| failed("error listing files in the directory", &self.root.join(&folder), error);
            let entries =
                if folder.as_os_str().is_empty() { self.directory.entries() } else { self.directory.read_dir(&folder) };
            for entry in entries.map_err(error)? {
                let entry = entry.map_err(error)?;
                let path = folder.join(entry.file_name());
                if entry.file_type().map_err(error)?.is_dir() {
                    pending.push(path);
                } else {
                    files.push(self.root.join(path).to_string_lossy().into_owned());
                }
                if files.len() + pending.len() > MAX_LISTED {
                    return Err(Error::failed(format!("there are more than {MAX_LISTED} files; list a folder of it")));
                }
            }
        }
        files.sort();
        Ok(files)
    }
}

/// The path with the links of the part that is there followed.
fn resolved(path: &Path) -> Result<PathBuf> {
    // `..` counts where the links lead, so parts are never dropped by their text.
    for ancestor in path.ancestors() {
        match ancestor.canonicalize() {
            Ok(real) => {
                let rest = path.strip_prefix(ancestor).unwrap_or(Path::new(""));
                return Ok(real.join(relative(&rest.to_string_lossy())));
            }
            Err(error) if error.kind() == Io::NotFound => {}
            Err(error) => return Err(failed("failed to evaluate symlinks in rootPath", path, error)),
        }
    }
    Ok(path.to_owned())
}

fn check(root: &Path) -> Result<()> {
    let is_below = |place: &str| {
        root.starts_with(place)
            || Path::new(place).canonicalize().is_ok_and(|real| root.starts_with(real))
            || resolved(Path::new(place)).is_ok_and(|real| root.starts_with(real))
    };
    if DISALLOWED.into_iter().any(is_below) {
        return Err(Error::invalid("property rootPath points to a disallowed location"));
    }
    Ok(())
}

fn failed(what: &str, path: &Path, error: std::io::Error) -> Error {
    let kind = if error.kind() == Io::NotFound { ErrorKind::NotFound } else { ErrorKind::Failed };
    Error::from_source(kind, &format!("{what} {}", path.display()), error)
}
