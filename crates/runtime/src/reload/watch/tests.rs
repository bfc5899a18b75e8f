//! Real files, links and directories that change.

use std::fs;
use std::os::unix::fs::symlink;

use tokio::time::timeout;

use super::*;

const PATIENCE: Duration = Duration::from_secs(20);

async fn tells(watcher: &mut Watcher) {
    timeout(PATIENCE, watcher.changed()).await.expect("a change");
}

/// Nothing is told of what happened before this: a mark is made, and what is told up to it does not count.
async fn is_quiet(watcher: &mut Watcher) {
    assert!(timeout(QUIET * 3, watcher.changed()).await.is_err(), "nothing has changed");
}

#[tokio::test]
async fn files_of_a_directory_are_watched() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.yaml");
    let mut watcher = Watcher::new(vec![directory.path().to_owned()], vec![]);
    fs::write(&path, "a").unwrap();
    tells(&mut watcher).await;
    fs::read(&path).unwrap();
    is_quiet(&mut watcher).await;
    // As editors do.
    fs::write(directory.path().join("a.yaml~"), "b").unwrap();
    fs::rename(directory.path().join("a.yaml~"), &path).unwrap();
    tells(&mut watcher).await;
    fs::remove_file(&path).unwrap();
    tells(&mut watcher).await;
}

#[tokio::test]
async fn many_changes_are_told_once() {
    let directory = tempfile::tempdir().unwrap();
    let mut watcher = Watcher::new(vec![directory.path().to_owned()], vec![]);
    for number in 0..50 {
        fs::write(directory.path().join(format!("{number}.yaml")), "a").unwrap();
    }
    tells(&mut watcher).await;
    is_quiet(&mut watcher).await;
}

#[tokio::test]
async fn a_link_that_is_swapped_is_seen_as_kubernetes_does_it() {
    let mount = tempfile::tempdir().unwrap();
    let path = |name: &str| mount.path().join(name);
    fs::create_dir(path("..1")).unwrap();
    fs::write(path("..1").join("a.yaml"), "a").unwrap();
    symlink("..1", path("..data")).unwrap();
    symlink("..data/a.yaml", path("a.yaml")).unwrap();
    let mut of_directory = Watcher::new(vec![mount.path().to_owned()], vec![]);
    let mut of_file = Watcher::new(vec![], vec![path("a.yaml")]);
    fs::create_dir(path("..2")).unwrap();
    fs::write(path("..2").join("a.yaml"), "b").unwrap();
    symlink("..2", path("..data_tmp")).unwrap();
    fs::rename(path("..data_tmp"), path("..data")).unwrap();
    fs::remove_dir_all(path("..1")).unwrap();
    tells(&mut of_directory).await;
    tells(&mut of_file).await;
    of_file.renew();
    fs::write(path("..2").join("a.yaml"), "c").unwrap();
    tells(&mut of_file).await;
}

#[tokio::test]
async fn only_the_file_that_is_named_counts() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let mut watcher = Watcher::new(vec![], vec![path("secrets.json")]);
    fs::write(path("other.json"), "{}").unwrap();
    is_quiet(&mut watcher).await;
    fs::write(path("secrets.json"), "{}").unwrap();
    tells(&mut watcher).await;
    watcher.set_files(vec![path("other.json")]);
    fs::write(path("other.json"), "{ }").unwrap();
    tells(&mut watcher).await;
}

#[tokio::test]
async fn a_directory_that_is_replaced_is_watched_after_a_renewal() {
    let parent = tempfile::tempdir().unwrap();
    let path = |name: &str| parent.path().join(name);
    fs::create_dir(path("one")).unwrap();
    fs::create_dir(path("two")).unwrap();
    symlink("one", path("resources")).unwrap();
    let mut watcher = Watcher::new(vec![path("resources")], vec![]);
    symlink("two", path("new")).unwrap();
    fs::rename(path("new"), path("resources")).unwrap();
    tells(&mut watcher).await;
    watcher.renew();
    fs::write(path("two").join("a.yaml"), "a").unwrap();
    tells(&mut watcher).await;
}
