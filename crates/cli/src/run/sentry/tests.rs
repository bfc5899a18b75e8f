//! Which Sentry is ours to start, and when. A real one is driven by the whole-system tests.

use super::*;

fn wanted(home: &Home, given: Option<&str>) -> Wanted {
    let address = "localhost:50001".to_owned();
    Wanted {
        address,
        port: 50001,
        config: "/c.yaml".into(),
        home: home.clone(),
        given_anchors: given.map(str::to_owned),
    }
}

const PEM: &str = "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n";

#[test]
fn only_addresses_of_this_machine_are_ours() {
    for (address, port) in [
        ("localhost:50001", Some(50001)),
        ("LOCALHOST:7", Some(7)),
        ("127.0.0.1:7", Some(7)),
        ("[::1]:7", Some(7)),
        ("10.0.0.1:7", None),
        ("ca.example.com:7", None),
        ("localhost", None),
        ("localhost:x", None),
    ] {
        assert_eq!(local_port(address), port, "{address}");
    }
}

#[test]
fn anchors_of_the_user_are_not_mixed_with_ours() {
    let base = tempfile::tempdir().unwrap();
    let home = Home::under(base.path()).unwrap();
    assert!(wanted(&home, None).may_start() && wanted(&home, None).anchors().is_none());
    assert!(!wanted(&home, Some(PEM)).may_start(), "a Sentry of ours would make others");
    prepare(&home).unwrap();
    std::fs::write(home.certificates().join(ANCHORS), PEM).unwrap();
    assert_eq!(wanted(&home, None).anchors().as_deref(), Some(PEM));
    assert!(wanted(&home, Some(PEM.trim())).may_start(), "they are the same");
    assert_eq!(wanted(&home, Some(PEM)).anchors(), None, "the environment has them");
}

#[test]
fn half_a_certificate_is_none_yet() {
    let base = tempfile::tempdir().unwrap();
    let home = Home::under(base.path()).unwrap();
    prepare(&home).unwrap();
    std::fs::write(home.certificates().join(ANCHORS), &PEM[..30]).unwrap();
    assert_eq!(wanted(&home, None).anchors(), None);
}

#[test]
fn keys_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let base = tempfile::tempdir().unwrap();
    let home = Home::under(base.path()).unwrap();
    prepare(&home).unwrap();
    prepare(&home).unwrap();
    assert_eq!(home.certificates().metadata().unwrap().permissions().mode() & 0o777, 0o700);
}

#[tokio::test]
async fn without_a_program_the_error_says_what_to_do() {
    let base = tempfile::tempdir().unwrap();
    let home = Home::under(base.path()).unwrap();
    prepare(&home).unwrap();
    let port = free_ports().unwrap()[0];
    let address = format!("localhost:{port}");
    let wanted = Wanted { address, port, ..wanted(&home, None) };
    let (_stop, asked) = watch::channel(Urgency::None);
    let (told, news) = watch::channel(News::Nothing);
    Work { wanted, program: None, asked, told, say: Say::new(false) }.run_once().await;
    let News::Failed(why) = &*news.borrow() else { panic!("it cannot start") };
    assert!(why.contains("/c.yaml turns mTLS on") && why.contains("no `sentry` to start"), "{why}");
}

#[tokio::test(start_paused = true)]
async fn one_run_looks_after_sentry_and_the_next_waits_for_its_turn() {
    let base = tempfile::tempdir().unwrap();
    let home = Home::under(base.path()).unwrap();
    prepare(&home).unwrap();
    let work = || {
        let (told, _) = watch::channel(News::Nothing);
        let asked = watch::channel(Urgency::None).1;
        Work { wanted: wanted(&home, None), program: None, asked, told, say: Say::new(false) }
    };
    let first = work().turn().await.unwrap();
    let second = work();
    assert!(tokio::time::timeout(TURN * 3, second.turn()).await.is_err(), "the first one holds the lock");
    drop(first);
    assert!(tokio::time::timeout(TURN * 3, second.turn()).await.unwrap().is_ok());
}
