//! The commands against a directory, as Sentry would leave it.

use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::cli::{self, Cli};
use dapr_sentry::ca::{LIFE_OF_A_CA, authority::DEFAULT_SKEW, generate, sentry_id};

fn credentials(life: std::time::Duration) -> (tempfile::TempDir, Bundle) {
    let directory = tempfile::tempdir().unwrap();
    let now = Timestamp::now();
    let bundle = generate(&sentry_id("example", "system").unwrap(), life, DEFAULT_SKEW, now, None).unwrap();
    Directory::new(directory.path()).store(&bundle, now).unwrap();
    (directory, bundle)
}

async fn run(directory: &Path, line: &str) -> Result<ExitCode> {
    let path = directory.to_str().unwrap();
    let words = ["dapr", "mtls", "--issuer-credentials", path].into_iter().chain(line.split_ascii_whitespace());
    let cli: Cli = cli::parse(words.map(Into::into).collect())?;
    cli.execute().await
}

fn read(directory: &Path) -> Bundle {
    load(directory, Timestamp::now()).unwrap()
}

#[tokio::test]
async fn check_and_expiry_read_what_is_there() {
    let (directory, _) = credentials(LIFE_OF_A_CA);
    for line in ["", "check", "expiry"] {
        assert_eq!(run(directory.path(), line).await.unwrap(), ExitCode::SUCCESS, "{line}");
    }
    let empty = tempfile::tempdir().unwrap();
    let error = run(empty.path(), "check").await.unwrap_err().to_string();
    assert!(error.starts_with("there are no credentials in ") && error.contains("--issuer-credentials"), "{error}");
    std::fs::remove_file(directory.path().join("issuer.key")).unwrap();
    let error = run(directory.path(), "expiry").await.unwrap_err().to_string();
    assert!(error.contains("issuer.key is missing"), "{error}");
}

#[tokio::test]
async fn an_export_can_be_used_again_and_is_private() {
    let (directory, bundle) = credentials(LIFE_OF_A_CA);
    let out = tempfile::tempdir().unwrap();
    let target = out.path().join("copy");
    run(directory.path(), &format!("export -o {}", target.display())).await.unwrap();
    assert_eq!(read(&target).anchors[0].der, bundle.anchors[0].der);
    let mode = target.join("issuer.key").metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn a_renewal_keeps_the_old_root_and_the_names() {
    let (directory, old) = credentials(LIFE_OF_A_CA);
    run(directory.path(), "renew-certificate --valid-until 10").await.unwrap();
    let new = read(directory.path());
    assert_eq!(new.anchors.len(), 2);
    assert_ne!(new.anchors[0].der, old.anchors[0].der);
    assert_eq!(new.anchors[1].der, old.anchors[0].der);
    assert_eq!(new.chain[0].name, "O=spiffe://example/ns/system/dapr-sentry");
    let days = new.chain[0].not_after.duration_since(Timestamp::now()).as_hours() / 24;
    assert!((9..=10).contains(&days), "{days}");
}

#[tokio::test]
async fn a_renewal_takes_a_root_key_or_whole_certificates() {
    let (directory, _) = credentials(LIFE_OF_A_CA);
    let key = dapr_sentry::ca::PrivateKey::generate(dapr_sentry::ca::KeyKind::P256).unwrap();
    let file = directory.path().join("root.key");
    std::fs::write(&file, key.to_pem()).unwrap();
    run(directory.path(), &format!("rnc --private-key {}", file.display())).await.unwrap();
    assert_eq!(read(directory.path()).anchors[0].public_key_info, key.public_key_info());

    let (other, own) = credentials(LIFE_OF_A_CA);
    let path = |name: &str| other.path().join(name).display().to_string();
    let two = format!("rnc --ca-root-certificate {} --issuer-private-key {}", path("ca.crt"), path("issuer.key"));
    let error = run(directory.path(), &two).await.unwrap_err().to_string();
    assert!(error.contains("give all three"), "{error}");
    let three = format!("{two} --issuer-public-certificate {}", path("issuer.crt"));
    run(directory.path(), &three).await.unwrap();
    let new = read(directory.path());
    assert_eq!((new.anchors.len(), &new.chain[0].der), (3, &own.chain[0].der));
}

#[tokio::test]
async fn a_cluster_is_said_to_wait() {
    let (directory, old) = credentials(LIFE_OF_A_CA);
    assert_eq!(run(directory.path(), "renew-certificate -k").await.unwrap(), ExitCode::FAILURE);
    assert_eq!(read(directory.path()).anchors[0].der, old.anchors[0].der);
}
