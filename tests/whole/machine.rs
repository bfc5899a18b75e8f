//! Where things lie on this machine: the repository, the binaries, the programs of `tests/setup`; and free ports.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU16, Ordering};

/// The root of the repository.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests lie in the repository").to_owned()
}

/// A binary of ours.
///
/// # Panics
/// It was not built.
pub(crate) fn binary(name: &str) -> PathBuf {
    let path = bin_dir().join(name);
    assert!(path.is_file(), "{} is missing: run `cargo build --workspace --all-targets` first", path.display());
    path
}

/// `DAPR_BIN_DIR`, or where cargo puts the binaries of the profile that this test was built with.
pub(crate) fn bin_dir() -> PathBuf {
    if let Some(chosen) = std::env::var_os("DAPR_BIN_DIR") {
        return repository().join(chosen);
    }
    let this = std::env::current_exe().expect("the path of this test");
    this.ancestors().nth(2).expect("target/<profile>/deps/<test>").to_owned()
}

/// Python with the packages of `tests/sdk/python/requirements.txt`.
///
/// # Panics
/// The environment cannot be made.
pub(crate) fn python() -> PathBuf {
    static BIN: LazyLock<PathBuf> = LazyLock::new(|| {
        let root = repository();
        let made = Command::new(root.join("examples/python-env"))
            .arg(root.join("tests/sdk/python/requirements.txt"))
            .output()
            .expect("run examples/python-env");
        assert!(made.status.success(), "examples/python-env: {}", String::from_utf8_lossy(&made.stderr));
        PathBuf::from(String::from_utf8_lossy(&made.stdout).trim())
    });
    BIN.join("python")
}

/// A folder with installed packages of npm.
///
/// # Panics
/// They are not installed.
pub(crate) fn node_project(path: &str) -> PathBuf {
    let folder = repository().join(path);
    assert!(folder.join("node_modules").is_dir(), "{path}/node_modules is missing: run `tests/setup` first");
    folder
}

/// A port for a server of this test: below those that the system gives to outgoing connections and those that `dapr run`
/// chooses, and never given twice in one run.
///
/// # Panics
/// No port is left.
pub(crate) fn port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let process = u16::try_from(std::process::id() % 20).expect("below 20");
    (0..400)
        .map(|_| 10_000 + process * 500 + NEXT.fetch_add(1, Ordering::Relaxed) % 500)
        .find(|port| TcpListener::bind((Ipv4Addr::UNSPECIFIED, *port)).is_ok())
        .expect("a free port")
}
