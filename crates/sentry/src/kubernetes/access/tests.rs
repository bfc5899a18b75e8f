//! Kubeconfig files.

use super::*;
use crate::ca::{generate, sentry_id};

fn root() -> String {
    let (now, life) = (jiff::Timestamp::now(), std::time::Duration::from_secs(3600));
    generate(&sentry_id("a", "b").unwrap(), life, life, now, None).unwrap().anchors_pem(now)
}

fn access(cluster: &str, user: &str) -> Result<Access, String> {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("ca.crt"), root()).unwrap();
    let path = directory.path().join("kubeconfig");
    let text = format!(
        "clusters:\n- name: c\n  cluster: {{{cluster}}}\nusers:\n- name: u\n  user: {{{user}}}\n\
         contexts:\n- name: x\n  context: {{cluster: c, user: u}}\ncurrent-context: x\n"
    );
    std::fs::write(&path, text).unwrap();
    Access::find(Some(&path), &Environment::default())
}

#[test]
fn files_are_relative_to_the_kubeconfig() {
    let found =
        access("server: 'https://api.example:6443/k8s/', certificate-authority: ca.crt", "tokenFile: token").unwrap();
    assert_eq!((found.origin.to_string(), found.prefix.as_str()), ("api.example:6443".to_owned(), "/k8s"));
    assert!(matches!(found.token, Token::File(path) if path.ends_with("token") && path.is_absolute()));
    let inline = format!("server: 'https://[::1]', certificate-authority-data: {}", STANDARD.encode(root()));
    let found = access(&inline, "token: secret").unwrap();
    assert_eq!(found.origin.to_string(), "[::1]:443");
    assert!(matches!(found.token, Token::Fixed(token) if token == "secret"));
}

#[test]
fn what_cannot_be_followed_is_named() {
    let good = "server: 'https://a', certificate-authority: ca.crt";
    for (cluster, user, expected) in [
        ("server: 'http://a', certificate-authority: ca.crt", "", "does not begin with https://"),
        ("server: 'https://a'", "", "has no certificate-authority"),
        ("server: 'https://a', certificate-authority: none.crt", "", "none.crt does not exist"),
        ("server: 'https://a', certificate-authority: ca.crt, insecure-skip-tls-verify: true", "", "is refused"),
        (good, "exec: {command: login}", "needs a program to log in"),
        (good, "client-certificate: ca.crt, client-key: ca.crt", "client-key: "),
    ] {
        let error = access(cluster, user).unwrap_err();
        assert!(error.contains(expected) && error.starts_with("kubeconfig "), "{error}");
    }
    let missing = Access::find(Some(Path::new("/nonexistent/kubeconfig")), &Environment::default());
    assert_eq!(missing.unwrap_err(), "/nonexistent/kubeconfig does not exist");
    let nowhere = Access::find(None, &Environment::default()).unwrap_err();
    assert!(nowhere.contains("--kubeconfig"), "{nowhere}");
}
