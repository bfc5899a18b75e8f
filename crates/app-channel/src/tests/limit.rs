//! `app-max-concurrency`.

use std::sync::Arc;

use ::http::Response;
use dapr_kit::task;
use http_body_util::BodyExt;
use tokio::sync::mpsc;

use super::server::{Server, Speaks};
use super::{get, piped, settings, soon, text};
use crate::{App, Protocol};

#[tokio::test]
async fn a_call_lasts_until_its_answer_was_read_and_the_others_wait_in_order() {
    let (begun, mut begins) = mpsc::unbounded_channel();
    let server = Server::http(Speaks::Http1, move |request| {
        let begun = begun.clone();
        async move {
            let (sender, body) = piped();
            begun.send((request.uri().path().to_owned(), sender)).unwrap();
            Response::new(body)
        }
    })
    .await;
    let mut settings = settings(Protocol::Http, server.port);
    settings.max_concurrency = 1;
    let app = Arc::new(App::new(settings).unwrap());

    let first = get(&app, "/first").await.unwrap();
    let (path, end_first) = begins.recv().await.unwrap();
    assert_eq!(path, "/first");
    let mut waiting = Vec::new();
    for number in 0..5 {
        let other = app.clone();
        waiting
            .push(task::spawn("waits", async move { text(get(&other, &format!("/{number}")).await.unwrap()).await }));
        // Lets it queue up before the next one does.
        tokio::task::yield_now().await;
    }
    assert!(begins.is_empty(), "the first answer is not over");
    drop(end_first);
    assert!(first.into_body().frame().await.is_none());
    for number in 0..5 {
        let (path, end) = soon(begins.recv()).await.unwrap();
        assert_eq!(path, format!("/{number}"));
        assert!(begins.is_empty(), "one at a time");
        drop(end);
    }
    for task in waiting {
        assert_eq!(task.join().await.unwrap(), "");
    }
}

#[tokio::test]
async fn a_dropped_answer_frees_its_place() {
    let server = Server::http(Speaks::Http1, |_| async {
        let (sender, body) = piped();
        std::mem::forget(sender);
        Response::new(body)
    })
    .await;
    let mut settings = settings(Protocol::Http, server.port);
    settings.max_concurrency = 1;
    let app = App::new(settings).unwrap();
    for _ in 0..3 {
        drop(get(&app, "/").await.unwrap());
    }
}

#[tokio::test]
async fn a_failed_call_frees_its_place() {
    let mut settings = settings(Protocol::Http, super::server::free_port().await);
    settings.max_concurrency = 1;
    let app = App::new(settings).unwrap();
    for _ in 0..3 {
        get(&app, "/").await.unwrap_err();
    }
}
