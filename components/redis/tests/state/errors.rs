//! What users read when the server cannot be used.

use std::time::{Duration, Instant};

use dapr_spi::ErrorKind;
use dapr_testkit::process::free_port;

use crate::servers::{get, raw, server, set, try_store};

/// Host, further fields, and a part of the refusal.
type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str);

async fn refusal(host: &str, fields: &[(&str, &str)], kind: ErrorKind) -> String {
    let started = Instant::now();
    let error = match try_store(host, fields).await {
        Ok(_) => panic!("expected no store on {host} with {fields:?}"),
        Err(error) => error,
    };
    assert!(started.elapsed() < Duration::from_secs(2), "init must fail quickly, took {:?}", started.elapsed());
    assert_eq!(error.kind(), kind, "{error}");
    error.to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn init_says_what_to_do() {
    let locked = server(&["--requirepass", "secret"]).await;
    let open = server(&[]).await;
    let (locked, open) = (locked.address().to_string(), open.address().to_string());
    let nobody = format!("127.0.0.1:{}", free_port());
    let cases: [Case<'_>; 8] = [
        (&nobody, &[], "connection refused"),
        ("no-such-host.invalid", &[], "no-such-host.invalid:6379"),
        (&locked, &[], "set `redisPassword`"),
        (&locked, &[("redisPassword", "wrong")], "check `redisUsername` and `redisPassword`"),
        (&open, &[("redisPassword", "secret")], "remove `redisPassword`"),
        (&open, &[("redisDB", "99")], "check `redisDB`"),
        (&open, &[("enableTLS", "true"), ("dialTimeout", "300ms")], "does the server speak TLS"),
        (&open, &[("failover", "true"), ("sentinelMasterName", "mymaster")], "no sentinel named the master `mymaster`"),
    ];
    for (host, fields, part) in cases {
        let text = refusal(host, fields, ErrorKind::Unavailable).await;
        assert!(text.contains(part) && text.contains(host), "{fields:?}: {text}");
        assert!(!text.contains("secret") && !text.contains("wrong\""), "{text}");
    }
    let text = refusal(&open, &[("redisType", "cluster")], ErrorKind::Unavailable).await;
    assert!(text.contains("remove `redisType: cluster`"), "{text}");
    let text = refusal(&open, &[("queryIndexes", r#"[{"name":"a"}]"#)], ErrorKind::Failed).await;
    assert!(text.contains("create the query index `a`"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_without_rights_reads_which() {
    let server = server(&[]).await;
    let acl = ["SETUSER", "reader", "on", ">secret", "~*", "+@all", "-@write", "-@scripting"];
    let () = redis::cmd("ACL").arg(&acl).query_async(&mut raw(&server).await).await.unwrap();
    let login = [("redisUsername", "reader"), ("redisPassword", "secret")];
    let store = try_store(&server.address().to_string(), &login).await.unwrap();
    assert!(store.get(get("key")).await.unwrap().data.is_none());
    let error = store.set(set("key", "value")).await.unwrap_err();
    assert!(error.to_string().contains("NOPERM") && error.to_string().contains("ACL SETUSER"), "{error}");
    assert_eq!(error.kind(), ErrorKind::Failed);
}
