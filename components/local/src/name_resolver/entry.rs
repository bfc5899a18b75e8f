//! One file per sidecar: `<app>@<namespace>@<random>.json`.
//!
//! A file gets its lock and its content under a hidden name and is then renamed, so a visible one is whole and locked,
//! or its owner is gone. Names are never used twice, so removing a dead one cannot hit a new one.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use dapr_spi::name_resolver::{Instance, Query};
use dapr_spi::{Error, Result};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::directory::Directory;

const SUFFIX: &str = ".json";
const UNFINISHED: &str = ".new-";
/// Its maker needs far less to give it a lock and a name.
const UNFINISHED_FOR: Duration = Duration::from_secs(60);
/// Bytes of one file; more was not written by us.
const MAX_FILE: u64 = 4 << 10;
/// Addresses of one app.
const MAX_ADDRESSES: usize = 1_024;
/// Bytes of an app id with its namespace, encoded; file systems allow names of 255.
const MAX_NAME: usize = 180;
/// A sweep of somebody whose clock is ahead may take the unfinished file; then another is made.
const ATTEMPTS: u32 = 3;
/// Cleaners of `/tmp` take what was not changed for days.
const OLD: Duration = Duration::from_secs(3_600);

const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_');

/// A file of ours. Dropping it without [`Published::remove`] leaves a file without lock, as a crash would.
pub(super) struct Published {
    instance: Instance,
    path: PathBuf,
    /// Holds the lock.
    file: File,
}

impl Published {
    /// Makes the file. Blocks.
    pub(super) fn new(directory: &Directory, instance: &Instance) -> Result<Self> {
        let prefix = prefix(&instance.app_id, &instance.namespace);
        if prefix.len() > MAX_NAME {
            return Err(Error::invalid(format!(
                "app id and namespace are too long for name resolution by files: {} bytes, at most {MAX_NAME}",
                prefix.len()
            )));
        }
        let mut attempt = 1;
        loop {
            match publish(directory, &prefix, instance) {
                Ok((path, file)) => return Ok(Self { instance: instance.clone(), path, file }),
                Err(error) if error.kind() == io::ErrorKind::NotFound && attempt < ATTEMPTS => attempt += 1,
                Err(error) => return Err(directory.cannot("register this sidecar in", error)),
            }
        }
    }

    pub(super) fn instance(&self) -> &Instance {
        &self.instance
    }

    pub(super) fn is_of(&self, instance: &Instance) -> bool {
        let place = |instance: &Instance| (instance.address.clone(), instance.port);
        self.instance.app_id == instance.app_id
            && self.instance.namespace == instance.namespace
            && place(&self.instance) == place(instance)
    }

    pub(super) fn is_in_place(&self) -> bool {
        self.path.exists()
    }

    /// Makes the file young again.
    pub(super) fn touch(&self) {
        let age = self.file.metadata().and_then(|metadata| metadata.modified()).map(age_of);
        if age.is_ok_and(|age| age > OLD) {
            let _ = self.file.set_modified(SystemTime::now());
        }
    }

    pub(super) fn remove(self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

fn publish(directory: &Directory, prefix: &str, instance: &Instance) -> io::Result<(PathBuf, File)> {
    let random = uuid::Uuid::new_v4().simple().to_string();
    let unfinished = directory.path().join(format!("{UNFINISHED}{random}"));
    let path = directory.path().join(format!("{prefix}{random}{SUFFIX}"));
    let file = directory.options().open(&unfinished)?;
    let finish = || {
        file.lock()?;
        (&file).write_all(content(instance).to_string().as_bytes())?;
        std::fs::rename(&unfinished, &path)
    };
    match finish() {
        Ok(()) => Ok((path, file)),
        Err(error) => {
            let _ = std::fs::remove_file(&unfinished);
            Err(error)
        }
    }
}

fn content(instance: &Instance) -> Value {
    json!({
        "appId": instance.app_id,
        "namespace": instance.namespace,
        "address": join(&instance.address, instance.port),
        "httpPort": instance.http_port,
        "grpcPort": instance.grpc_port,
        "pid": std::process::id(),
    })
}

fn join(host: &str, port: u16) -> String {
    if host.contains(':') && !host.starts_with('[') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

fn prefix(app_id: &str, namespace: &str) -> String {
    format!("{}@{}@", utf8_percent_encode(app_id, ENCODED), utf8_percent_encode(namespace, ENCODED))
}

/// The addresses of an app's living sidecars. Removes the files of dead ones. Blocks.
pub(super) fn find(directory: &Directory, query: &Query) -> Result<Vec<String>> {
    let found = find_prefixed(directory, &prefix(&query.app_id, &query.namespace))?;
    if found.is_empty() && query.any_namespace {
        return find_prefixed(directory, &format!("{}@", utf8_percent_encode(&query.app_id, ENCODED)));
    }
    Ok(found)
}

fn find_prefixed(directory: &Directory, prefix: &str) -> Result<Vec<String>> {
    let mut addresses = Vec::new();
    for (name, path) in files(directory)? {
        if addresses.len() < MAX_ADDRESSES
            && name.starts_with(prefix)
            && let Some(address) = living(&path)
            && !addresses.contains(&address)
        {
            addresses.push(address);
        }
    }
    Ok(addresses)
}

/// Removes what dead sidecars left behind. Blocks.
pub(super) fn sweep(directory: &Directory) {
    for (name, path) in files(directory).unwrap_or_default() {
        if name.ends_with(SUFFIX) {
            living(&path);
        } else if name.starts_with(UNFINISHED) && is_older(&path, UNFINISHED_FOR) {
            let _ = std::fs::remove_file(&path);
        }
    }
}

fn files(directory: &Directory) -> Result<Vec<(String, PathBuf)>> {
    let entries = match std::fs::read_dir(directory.path()) {
        Ok(entries) => entries,
        // It is made again by whoever registers next.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(directory.cannot("read", error)),
    };
    let file = |entry: io::Result<std::fs::DirEntry>| {
        let entry = entry.ok().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))?;
        Some((entry.file_name().into_string().ok()?, entry.path()))
    };
    Ok(entries.filter_map(file).collect())
}

/// The address in a file whose owner holds the lock; the file is removed if nobody does.
fn living(path: &Path) -> Option<String> {
    let file = File::open(path).ok()?;
    match file.try_lock_shared() {
        Ok(()) => {
            tracing::debug!("nameresolution.local: the sidecar of `{}` is gone", path.display());
            let _ = std::fs::remove_file(path);
            None
        }
        Err(TryLockError::WouldBlock) => address(file),
        Err(TryLockError::Error(error)) => {
            tracing::warn!("nameresolution.local: cannot tell whether `{}` is in use: {error}", path.display());
            None
        }
    }
}

fn address(file: File) -> Option<String> {
    let mut text = String::new();
    file.take(MAX_FILE).read_to_string(&mut text).ok()?;
    let content: Value = serde_json::from_str(&text).ok()?;
    let address = content.get("address")?.as_str()?;
    let (host, port) = address.rsplit_once(':')?;
    (!host.is_empty() && port.parse::<u16>().is_ok()).then(|| address.to_owned())
}

fn is_older(path: &Path, than: Duration) -> bool {
    std::fs::metadata(path).and_then(|metadata| metadata.modified()).is_ok_and(|modified| age_of(modified) > than)
}

fn age_of(modified: SystemTime) -> Duration {
    SystemTime::now().duration_since(modified).unwrap_or_default()
}
