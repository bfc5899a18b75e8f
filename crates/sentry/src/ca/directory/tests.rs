//! Files, whole and private.

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use super::*;
use crate::ca::{generate, sentry_id};

#[test]
fn files_are_private_whole_and_leave_nothing_beside_them() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("new");
    let (files, now) = (Directory::new(&path), Timestamp::now());
    assert!(files.load(now).unwrap().is_none());
    let bundle = generate(&sentry_id("a", "b").unwrap(), Duration::from_secs(3600), Duration::ZERO, now, None).unwrap();
    files.store(&bundle, now).unwrap();
    files.store(&bundle, now).unwrap();
    let mut names: Vec<_> = fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["ca.crt", "issuer.crt", "issuer.key"]);
    for name in names {
        assert_eq!(path.join(name).metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(files.load(now).unwrap().unwrap().chain_pem(), bundle.chain_pem());
}

#[test]
fn a_huge_file_and_a_directory_are_errors() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ca.crt");
    File::create(&path).unwrap().set_len(MAX_FILE + 1).unwrap();
    assert!(read(&path).unwrap_err().to_string().contains("larger than 1 MiB"));
    assert!(read(directory.path()).is_err());
    assert!(read(&directory.path().join("none")).unwrap().is_none());
}
