//! Tests of the settings.

use dapr_spi::metadata::{Metadata, Properties, error_of};

use super::*;

fn check(pairs: &[(&str, &str)]) -> Result<Settings> {
    let url = [("natsURL", "nats://localhost")];
    let properties = Properties::from_pairs(url.iter().chain(pairs).copied());
    Settings::check(JetStreamMetadata::parse(&properties).map_err(|problems| error_of(&problems))?)
}

#[test]
fn addresses_may_hold_a_login() {
    let login = |url: &str| check(&[("natsURL", url)]).unwrap().login;
    assert_eq!(login("localhost:4222"), Login::Nobody);
    assert_eq!(login("nats://u%40:p%2F@a:1,nats://b:2"), Login::User("u@".into(), "p/".into()));
    assert_eq!(login("nats://secret@a"), Login::Token("secret".into()));
    let several = check(&[("natsURL", "nats://u:p@a:1, tls://[::1]")]).unwrap();
    assert_eq!(several.servers_text, "a:1, [::1]:4222");
    let token = check(&[("natsURL", "nats://u:p@a"), ("token", "t")]).unwrap();
    assert_eq!(token.login, Login::Token("t".into()));
}

#[test]
fn the_api_may_be_elsewhere() {
    let prefix = |pairs: &[(&str, &str)]| check(pairs).unwrap().api_prefix;
    assert_eq!(prefix(&[]), None);
    assert_eq!(prefix(&[("domain", "hub")]).as_deref(), Some("$JS.hub.API"));
    assert_eq!(prefix(&[("domain", "hub"), ("apiPrefix", "my.api.")]).as_deref(), Some("my.api"));
}

#[test]
fn a_durable_consumer_may_be_named_after_its_topic() {
    assert_eq!(check(&[]).unwrap().durable("a.b"), None);
    assert_eq!(check(&[("durableName", "d")]).unwrap().durable("a.b").as_deref(), Some("d"));
    assert_eq!(check(&[("durableName", "d-{topic}")]).unwrap().durable("a.*.>").as_deref(), Some("d-a____"));
}

#[test]
fn a_message_rests_as_long_as_it_is_said() {
    let rests = |pairs: &[(&str, &str)]| {
        let settings = check(pairs).unwrap();
        [1, 2, 3].map(|delivered| settings.rest(delivered).map_or(0, |rest| rest.as_millis()))
    };
    assert_eq!(rests(&[]), [0, 1000, 1000]);
    assert_eq!(rests(&[("ackWait", "2s")]), [2000, 2000, 2000]);
    assert_eq!(rests(&[("ackWait", "2s"), ("backOff", "[500ms, 3]")]), [500, 3000, 3000]);
    assert_eq!(check(&[("ackWait", "2s")]).unwrap().redelivery(), "is delivered again after 2s (`ackWait`)");
    let text = check(&[("backOff", "1s,2s"), ("maxDeliver", "3")]).unwrap().redelivery();
    assert_eq!(text, "is delivered again after 1s at first and 2s at last (`backOff`), 3 times at most");
}

#[test]
fn limits_follow_the_pending_messages_and_concurrency() {
    let limits = |pairs: &[(&str, &str)]| check(pairs).unwrap().limits();
    assert_eq!(limits(&[]), Limits { concurrency: 1, unsettled: 256 });
    let parallel = [("concurrency", "parallel"), ("maxAckPending", "7")];
    assert_eq!(limits(&parallel), Limits { concurrency: 7, unsettled: 7 });
}

#[test]
fn what_is_pending_is_bounded() {
    let pending = |pairs: &[(&str, &str)]| check(pairs).unwrap().pending_of_new();
    assert_eq!(pending(&[]), 256);
    assert_eq!(pending(&[("queueGroupName", "g")]), 512);
    assert_eq!(pending(&[("queueGroupName", "g"), ("maxAckPending", "9")]), 9);
    assert_eq!(pending(&[("ackPolicy", "none")]), 0);
    assert!(check(&[("ackPolicy", "none")]).unwrap().flow_control);
}

#[test]
fn refuses_what_cannot_work_and_says_why() {
    for (pairs, part) in [
        (&[("natsURL", "http://user:hunter2@h")][..], "invalid scheme"),
        (&[("natsURL", "ws://h")], "WebSockets"),
        (&[("natsURL", " , ")], "is empty"),
        (&[("jwt", "x")], "`jwt` needs `seedKey`"),
        (&[("tls_client_key", "x")], "`tls_client_key` needs `tls_client_cert`"),
        (&[("ackPolicy", "some")], "`ackPolicy` is `some`"),
        (&[("deliverPolicy", "first")], "`deliverPolicy` is `first`"),
        (&[("deliverPolicy", "sequence")], "startSequence"),
        (&[("deliverPolicy", "time")], "startTime"),
        (&[("deliverPolicy", "time"), ("startTime", "18446744073709551615")], "too late"),
        (&[("backOff", "1s, soon")], "`backOff`"),
        (&[("backOff", "1s, 2s"), ("maxDeliver", "2")], "more than the 2 times"),
        (&[("concurrency", "many")], "`concurrency` is `many`"),
        (&[("durableName", "a.b")], "`durableName` has a '.'"),
        (&[("streamName", "a b")], "`streamName` has a ' '"),
    ] {
        let error = check(pairs).map(|_| ()).unwrap_err().to_string();
        assert!(error.contains(part) && !error.contains("hunter2"), "{pairs:?}: {error}");
    }
}
