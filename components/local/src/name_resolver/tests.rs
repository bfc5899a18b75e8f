//! Files that vanish, owners that crash, directories that others can write to.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use dapr_spi::registry;
use dapr_testkit::name_resolver::{Quirks, await_addresses, conformance, instance, query};

use super::*;

async fn open(directory: &Path) -> Result<Arc<dyn NameResolver>> {
    registry::open::<LocalNames>(&[("directory", directory.to_str().expect("UTF-8"))]).await
}

fn names(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).expect("a directory");
    entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn conforms() {
    let parent = tempfile::tempdir().expect("a directory");
    let directory = parent.path().join("a/b");
    conformance(Quirks::default(), || async { open(&directory).await.expect("a resolver") }).await;
    assert!(names(&directory).is_empty(), "nothing is left behind: {:?}", names(&directory));
}

#[tokio::test]
async fn a_crashed_sidecar_is_not_found_and_leaves_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let crashed = open(directory.path()).await.expect("a resolver");
    crashed.register(&instance("a", "", "127.0.0.1", 1)).await.expect("registered");
    crashed.register(&instance("other", "", "127.0.0.1", 2)).await.expect("registered");
    std::fs::write(directory.path().join(".new-abandoned"), "").expect("write");
    drop(crashed);
    tokio::task::yield_now().await;
    let resolver = open(directory.path()).await.expect("a resolver");
    await_addresses(&resolver, &query("a", ""), &[]).await;
    assert_eq!(names(directory.path()).len(), 2, "the dead entry is gone: {:?}", names(directory.path()));
    resolver.register(&instance("b", "", "127.0.0.1", 3)).await.expect("registered");
    let left = names(directory.path());
    assert_eq!(left.len(), 2, "a start sweeps, but leaves a young unfinished file: {left:?}");
}

#[tokio::test(start_paused = true)]
async fn a_removed_directory_comes_back() {
    let parent = tempfile::tempdir().expect("a directory");
    let directory = parent.path().join("apps");
    let resolver = open(&directory).await.expect("a resolver");
    resolver.register(&instance("a", "", "127.0.0.1", 1)).await.expect("registered");
    std::fs::remove_dir_all(&directory).expect("removed");
    assert!(resolver.resolve(&query("a", "")).await.expect("an answer").is_empty());
    tokio::time::sleep(LOOK_AFTER + Duration::from_secs(1)).await;
    await_addresses(&resolver, &query("a", ""), &["127.0.0.1:1"]).await;
    resolver.close().await;
    assert!(names(&directory).is_empty());
}

#[tokio::test]
async fn registering_again_is_one_entry() {
    let directory = tempfile::tempdir().expect("a directory");
    let resolver = open(directory.path()).await.expect("a resolver");
    for _ in 0..3 {
        resolver.register(&instance("a", "", "127.0.0.1", 1)).await.expect("registered");
    }
    await_addresses(&resolver, &query("a", ""), &["127.0.0.1:1"]).await;
    assert_eq!(names(directory.path()).len(), 1);
}

#[tokio::test]
async fn ids_of_any_characters_stay_in_the_directory_and_apart() {
    let directory = tempfile::tempdir().expect("a directory");
    let resolver = open(directory.path()).await.expect("a resolver");
    let ids = ["../up", "a", "a@b", "a/b", "é", ".hidden", "A"];
    for (port, id) in (1..).zip(ids) {
        resolver.register(&instance(id, "n", "127.0.0.1", port)).await.expect("registered");
    }
    for (port, id) in (1..).zip(ids) {
        await_addresses(&resolver, &query(id, "n"), &[&format!("127.0.0.1:{port}")]).await;
    }
    let long = resolver.register(&instance(&"x".repeat(200), "", "127.0.0.1", 9)).await.expect_err("too long");
    assert!(long.to_string().contains("too long"), "{long}");
}

#[tokio::test]
async fn files_that_are_no_entries_are_passed_over() {
    let directory = tempfile::tempdir().expect("a directory");
    let resolver = open(directory.path()).await.expect("a resolver");
    let mut held = Vec::new();
    for (index, text) in
        ["", "{", r#"{"address":5}"#, r#"{"address":"nowhere"}"#, r#"{"address":":1"}"#].iter().enumerate()
    {
        let file = std::fs::File::create(directory.path().join(format!("a@@{index}.json"))).expect("a file");
        file.lock().expect("a lock");
        std::io::Write::write_all(&mut &file, text.as_bytes()).expect("write");
        held.push(file);
    }
    std::fs::create_dir(directory.path().join("a@@directory.json")).expect("a directory");
    assert!(resolver.resolve(&query("a", "")).await.expect("an answer").is_empty());
}

#[tokio::test]
async fn a_directory_that_everybody_can_write_to_is_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o1777)).expect("mode");
    let error = open(directory.path()).await.err().expect("refused").to_string();
    assert!(error.contains("mode 777") && error.contains("`directory`"), "{error}");
    let relative = open(Path::new("apps")).await.err().expect("refused").to_string();
    assert!(relative.contains("absolute"), "{relative}");
    let file = tempfile::NamedTempFile::new().expect("a file");
    let error = open(file.path()).await.err().expect("refused").to_string();
    assert!(error.contains("not a directory"), "{error}");
}

#[tokio::test]
async fn the_default_is_for_its_user_alone() {
    let resolver = registry::open::<LocalNames>(&[]).await.expect("a resolver");
    let id = uuid::Uuid::new_v4().to_string();
    resolver.register(&instance(&id, "", "127.0.0.1", 1)).await.expect("registered");
    let directory = format!("/tmp/dapr-apps-{}", rustix::process::geteuid().as_raw());
    let mode = |path: &Path| std::fs::metadata(path).expect("metadata").permissions().mode() & 0o777;
    assert_eq!(mode(Path::new(&directory)), 0o700);
    let own = names(Path::new(&directory)).into_iter().find(|name| name.starts_with(&id)).expect("our file");
    assert_eq!(mode(&Path::new(&directory).join(own)), 0o600);
    resolver.close().await;
}
