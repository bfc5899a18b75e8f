//! `pubsub.sqlite` conforms, alone and with several sidecars on one file, and survives those that are killed.

#[path = "pubsub/common.rs"]
mod common;
#[path = "pubsub/crash.rs"]
mod crash;
#[path = "pubsub/limits.rs"]
mod limits;
#[path = "pubsub/speed.rs"]
mod speed;

use std::path::PathBuf;

use common::{open, quirks};
use dapr_testkit::pubsub::{Suite, conformance};

#[tokio::test(flavor = "multi_thread")]
async fn conforms_with_a_file() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("events.db");
    conformance(move |group| open(file.clone(), group), quirks()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn conforms_without_write_ahead_log() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("events.db");
    let open = move |group: String| {
        let file = file.to_string_lossy().into_owned();
        async move {
            common::open_with(&[("connectionString", &file), ("consumerID", &group), ("disableWAL", "true")]).await
        }
    };
    conformance(open, quirks()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_component_on_the_file_closes_and_opens_in_the_middle() {
    let dir = tempfile::tempdir().expect("a directory");
    let file: PathBuf = dir.path().join("events.db");
    let suite = Suite::new(
        {
            let file = file.clone();
            move |group| open(file.clone(), group)
        },
        quirks(),
    );
    suite
        .restart(|| async {
            for _ in 0..5 {
                let other = open(file.clone(), "other".into()).await;
                other.ping().await.expect("ping");
                other.close().await;
            }
        })
        .await;
}
