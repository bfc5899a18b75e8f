//! A backend that is not there, goes away and comes back, while the sidecar stays.

use std::time::Duration;

use crate::daprd::{Daprd, STORE, Setup, component};
use crate::process::{PATIENCE, lives, until};
use crate::servers;

fn redis_file(host: &str, extra: &str) -> String {
    component(STORE, "state.redis", "v1", extra, &[("redisHost", host), ("redisMaxRetries", "0")])
}

async fn works_again(daprd: &Daprd) {
    until("writes are acknowledged again", async || {
        let answer = daprd.save("after", "value").await;
        (answer.status == 204).then_some(())
    })
    .await;
    assert_eq!(daprd.saved("after").await.has(200).text(), "\"value\"");
}

#[tokio::test]
async fn a_store_that_is_down_at_the_start_comes_back() {
    let mut server = servers::redis().await;
    server.stop().await.expect("redis stops");
    let file = redis_file(&server.address().to_string(), "ignoreErrors: true\n  initTimeout: 1s");
    let mut daprd = Setup::bare().file("statestore.yaml", &file).launch();
    daprd.wait_outbound().await;

    let answer = daprd.save("key", "value").await;
    assert!(answer.status.is_server_error(), "{} {}", answer.status, answer.text());
    assert!(answer.text().contains(STORE), "{}", answer.text());
    let (status, why) = daprd.component(STORE).await.expect("it is listed though it is not there");
    assert!(!status.is_empty() && status != "ready", "{status}: {why}");

    server.resume().await.expect("redis starts");
    works_again(&daprd).await;
    until("it is shown as ready", async || {
        daprd.component(STORE).await.filter(|(status, _)| status == "ready").map(drop)
    })
    .await;
}

#[tokio::test]
async fn a_required_store_that_stays_away_ends_the_start() {
    let mut server = servers::redis().await;
    server.stop().await.expect("redis stops");
    let file = redis_file(&server.address().to_string(), "initTimeout: 500ms");
    let mut daprd = Setup::bare().file("statestore.yaml", &file).launch();
    assert_eq!(daprd.process.exit_code(PATIENCE).await, 1, "{}", daprd.process.output());
    let log = daprd.process.output();
    assert!(log.contains(STORE) && log.contains("INIT_COMPONENT_FAILURE"), "{log}");
}

#[tokio::test]
async fn a_restart_of_redis_needs_no_restart_of_the_sidecar() {
    let mut server = servers::redis().await;
    let daprd = Setup::bare().file("statestore.yaml", &redis_file(&server.address().to_string(), "")).start().await;
    let pid = daprd.process.pid();
    daprd.save("before", "kept").await.has(204);
    server.restart().await.expect("redis restarts");
    works_again(&daprd).await;
    assert_eq!(daprd.saved("before").await.has(200).text(), "\"kept\"");

    server.kill();
    let answer = daprd.save("meanwhile", "value").await;
    assert_eq!(answer.has(500).code(), "ERR_STATE_SAVE", "{}", answer.text());
    server.resume().await.expect("redis starts");
    works_again(&daprd).await;
    assert!(lives(pid), "the same process all the time");
}

#[tokio::test]
async fn a_silent_backend_does_not_hold_up_the_rest() {
    let server = servers::redis().await;
    let daprd = Setup::in_memory()
        .file("redis.yaml", &redis_file(&server.address().to_string(), "").replace(STORE, "frozen"))
        .start()
        .await;
    server.freeze();
    let asked = daprd.get("/v1.0/state/frozen/key");
    tokio::pin!(asked);
    let early = tokio::time::timeout(Duration::from_millis(300), &mut asked).await;
    assert!(early.is_err(), "a frozen server answers nothing");
    daprd.save("key", "value").await.has(204);
    daprd.get("/v1.0/healthz").await.has(204);
    server.thaw();
    asked.await.has(204);
}
